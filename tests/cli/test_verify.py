"""`mqctl verify` from outside: flags, formats, exit statuses, streams."""

import json
import os
import pathlib
import shutil
import struct
import subprocess

import pytest

MQCTL = os.environ.get("MQCTL", "mqctl")
SOURCE = pathlib.Path(os.environ.get("MQCTL_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
GOLDEN = SOURCE / "tests" / "golden"
SETS = sorted(p.name.removesuffix(".tar.zst") for p in GOLDEN.glob("*.tar.zst"))
FIRST = "00000000000000000000"


def verify(*args, **kwargs):
    environment = dict(os.environ, LC_ALL="C.UTF-8")
    environment.update(kwargs.pop("env", {}))
    return subprocess.run([MQCTL, "verify", *map(str, args)], capture_output=True, timeout=600,
                          env=environment, **kwargs)


def unpack(name, directory):
    archive = subprocess.Popen(["zstd", "-dcq", GOLDEN / f"{name}.tar.zst"], stdout=subprocess.PIPE)
    subprocess.run(["tar", "-xf", "-", "-C", directory], stdin=archive.stdout, check=True)
    assert archive.wait() == 0
    return pathlib.Path(directory) / name


def flip(path, position):
    with open(path, "r+b") as file:
        file.seek(position)
        byte = file.read(1)[0]
        file.seek(position)
        file.write(bytes([byte ^ 1]))


@pytest.fixture
def tiny(tmp_path):
    return unpack("tiny-5.5.0", tmp_path)


def lines(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("level", ["frame", "crc", "index"])
@pytest.mark.parametrize("name", SETS)
def test_golden_stores_are_sound(tmp_path, name, level):
    store = unpack(name, tmp_path)
    for jobs in (1, 2):
        done = verify(store, "--level", level, "--jobs", jobs, "-o", "json")
        assert done.returncode == 0, done.stdout
        (summary,) = lines(done)
        assert summary["v"] == 1
        assert summary["summary"]["findings"] == 0
        assert summary["summary"]["level"] == level


def test_a_finding_is_a_json_line_and_the_summary_comes_last(tiny):
    flip(tiny / "commitlog" / FIRST, 268 + 90)
    done = verify(tiny, "-o", "json")
    assert done.returncode == 1
    finding, last = lines(done)
    assert finding["finding"] == "body-crc"
    assert (finding["pos"], finding["len"], finding["file"]) == (268, 278, FIRST)
    assert "1 message behind it would be lost" in finding["impact"]
    summary = last["summary"]
    assert (summary["segments"], summary["messages"], summary["findings"]) == (1, 2, 1)
    assert summary["bytes"] == 783
    assert summary["seconds"] >= 0 and summary["bytes_per_second"] > 0


def test_text_has_impact_picture_and_summary(tiny):
    flip(tiny / "commitlog" / FIRST, 268 + 90)
    done = verify(tiny)
    assert done.returncode == 1
    text = done.stdout.decode().splitlines()
    assert text[0].startswith(f"body-crc  commitlog/{FIRST} at 268 (commit-log offset 268), 278 bytes:")
    assert text[1].startswith("    a broker ends the log here")
    assert any("█" in line or "╳" in line for line in text)
    assert "1 finding," in text[-1] and "2 messages" in text[-1]
    assert "\x1b" not in done.stdout.decode()


def test_picture_is_ascii_without_utf8(tiny):
    done = verify(tiny, env={"LC_ALL": "C"})
    assert done.returncode == 0
    done.stdout.decode("ascii")


def test_colour_is_asked_for(tiny):
    flip(tiny / "commitlog" / FIRST, 268 + 90)
    assert b"\x1b[" in verify(tiny, "--color", "always").stdout
    assert b"\x1b[" not in verify(tiny, "--color", "never").stdout


def test_quiet_says_nothing(tiny):
    sound = verify(tiny, "-q")
    assert (sound.returncode, sound.stdout, sound.stderr) == (0, b"", b"")
    flip(tiny / "commitlog" / FIRST, 268 + 90)
    damaged = verify(tiny, "-q")
    assert (damaged.returncode, damaged.stdout, damaged.stderr) == (1, b"", b"")


def test_level_frame_does_not_read_bodies(tiny):
    flip(tiny / "commitlog" / FIRST, 268 + 90)
    assert verify(tiny, "--level", "frame").returncode == 0


def test_index_level_checks_queues(tiny):
    flip(tiny / "consumequeue" / "Tiny" / "0" / FIRST, 20 + 7)
    assert verify(tiny).returncode == 0
    done = verify(tiny, "--level", "index", "-o", "json")
    assert done.returncode == 1
    finding = lines(done)[0]
    assert finding["finding"] == "cq-mismatch"
    assert (finding["topic"], finding["queue"], finding["qoff"], finding["at"], finding["len"]) == ("Tiny", 0, 1, 20, 20)


def test_a_bare_log_or_segment_has_no_index_level(tiny):
    for location in (tiny / "commitlog", tiny / "commitlog" / FIRST):
        done = verify(location, "--level", "index", "-o", "json")
        assert done.returncode == 0
        assert lines(done)[-1]["summary"]["level"] == "crc"
        assert b"not checked" in done.stderr


def test_tail_strict(tmp_path):
    store = unpack("apache-5.3.3-kill9", tmp_path)
    end = 956958 - 786432
    with open(store / "commitlog" / "00000000000000786432", "r+b") as file:
        file.seek(end)
        file.write(struct.pack(">II", 300, 0xDAA320A7))
    assert verify(store).returncode == 0
    done = verify(store, "--tail", "strict", "-o", "json")
    assert done.returncode == 1
    assert [line["finding"] for line in lines(done)[:-1]] == ["torn-tail"]


def test_findings_can_be_limited_and_the_rest_is_said(tmp_path):
    store = unpack("apache-5.5.0-mixed", tmp_path)
    listing = [json.loads(line) for line in open(GOLDEN / "apache-5.5.0-mixed.expected.jsonl")]
    for record in [r for r in listing if r.get("topic") == "Orders"][::20]:
        flip(store / "commitlog" / record["file"], record["pos"] - int(record["file"]) + 4)
    done = verify(store, "--max-findings", 2, "-o", "json")
    assert done.returncode == 1
    *findings, last = lines(done)
    assert len(findings) == 2
    assert last["summary"]["left_out"] == last["summary"]["findings"] - 2 > 0
    assert b"not shown" in verify(store, "--max-findings", 2).stdout
    first = verify(store, "--stop-at-first", "-o", "json")
    assert first.returncode == 1
    assert len(lines(first)) == 2
    assert lines(first)[-1]["summary"]["complete"] is False


def test_findings_do_not_depend_on_jobs(tmp_path):
    store = unpack("apache-5.5.0-mixed", tmp_path)
    listing = [json.loads(line) for line in open(GOLDEN / "apache-5.5.0-mixed.expected.jsonl")]
    for record in [r for r in listing if r.get("body_size", 0) > 10][::40]:
        flip(store / "commitlog" / record["file"], record["pos"] - int(record["file"]) + 90)
    one = lines(verify(store, "--jobs", 1, "-o", "json"))
    two = lines(verify(store, "--jobs", 2, "-o", "json"))
    assert one[:-1] == two[:-1]
    assert len(one) > 10


def test_wrong_use_is_2(tiny):
    for wrong in (["--level", "deep"], ["--jobs", "0"], ["--jobs", "x"], ["--tail", "maybe"], ["--no-such"], []):
        location = [tiny] if wrong else []
        done = verify(*location, *wrong)
        assert done.returncode == 2, (wrong, done.stderr)
        assert done.stdout == b""


def test_what_cannot_be_read_is_3(tmp_path):
    missing = verify(tmp_path / "nothing")
    assert missing.returncode == 3
    assert missing.stderr.startswith(b"mqctl verify: ")
    text = tmp_path / "notes.txt"
    text.write_text("hello")
    assert verify(text).returncode == 3
    assert verify(tmp_path).returncode == 3


def test_nothing_is_written(tiny):
    def state():
        return {p: (p.stat().st_size, p.stat().st_mtime_ns) for p in tiny.rglob("*")}

    before = state()
    verify(tiny, "--level", "index")
    assert state() == before


def test_a_stray_file_is_reported_not_fatal(tiny):
    shutil.copy(tiny / "commitlog" / FIRST, tiny / "commitlog" / "backup~")
    done = verify(tiny, "-o", "json")
    assert done.returncode == 1
    (finding, _) = lines(done)
    assert finding["finding"] == "stray-file"
    assert finding["file"] == "commitlog/backup~"


def test_a_closed_pipe_is_no_error(tmp_path):
    store = unpack("apache-5.5.0-mixed", tmp_path)
    done = subprocess.run(["bash", "-c", f'set -o pipefail; "{MQCTL}" verify "{store}" | head -n 1'], capture_output=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
