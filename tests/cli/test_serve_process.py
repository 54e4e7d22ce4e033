"""`mqctl serve` as a process: readiness, files, ports, stores, ends, and the command that it runs."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest

from append_support import check_closed, verify_sound
from support import MQCTL, body_of, dump, ok, run, unpack
from wire_client import Client, Serve, frame, pull_ext, send_ext

LISTEN = ("--listen", "127.0.0.1:0")


def wait_for(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_the_ready_line_comes_when_a_send_is_accepted(tmp_path):
    with Serve(tmp_path / "store", "--segment-size", "1MiB") as serve:
        assert serve.ready["ready"] is True and serve.ready["pid"] == serve.process.pid
        assert serve.ready["store"] == str(tmp_path / "store")
        with serve.client() as client:
            answer = client.put("T", b"x")
        assert answer.ext["queueId"] == "0" and answer.ext["queueOffset"] == "0" and len(answer.ext["msgId"]) == 32


def test_ready_file_and_port_file(tmp_path):
    ready, port = tmp_path / "ready", tmp_path / "port"
    with Serve("--ephemeral", "--ready-file", ready, "--port-file", port) as serve:
        assert json.loads(ready.read_text()) == serve.ready
        assert serve.address == f"127.0.0.1:{int(port.read_text())}"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_and_leaves_a_whole_store(tmp_path, number):
    store = tmp_path / "store"
    with Serve(store, "--segment-size", "64KiB") as serve:
        with serve.client() as client:
            for i in range(200):
                client.put("T", b"%d" % i + b"x" * 1000, i % 4)
            parked = Client(serve.address)   # one that waits for a message
            parked.send(frame(11, pull_ext("T", 0, 50, suspend=20000)))
            serve.process.send_signal(number)
            assert serve.process.wait(10) == 0
    assert [body_of(r)[:3] for r in dump(store)][:3] == [b"0xx", b"1xx", b"2xx"]
    check_closed(store)
    verify_sound(store)


def test_an_ephemeral_store_goes_with_the_process(tmp_path):
    with Serve("--ephemeral", env={"TMPDIR": str(tmp_path)}) as serve:
        assert pathlib.Path(serve.ready["store"]).parent == tmp_path
        serve.process.terminate()
        assert serve.process.wait(10) == 0
    assert list(tmp_path.iterdir()) == []


def test_topics_and_seed(tmp_path):
    source = unpack("tiny-5.5.0", tmp_path)
    seed = tmp_path / "seed.json"
    seed.write_bytes(ok("dump", source, "-o", "json").stdout)
    with Serve("--ephemeral", "--topic", "jobs:2", "--topic", "plain", "--seed", seed) as serve, serve.client() as client:
        for topic, queues in (("jobs", 2), ("plain", 4)):
            route = json.loads(client.ask(105, {"topic": topic}).body)
            assert route["queueDatas"][0]["writeQueueNums"] == queues
        assert client.pull("Tiny", 0).ext["maxOffset"] == "2"
        assert b"Hello RocketMQ" in client.pull("Tiny", 0).body


def test_clients_are_told_the_address_that_they_dialled_or_the_advertised_one(tmp_path):
    with Serve("--ephemeral") as serve, serve.client() as client:
        route = json.loads(client.ask(105, {"topic": "TBW102"}).body)
        assert route["brokerDatas"][0]["brokerAddrs"] == {"0": serve.address}
    with Serve("--ephemeral", "--advertise", "10.1.2.3:77") as serve:
        assert serve.address == "10.1.2.3:77"


def test_broker_conf_is_read_and_what_it_means_nothing_for_is_named(tmp_path):
    conf = tmp_path / "broker.conf"
    conf.write_text("brokerName=mine\nhaListenPort=1\nautoCreateTopicEnable=false\n")
    with Serve("--ephemeral", "-c", conf) as serve, serve.client() as client:
        assert client.ask(105, {"topic": "TBW102"}).code == 17
        assert client.ask(310, send_ext("T"), b"x").code == 17
        assert json.loads(client.ask(106).body)["brokerAddrTable"]["mine"]
        assert "haListenPort has no meaning here" in serve.said()


def test_what_is_in_the_way_is_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("serve", "--ephemeral", "--listen", f"127.0.0.1:{port}")
        assert done.returncode == 3 and str(port).encode() in done.stderr, done.stderr
    (tmp_path / "file").write_text("")
    assert run("serve", tmp_path / "file" / "store", *LISTEN).returncode == 3
    with Serve(tmp_path / "store", "--segment-size", "1MiB") as serve:
        done = run("serve", tmp_path / "store", *LISTEN)
        assert done.returncode == 4 and str(serve.process.pid).encode() in done.stderr, done.stderr
        assert run("append", tmp_path / "store", "-t", "T", "-b", "x").returncode == 4


@pytest.mark.parametrize("args", [[], ["--ephemeral", "--listen", "here"], ["--ephemeral", "--topic", "a b"], ["--ephemeral", "--topic", "a:x"],
                                  ["--ephemeral", "--flush", "maybe"], ["--ephemeral", "--segment-size", "1"]])
def test_wrong_use(args):
    done = run("serve", *args)
    assert done.returncode == 2 and done.stderr.startswith(b"mqctl serve: "), done.stderr


def test_everything_acknowledged_survives_kill_9(tmp_path):
    store = tmp_path / "store"
    count = 0
    for _ in range(4):
        with Serve(store, "--segment-size", "64KiB") as serve, serve.client() as client:
            for i in range(100):
                client.put("T", b"%d" % count)
                count += 1
            serve.process.kill()
            serve.process.wait()
    with Serve(store) as serve, serve.client() as client:
        client.wait_for_max("T", 0, count)
        serve.process.terminate()
        assert serve.process.wait(10) == 0
    assert [body_of(r) for r in dump(store)] == [b"%d" % i for i in range(count)]
    verify_sound(store)


# --- serve ... -- CMD ---

def command(*words, **kwargs):
    return run("serve", "--ephemeral", *LISTEN, "-q", "--", *words, **kwargs)


def test_the_command_gets_the_address_and_its_status_is_returned():
    done = command("sh", "-c", "echo $NAMESRV_ADDR; exit 7")
    assert done.returncode == 7 and done.stdout.startswith(b"127.0.0.1:")
    assert command("true").returncode == 0
    assert command("sh", "-c", "kill -9 $$").returncode == 137
    assert command("/no/such/program").returncode == 127


def test_a_store_can_be_named_before_the_command(tmp_path):
    done = run("serve", tmp_path / "store", *LISTEN, "--segment-size", "1MiB", "-q", "--", "sh", "-c", "exit 3")
    assert done.returncode == 3
    check_closed(tmp_path / "store")


def test_signals_are_passed_on(tmp_path):
    mark = tmp_path / "mark"
    process = subprocess.Popen([MQCTL, "serve", "--ephemeral", *LISTEN, "-q", "--", "sh", "-c",
                                f"trap 'echo got > {mark}; exit 5' TERM; touch {mark}.up; while :; do sleep 0.01; done"])
    wait_for(lambda: (tmp_path / "mark.up").exists())
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 5
    assert mark.read_text() == "got\n"


@pytest.mark.parametrize("end", ["exit", "kill"])
def test_nothing_of_the_command_is_left(tmp_path, end):
    pids = tmp_path / "pids"
    wait = "sleep 60" if end == "kill" else "true"
    script = f"(setsid sh -c 'echo $$ >> {pids}; exec sleep 60' &) ; sleep 60 & echo $! >> {pids}; while [ $(wc -l < {pids}) -lt 2 ]; do :; done; touch {pids}.all; {wait}"
    process = subprocess.Popen([MQCTL, "serve", "--ephemeral", *LISTEN, "-q", "--", "sh", "-c", script], env=dict(os.environ, TMPDIR=str(tmp_path)))
    wait_for(lambda: (tmp_path / "pids.all").exists())
    if end == "kill":
        process.terminate()
    process.wait(20)
    children = [int(line) for line in pids.read_text().split()]
    assert len(children) == 2
    wait_for(lambda: not any(alive(pid) for pid in children))
