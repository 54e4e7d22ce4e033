"""`mqctl serve`: groups that come with a pull or a message handed back. Their table is saved off the thread of connections."""

import json
import threading

import pytest

from wire_client import Serve, pull_ext

GROUPS = 30


def fill_table(client):
    """So that a save takes its time."""
    known = [{"groupName": f"Known{i}", "retryQueueNums": 1} for i in range(5000)]
    assert client.ask(225, {}, json.dumps({"groupConfigList": known}).encode()).code == 0


def pull(client, group, offset):
    return client.ask(11, pull_ext("T", 0, 0) | {"consumerGroup": group})


def send_back(client, group, offset):
    return client.ask(36, {"group": group, "offset": offset, "delayLevel": 0, "originTopic": "T"})


@pytest.mark.parametrize("bring", [pull, send_back])
def test_another_connection_of_the_same_thread_is_answered_while_groups_are_saved(tmp_path, bring):
    """Where each save held the thread, the other's questions would be answered between two saves, one each."""
    asked, codes, done = 0, [], threading.Event()
    with Serve(tmp_path, "--topic", "T", "--io-threads", "1") as serve, serve.client() as client, serve.client() as other:
        offset = int(client.put("T", b"x").ext["msgId"][16:], 16)
        client.wait_for_max("T", 0, 1)
        fill_table(client)

        def make():
            codes.extend(bring(client, f"N{i}", offset).code for i in range(GROUPS))
            done.set()
        maker = threading.Thread(target=make)
        maker.start()
        while not done.is_set() and maker.is_alive():
            assert other.ask(105, {"topic": "T"}).code == 0
            asked += 1
        maker.join()
        assert codes == [0] * GROUPS
        saved = json.loads((tmp_path / "config" / "subscriptionGroup.json").read_text())["subscriptionGroupTable"]
        assert {f"N{i}" for i in range(GROUPS)} <= set(saved)
    assert asked > 5 * GROUPS


def test_a_group_that_is_not_to_be_made_is_refused_as_before(tmp_path):
    (tmp_path / "broker.conf").write_text("autoCreateSubscriptionGroup=false\n")
    with Serve(tmp_path / "store", "--topic", "T", "-c", tmp_path / "broker.conf") as serve, serve.client() as client:
        assert pull(client, "New", 0).code == 26
        assert pull(client, "no/name", 0).code == 26
        assert client.ask(352, {"group": "New"}).code == 26
