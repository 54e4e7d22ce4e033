"""`mqctl serve` where the machine fails it: a full disk, one that cannot be read or written, or not any more; a process that stands still.

What fails is answered with an error, never as stored; once the fault is gone serve goes on, or has said that it does not, and all that was
confirmed is there. Faults of the disk are the stand-in's (standin.py) where the kernel has no way to ask for them.
"""

import base64
import errno
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from append_support import check_closed, records, run, verify_sound  # noqa: E402
from mounts import disk, namespace  # noqa: E402, F401
from serve_support import LISTEN, wait_for  # noqa: E402
from standin import PlainMachine  # noqa: E402
from wire_client import Serve, frame, pull_ext, send_ext  # noqa: E402

FREEZE = float(os.environ.get("MQCTL_FREEZE_SECONDS", "4"))
REFUSALS = {1, 14}   # SYSTEM_ERROR, SERVICE_NOT_AVAILABLE
SMALL = ("--segment-size", "64KiB")


class Puts:
    """Sends, one at a time, and remembers what was confirmed."""

    def __init__(self):
        self.confirmed = {}   # queue offset: body
        self.number = 0

    def put(self, client, size=1000):
        """The answer's code and remark."""
        self.number += 1
        body = b"%06d" % self.number + b"x" * size
        answer = client.ask(310, send_ext("T"), body)
        if answer.code == 0:
            self.confirmed[int(answer.ext["queueOffset"])] = body
        else:
            assert answer.code in REFUSALS, (answer.code, answer.remark)
        return answer.code, answer.remark

    def several(self, client, count):
        """In their queue, too, when it returns: dispatch makes files of its own."""
        for _ in range(count):
            code, remark = self.put(client)
            assert code == 0, remark
        client.wait_for_max("T", 0, max(self.confirmed) + 1)

    def until_refused(self, client):
        code, remark = 0, ""
        while code == 0:
            code, remark = self.put(client)
        return remark

    def until_taken(self, client):
        wait_for(lambda: self.put(client)[0] == 0)

    def check(self, store, nothing_else=True):
        """Every confirmed message is at its place."""
        found = {record["qoff"]: record["body"] for record in records(store) if record["topic"] == "T"}
        assert self.confirmed.items() <= found.items()
        assert not nothing_else or len(found) == len(self.confirmed)
        check_closed(store)
        verify_sound(store)


def stop(serve, *statuses):
    serve.process.send_signal(signal.SIGTERM)
    assert serve.process.wait(60) in (statuses or (0,)), serve.said()
    return serve.process.returncode


def times_said(serve, words):
    return sum(words in line for line in serve.said().splitlines())


# --- the disk is full ---

@pytest.mark.parametrize("leave", [0, 70000, 200000])
def test_a_full_disk_refuses_and_a_stop_on_it_is_clean_or_says_that_it_is_not(disk, leave):  # noqa: F811
    conf, store, puts = disk.path / "broker.conf", disk.path / "store", Puts()
    conf.write_text("cleanFileForciblyEnable=false\ndiskMaxUsedSpaceRatio=95\nmappedFileSizeConsumeQueue=4000\n")
    with Serve(store, *SMALL, "-c", conf) as serve, serve.client() as client:
        puts.several(client, 20)
        disk.fill(leave)
        remark = puts.until_refused(client)
        assert "space" in remark, remark
        for _ in range(50):
            puts.put(client)
        wait_for(lambda: times_said(serve, "messages are refused") == 1)
        clean = stop(serve, 0, 3) == 0   # it is not where the checkpoint or a queue found no block
        assert clean or serve.said().strip().endswith("No space left on device")
    disk.empty()
    with Serve(store, "-c", conf) as serve, serve.client() as client:
        assert "cut" not in serve.said() and ("did not stop cleanly" in serve.said()) is not clean
        puts.several(client, 200)
        stop(serve)
    puts.check(store)


@pytest.mark.parametrize("lost", ["", "consumequeue", "index"])
def test_holes_of_a_sparse_store_are_no_bus_error_where_there_is_no_page_for_them(disk, tmp_path, lost):  # noqa: F811
    """In memory even reading a hole takes a page: within records (zeros that were copied sparsely), and behind the last."""
    made, store, rows = tmp_path / "made", disk.path / "store", 40
    row = {"topic": "T", "body_b64": base64.b64encode(bytes(30000)).decode(), "keys": ["k"]}
    done = run("append", made, "--segment-size", "1MiB", "-i", "json", stdin="".join(json.dumps(row) + "\n" for _ in range(rows)).encode())
    assert done.returncode == 0, done.stderr
    subprocess.run(["cp", "-a", "--sparse=always", made, store], check=True)
    assert sum(file.stat().st_blocks * 512 for file in (store / "commitlog").iterdir()) < rows * 30000
    shutil.rmtree(store / lost) if lost else None
    disk.fill(0)
    done = run("append", store, "-t", "T", stdin=b"one more\n")
    assert done.returncode == 3 and b"No space left" in done.stderr, done
    disk.empty()
    assert run("append", store, "-t", "T", stdin=b"one more\n").returncode == 0
    verify_sound(store)
    assert len(records(store)) == rows + 1


def test_room_again_and_it_goes_on(disk):  # noqa: F811
    conf, store, puts = disk.path / "broker.conf", disk.path / "store", Puts()
    conf.write_text("cleanFileForciblyEnable=false\nmappedFileSizeConsumeQueue=4000\n")
    with Serve(store, *SMALL, "-c", conf) as serve, serve.client() as client:
        for _ in range(3):
            disk.fill(100000)
            puts.until_refused(client)
            disk.empty()
            puts.until_taken(client)
            puts.several(client, 100)
        client.wait_for_max("T", 0, max(puts.confirmed) + 1)
        stop(serve)
    puts.check(store)


@pytest.mark.parametrize("call", ["allocate", "open", "write"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS], ids=errno.errorcode.get)
def test_what_the_disk_refuses_is_refused_until_it_does_not(tmp_path, call, code):
    """EROFS is what a file system answers that its kernel has set read-only; one that is in use cannot be remounted so."""
    machine, puts = PlainMachine(tmp_path), Puts()
    with Serve(machine.store, *SMALL, env=machine.environment()) as serve, serve.client() as client:
        puts.several(client, 20)
        machine.disk_fails(call, code)
        assert os.strerror(code) in puts.until_refused(client)
        assert machine.failed(call) > 0
        machine.disk_works()
        puts.until_taken(client)
        puts.several(client, 100)
        client.wait_for_max("T", 0, max(puts.confirmed) + 1)
        stop(serve)
    puts.check(machine.store)


def test_a_start_on_a_read_only_file_system_says_so(disk):  # noqa: F811
    store, puts = disk.path / "store", Puts()
    with Serve(store, *SMALL) as serve, serve.client() as client:
        puts.several(client, 5)
        stop(serve)
    disk.read_only(True)
    done = run("serve", store, *LISTEN)
    assert done.returncode == 3 and b"read-only" in done.stderr.lower(), done.stderr
    disk.read_only(False)
    with Serve(store) as serve, serve.client() as client:
        puts.several(client, 5)
        stop(serve)
    puts.check(store)


# --- the disk fails ---

@pytest.mark.parametrize("flush", ["sync", "async"])
def test_after_a_sync_that_failed_nothing_is_confirmed_until_the_next_start(tmp_path, flush):
    """The kernel may have dropped the pages: a second sync that succeeds would prove nothing."""
    machine, puts = PlainMachine(tmp_path), Puts()
    # Large, so that the flush fails and not the making of the next one, which could be tried again.
    with Serve(machine.store, "--segment-size", "64MiB", "--flush", flush, env=machine.environment()) as serve, serve.client() as client:
        puts.several(client, 20)
        machine.disk_fails("sync", errno.EIO)
        assert "Input/output error" in puts.until_refused(client)
        machine.disk_works()
        for _ in range(20):
            code, remark = puts.put(client)
            assert code == 14 and "until the store is opened again" in remark
        assert client.pull("T").code == 0   # what is there is read on
        assert times_said(serve, "messages are refused") == 1
        stop(serve, 3)
        assert "Input/output error" in serve.said()
    with Serve(machine.store) as serve, serve.client() as client:
        assert "did not stop cleanly" in serve.said()
        puts.several(client, 20)
        stop(serve)
    puts.check(machine.store, nothing_else=False)


def test_a_write_that_failed_leaves_nothing_and_the_next_takes_its_place(tmp_path):
    machine, puts = PlainMachine(tmp_path), Puts()
    with Serve(machine.store, *SMALL, "--flush", "sync", env=machine.environment()) as serve, serve.client() as client:
        for _ in range(5):
            puts.several(client, 10)
            machine.disk_fails("write", errno.EIO)
            assert "Input/output error" in puts.until_refused(client)
            machine.disk_works()
        puts.several(client, 100)
        stop(serve)
    puts.check(machine.store)


# --- the process stands still ---

def test_a_server_that_stands_still_goes_on_where_it_was(tmp_path):
    """Longer than its clients may be silent: they were not, it did not hear them."""
    conf, store, puts = tmp_path / "broker.conf", tmp_path / "store", Puts()
    conf.write_text("messageDelayLevel=1s 2s\nserverChannelMaxIdleTimeSeconds=2\n")
    patience = FREEZE + 60
    with Serve(store, *SMALL, "-c", conf) as serve, serve.client(timeout=patience) as client:
        puts.several(client, 20)
        assert client.ask(310, send_ext("late", i="DELAY\x011\x02"), b"due meanwhile").code == 0
        parked = serve.client(timeout=patience)   # not before: it would be silent meanwhile
        parked.send(frame(11, pull_ext("T", 0, 20, suspend=int(patience * 1000))))
        os.kill(serve.process.pid, signal.SIGSTOP)
        client.send(frame(310, send_ext("T"), b"sent to one that stands still"))
        time.sleep(FREEZE)
        os.kill(serve.process.pid, signal.SIGCONT)
        answer = client.receive()
        assert answer.code == 0 and answer.ext["queueOffset"] == "20"
        puts.confirmed[20] = b"sent to one that stands still"
        assert b"sent to one that stands still" in parked.receive().body
        client.wait_for_max("late", 0, 1)
        puts.several(client, 20)
        stop(serve)
    puts.check(store)
