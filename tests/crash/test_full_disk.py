"""A disk that is full, at each stage: what was receipted is there, what failed says where and why, and nothing is left half made."""

import json
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from append_support import check_closed, json_lines, ok, records, run, verify_sound  # noqa: E402
from mounts import disk, namespace  # noqa: E402, F401

MIB = 1 << 20


def lines(count, size=1000):
    return b"".join(b"%06d" % i + b"x" * size + b"\n" for i in range(count))


def append(store, *args, **kwargs):
    return run("append", store, "-t", "T", "--receipt", *args, **kwargs)


def check_refusal(done, word=b"space"):
    assert done.returncode == 3, (done.returncode, done.stderr)
    assert done.stderr.startswith(b"mqctl append: ") and word in done.stderr.lower(), done.stderr


def check_receipts(store, done, before=0):
    """Each receipt is of a message that is there, in order."""
    found = records(store)
    receipts = json_lines(done.stdout)
    assert len(found) >= before + len(receipts)
    for receipt, record in zip(receipts, found[before:]):
        assert (receipt["pos"], receipt["qoff"], receipt["queue"], receipt["size"]) == (
            record["pos"], record["qoff"], record["queue"], record["size"])
    return len(found)


def goes_on(store):
    ok("append", store, "-t", "T", "-b", "again", "-q")
    assert records(store)[-1]["body"] == b"again"
    check_closed(store)
    verify_sound(store)


def test_no_room_for_the_first_segment(disk):
    store = disk.path / "store"
    check_refusal(append(store, "--segment-size", "128MiB", "-b", "x"))
    goes_on_with = run("append", store, "-t", "T", "-b", "x", "--segment-size", "1MiB", "-q")
    assert goes_on_with.returncode == 0, goes_on_with.stderr
    goes_on(store)


@pytest.mark.parametrize("leave", [0, 4096, 65536, MIB, 2 * MIB + 65536])
def test_no_room_for_the_next_segment(disk, leave):
    store = disk.path / "store"
    ok("append", store, "-t", "T", "--segment-size", "1MiB", "-q", stdin=lines(100))
    before = len(records(store))
    disk.fill(leave)
    done = append(store, stdin=lines(5000))
    check_refusal(done)
    check_receipts(store, done, before)
    disk.empty()
    goes_on(store)
    assert [r["body"][:6] for r in records(store)][:before] == [b"%06d" % i for i in range(before)]


@pytest.mark.parametrize("leave", range(0, 40 * 4096, 5 * 4096))
def test_no_room_for_queues_index_and_configuration(disk, leave):
    """A new topic needs new files beside the log."""
    store = disk.path / "store"
    ok("append", store, "-t", "T", "--segment-size", "1MiB", "-b", "x", "-q")
    disk.fill(leave)
    args = [word for i in range(30) for word in ("--keys", f"k{i}")]
    done = run("append", store, "-t", "new-topic", "--queues", "16", "--receipt", *args, stdin=lines(64, 10))
    assert done.returncode in (0, 3), done.stderr
    disk.empty()
    receipts = json_lines(done.stdout)
    found = [r for r in records(store) if r["topic"] == "new-topic"]
    assert len(found) >= len(receipts)
    goes_on(store)
    queued = json.loads((store / "config" / "topics.json").read_text())["topicConfigTable"]
    assert not found or queued["new-topic"]["readQueueNums"] == 16


def test_preallocate_leaves_nothing_behind(disk):
    store = disk.path / "store"
    done = run("preallocate", store, "--count", "5", "--size", "20MiB")
    assert done.returncode == 3 and b"do not fit" in done.stderr, done.stderr
    assert not store.exists()
    assert run("preallocate", store, "--count", "2", "--size", "20MiB", "--reserve", "50%").returncode == 3
    assert not store.exists()
    ok("preallocate", store, "--count", "2", "--size", "20MiB", "--reserve", "10%")
    made = sorted((store / "commitlog").iterdir())
    assert [p.stat().st_size for p in made] == [20 * MIB] * 2
    assert all(p.stat().st_blocks * 512 >= 20 * MIB for p in made)
    assert run("preallocate", store, "--count", "2").returncode == 3
    assert sorted((store / "commitlog").iterdir()) == made


def test_a_read_only_file_system(disk):
    store = disk.path / "store"
    ok("append", store, "-t", "T", "--segment-size", "64KiB", "-b", "x", "-q")
    disk.read_only(True)
    assert len(json_lines(ok("dump", store, "-o", "json").stdout)) == 1
    verify_sound(store)
    done = run("append", store, "-t", "T", "-b", "y")
    assert done.returncode == 3 and b"read-only" in done.stderr.lower(), done.stderr
    disk.read_only(False)
    goes_on(store)
