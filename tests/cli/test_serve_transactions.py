"""`mqctl serve`: transactions that ask for a time of their own before anybody asks about them (CHECK_IMMUNITY_TIME_IN_SECONDS)."""

import json
import time

import pytest

from serve_support import wait_for
from test_serve_flows import all_of, end, messages, props, wait_for_ends
from wire_client import Serve, send_ext

# Nothing is given up while a test takes its time, and no put waits for a gigabyte of blocks.
CONF = "transactionCheckInterval=100\ntransactionTimeOut=300\ntransactionCheckMax=1000000\n" \
       "mappedFileSizeCommitLog=16777216\n"


@pytest.fixture
def conf(tmp_path):
    (tmp_path / "broker.conf").write_text(CONF)
    return tmp_path / "broker.conf"


def half(client, body, key, immunity=None):
    own_time = {} if immunity is None else {"CHECK_IMMUNITY_TIME_IN_SECONDS": immunity}
    answer = client.ask(310, send_ext("tx", i=props(TRAN_MSG="true", PGROUP="PG", UNIQ_KEY=key, **own_time), f=4, g=int(time.time() * 1000)), body)
    assert answer.code == 0
    return answer


def came_once(client, body):
    """It is all there is in its topic, and nothing of its time as a half is left."""
    one, = all_of(client, "tx", 1)
    assert one["body"] == body and "TRAN_PREPARED_QUEUE_OFFSET" not in one["props"]


def produce(client):
    client.ask(34, body=json.dumps({"clientID": "p", "producerDataSet": [{"groupName": "PG"}]}).encode())


def question(client):
    """The key of the next transaction that is asked about."""
    asked = client.pushed.pop(0) if client.pushed else client.receive()
    assert asked.code == 39
    message, = messages(asked.body)
    return message["props"]["UNIQ_KEY"], asked.ext


def commit_asked(client, ext):
    answer = type("Half", (), {"ext": {"queueOffset": ext["tranStateTableOffset"], "msgId": "0" * 16 + f"{int(ext['commitLogOffset']):016X}"}})
    end(client, answer, 8, fromTransactionCheck="true")


def halves(client):
    """How many half messages were put; those that were put off count again."""
    return int(client.ask(30, {"topic": "RMQ_SYS_TRANS_HALF_TOPIC", "queueId": 0}).ext["offset"])


def test_one_with_a_long_time_does_not_hold_up_the_others(conf):
    with Serve("--ephemeral", "-c", conf) as serve, serve.client() as client:
        half(client, b"patient", "K1", 3600)
        half(client, b"plain", "K2")
        produce(client)
        assert question(client)[0] == "K2"


def test_ended_after_it_was_put_off_it_comes_once(conf):
    with Serve("--ephemeral", "-c", conf) as serve, serve.client() as client:
        patient = half(client, b"patient", "K1", 3600)
        other = half(client, b"rolled back", "K2", 3600)
        wait_for(lambda: halves(client) >= 6)   # both were put off, twice
        end(client, patient, 8)
        end(client, other, 12)
        wait_for_ends(client, patient, other)
        came_once(client, b"patient")
        produce(client)
        half(client, b"plain", "K3")
        for _ in range(3):   # rounds go by, and only the plain one is asked about
            assert question(client)[0] == "K3"
        put = halves(client)
        wait_for(lambda: halves(client) >= put + 2)
        again = messages(client.pull("RMQ_SYS_TRANS_HALF_TOPIC", 0, put).body)
        assert {each["props"]["UNIQ_KEY"] for each in again} == {"K3"}   # the ended ones are put off no more
        assert question(client)[0] == "K3"
        assert len(all_of(client, "tx", 1)) == 1


def test_it_is_asked_about_when_its_time_is_over(conf):
    with Serve("--ephemeral", "-c", conf) as serve, serve.client() as client:
        begin = time.monotonic()
        half(client, b"patient", "K1", 1)
        produce(client)
        key, ext = question(client)
        assert key == "K1" and time.monotonic() - begin > 0.9
        commit_asked(client, ext)
        came_once(client, b"patient")


def test_ended_late_or_twice_it_comes_once(conf):
    """Nobody was there to be asked, so the producer knows the first place alone."""
    with Serve("--ephemeral", "-c", conf) as serve, serve.client() as client:
        late = half(client, b"late", "K1")
        wait_for(lambda: halves(client) >= 3)   # it was put back twice
        end(client, late, 8)
        end(client, late, 8)
        end(client, late, 12)
        came_once(client, b"late")
        produce(client)
        half(client, b"plain", "K2")
        for _ in range(3):
            key, ext = question(client)
            assert key == "K2"
        commit_asked(client, ext)
        assert [each["body"] for each in all_of(client, "tx", 2)] == [b"late", b"plain"]


def rounds(client, count):
    """That many rounds have gone over all there is: an open transaction is put back by each."""
    half(client, b"open", "open")
    put = halves(client)
    wait_for(lambda: halves(client) >= put + count)


def test_ended_again_when_all_is_forgotten_it_comes_once(conf, tmp_path):
    with Serve(tmp_path / "store", "-c", conf) as serve, serve.client() as client:
        first = half(client, b"committed", "K1")
        other = half(client, b"rolled back", "K2")
        end(client, first, 8)
        end(client, other, 12)
        wait_for_ends(client, first, other)
        rounds(client, 4)
        end(client, first, 8)
        end(client, other, 8)
        came_once(client, b"committed")
        serve.process.kill()
    with Serve(tmp_path / "store", "-c", conf) as serve, serve.client() as client:
        end(client, first, 8)
        rounds(client, 4)
        end(client, first, 8)
        end(client, other, 8)
        came_once(client, b"committed")


def test_one_that_was_given_up_can_still_be_ended_once(conf, tmp_path):
    conf.write_text(CONF + "transactionCheckMax=1\n")
    with Serve(tmp_path / "store", "-c", conf) as serve, serve.client() as client:
        late = half(client, b"late", "K1")
        client.wait_for_max("TRANS_CHECK_MAX_TIME_TOPIC", 0, 1)
        end(client, late, 8)
        end(client, late, 8)
        came_once(client, b"late")
        serve.process.terminate()
        assert serve.process.wait(60) == 0
    with Serve(tmp_path / "store", "-c", conf) as serve, serve.client() as client:
        end(client, late, 8)
        came_once(client, b"late")


def test_ended_after_it_was_put_back_it_stays_so_over_a_restart(conf, tmp_path):
    """Its op messages are read by the next life, and forgotten there."""
    with Serve(tmp_path / "store", "-c", conf) as serve, serve.client() as client:
        moved, rolled = half(client, b"committed", "K1"), half(client, b"rolled back", "K2")
        wait_for(lambda: halves(client) >= 4)
        end(client, moved, 8)
        end(client, rolled, 12)
        wait_for_ends(client, moved, rolled)   # both, before the kill
        came_once(client, b"committed")
        serve.process.kill()
    with Serve(tmp_path / "store", "-c", conf) as serve, serve.client() as client:
        rounds(client, 4)
        end(client, moved, 8)
        end(client, rolled, 8)
        came_once(client, b"committed")


def test_what_is_no_half_message_ends_no_transaction(conf):
    """Neither a message of the producer's group at the place that a half message has, nor a half that says where it was."""
    with Serve("--ephemeral", "-c", conf) as serve, serve.client() as client:
        plain = client.ask(310, send_ext("tx", i=props(PGROUP="PG", UNIQ_KEY="plain")), b"plain")
        victim = half(client, b"victim", "K1")
        assert plain.ext["queueOffset"] == victim.ext["queueOffset"] == "0"
        end(client, plain, 12)
        liar = client.ask(310, send_ext("tx", i=props(TRAN_MSG="true", PGROUP="PG", UNIQ_KEY="K2", TRAN_PREPARED_QUEUE_OFFSET="0", DELAY="1"), f=4, g=int(time.time() * 1000)), b"liar")
        end(client, liar, 12)
        produce(client)
        assert question(client)[0] == "K1"
        end(client, victim, 8)
        assert [each["body"] for each in all_of(client, "tx", 2)] == [b"plain", b"victim"]


def test_one_that_cannot_be_put_back_does_not_hold_up_the_others(conf):
    with Serve("--ephemeral", "-c", conf) as serve, serve.client() as client:
        known = len(props(TRAN_MSG="true", PGROUP="PG", UNIQ_KEY="K1", fill="", REAL_TOPIC="tx", REAL_QID="0", __transactionId__="K1")) + 80   # with what the broker adds some 20 are left
        full = client.ask(310, send_ext("tx", i=props(TRAN_MSG="true", PGROUP="PG", UNIQ_KEY="K1", fill="x" * (32767 - known)), f=4, g=int(time.time() * 1000)), b"full")
        assert full.code == 0, full.remark
        client.wait_for_max("TRANS_CHECK_MAX_TIME_TOPIC", 0, 1)
        half(client, b"plain", "K2")
        produce(client)
        assert question(client)[0] == "K2"
        end(client, full, 8)
        came_once(client, b"full")


@pytest.mark.parametrize("born, immunity", [(int(time.time() * 1000), 2**63 - 1), (2**63 - 1, 1), (-5, 2**63 - 1)])
def test_times_without_sense_are_reckoned_with(conf, born, immunity):
    with Serve("--ephemeral", "-c", conf) as serve, serve.client() as client:
        own = props(TRAN_MSG="true", PGROUP="PG", UNIQ_KEY="K1", CHECK_IMMUNITY_TIME_IN_SECONDS=immunity)
        answer = client.ask(310, send_ext("tx", i=own, f=4, g=born), b"x")
        end(client, answer, 8)
        came_once(client, b"x")


def test_over_a_restart(conf, tmp_path):
    with Serve(tmp_path / "store", "-c", conf) as serve, serve.client() as client:
        half(client, b"patient", "K1", 2)
        half(client, b"plain", "K2")
        wait_for(lambda: halves(client) >= 4)
        serve.process.terminate()
        assert serve.process.wait(60) == 0
    with Serve(tmp_path / "store", "-c", conf) as serve, serve.client() as client:
        produce(client)
        found = set()
        while found != {"K1", "K2"}:
            key, ext = question(client)
            if key not in found:
                commit_asked(client, ext)
            found.add(key)
        assert sorted(each["body"] for each in all_of(client, "tx", 2)) == [b"patient", b"plain"]
