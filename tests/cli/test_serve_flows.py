"""`mqctl serve`: what becomes of a message: filters, retries and dead letters, delays, transactions, replies, queries, resets."""

import json
import struct
import time

import pytest

from append_support import _record
from serve_support import wait_for
from wire_client import Serve, frame, pull_ext, send_ext


def props(**items):
    return "".join(f"{name}\x01{value}\x02" for name, value in items.items())


def messages(body):
    """Records one behind the other, as a pull brings them."""
    found, at = [], 0
    while at < len(body):
        position, = struct.unpack_from(">q", body, at + 28)
        found.append(_record(body, at, position - at))
        at += found[-1]["size"]
    return found


@pytest.fixture(scope="module")
def serve(tmp_path_factory):
    conf = tmp_path_factory.mktemp("conf") / "broker.conf"
    # No transaction is given up while a test takes its time.
    conf.write_text("transactionCheckInterval=200\ntransactionTimeOut=0\ntransactionCheckMax=1000000\n"
                    "messageDelayLevel=1s 2s\nretryQueueNums=1\n")
    with Serve("--ephemeral", "-c", conf) as running:
        yield running


@pytest.fixture
def client(serve):
    with serve.client() as each:
        yield each


def put(client, topic, body, queue=0, **properties):
    answer = client.ask(310, send_ext(topic, queue, i=props(**properties)), body)
    assert answer.code == 0, answer.remark
    return answer


def pulled_of(client, topic, queue=0, **more):
    answer = client.ask(11, pull_ext(topic, queue, 0) | more)
    return messages(answer.body) if answer.code == 0 else []


def all_of(client, topic, count, queue=0, **more):
    """So many messages from the beginning of a queue, waited for."""
    wait_for(lambda: len(pulled_of(client, topic, queue, **more)) >= count)
    there = pulled_of(client, topic, queue, **more)
    assert len(there) == count
    return there


def test_what_a_broker_adds_to_a_message(client):
    put(client, "plain", b"x", KEYS="k", WAIT="true")
    one, = all_of(client, "plain", 1)
    assert one["props"]["CLUSTER"] == "DefaultCluster" and one["props"]["MSG_REGION"] == "DefaultRegion"
    assert len(one["props"]["UNIQ_KEY"]) == 32 and one["props"]["KEYS"] == "k"
    assert one["born"] == 1767323045678


def test_tags_and_sql_choose(client):
    for i, tag in enumerate(["A", "B", "A", "C"]):
        put(client, "chosen", b"%d" % i, TAGS=tag, n=i)
    assert [m["body"] for m in all_of(client, "chosen", 2, subscription="A")] == [b"0", b"2"]
    assert [m["body"] for m in all_of(client, "chosen", 3, subscription="A || C")] == [b"0", b"2", b"3"]
    sql = {"expressionType": "SQL92", "subscription": "n BETWEEN 1 AND 2 AND TAGS IS NOT NULL"}
    assert [m["body"] for m in all_of(client, "chosen", 2, **sql)] == [b"1", b"2"]
    assert client.ask(11, pull_ext("chosen") | {"expressionType": "SQL92", "subscription": "n >"}).code == 23
    nothing = client.ask(11, pull_ext("chosen") | {"subscription": "Z"})
    assert nothing.code == 20 and nothing.ext["nextBeginOffset"] == "4"


def test_a_batch_is_consecutive(client):
    items = b""
    for i in range(5):
        item_props = props(KEYS=f"b{i}").encode()
        item = struct.pack(">iiii", 0, 0, i, 4) + b"b%03d" % i + struct.pack(">h", len(item_props)) + item_props
        items += struct.pack(">i", 4 + len(item)) + item
    answer = client.ask(320, send_ext("batch", m="true"), items)
    assert answer.code == 0 and len(answer.ext["msgId"].split(",")) == 5
    found = all_of(client, "batch", 5)
    assert [(m["qoff"], m["flag"], m["body"]) for m in found] == [(i, i, b"b%03d" % i) for i in range(5)]
    ids = answer.ext["msgId"].split(",")
    assert [int(each[16:], 16) for each in ids] == [m["pos"] for m in found]


def test_a_message_comes_back_and_ends_among_the_dead_letters(client):
    put(client, "work", b"job", TAGS="T")
    one, = all_of(client, "work", 1)
    back = {"group": "RG", "offset": one["pos"], "delayLevel": 1, "originTopic": "work", "maxReconsumeTimes": 1}
    assert client.ask(36, back).code == 0
    again, = all_of(client, "%RETRY%RG", 1)
    assert (again["body"], again["reconsume"], again["props"]["RETRY_TOPIC"]) == (b"job", 1, "work")
    assert again["props"]["ORIGIN_MESSAGE_ID"] and "DELAY" not in again["props"]
    assert client.ask(36, back | {"offset": again["pos"]}).code == 0
    dead, = all_of(client, "%DLQ%RG", 1)
    assert (dead["body"], dead["reconsume"]) == (b"job", 2)
    assert client.ask(36, back | {"offset": 10**15}).code == 1


def test_a_delayed_message_comes_when_it_is_due(client):
    start = time.monotonic()
    answer = put(client, "late", b"later", queue=2, DELAY=1, KEYS="late-key")
    assert answer.ext["queueId"] == "2"
    one, = all_of(client, "late", 1, queue=2)
    assert time.monotonic() - start > 0.9
    assert one["props"]["REAL_TOPIC"] == "late" and "DELAY" not in one["props"] and one["props"]["KEYS"] == "late-key"


def half(client, body, key):
    answer = client.ask(310, send_ext("tx", i=props(TRAN_MSG="true", PGROUP="PG", UNIQ_KEY=key), f=4, g=int(time.time() * 1000)), body)
    assert answer.code == 0 and answer.ext["transactionId"] == key
    return answer


def end(client, answer, verdict, **more):
    client.send(frame(37, {"producerGroup": "PG", "tranStateTableOffset": answer.ext["queueOffset"],
                           "commitLogOffset": int(answer.ext["msgId"][16:], 16), "commitOrRollback": verdict,
                           "fromTransactionCheck": "false", "msgId": answer.ext["msgId"]} | more, flag=2))


def wait_for_ends(client, *ended):
    """What a oneway request does is seen only by what it leaves: a note for each transaction that has ended, and one
    more where a round of questions had put it back before."""
    places = {half.ext["queueOffset"].encode() for half in ended}
    wait_for(lambda: places <= {op["body"] for op in pulled_of(client, "RMQ_SYS_TRANS_OP_HALF_TOPIC")})


def test_transactions_are_committed_rolled_back_or_asked_about(client):
    committed = half(client, b"committed", "K1")
    rolled_back = half(client, b"rolled back", "K2")
    asked = half(client, b"asked about", "K3")
    assert client.ask(30, {"topic": "tx", "queueId": 0}).ext["offset"] == "0"
    end(client, committed, 8)
    end(client, rolled_back, 12)
    one, = all_of(client, "tx", 1)
    wait_for_ends(client, committed, rolled_back)
    assert (one["body"], one["sysflag"] & 0xC) == (b"committed", 8) and one["prepared"] == int(committed.ext["msgId"][16:], 16)
    assert one["props"]["TRAN_MSG"] == "true" and "REAL_TOPIC" not in one["props"]   # as 5.x leaves it; clients read it
    # Who never said is asked, once it is known who produces.
    client.ask(34, body=json.dumps({"clientID": "p1", "producerDataSet": [{"groupName": "PG"}]}).encode())
    question = client.receive()
    while question.code != 39:
        question = client.receive()
    message, = messages(question.body)
    assert (message["topic"], message["body"], message["props"]["UNIQ_KEY"]) == ("tx", b"asked about", "K3")
    assert int(message["props"]["TRANSACTION_CHECK_TIMES"]) >= 1
    client.send(frame(37, {"producerGroup": "PG", "tranStateTableOffset": question.ext["tranStateTableOffset"],
                           "commitLogOffset": question.ext["commitLogOffset"], "commitOrRollback": 8, "fromTransactionCheck": "true",
                           "msgId": ""}, flag=2))
    assert [m["body"] for m in all_of(client, "tx", 2)] == [b"committed", b"asked about"]
    del asked


def test_a_reply_finds_who_asked(serve):
    with serve.client() as asker, serve.client() as answerer:
        asker.ask(34, body=json.dumps({"clientID": "asker", "producerDataSet": [{"groupName": "AG"}]}).encode())
        answerer.send(frame(325, send_ext("DefaultCluster_REPLY_TOPIC", i=props(REPLY_TO_CLIENT="asker", CORRELATION_ID="c", TTL="3000")),
                            b"answer", opaque=5))
        push = asker.receive()
        assert (push.code, push.body) == (326, b"answer") and "PUSH_REPLY_TIME" in push.ext["properties"]
        asker.send(frame(0, opaque=push.opaque, flag=1))
        answer = answerer.receive()
        assert (answer.code, answer.opaque) == (0, 5)
        nobody = answerer.ask(325, send_ext("DefaultCluster_REPLY_TOPIC", i=props(REPLY_TO_CLIENT="nobody")), b"x")
        assert nobody.code == 1 and "not found" in nobody.remark


def test_messages_by_key_and_id(client):
    answer = put(client, "asked", b"me", KEYS="needle other")
    all_of(client, "asked", 1)
    query = {"topic": "asked", "key": "needle", "maxNum": 10, "beginTimestamp": 0, "endTimestamp": 2**62}
    wait_for(lambda: client.ask(12, query).code == 0)   # its keys are entered behind its queue
    assert [m["body"] for m in messages(client.ask(12, query).body)] == [b"me"]
    assert client.ask(12, query | {"key": "nothing"}).code == 22
    viewed, = messages(client.ask(33, {"offset": int(answer.ext["msgId"][16:], 16)}).body)
    assert viewed["body"] == b"me"
    assert client.ask(33, {"offset": 1}).code == 1


def test_administrators_make_list_count_and_reset(client):
    assert client.ask(17, {"topic": "made", "readQueueNums": 3, "writeQueueNums": 3, "perm": 6, "topicFilterType": "SINGLE_TAG",
                           "order": "false", "defaultTopic": "TBW102"}).code == 0
    assert client.ask(17, {"topic": "TBW102", "readQueueNums": 3, "writeQueueNums": 3, "perm": 6}).code == 29
    assert json.loads(client.ask(351, {"topic": "made"}).body)["writeQueueNums"] == 3
    assert "made" in json.loads(client.ask(206).body)["topicList"]
    for i in range(4):
        put(client, "made", b"%d" % i)
    all_of(client, "made", 4)
    assert client.ask(15, {"consumerGroup": "AdmG", "topic": "made", "queueId": 0, "commitOffset": 4}).code == 0
    stats = client.ask(208, {"consumerGroup": "AdmG", "topic": "made"}).body.decode()
    assert '{"brokerName":"broker-a","queueId":0,"topic":"made"}:{"brokerOffset":4,"consumerOffset":4' in stats
    reset = client.ask(222, {"topic": "made", "group": "AdmG", "timestamp": 0, "isForce": "true"})
    assert '"queueId":0,"topic":"made"}:0' in reset.body.decode()
    moved = client.ask(11, pull_ext("made", 0, 4) | {"consumerGroup": "AdmG"})
    assert (moved.code, moved.ext["nextBeginOffset"]) == (21, "0")
    info = json.loads(client.ask(28).body)["table"]
    assert float(info["commitLogDiskRatio"]) >= 0 and int(info["earliestMessageTimeStamp"]) > 0
    assert client.ask(215, {"topic": "made"}).code == 0
    assert client.ask(105, {"topic": "made"}).code == 17
