"""`mqctl serve` and its network: both codecs, pipelines, held pulls; and clients that lie, stall, garble and flood."""

import contextlib
import json
import pathlib
import random
import resource
import socket
import struct
import threading
import time

import pytest

from serve_support import wait_for
from support import SOURCE
from wire_client import Client, Serve, binary_frame, frame, pull_ext, send_ext


@pytest.fixture(scope="module")
def serve():
    with Serve("--ephemeral", "--topic", "T") as running:
        with running.client() as client:
            client.put("T", b"first")
            client.wait_for_max("T", 0, 1)
        yield running


@pytest.fixture(autouse=True)
def still_serves(serve):
    """Whatever happened, the next client is served."""
    yield
    with serve.client() as client:
        assert b"first" in client.pull("T").body


def memory(serve):
    status = pathlib.Path(f"/proc/{serve.process.pid}/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0]) * 1024


# --- manners of the wire ---

def test_answers_come_in_the_form_of_the_request(serve):
    with serve.client() as client:
        assert not client.ask(105, {"topic": "T"}).binary
        client.send(binary_frame(105, {"topic": "T"}, opaque=7))
        answer = client.receive()
        assert answer.binary and (answer.code, answer.opaque, answer.flag) == (0, 7, 1)
        client.send(binary_frame(310, send_ext("bin"), b"x"))
        assert client.receive().ext["queueOffset"] == "0"


def test_a_thousand_requests_in_one_write(serve):
    with serve.client() as client:
        client.send(b"".join(frame(310, send_ext("pipe", i % 4), b"%d" % i, opaque=i) for i in range(1000)))
        answers = [client.receive() for _ in range(1000)]
        assert sorted(a.opaque for a in answers) == list(range(1000)) and all(a.code == 0 for a in answers)
        client.wait_for_max("pipe", 3, 250)


def test_oneway_requests_get_no_answer(serve):
    with serve.client() as client:
        client.send(frame(310, send_ext("oneway"), b"x", flag=2) + frame(105, {"topic": "T"}, opaque=9))
        assert client.receive().opaque == 9
        client.wait_for_max("oneway", 0, 1)


def test_an_unknown_code_is_answered_with_its_number(serve):
    with serve.client() as client:
        answer = client.ask(4711)
        assert answer.code == 3 and "4711" in answer.remark
        assert client.ask(200050).code == 3   # POP: not yet


def test_sends_are_judged_as_apache_judges_them(serve):
    with serve.client() as client:
        for topic, code in (("a b", 29), ("SCHEDULE_TOPIC_XXXX", 16), ("t" * 128, 29)):
            assert client.ask(310, send_ext(topic), b"x").code == code
        assert client.ask(310, send_ext("T", queue=99), b"x").code == 29
        assert client.ask(310, send_ext("T"), b"").code == 13
        assert client.ask(310, send_ext("T"), b"x" * (4 * 1024 * 1024 + 1)).code == 13
        assert client.ask(310, send_ext("T", i="a\x01" + "b" * 32767 + "\x02"), b"x").code == 13
        assert client.ask(310, send_ext("fresh", c="no-such-default"), b"x").code == 17


def test_a_held_pull_is_answered_by_the_message_that_it_waits_for(serve):
    with serve.client() as waiting, serve.client() as sender:
        sender.put("held", b"0")
        sender.wait_for_max("held", 0, 1)
        waiting.send(frame(11, pull_ext("held", 0, 1, suspend=3600000)))
        sender.put("held", b"other queue", 1)
        sender.put("held", b"this one")
        answer = waiting.receive()   # long before its own time is over
        assert answer.code == 0 and b"this one" in answer.body


def test_a_held_pull_is_answered_when_its_time_is_over(serve):
    with serve.client() as client:
        start = time.monotonic()
        answer = client.ask(11, pull_ext("T", 3, 0, suspend=300))
        assert answer.code == 19 and 0.25 < time.monotonic() - start < 15   # as long as they are held who do not say
        assert {"nextBeginOffset", "minOffset", "maxOffset", "suggestWhichBrokerId"} <= set(answer.ext)


def test_heartbeats_locks_and_offsets(serve):
    with serve.client() as client:
        beat = {"clientID": "c1", "consumerDataSet": [{"groupName": "HG", "consumeType": 1, "messageModel": 1, "consumeFromWhere": 0,
                                                       "subscriptionDataSet": [{"topic": "T", "subString": "*", "subVersion": 1}]}]}
        assert client.ask(34, body=json.dumps(beat).encode()).code == 0
        first, = client.pushed   # the group has a new member
        assert (first.code, first.ext["consumerGroup"]) == (40, "HG")
        assert json.loads(client.ask(38, {"consumerGroup": "HG"}).body) == {"consumerIdList": ["c1"]}
        assert client.ask(105, {"topic": "%RETRY%HG"}).code == 0
        lock = {"clientId": "c1", "consumerGroup": "HG", "mqSet": [{"brokerName": "broker-a", "queueId": 0, "topic": "T"}]}
        assert json.loads(client.ask(41, body=json.dumps(lock).encode()).body)["lockOKMQSet"] == lock["mqSet"]
        assert json.loads(client.ask(41, body=json.dumps(lock | {"clientId": "c2"}).encode()).body) == {"lockOKMQSet": []}
        assert client.ask(14, {"consumerGroup": "HG", "topic": "none", "queueId": 0}).code == 22
        assert client.ask(15, {"consumerGroup": "HG", "topic": "T", "queueId": 0, "commitOffset": 5}).code == 0
        assert client.ask(14, {"consumerGroup": "HG", "topic": "T", "queueId": 0}).ext["offset"] == "5"
    with serve.client() as client:   # who is gone is no member
        wait_for(lambda: client.ask(38, {"consumerGroup": "HG"}).code == 1)


# --- hostile ---

def closed_by(serve, data):
    with serve.client() as client:
        client.send(data)
        return client.receive() is None


@pytest.mark.parametrize("data", [
    struct.pack(">i", -1) + b"x" * 20, struct.pack(">i", 2**31 - 1) + b"x" * 20, struct.pack(">ii", 3, 0),
    struct.pack(">ii", 8, 100) + b"xxxx", struct.pack(">iI", 8, 4 | 2 << 24) + b"{}xx", struct.pack(">ii", 8, 4) + b"nope",
    struct.pack(">ii", 4 + 70000, 70000) + b'{"extFields":' + b"[" * 69987,
    struct.pack(">ii", 30, 26) + b'{"code":99999999999999999}',
], ids=["negative", "huge", "short", "header longer than frame", "serialize type 2", "no JSON", "nesting", "number"])
def test_a_frame_that_lies_closes_its_connection_and_no_other(serve, data):
    assert closed_by(serve, data)
    assert "closed 127.0.0.1" in serve.said() or "refused 127.0.0.1" in serve.said()


@pytest.mark.parametrize("data, name", [
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "TLS"), (b"GET / HTTP/1.1\r\n\r\n", "HTTP"),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "gRPC"), (b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", "PROXY")])
def test_who_speaks_something_else_is_refused_by_name(serve, data, name):
    assert closed_by(serve, data)
    assert name in serve.said()


def test_a_frame_cut_at_every_byte(serve):
    whole = frame(310, send_ext("cut"), b"body")
    for length in range(len(whole)):
        with serve.client() as client:
            client.send(whole[:length])
    with serve.client() as client:
        for i in range(len(whole)):   # and one byte at a time
            client.send(whole[i:i + 1])
        assert client.receive().ext["queueOffset"] == "0"


def captured_requests():
    """The first request of each kind that a genuine client sent."""
    kinds = {}
    for path in sorted((SOURCE / "tests" / "golden" / "wire").glob("java-5.5.0-*.jsonl")):
        for line in path.read_text().splitlines():
            entry = json.loads(line)
            if entry["dir"] == "c2s" and "answer" not in entry["what"]:
                kinds.setdefault((path.stem, entry["what"].split()[0]), bytes.fromhex(entry["hex"]))
    return kinds


def test_every_kind_of_genuine_request_cut_at_every_byte(serve):
    kinds = captured_requests()
    assert len(kinds) > 40
    host, port = serve.address.rsplit(":", 1)
    for data in kinds.values():
        for length in range(len(data)):
            with socket.create_connection((host, int(port))) as client:
                client.sendall(data[:length])


def test_garbage_of_every_kind(serve):
    rng = random.Random(3)
    whole = frame(310, send_ext("T9"), b"body") + binary_frame(310, send_ext("T9"), b"body")
    for i in range(300):
        data = bytearray(whole if i % 2 else rng.randbytes(rng.randrange(1, 400)))
        for _ in range(rng.randrange(1, 5)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        with serve.client() as client:
            client.send(bytes(data))


def test_the_largest_header_is_read_or_refused_without_growing(serve):
    before = memory(serve)
    for header in (b'{"code":105,"extFields":{"topic":"' + b"t" * (15 << 20) + b'"}}', b'{"extFields":{' + b'"a":"b",' * (1 << 20) + b'"c":"d"}}'):
        with serve.client() as client:
            client.send(struct.pack(">ii", 4 + len(header), len(header)) + header)
            answer = client.receive()
            assert answer is None or answer.code == 17
    assert memory(serve) - before < 64 << 20


def test_five_thousand_connections_that_never_end_their_frame(serve):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard > 5200, "this many descriptors are needed"
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 5200), hard))
    before, idle = memory(serve), []
    try:
        for _ in range(5000):
            idle.append(serve.client())
            idle[-1].send(frame(310, send_ext("T"), b"body")[:60])
        with serve.client() as client:
            client.put("T", b"x", 1)
        assert memory(serve) - before < 100 << 20
    finally:
        for each in idle:
            each.socket.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_who_sends_a_byte_now_and_then_is_closed(tmp_path):
    conf = tmp_path / "broker.conf"
    conf.write_text("serverChannelMaxIdleTimeSeconds=4\n")
    data = frame(310, send_ext("T"), b"body")
    with Serve("--ephemeral", "-c", conf) as serve, serve.client() as slow, serve.client() as other:
        slow.socket.settimeout(0.05)
        sent, end = 0, time.monotonic() + 60
        while time.monotonic() < end:   # a byte each 50 ms: bytes alone are no sign of life
            try:
                slow.send(data[sent:sent + 1])
                sent = min(sent + 1, len(data) - 2)
                if slow.socket.recv(1) == b"":
                    break
            except TimeoutError:
                other.put("T", b"alive")
            except (BrokenPipeError, ConnectionResetError):
                break
        else:
            raise AssertionError("it was not closed")
        assert other.put("T", b"still").code == 0


def test_a_reader_that_does_not_read_costs_him_and_nobody_else(serve):
    with serve.client() as client:
        for _ in range(64):
            client.put("big", b"x" * 250000)
    before = memory(serve)
    stalled = serve.client()
    stop = threading.Event()

    def flood():
        stalled.socket.settimeout(0.2)
        asked = frame(11, pull_ext("big", 0, 0))
        while not stop.is_set():
            try:
                stalled.socket.send(asked * 100)
            except (TimeoutError, OSError):
                pass

    flooder = threading.Thread(target=flood)
    flooder.start()
    try:
        with serve.client() as client:
            for i in range(200):
                client.put("T", b"meanwhile", 2)
        assert memory(serve) - before < 100 << 20
    finally:
        stop.set()
        flooder.join()
        stalled.socket.close()


def test_answers_that_nobody_reads_of_requests_that_wait(tmp_path):
    """Of requests that an executor works off, too: a third of a megabyte of them would make half a gigabyte of answers."""
    with Serve("--ephemeral") as serve, serve.client() as client:
        topics = [{"topicName": f"a topic with a long name {i} ".replace(" ", "_") + "x" * 80, "readQueueNums": 4, "writeQueueNums": 4, "perm": 6}
                  for i in range(300)]
        assert client.ask(18, {}, json.dumps({"topicConfigList": topics}).encode()).code == 0
        assert len(client.ask(21).body) > 100_000
        before = memory(serve)
        with serve.client(timeout=3) as deaf:
            deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            with contextlib.suppress(OSError):   # closed while it sends
                deaf.send(frame(21) * 4000)
            for _ in range(5):   # behind the others in the same queue
                answer = client.ask(21)
                while answer.code == 2:
                    answer = client.ask(21)
                assert answer.code == 0
            assert memory(serve) - before < 120 << 20
        assert client.ask(105, {"topic": "TBW102"}).code == 0


def test_pulls_leave_nothing_when_they_are_answered_or_their_client_goes():
    with Serve("--ephemeral", "--topic", "T:1") as serve, serve.client() as client:
        def park(who, count, offset):
            who.send(b"".join(frame(11, pull_ext("T", 0, offset, suspend=3600000), opaque=i + 2) for i in range(count)))

        client.put("T", b"x")
        client.wait_for_max("T", 0, 1)
        with serve.client() as first:   # what a first round takes is taken for good
            park(first, 2000, 1)
            assert first.ask(105, {"topic": "TBW102"}).code == 0
        before = memory(serve)
        for i in range(10):
            with serve.client() as gone:
                park(gone, 2000, i + 1)
                assert gone.ask(105, {"topic": "TBW102"}).code == 0   # all of them are parked
            park(client, 1000, i + 1)
            with serve.client() as sender:
                sender.put("T", b"y")
            assert sum(client.receive().code == 0 for _ in range(1000)) == 1000
        wait_for(lambda: memory(serve) - before < 8 << 20)   # the last ones go when their connection's end is seen
