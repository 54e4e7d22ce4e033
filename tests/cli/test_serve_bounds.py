"""`mqctl serve`: what one client can make the broker keep or do has bounds, and nobody else feels them."""

import json
import socket
import time

import pytest

from test_serve_hostile import memory
from wire_client import Serve, frame, pull_ext, send_ext


@pytest.fixture
def client():
    with Serve("--ephemeral", "--topic", "T:2") as serve, serve.client() as client:
        yield client


def commit(client, queue, offset=1, topic="T", group="CG"):
    return client.ask(15, {"consumerGroup": group, "topic": topic, "queueId": queue, "commitOffset": offset})


def offsets(client, of):
    return json.loads(client.ask(43).body)["offsetTable"].get(of, {})


def test_offsets_are_of_queues_that_there_are(client):
    assert commit(client, 1).code == 0
    answer = commit(client, 2)
    assert (answer.code, answer.remark) == (29, "queueId[2] is illegal, topic:[T] has no such queue")
    client.send(b"".join(frame(15, {"consumerGroup": "CG", "topic": "T", "queueId": i, "commitOffset": 1}, flag=2) for i in range(2, 40000)))
    begin = time.monotonic()
    assert client.ask(14, {"consumerGroup": "CG", "topic": "T", "queueId": 39999}).code == 22
    assert offsets(client, "T@CG") == {"1": 1}
    assert time.monotonic() - begin < 3


def test_a_queue_counts_that_the_topic_has_no_more(client):
    """It has messages, and who reads them goes on."""
    client.put("T", b"x", 1)
    client.wait_for_max("T", 1, 1)
    assert client.ask(17, {"topic": "T", "readQueueNums": 1, "writeQueueNums": 1, "perm": 6}).code == 0
    assert [commit(client, queue).code for queue in (0, 1, 2)] == [0, 0, 29]
    assert client.ask(17, {"topic": "T", "readQueueNums": 1, "writeQueueNums": 4, "perm": 6}).code == 0
    assert [commit(client, queue).code for queue in (3, 4)] == [0, 29]


def test_the_retry_topic_has_its_queue(client):
    beat = {"groupName": "RG", "consumeType": 1, "messageModel": 1, "subscriptionDataSet": [{"topic": "T", "subString": "*", "subVersion": 1}]}
    assert client.ask(34, {}, json.dumps({"clientID": "c", "consumerDataSet": [beat]}).encode()).code == 0
    assert commit(client, 0, 0, "%RETRY%RG", "RG").code == 0
    assert offsets(client, "%RETRY%RG@RG") == {"0": 0}


def test_replies_for_who_does_not_read_are_not_kept():
    """Neither on their way nor, as long as his answer is waited for, with those who sent them."""
    with Serve("--ephemeral") as serve, serve.client() as deaf, serve.client() as sender:
        deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        assert deaf.ask(34, {}, json.dumps({"clientID": "deaf", "producerDataSet": [{"groupName": "PG"}]}).encode()).code == 0
        before = memory(serve)
        for i in range(15):
            sender.send(frame(325, send_ext("R", i="REPLY_TO_CLIENT\1deaf\2CORRELATION_ID\1c\2"), b"x" * (10 << 20), opaque=i))
        answers = [sender.receive() for _ in range(15)]
        assert memory(serve) - before < 100 << 20
        assert [each.code for each in answers] == [1] * 15 and {"push reply message" in each.remark for each in answers} == {True}


def test_what_could_not_be_loaded_again_is_refused(tmp_path):
    """Values without bounds, names that are none, and settings that nest deeper than a file of them may."""
    with Serve(tmp_path / "store") as serve, serve.client() as client:
        def value(size):
            return client.ask(100, {"namespace": "N", "key": "k", "value": "v" * size}).code
        assert [value(3), value(15 << 20), value(1 << 20)] == [0, 1, 0]
        group = b'{"groupName":"Deep","x":' + b"[" * 62 + b"]" * 62 + b"}"
        assert client.ask(200, {}, group).code == 1 and client.ask(352, {"group": "Deep"}).code == 26
        topic = {"topic": "Wide", "readQueueNums": 1, "writeQueueNums": 1, "perm": 6}
        assert client.ask(17, topic | {"attributes": ",".join(f"+a{i}=1" for i in range(200000))}).code == 29
        assert client.ask(17, topic | {"topicFilterType": "x" * (15 << 20)}).code == 1
        assert client.ask(105, {"topic": "Wide"}).code == 17
        assert client.ask(353, {"group": "x" * 70000, "topic": "TBW102", "readable": "false"}).code == 29
        serve.process.terminate()
        assert serve.process.wait(60) == 0
    with Serve(tmp_path / "store") as serve, serve.client() as client:
        assert len(client.ask(101, {"namespace": "N", "key": "k"}).ext["value"]) == 1 << 20


def test_pulls_over_the_limit_are_answered_at_once_as_if_nothing_were_there():
    asked, over = pull_ext("T", 0, 0, suspend=3600000) | {"padding": "p" * 100000}, []
    with Serve("--ephemeral", "--topic", "T") as serve, serve.client() as client, serve.client() as sender:
        client.send(b"".join(frame(11, asked, opaque=i + 2) for i in range(400)) + frame(105, {"topic": "T"}))
        while (answer := client.receive()).opaque != 1:
            over.append(answer)
        assert 60 <= len(over) <= 80   # of some 99 KiB each
        assert {each.code for each in over} == {19} and {each.ext["nextBeginOffset"] for each in over} == {"0"}
        sender.put("T", b"x")   # the others wait for it
        assert {client.receive().code for _ in range(400 - len(over))} == {0}
