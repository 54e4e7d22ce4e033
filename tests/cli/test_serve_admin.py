"""`mqctl serve`: what administrators ask for, over the wire: statistics, lags, queues, groups kept from topics, topics that go."""

import json

import pytest

from append_support import verify_sound
from support import dump, unpack
from wire_client import Serve, pull_ext


def body(answer):
    assert answer.code == 0, answer.remark
    return json.loads(answer.body)


@pytest.fixture
def broker():
    with Serve("--ephemeral", "--topic", "T:2") as serve, serve.client() as client:
        yield client


def consume(client, group, queue, offset, topic="T"):
    assert client.ask(15, {"consumerGroup": group, "topic": topic, "queueId": queue, "commitOffset": offset}).code == 0


def put_ten(client, topic="T"):
    for i in range(10):
        client.put(topic, b"%d" % i)
    client.wait_for_max(topic, 0, 10)


def test_statistics_of_topics_and_groups(broker):
    assert broker.ask(315, {"statsName": "TOPIC_PUT_NUMS", "statsKey": "T"}).code == 1
    put_ten(broker)
    broker.pull("T")
    for name, key, total in (("TOPIC_PUT_NUMS", "T", 10), ("GROUP_GET_NUMS", "T@CG", 10), ("BROKER_PUT_NUMS", "DefaultCluster", 10)):
        stats = body(broker.ask(315, {"statsName": name, "statsKey": key}))
        assert set(stats) == {"statsMinute", "statsHour", "statsDay"}
        assert stats["statsDay"]["sum"] == stats["statsMinute"]["sum"] == total and stats["statsMinute"]["tps"] > 0
    gone = broker.ask(315, {"statsName": "NO_SUCH_NUMS", "statsKey": "T"})
    assert (gone.code, gone.remark) == (1, "The stats <NO_SUCH_NUMS> <T> not exist")


def test_run_time_information(broker):
    put_ten(broker)
    table = body(broker.ask(28))["table"]
    assert table["msgPutTotalTodayNow"] == "10" and table["putMessageTimesTotal"] == "10" and float(table["putMessageAverageSize"]) > 50
    assert len(table["putTps"].split()) == 3 and float(table["putTps"].split()[0]) > 0
    assert int(table["earliestMessageTimeStamp"]) > 0 and 0 <= float(table["commitLogDiskRatio"]) < 1
    assert (table["sendThreadPoolQueueCapacity"], table["sendThreadPoolQueueSize"]) == ("10000", "0")
    assert all(isinstance(value, str) for value in table.values())


def test_lags_of_all_groups(broker):
    put_ten(broker)
    consume(broker, "G1", 0, 4)
    consume(broker, "G2", 0, 10)
    text = broker.ask(317, {"isOrder": "false"}).body.decode()
    assert text.endswith('"totalDiff":6,"totalInflightDiff":0}') and '{"G1":[{"consumeTps":' in text and '{"G2":[' in text
    assert '{"brokerName":"broker-a","queueId":0,"topic":"T"}:{"brokerOffset":10,"consumerOffset":4,' in text
    assert '"consumeStatsList":[]' in broker.ask(317, {"isOrder": "true"}).body.decode()


def test_how_far_every_group_is_at_least(broker):
    for group, offset in (("A", 5), ("B", 3), ("C", 9)):
        consume(broker, group, 0, offset)
    for ext, expected in (({"compareGroup": "none"}, 3), ({"compareGroup": "none", "filterGroups": "B"}, 5),
                          ({"compareGroup": "B", "filterGroups": "B"}, 2**63 - 1), ({"compareGroup": "C"}, 3)):
        assert body(broker.ask(308, {"topic": "T"} | ext)) == {"correctionOffsets": {"0": expected}}, ext


def test_units_of_a_queue(broker):
    put_ten(broker)
    found = body(broker.ask(321, {"topic": "T", "queueId": 0, "index": 7, "count": 100}))
    assert (found["minQueueIndex"], found["maxQueueIndex"], len(found["queueData"])) == (0, 10, 3)
    assert all(unit["physicSize"] > 0 and unit["tagsCode"] == 0 and unit["eval"] is False for unit in found["queueData"])
    assert body(broker.ask(321, {"topic": "T", "queueId": 0, "index": 10, "count": 1}))["queueData"] == []
    gone = broker.ask(321, {"topic": "T", "queueId": 7, "index": 0, "count": 1})
    assert (gone.code, gone.remark) == (1, "7@T is not exist!")


def test_a_group_is_kept_from_a_topic_and_let_in_again(tmp_path):
    store = tmp_path / "store"
    with Serve(store, "--segment-size", "1MiB", "--topic", "T") as serve, serve.client() as client:
        put_ten(client)
        assert body(client.ask(353, {"group": "CG", "topic": "T"})) == {"group": "CG", "readable": True, "topic": "T"}
        assert body(client.ask(353, {"group": "CG", "topic": "T", "readable": "false"}))["readable"] is False
        assert client.pull("T").code == 16
        assert client.ask(11, pull_ext("T") | {"consumerGroup": "Other"}).code == 0
        assert client.ask(353, {"group": "CG", "topic": "none"}).code == 17
        serve.process.terminate()
        assert serve.process.wait(60) == 0
    with Serve(store) as serve, serve.client() as client:
        assert client.pull("T").code == 16   # it was written down
        assert body(client.ask(201))["forbiddenTable"] == {"CG": {"T": 4}}
        client.ask(353, {"group": "CG", "topic": "T", "readable": "true"})
        assert client.pull("T").code == 0 and body(client.ask(201))["forbiddenTable"] == {}


def test_a_deleted_topic_takes_its_messages_along(tmp_path):
    store = tmp_path / "store"
    with Serve(store, "--segment-size", "1MiB", "--topic", "T", "--topic", "U") as serve, serve.client() as client:
        for topic in "TU":
            put_ten(client, topic)
        consume(client, "G", 0, 5)
        assert client.ask(215, {"topic": "T"}).code == 0
        assert client.ask(105, {"topic": "T"}).code == 17 and client.pull("T").code == 17
        assert client.ask(315, {"statsName": "TOPIC_PUT_NUMS", "statsKey": "T"}).code == 1
        client.put("T", b"anew")   # made again by the send
        end = int(client.ask(310, {"a": "G", "b": "T", "c": "TBW102", "d": 4, "e": 0, "f": 0, "g": 1, "h": 0, "i": ""}, b"second").ext["queueOffset"])
        client.wait_for_max("T", 0, end + 1)
        pulled = client.pull("T", 0, end - 1)
        assert b"anew" in pulled.body and b"second" in pulled.body and int(pulled.ext["minOffset"]) == end - 1
        assert client.ask(14, {"consumerGroup": "G", "topic": "T", "queueId": 0}).code == 22
        assert client.pull("U").code == 0
        serve.process.terminate()
        assert serve.process.wait(60) == 0
    with Serve(store) as serve, serve.client() as client:
        pulled = client.pull("T", 0, end - 1)
        assert b"anew" in pulled.body and b"second" in pulled.body
        assert client.put("T", b"third").ext["queueOffset"] == str(end + 1)
        assert client.ask(215, {"topic": "U"}).code == 0
        serve.process.terminate()
        assert serve.process.wait(60) == 0
    verify_sound(store)
    assert len(dump(store)) == 23   # the log keeps them until its segments go


def test_queues_of_topics_that_nobody_knows_are_cleaned(tmp_path):
    store = unpack("tiny-5.5.0", tmp_path)
    (store / "config" / "topics.json").unlink(missing_ok=True)
    (store / "config" / "topics.json.bak").unlink(missing_ok=True)
    with Serve(store) as serve, serve.client() as client:
        assert client.pull("Tiny").code == 17
        assert client.ask(316).code == 0
        client.ask(17, {"topic": "Tiny", "readQueueNums": 4, "writeQueueNums": 4, "perm": 6, "defaultTopic": "TBW102", "topicFilterType": "SINGLE_TAG"})
        assert client.pull("Tiny").code == 19 and client.ask(30, {"topic": "Tiny", "queueId": 0}).ext["offset"] == "0"


def test_a_half_message_is_asked_about_again_only_if_it_is_one(broker):
    put = broker.put("T", b"plain")
    answer = broker.ask(323, {"msgId": put.ext["msgId"]})
    assert (answer.code, answer.remark) == (1, "the message is no half message")
    assert broker.ask(323, {"msgId": "0" * 32}).code == 1
