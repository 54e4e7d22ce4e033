"""`mqctl serve`: groups that come with a pull, a commit or a message handed back. Their table is not saved on the thread of connections."""

import json
import threading

import pytest

from serve_support import wait_for
from wire_client import Serve, frame, pull_ext

GROUPS = 30
SMALL = ("--segment-size", "16MiB")   # no put waits for a gigabyte of blocks


def fill_table(client):
    """So that a save takes its time."""
    known = [{"topicName": f"Known{i}", "readQueueNums": 1, "writeQueueNums": 1, "perm": 6} for i in range(5000)]
    assert client.ask(18, {}, json.dumps({"topicConfigList": known}).encode()).code == 0


def pull(client, group, offset):
    return client.ask(11, pull_ext("T", 0, 0) | {"consumerGroup": group})


def send_back(client, group, offset):
    return client.ask(36, {"group": group, "offset": offset, "delayLevel": 0, "originTopic": "T"})


def commit(client, group, offset):
    return client.ask(15, {"consumerGroup": group, "topic": "T", "queueId": 0, "commitOffset": 1})


def table(store):
    file = store / "config" / "subscriptionGroup.json"
    return json.loads(file.read_text()) if file.exists() else {"subscriptionGroupTable": {}}


def saved_groups(store):
    return set(table(store)["subscriptionGroupTable"])


@pytest.mark.parametrize("bring", [pull, send_back, commit])
def test_groups_that_come_one_by_one_share_a_save(tmp_path, bring):
    # Not so often that a slow machine saves for every second one that comes.
    conf = tmp_path / "broker.conf"
    conf.write_text("flushConsumerOffsetInterval=1000\n")
    with Serve(tmp_path / "store", "--topic", "T", *SMALL, "-c", conf) as serve, serve.client() as client:
        offset = int(client.put("T", b"x").ext["msgId"][16:], 16)
        client.wait_for_max("T", 0, 1)
        assert {bring(client, f"N{i}", offset).code for i in range(GROUPS)} <= {0, 19}
        assert all(client.ask(352, {"group": f"N{i}"}).code == 0 for i in range(GROUPS))
        wait_for(lambda: {f"N{i}" for i in range(GROUPS)} <= saved_groups(tmp_path / "store"))
        assert table(tmp_path / "store")["dataVersion"]["counter"] < GROUPS / 2


def test_another_connection_of_the_same_thread_is_answered_while_retry_topics_are_saved(tmp_path):
    """Where each save held the thread, the other's questions would be answered between two saves, one each."""
    asked, codes, done = 0, [], threading.Event()
    one_thread = (*SMALL, "--io-threads", "1")
    with Serve(tmp_path, "--topic", "T", *one_thread) as serve, serve.client() as client, serve.client() as other:
        offset = int(client.put("T", b"x").ext["msgId"][16:], 16)
        client.wait_for_max("T", 0, 1)
        fill_table(client)

        def make():
            codes.extend(send_back(client, f"N{i}", offset).code for i in range(GROUPS))
            done.set()
        maker = threading.Thread(target=make)
        maker.start()
        while not done.is_set() and maker.is_alive():
            assert other.ask(105, {"topic": "T"}).code == 0
            asked += 1
        maker.join()
        assert codes == [0] * GROUPS
    assert asked > 5 * GROUPS


def test_a_group_that_was_deleted_while_its_pull_was_held_does_not_come_back_by_that(tmp_path):
    with Serve(tmp_path, "--topic", "T", *SMALL) as serve, serve.client() as client, serve.client() as other:
        held = pull_ext("T", 0, 0) | {"consumerGroup": "Held", "sysFlag": 6, "suspendTimeoutMillis": 20000}
        client.send(frame(11, held, opaque=7))
        assert client.ask(105, {"topic": "T"}).code == 0   # it is held by now
        assert other.ask(352, {"group": "Held"}).code == 0
        assert other.ask(207, {"groupName": "Held"}).code == 0
        other.put("T", b"x")
        answer = client.receive()
        assert answer.opaque == 7 and answer.code == 26
        assert other.ask(352, {"group": "Held"}).code == 26


def test_groups_that_were_made_are_saved_at_the_end_and_with_each_change(tmp_path):
    with Serve(tmp_path, "--topic", "T") as serve, serve.client() as client:
        pull(client, "First", 0)
        assert client.ask(200, {}, json.dumps({"groupName": "Told"}).encode()).code == 0
        assert {"First", "Told"} <= saved_groups(tmp_path)
        pull(client, "Second", 0)
        assert client.ask(207, {"groupName": "Second"}).code == 0
        pull(client, "Third", 0)
        serve.process.terminate()
        assert serve.process.wait(60) == 0
    assert {"First", "Told", "Third"} <= saved_groups(tmp_path) and "Second" not in saved_groups(tmp_path)


def test_a_group_that_is_not_to_be_made_is_refused_as_before(tmp_path):
    (tmp_path / "broker.conf").write_text("autoCreateSubscriptionGroup=false\n")
    with Serve(tmp_path / "store", "--topic", "T", "-c", tmp_path / "broker.conf") as serve, serve.client() as client:
        assert pull(client, "New", 0).code == 26
        assert pull(client, "no/name", 0).code == 26
        assert client.ask(352, {"group": "New"}).code == 26
