"""`mqctl serve`: what one client can make the broker keep or do has bounds, and nobody else feels them."""

import json
import time

import pytest

from wire_client import Serve, frame


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
