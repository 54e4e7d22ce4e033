"""`mqctl serve`: sends that make their topic. Its table is saved off the thread of connections, for many at once, and nobody sees a difference else."""

import json
import select
import threading

import pytest

from test_serve_flows import messages
from wire_client import Serve, frame, send_ext


SMALL = ("--segment-size", "16MiB")   # no put waits for a gigabyte of blocks


def table(store):
    return json.loads((store / "config" / "topics.json").read_text())


def fill_table(client):
    """So that a save takes its time."""
    known = [{"topicName": f"Known{i}", "readQueueNums": 1, "writeQueueNums": 1, "perm": 6} for i in range(5000)]
    assert client.ask(18, {}, json.dumps({"topicConfigList": known}).encode()).code == 0


def sends(topics):
    return [frame(310, send_ext(topic), b"x", opaque=i) for i, topic in enumerate(topics)]


def test_a_connection_goes_on_while_its_topics_are_saved(tmp_path):
    topics = [f"N{i}" for i in range(200)]
    with Serve(tmp_path, "--topic", "T", *SMALL) as serve, serve.client() as client:
        client.send(b"".join(sends(topics)) + frame(30, {"topic": "T", "queueId": 0}, opaque=1000))
        answers = [client.receive() for _ in range(201)]
        assert {each.code for each in answers} == {0}
        answered = [each.opaque for each in answers]
        assert sorted(answered) == [*range(200), 1000] and answered[-1] != 1000


def test_another_connection_of_the_same_thread_is_answered_while_topics_are_saved(tmp_path):
    """Where each save held the thread, the other's questions would be answered between two saves, one each."""
    topics, asked, made = 30, 0, threading.Event()
    one_thread = (*SMALL, "--io-threads", "1")
    with Serve(tmp_path, "--topic", "T", *one_thread) as serve, serve.client() as client, serve.client() as other:
        fill_table(client)

        def make():
            for i in range(topics):
                client.put(f"N{i}", b"x")
            made.set()
        maker = threading.Thread(target=make)
        maker.start()
        while not made.is_set() and maker.is_alive():
            assert other.ask(105, {"topic": "T"}).code == 0
            asked += 1
        maker.join()
    assert made.is_set() and asked > 5 * topics


@pytest.mark.parametrize("flush", ["ASYNC_FLUSH", "SYNC_FLUSH"])
def test_many_share_a_save_and_each_is_saved_when_it_is_said(tmp_path, flush):
    (tmp_path / "broker.conf").write_text(f"flushDiskType={flush}\n")
    topics = [f"N{i}" for i in range(200)]
    with Serve(tmp_path / "store", *SMALL, "-c", tmp_path / "broker.conf") as serve, serve.client() as client:
        client.send(b"".join(sends(topics)))
        for _ in topics:
            answer = client.receive()
            assert answer.code == 0 and answer.ext["TRACE_ON"] == "true"
            if answer.opaque % 50 == 0:
                assert topics[answer.opaque] in table(tmp_path / "store")["topicConfigTable"]
        saved = table(tmp_path / "store")
        assert set(topics) <= set(saved["topicConfigTable"]) and saved["dataVersion"]["counter"] < len(topics) / 4
        serve.process.kill()
    with Serve(tmp_path / "store", "-c", tmp_path / "broker.conf") as serve, serve.client() as client:
        assert all(client.ask(351, {"topic": topic}).code == 0 for topic in topics)


def readable(client):
    return bool(select.select([client.socket], [], [], 0)[0])


@pytest.mark.parametrize("flush", ["ASYNC_FLUSH", "SYNC_FLUSH"])
def test_messages_keep_their_order_over_the_making_of_their_topic(tmp_path, flush):
    """Some come before the topic is there, many while those are worked off, and some after."""
    # None is refused because it waited long for its topic.
    (tmp_path / "broker.conf").write_text(f"flushDiskType={flush}\nwaitTimeMillsInAdminBrokerQueue=0\n")
    at_once, most_before, after = 20, 9000, 2000
    with Serve("--ephemeral", "-c", tmp_path / "broker.conf") as serve, serve.client() as client:
        fill_table(client)
        count, last = 0, None
        while last is None or count < last:
            client.send(b"".join(frame(310, send_ext("N"), str(count + i).encode(), flag=2 * (i % 2)) for i in range(at_once)))
            count += at_once
            if last is None and (readable(client) or count >= most_before):
                select.select([client.socket], [], [])
                last = count + after
        assert {client.receive().code for _ in range(count // 2)} == {0}   # half of them were oneway
        client.wait_for_max("N", 0, count)
        got = []
        while len(got) < count:
            got += [int(each["body"]) for each in messages(client.pull("N", 0, len(got)).body)]
        assert got == [*range(count)]


def test_what_makes_no_topic_does_not_wait(tmp_path):
    with Serve("--ephemeral") as serve, serve.client() as client:
        for topic, more, code in (("a b", {}, 29), ("SCHEDULE_TOPIC_XXXX", {}, 16), ("N", {"c": "SELF_TEST_TOPIC"}, 17), ("N", {"c": "none"}, 17)):
            assert client.ask(310, send_ext(topic, **more), b"x").code == code
        assert client.ask(310, send_ext("N", queue=4), b"x").code == 29   # made, with four queues
        assert json.loads(client.ask(351, {"topic": "N"}).body)["writeQueueNums"] == 4


def test_a_table_that_cannot_be_saved_costs_the_sends_that_wait_for_it_and_no_other(tmp_path):
    topics = [f"N{i}" for i in range(20)]
    with Serve(tmp_path, "--topic", "T", *SMALL) as serve, serve.client() as client:
        config = tmp_path / "config"
        config.rename(tmp_path / "moved")
        config.write_text("no directory")
        client.send(b"".join(sends([*topics, "T"])))
        codes = {answer.opaque: answer.code for answer in (client.receive() for _ in range(21))}
        assert codes == dict.fromkeys(range(20), 1) | {20: 0}
        config.unlink()
        (tmp_path / "moved").rename(config)
        client.send(b"".join(sends(topics)))
        assert {client.receive().code for _ in topics} == {0}


def test_sends_that_wait_when_the_broker_stops_are_answered(tmp_path):
    with Serve(tmp_path, *SMALL) as serve, serve.client() as client:
        client.send(b"".join(sends([f"N{i}" for i in range(500)])) + frame(105, {"topic": "N0"}, opaque=1000))
        answers = [client.receive()]
        while answers[-1].opaque != 1000:   # all were read by then
            answers.append(client.receive())
        serve.process.terminate()
        while (answer := client.receive()) is not None:
            answers.append(answer)
        assert serve.process.wait(60) == 0
        stored = [each.opaque for each in answers if each.opaque < 1000 and each.code == 0]
        assert len(answers) == 501 and {each.code for each in answers if each.opaque < 1000} <= {0, 2, 14}
        assert {f"N{i}" for i in stored} <= set(table(tmp_path)["topicConfigTable"])
