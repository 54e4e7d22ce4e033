"""`mqctl serve` among other programs: files that are none, words in the wrong place, logs that nobody reads, signals of terminals."""

import json
import os
import resource
import signal
import subprocess
import threading

import pytest

from serve_support import LISTEN, finish, launch, wait_for
from support import MQCTL
from wire_client import Client, send_ext

EPHEMERAL = ("--ephemeral", *LISTEN)


def serving(*args, **kwargs):
    process = launch(*args, *LISTEN, **kwargs)
    return process, json.loads(process.stdout.readline())


def test_pipes_are_written_to_and_stay(tmp_path):
    os.mkfifo(tmp_path / "ready")
    os.mkfifo(tmp_path / "target")
    (tmp_path / "port").symlink_to(tmp_path / "target")
    got = {}
    readers = [threading.Thread(target=lambda name=name: got.update({name: (tmp_path / name).read_text()})) for name in ("ready", "port")]
    for reader in readers:
        reader.start()
    process = launch(*EPHEMERAL, "-q", "--ready-file", tmp_path / "ready", "--port-file", tmp_path / "port", "--", "true")
    assert finish(process)[0] == 0
    for reader in readers:
        reader.join(20)
    assert json.loads(got["ready"])["namesrv"].endswith(":" + got["port"].strip())
    assert (tmp_path / "ready").is_fifo() and (tmp_path / "port").is_symlink() and (tmp_path / "target").is_fifo()


@pytest.mark.parametrize("words, said", [
    (("--ephemeral", "./store"), b"--ephemeral: it has a store of its own"), (("./store", "echo", "hi"), b"`echo`: a program to run stands behind `--`"),
    (("--ephemeral", "./store", "--", "echo"), b"--ephemeral: it has a store of its own")])
def test_words_in_the_wrong_place(tmp_path, words, said):
    done = subprocess.run([MQCTL, "serve", *LISTEN, *words], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 2 and said in done.stderr and done.stdout == b"" and os.listdir(tmp_path) == []


def test_everything_behind_the_dashes_is_the_programs(tmp_path):
    done = subprocess.run([MQCTL, "serve", "--metrics", "./store", *LISTEN, "-q", "--", "echo", "--listen", "--", "x"], cwd=tmp_path,
                          capture_output=True, check=False)
    taken = b"cannot listen" in done.stderr   # another's metrics may have the usual port
    assert (done.returncode, done.stdout) == (0, b"--listen -- x\n") or taken, done.stderr


def test_who_is_refused_leaves_the_files_of_who_serves_and_who_ends_takes_them_along(tmp_path):
    files = ("--ready-file", tmp_path / "ready", "--port-file", tmp_path / "port")
    process, ready = serving(tmp_path / "store", *files)
    before = (tmp_path / "ready").read_text()
    assert finish(launch(tmp_path / "store", *LISTEN, *files))[0] == 4
    assert (tmp_path / "ready").read_text() == before and ready["namesrv"] in before
    process.terminate()
    assert finish(process)[0] == 0
    assert not (tmp_path / "ready").exists() and not (tmp_path / "port").exists()


def test_nobody_waits_for_who_does_not_read_the_log(tmp_path):
    process, ready = serving(tmp_path / "store", "--access-log")
    with Client(ready["namesrv"]) as client:
        for _ in range(2000):   # more than a pipe holds
            assert client.ask(105, {"topic": "TBW102"}).code == 0
        held = os.read(process.stderr.fileno(), 1 << 20)   # now there is room again
        assert client.ask(105, {"topic": "TBW102"}).code == 0
        assert b"access" in held and held.count(b"\n") < 2000
        wait_for(lambda: b"lines of this log that nobody read in time were lost: " in os.read(process.stderr.fileno(), 1 << 20))
        for _ in range(2000):
            assert client.ask(105, {"topic": "TBW102"}).code == 0
    process.terminate()
    assert process.wait(60) == 0
    assert not (tmp_path / "store" / "abort").exists()
    finish(process)


def test_a_code_that_nobody_knows_is_told_once(tmp_path):
    process, ready = serving("--ephemeral")
    with Client(ready["namesrv"]) as client:
        for code in [9999] * 5 + list(range(20000, 20100)):
            assert client.ask(code).code == 3
    process.terminate()
    said = finish(process)[2]
    assert said.count(b"9999 not supported") == 1 and said.count(b"not supported") == 16


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGQUIT])
def test_a_terminal_that_goes_ends_it_cleanly(tmp_path, number):
    process, _ = serving("--ephemeral", env=dict(os.environ, TMPDIR=str(tmp_path)))
    process.send_signal(number)
    assert finish(process)[0] == 0 and os.listdir(tmp_path) == []


def test_under_nohup_it_goes_on(tmp_path):
    process, ready = serving(tmp_path / "store", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    with Client(ready["namesrv"]) as client:
        assert client.ask(310, send_ext("T"), b"x").code == 0
    process.terminate()
    assert finish(process)[0] == 0


def test_a_hangup_is_passed_on(tmp_path):
    trap = f"trap 'echo got; exit 5' HUP; touch {tmp_path}/up; while :; do sleep 0.01; done"
    process = launch(*EPHEMERAL, "--", "sh", "-c", trap)
    wait_for((tmp_path / "up").exists)
    process.send_signal(signal.SIGHUP)
    assert finish(process)[:2] == (5, b"got\n")


def test_the_command_has_the_callers_limit_of_descriptors():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    process = launch(*EPHEMERAL, "-q", "--", "sh", "-c", "ulimit -Sn; ulimit -Hn",
                     preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard)))
    assert finish(process)[1].split() == [b"256", str(hard).encode()]


def test_with_the_log_as_json_everything_is(tmp_path):
    (tmp_path / "c.conf").write_text("fooBar=1\n")
    (tmp_path / "seed").write_text("no record\n")
    json_log = ("--log-format", "json", "-c", tmp_path / "c.conf")
    for more, status in ((("--", "true"), 0), (("--seed", tmp_path / "seed"), 2), (("--advertise", "x"), 2)):
        got, _, err = finish(launch(*EPHEMERAL, *json_log, *more))
        lines = [json.loads(line) for line in err.splitlines()]
        assert got == status and (status == 0 or lines[-1]["level"] == "error")
        assert any("fooBar has no meaning here" in line["event"] for line in lines) or more[0] == "--advertise"


@pytest.mark.parametrize("record, why", [
    ({"topic": "T", "queue": 2147483647}, "a topic has 65536 queues at most"), ({"topic": "T", "queue": 65536}, "a topic has 65536 queues at most"),
    ({"topic": "a b", "queue": 0}, "contains illegal characters")])
def test_a_seed_that_no_broker_could_have(tmp_path, record, why):
    (tmp_path / "seed").write_text(json.dumps({"v": 1, "body": "x", "props": {}} | record) + "\n")
    status, _, err = finish(launch(*EPHEMERAL, "--seed", tmp_path / "seed"))
    assert status == 2 and f"{tmp_path}/seed: line 1: " in err.decode() and why in err.decode()


def test_a_seed_that_is_a_directory(tmp_path):
    status, _, err = finish(launch(*EPHEMERAL, "--seed", tmp_path))
    assert status != 0 and b"standard input" not in err and str(tmp_path).encode() in err
