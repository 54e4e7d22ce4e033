"""`mqctl serve` as a process: readiness, files, ports, stores, ends, and the command that it runs."""

import json
import pathlib
import signal
import socket

import pytest

from append_support import check_closed, verify_sound
from serve_support import LISTEN, finish, launch, seeding, wait_for
from support import FIRST, body_of, dump, flip, ok, run, unpack
from wire_client import Client, Serve, frame, pull_ext, send_ext

def test_the_ready_line_comes_when_a_send_is_accepted(tmp_path):
    with Serve(tmp_path / "store", "--segment-size", "1MiB") as serve:
        assert serve.ready["ready"] is True and serve.ready["pid"] == serve.process.pid
        assert serve.ready["store"] == str(tmp_path / "store")
        with serve.client() as client:
            answer = client.put("T", b"x")
        assert answer.ext["queueId"] == "0" and answer.ext["queueOffset"] == "0" and len(answer.ext["msgId"]) == 32


def test_an_address_that_others_reach_is_warned_of():
    for listen, warned in (("127.0.0.1:0", False), ("[::1]:0", False), ("0.0.0.0:0", True), ("[::]:0", True)):
        process = launch("--ephemeral", "--listen", listen, "--", "true")
        code, _, err = finish(process)
        assert code == 0 and (b"whoever reaches this address" in err) is warned, (listen, err)
    process = launch("--ephemeral", *LISTEN, "--metrics", "0.0.0.0:0", "--", "true")
    code, _, err = finish(process)
    assert code == 0 and b"metrics on 0.0.0.0" in err


def test_delay_offsets_ahead_of_their_queues_pass_over_no_later_message(tmp_path):
    table = tmp_path / "store" / "config" / "delayOffset.json"
    table.parent.mkdir(parents=True)
    table.write_text('{"offsetTable":{5:1000}}')
    with Serve(tmp_path / "store", "--segment-size", "1MiB") as serve:
        with serve.client() as client:
            answer = client.ask(310, send_ext("T", i="DELAY\x015\x02"), b"late")
            assert answer.code == 0, answer.remark
        serve.process.terminate()
        assert serve.process.wait(60) == 0
    assert json.loads(table.read_text())["offsetTable"].get("5", 0) == 0
    assert [r["qoff"] for r in dump(tmp_path / "store", "-t", "SCHEDULE_TOPIC_XXXX")] == [0]


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
            assert serve.process.wait(60) == 0
    assert [body_of(r)[:3] for r in dump(store)][:3] == [b"0xx", b"1xx", b"2xx"]
    check_closed(store)
    verify_sound(store)


def test_an_ephemeral_store_goes_with_the_process(tmp_path):
    with Serve("--ephemeral", env={"TMPDIR": str(tmp_path)}) as serve:
        assert pathlib.Path(serve.ready["store"]).parent == tmp_path
        serve.process.terminate()
        assert serve.process.wait(60) == 0
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


def test_what_an_earlier_run_left_does_not_say_ready(tmp_path):
    for name in ("ready", "port"):
        (tmp_path / name).write_text("of an earlier run\n")
    process, pipe = seeding(tmp_path, "--ready-file", tmp_path / "ready", "--port-file", tmp_path / "port")
    with open(pipe, "w", encoding="utf-8") as seed:
        wait_for(lambda: not (tmp_path / "ready").exists() and not (tmp_path / "port").exists())
        seed.write("no record\n")
    status, out, err = finish(process)
    assert (status, out) == (2, b"") and b"seed: line 1" in err, err
    assert not (tmp_path / "ready").exists() and not (tmp_path / "port").exists()


def test_nothing_says_ready_before_the_seed_is_in(tmp_path):
    ready = tmp_path / "ready"
    process, pipe = seeding(tmp_path, "--ready-file", ready)
    with open(pipe, "w", encoding="utf-8") as seed:
        seed.writelines(json.dumps({"topic": "seeded", "queue": 0, "body": f"{i}"}) + "\n" for i in range(50))
        seed.flush()
        assert not ready.exists()
    wait_for(ready.exists)
    with Client(json.loads(ready.read_text())["namesrv"]) as client:   # at once, without another try
        assert client.put("T", b"x").code == 0
        client.wait_for_max("seeded", 0, 50)
    process.terminate()
    assert finish(process)[0] == 0


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


def test_damage_with_messages_behind_it_is_not_cut_off_unasked(tmp_path):
    store = tmp_path / "store"
    ok("append", store, "-t", "T", "--segment-size", "64KiB", stdin=b"".join(b"%d\n" % i for i in range(9)))
    (store / "abort").touch()   # after a crash all is looked at
    third = dump(store)[3]["pos"]
    flip(store / "commitlog" / FIRST, third)
    done = run("serve", store, *LISTEN, "--", "true")
    assert done.returncode == 4 and b"5 sound messages follow it" in done.stderr and b"--force" in done.stderr, done.stderr
    ok("serve", store, *LISTEN, "--force", "--", "true")
    assert [body_of(r) for r in dump(store)] == [b"0", b"1", b"2"]
    check_closed(store)


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
        assert serve.process.wait(60) == 0
    assert [body_of(r) for r in dump(store)] == [b"%d" % i for i in range(count)]
    verify_sound(store)


def test_checkpoints_are_written_while_it_runs_and_what_they_say_holds_after_kill_9(tmp_path):
    store, conf = tmp_path / "store", tmp_path / "broker.conf"
    conf.write_text("flushConsumeQueueThoroughInterval=100\n")

    def last_kept():
        file = store / "checkpoint"
        return int.from_bytes(file.read_bytes()[40:48], "big") if file.exists() else 0

    def index_marked():  # after the checkpoint
        file = store / "index.checkpoint"
        return file.exists() and file.stat().st_size == 60

    with Serve(store, "--segment-size", "64KiB", "-c", conf) as serve, serve.client() as client:
        for i in range(300):
            answer = client.ask(310, send_ext("T", i=f"KEYS\1k{i}\2"), b"%d" % i)
            assert answer.code == 0
            if i in (100, 200):
                place = int(answer.ext["msgId"][16:], 16)
                wait_for(lambda: last_kept() >= place and index_marked())
        serve.process.kill()
        serve.process.wait()
    with Serve(store) as serve, serve.client() as client:
        client.wait_for_max("T", 0, 300)
        for i in (0, 100, 101, 200, 250, 299):
            asked = {"topic": "T", "key": f"k{i}", "maxNum": 10, "beginTimestamp": 0, "endTimestamp": 2**62}
            found = client.ask(12, asked)
            assert found.code == 0 and b"%d" % i in found.body
        serve.process.terminate()
        assert serve.process.wait(60) == 0
    verify_sound(store)
