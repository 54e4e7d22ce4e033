"""`mqctl serve`: what is refused, permissions of the whole broker, configuration that changes while it runs, tables that cannot be saved."""

import json
import os
import struct

import pytest

from serve_support import LISTEN, finish, launch, wait_for
from support import ok
from test_serve_flows import end, messages, props, put
from wire_client import Serve, frame, pull_ext, send_ext


@pytest.fixture
def client():
    with Serve("--ephemeral", "--topic", "T:2") as serve, serve.client() as client:
        yield client


def configured(tmp_path, text):
    path = tmp_path / "broker.conf"
    path.write_text(text)
    return Serve("--ephemeral", "--topic", "T", "-c", str(path))


def pulled(client, topic):
    answer = client.pull(topic)
    assert answer.code == 0, answer.remark
    return messages(answer.body)


def change(client, key, value):
    return client.ask(25, {}, f"{key}={value}\n".encode())


def shown(client):
    return dict(line.split("=", 1) for line in client.ask(26).body.decode().splitlines())


@pytest.mark.parametrize("number", ["4294967296", "-4294967295", "abc", "1.0", "", " 0", "+0"])
def test_a_number_that_is_none_reaches_no_queue(client, number):
    client.put("T", b"x")
    assert client.ask(310, send_ext("T", queue=number), b"y").code == 29
    assert client.ask(11, pull_ext("T", 0, 0) | {"queueId": number}).code == 29
    for code in (29, 30, 31, 32):
        answer = client.ask(code, {"topic": "T", "queueId": number, "timestamp": 0})
        assert (answer.code, answer.remark) == (1, "the custom field <queueId> is null")
    assert client.ask(15, {"consumerGroup": "CG", "topic": "T", "queueId": number, "commitOffset": 7}).code == 29
    assert client.ask(14, {"consumerGroup": "CG", "topic": "T", "queueId": 0}).ext.get("offset") != "7"


def test_a_pull_commits_only_what_it_says(client):
    client.put("T", b"x")
    assert client.ask(15, {"consumerGroup": "CG", "topic": "T", "queueId": 0, "commitOffset": 1}).code == 0
    silent = {name: value for name, value in pull_ext("T", 0, 0).items() if name != "commitOffset"}
    assert client.ask(11, silent | {"sysFlag": 5}).code == 29
    assert client.ask(14, {"consumerGroup": "CG", "topic": "T", "queueId": 0}).ext["offset"] == "1"


def test_a_broker_that_may_not_be_read(tmp_path):
    with configured(tmp_path, "brokerPermission=2\n") as serve, serve.client() as client:
        client.put("T", b"x")
        answer = client.ask(11, pull_ext("T", 0, 0))
        assert (answer.code, answer.remark, answer.ext["forbiddenType"]) == (16, "the broker[127.0.0.1] pulling message is forbidden", "1")


def test_a_broker_that_may_not_be_written(tmp_path):
    with configured(tmp_path, "brokerPermission=4\n") as serve, serve.client() as client:
        assert client.ask(17, {"topic": "Ordered", "readQueueNums": 1, "writeQueueNums": 1, "perm": 6, "order": "true"}).code == 0
        assert client.ask(310, send_ext("Ordered"), b"x").code == 16
        assert client.ask(310, send_ext("T"), b"x").code == 0   # as in Apache: clients keep away by themselves
        assert client.ask(36, {"group": "CG", "offset": 0, "delayLevel": 1}).code == 16


def test_a_group_that_may_not_broadcast(client):
    client.put("T", b"x")
    client.wait_for_max("T", 0, 1)
    assert client.ask(200, {}, json.dumps({"groupName": "BG", "consumeBroadcastEnable": False}).encode()).code == 0
    for model, code in (("BROADCASTING", 16), ("CLUSTERING", 0)):
        beat = {"groupName": "BG", "consumeType": "CONSUME_PASSIVELY", "messageModel": model,
                "subscriptionDataSet": [{"topic": "T", "subString": "*", "subVersion": 1}]}
        client.ask(34, {}, json.dumps({"clientID": "c", "consumerDataSet": [beat]}).encode())
        assert client.ask(11, pull_ext("T", 0, 0) | {"consumerGroup": "BG", "sysFlag": 0, "subVersion": 1}).code == code


def test_what_is_configured_while_it_runs_counts(client):
    for key, value in (("autoCreateTopicEnable", "false"), ("autoCreateSubscriptionGroup", "false"), ("maxMessageSize", "10"),
                       ("traceOn", "false"), ("fileReservedTime", "1"), ("flushConsumerOffsetInterval", "100")):
        assert change(client, key, value).code == 0
        assert shown(client)[key] == value
    assert client.ask(310, send_ext("T"), b"x" * 11).code == 13
    assert client.ask(310, send_ext("T"), b"x" * 10).ext["TRACE_ON"] == "false"
    assert client.ask(310, send_ext("New"), b"x").code == 17
    assert client.ask(11, pull_ext("T", 0, 0) | {"consumerGroup": "NewGroup"}).code == 26
    assert change(client, "maxMessageSize", str(8 << 20)).code == 0
    assert client.ask(310, send_ext("T"), b"x" * (5 << 20)).code == 0


def test_what_is_stored_already_finds_its_way_whatever_clients_may_send_by_now(tmp_path):
    """Delayed by a client, delayed by append, waiting for its end, handed back: none of them is lost when maxMessageSize goes down."""
    store, conf = tmp_path / "store", tmp_path / "broker.conf"
    conf.write_text("messageDelayLevel=1s 1s 1s 1s\n")
    ok("append", store, "-t", "Large", "--queue", "0", "--delay", "1", "--max-body", "20MiB", "--segment-size", "64MiB", stdin=b"a" * (17 << 20))
    with Serve(store, "-c", conf) as serve, serve.client() as client:
        put(client, "Late", b"l" * 5000, DELAY=1)
        waiting = client.ask(310, send_ext("Tx", i=props(TRAN_MSG="true", PGROUP="PG", UNIQ_KEY="K"), f=4), b"t" * 5000)
        back = put(client, "Back", b"b" * 5000)
        assert change(client, "maxMessageSize", "10").code == 0
        assert client.ask(310, send_ext("Late"), b"x" * 11).code == 13
        end(client, waiting, 8)
        assert client.ask(36, {"group": "BG", "offset": int(back.ext["msgId"][16:], 16), "delayLevel": 1, "originTopic": "Back"}).code == 0
        for topic in ("Large", "Late", "Tx", "%RETRY%BG"):
            client.wait_for_max(topic, 0, 1)
        assert [each["body"] for each in pulled(client, "Late") + pulled(client, "Tx")] == [b"l" * 5000, b"t" * 5000]


@pytest.mark.parametrize("key, value, why", [
    ("flushDiskType", "SYNC_FLUSH", "counts when the broker starts"), ("messageDelayLevel", "1s", "counts when the broker starts"),
    ("listenPort", "1", "counts when the broker starts"), ("deleteWhen", "77", "is no value"), ("maxMessageSize", "big", "is no value")])
def test_what_cannot_be_configured_while_it_runs_is_said(client, key, value, why):
    before = shown(client)
    answer = change(client, key, value)
    assert answer.code == 1 and why in answer.remark and shown(client) == before


def test_a_topic_has_no_more_queues_than_a_broker_can_go_over(client):
    listed = [{"topicName": "Wide", "readQueueNums": 2147483647, "writeQueueNums": 2147483647, "perm": 6}]
    assert client.ask(18, {}, json.dumps({"topicConfigList": listed}).encode()).code == 0
    config = json.loads(client.ask(351, {"topic": "Wide"}).body)
    assert config["readQueueNums"] == config["writeQueueNums"] == 65536


def test_a_time_between_two_messages_has_two_sides(client):
    for body in (b"0", b"1", b"2"):
        client.put("T", body)
    client.wait_for_max("T", 0, 3)
    times = [each["stored"] for each in pulled(client, "T")]

    def found(time, **more):
        return int(client.ask(29, {"topic": "T", "queueId": 0, "timestamp": time} | more).ext["offset"])
    assert found(times[-1] + 1) == found(times[-1] + 1, boundaryType="LOWER") == 3
    assert found(times[-1], boundaryType="UPPER") == found(2**63 - 1, boundaryType="UPPER") == 2
    assert found(times[0] - 1, boundaryType="UPPER") == found(times[0] - 1) == 0
    last_of_first_time = max(i for i, time in enumerate(times) if time == times[0])
    assert found(times[0], boundaryType="UPPER") == last_of_first_time and found(times[0]) == 0


def test_a_pop_receipt_is_not_sent_on(client):
    put(client, "T", b"x", POP_CK="junk", KEYS="k")
    client.wait_for_max("T", 0, 1)
    one, = pulled(client, "T")
    assert "POP_CK" not in one["props"] and one["props"]["KEYS"] == "k"


def test_text_that_no_unicode_has_is_marked(client):
    ext = json.dumps({name: str(value) for name, value in send_ext("T").items()}).replace('"T"', '"\\ud800"')
    header = ('{"code":310,"opaque":77,"extFields":%s}' % ext).encode()
    client.send(struct.pack(">II", 4 + len(header) + 1, len(header)) + header + b"x")
    answer = client.receive()
    assert answer.code == 29 and answer.opaque == 77
    assert client.ask(310, send_ext("T"), b"x").code == 0   # the connection goes on


def test_what_cannot_be_saved_is_not_there(tmp_path):
    """The directory of the tables is not to be written for a moment: a link that leads nowhere stands in its place."""
    store = tmp_path / "store"
    with Serve(store, "--segment-size", "16MiB") as serve, serve.client() as client:
        client.put("Before", b"x")
        (store / "config").rename(tmp_path / "elsewhere")
        (store / "config").symlink_to("/proc/none")
        for topic in ("New", "New"):
            assert client.ask(310, send_ext(topic), b"x").code == 1
            assert client.ask(17, {"topic": topic, "readQueueNums": 1, "writeQueueNums": 1, "perm": 6}).code == 1
        assert client.ask(200, {}, json.dumps({"groupName": "NewGroup"}).encode()).code == 1
        os.unlink(store / "config")
        (tmp_path / "elsewhere").rename(store / "config")
        assert client.ask(310, send_ext("New"), b"x").code == 0
        assert client.ask(200, {}, json.dumps({"groupName": "NewGroup"}).encode()).code == 0
    with Serve(store) as serve, serve.client() as client:
        assert [each["body"] for each in pulled(client, "New")] == [b"x"]
        assert client.ask(352, {"group": "NewGroup"}).code == 0


def test_offsets_are_limited_also_behind_a_start_that_failed(tmp_path):
    """It had recovered the store, and closed it cleanly."""
    store, conf = tmp_path / "store", tmp_path / "broker.conf"
    conf.write_text("flushConsumerOffsetInterval=100\n")
    table, topics = store / "config" / "consumerOffset.json", store / "config" / "topics.json"
    with Serve(store, "--segment-size", "16MiB", "-c", conf) as serve, serve.client() as client:
        client.put("T", b"x")
        assert client.ask(15, {"consumerGroup": "CG", "topic": "T", "queueId": 0, "commitOffset": 1}).code == 0
        wait_for(table.exists)
    table.write_text(json.dumps({"offsetTable": {"T@CG": {"0": 9}}}))   # as a power cut leaves it: the messages are gone
    known = topics.read_text()
    topics.write_text("{torn")
    topics.with_suffix(".json.bak").unlink(missing_ok=True)
    status, _, err = finish(launch(store, *LISTEN))
    assert status not in (0, None) and b"topics.json" in err and not (store / "abort").exists()
    topics.write_text(known)
    with Serve(store) as serve, serve.client() as client:
        assert client.ask(14, {"consumerGroup": "CG", "topic": "T", "queueId": 0}).ext["offset"] == "1"


def test_one_that_was_handed_back_as_often_as_can_be_counted(client):
    answer = client.ask(310, send_ext("T", j=2**31 - 1), b"x")
    for most, topic in ((2**31 - 1, "%DLQ%DG"), (2**33, "SCHEDULE_TOPIC_XXXX")):
        back = {"group": "DG", "offset": int(answer.ext["msgId"][16:], 16), "delayLevel": 0, "maxReconsumeTimes": most}
        assert client.ask(36, back).code == 0
        queue = 0 if "DLQ" in topic else 17
        client.wait_for_max(topic, queue, 1)
    one, = pulled(client, "%DLQ%DG")
    assert one["reconsume"] == 2**31 - 1


def saves(store, table):
    """How often the table was changed on disk."""
    return json.loads((store / "config" / table).read_text())["dataVersion"]["counter"]


def beat(client, groups, **more):
    data = {"clientID": "c", "consumerDataSet": [{"groupName": group, "subscriptionDataSet": []} for group in groups]} | more
    return client.ask(34, {}, json.dumps(data).encode())


def test_a_request_saves_a_table_once_whatever_it_brings(tmp_path):
    with Serve(tmp_path) as serve, serve.client() as client:
        assert beat(client, [f"G{i}" for i in range(50)]).code == 0
        assert (saves(tmp_path, "subscriptionGroup.json"), saves(tmp_path, "topics.json")) == (1, 1)
        assert client.ask(105, {"topic": "%RETRY%G49"}).code == 0 and client.ask(352, {"group": "G49"}).code == 0
        topics = [{"topicName": f"T{i}", "readQueueNums": 1, "writeQueueNums": 1, "perm": 6} for i in range(50)]
        for _ in range(2):   # the second time there is nothing new
            assert client.ask(18, {}, json.dumps({"topicConfigList": topics}).encode()).code == 0
            assert saves(tmp_path, "topics.json") == 2
        groups = [{"groupName": f"H{i}"} for i in range(50)]
        for _ in range(2):
            assert client.ask(225, {}, json.dumps({"groupConfigList": groups}).encode()).code == 0
            assert saves(tmp_path, "subscriptionGroup.json") == 2


def test_a_connection_goes_on_while_new_groups_are_saved(tmp_path):
    beats = [{"clientID": "c", "consumerDataSet": [{"groupName": f"G{i}"}]} for i in range(100)]
    # A hundred saves may take longer than the usual limit of a wait for them.
    with configured(tmp_path, "waitTimeMillsInAdminBrokerQueue=0\n") as serve, serve.client() as client:
        client.send(b"".join(frame(34, {}, json.dumps(each).encode(), opaque=i) for i, each in enumerate(beats))
                    + frame(30, {"topic": "T", "queueId": 0}, opaque=1000))
        answers = [client.receive() for _ in range(101)]
    answered = [each.opaque for each in answers]
    assert sorted(answered) == [*range(100), 1000] and answered[-1] != 1000
    assert all(each.code == 0 for each in answers)


def test_of_very_many_new_groups_the_next_heartbeat_makes_more(client):
    groups, known = [f"G{i:04}" for i in range(2500)], []
    while len(known) < len(groups):
        before = len(known)
        assert beat(client, groups, heartbeatFingerprint=7).ext["IS_SUB_CHANGE"] == ("true" if before < 1500 else "false")
        known = [group for group in groups if client.ask(38, {"consumerGroup": group}).code == 0]
        assert len(known) == min(before + 1000, len(groups))


def test_of_a_list_with_one_wrong_name_nothing_is_made(client):
    topics = [{"topicName": name, "readQueueNums": 1, "writeQueueNums": 1, "perm": 6} for name in ("Fine", "a b")]
    assert client.ask(18, {}, json.dumps({"topicConfigList": topics}).encode()).code == 29
    assert client.ask(225, {}, json.dumps({"groupConfigList": [{"groupName": "FineGroup"}, {"groupName": "a b"}]}).encode()).code == 29
    assert client.ask(351, {"topic": "Fine"}).code == 17 and client.ask(352, {"group": "FineGroup"}).code == 26


@pytest.mark.parametrize("code", [34, 46, 41, 18, 225, 200])
def test_an_object_with_very_many_members_is_not_read(client, code):
    body = b"{" + b",".join(b'"k%d":1' % i for i in range(1000000)) + b"}"
    assert client.ask(code, {}, body).code == {34: 1, 46: 0, 41: 1}.get(code, 29)
    client.put("T", b"x")


def test_an_object_with_many_members_is_read(client):
    attributes = {f"k{i}": "a:b\\\":{" for i in range(1000)}
    listed = [{"topicName": f"T{i}", "readQueueNums": 1, "writeQueueNums": 1, "perm": 6, "attributes": attributes} for i in range(3)]
    assert client.ask(18, {}, json.dumps({"topicConfigList": listed}).encode()).code == 0
    assert json.loads(client.ask(351, {"topic": "T2"}).body)["attributes"] == attributes


def test_a_file_that_may_not_grow_costs_the_send_and_not_the_broker(tmp_path):
    with Serve(tmp_path / "store", "--topic", "T", under=("sh", "-c", 'ulimit -f 2000; exec "$@"', "sh")) as serve, serve.client() as client:
        for _ in range(2):
            answer = client.ask(310, send_ext("T"), b"x")
            assert answer.code == 1 and "File too large" in answer.remark
        assert client.ask(105, {"topic": "T"}).code == 0
        serve.process.terminate()
        assert serve.process.wait(60) == 0


def reply(client, topic, queue=0):
    """To oneself; the code of the answer, once the push was answered, too."""
    client.send(frame(325, send_ext(topic, queue, i="REPLY_TO_CLIENT\1me\2CORRELATION_ID\1c\2"), b"reply", opaque=7))
    got = client.receive()
    if not got.flag & 1:
        client.send(frame(0, opaque=got.opaque, flag=1))
        got = client.receive()
    return got


def test_a_reply_is_checked_as_a_send_is(client):
    client.ask(34, {}, json.dumps({"clientID": "me", "producerDataSet": [{"groupName": "PG"}]}).encode())
    assert [reply(client, "T", queue).code for queue in (0, 2, 99, 2147483647, 4294967296)] == [0, 29, 29, 29, 29]
    assert [reply(client, topic).code for topic in ("SCHEDULE_TOPIC_XXXX", "RMQ_SYS_TRANS_HALF_TOPIC", "RMQ_SYS_TRANS_OP_HALF_TOPIC")] == [16] * 3
    assert [reply(client, topic).code for topic in ("a b", "..", "x" * 300, "")] == [29] * 4
    assert reply(client, "Made", -1).code == 0 and client.ask(105, {"topic": "Made"}).code == 0
    client.wait_for_max("T", 0, 1)
    assert [each["body"] for each in pulled(client, "T")] == [b"reply"]


def test_names_that_are_none_become_no_topic_and_no_group(client):
    for name in ("../../evil", "..", "a b", "a\nb", "x" * 300, "", "é"):
        assert client.ask(217, {"topic": name}).code == 29
        assert client.ask(314, {"srcGroup": "CG", "destGroup": name, "topic": "T"}).code == 29
    assert client.ask(217, {"topic": "fine"}).code == 0
    assert not {"..", "a b", ""} & set(json.loads(client.ask(206).body)["topicList"])


@pytest.mark.parametrize("line, key", [
    ("messageDelayLevel=1s 5x", "messageDelayLevel"), ("messageDelayLevel=", "messageDelayLevel"), ("listenPort=99999", "listenPort"),
    ("mappedFileSizeCommitLog=10", "mappedFileSizeCommitLog"), ("mappedFileSizeCommitLog=5000000000", "mappedFileSizeCommitLog"),
    ("deleteWhen=99", "deleteWhen"), ("brokerIP1=myhost", "brokerIP1"), ("listenPort soon", "listenPort")])
def test_a_configuration_that_cannot_be(tmp_path, line, key):
    (tmp_path / "broker.conf").write_text(line + "\n")
    status, _, err = finish(launch("--ephemeral", *LISTEN, "-c", tmp_path / "broker.conf"))
    assert status == 2 and key in err.decode() and str(tmp_path / "broker.conf") in err.decode()


@pytest.mark.parametrize("flags, conf, address", [
    ((), "brokerIP1=10.1.2.3", "10.1.2.3:{}"), ((), "brokerIP1=::1", "[::1]:{}"), (("--advertise", "10.9.8.7:0"), "", "10.9.8.7:{}"),
    (("--advertise", "10.9.8.7:1234"), "brokerIP1=10.1.2.3", "10.9.8.7:1234")])
def test_what_clients_are_told(tmp_path, flags, conf, address):
    (tmp_path / "broker.conf").write_text(conf + "\n")
    with Serve("--ephemeral", "-c", tmp_path / "broker.conf", "--port-file", tmp_path / "port", *flags) as serve:
        assert serve.address == address.format((tmp_path / "port").read_text().strip())


@pytest.mark.parametrize("address", ["1.2.3.4:99999", "1.2.3.4:-5", "host:1", "1.2.3.4"])
def test_an_address_that_is_none(address):
    status, _, err = finish(launch("--ephemeral", *LISTEN, "--advertise", address))
    assert status == 2 and b"--advertise" in err
