"""`mqctl serve` with genuine clients: what they send is there by offset, key, id and time; its stores go over to genuine brokers and
back; what was acknowledged survives kill -9."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))

from harness import MQCTL, SEGMENT, VERSIONS, Broker, Probe, Scenarios, dump, verify, wait_for
from wire_client import Client, frame, send_ext
from test_stores import (await_queues, check_dumped, check_served, messages_of_all_kinds, next_offset, send_one,
                         stored_by)

scenarios = Scenarios()


class Serve:
    """`mqctl serve` on a store, and a genuine client of it; like harness.Broker."""

    def __init__(self, version, store, *flags, segment=SEGMENT):
        self.version, self.store = version, pathlib.Path(store)
        self.run = pathlib.Path(tempfile.mkdtemp(prefix="serve-"))
        (self.run / "home" / "conf").mkdir(parents=True)
        self.err = open(self.run / "serve.err", "wb")
        self.process = subprocess.Popen([MQCTL, "serve", store, "--listen", "127.0.0.1:0", "--segment-size", str(segment), *flags],
                                        stdout=subprocess.PIPE, stderr=self.err, env=dict(os.environ))
        line = self.process.stdout.readline()
        assert line, (self.run / "serve.err").read_text()
        self.address = json.loads(line)["namesrv"]
        self._probe = None

    @property
    def probe(self):
        if self._probe is None:
            self._probe = Probe(self.version, self.address, self.address, self.run)
        return self._probe

    def stop(self):
        if self._probe is not None:
            self._probe.close()
        self.process.terminate()
        assert self.process.wait(60) == 0, (self.run / "serve.err").read_text()
        assert not (self.store / "abort").exists()

    def kill9(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None:
            print((self.run / "serve.err").read_text()[-4000:])
        if self._probe is not None:
            self._probe.close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.err.close()
        shutil.rmtree(self.run, ignore_errors=True)


def check_all_served(serve, stored):
    """As of a genuine broker."""
    await_queues(serve, stored)
    return check_served(serve, stored)


@scenarios.of(*VERSIONS)
def test_what_genuine_clients_send_is_served_and_goes_over_to_a_genuine_broker_and_back(param, directory):
    store = directory / "store"
    messages = messages_of_all_kinds(250, "serve")
    with Serve(param, store) as serve:
        stored = stored_by(messages, serve.probe.produce(messages))
        check_all_served(serve, stored)
        of_one_topic = [e for e in stored if e["message"]["topic"] == "x%1|2"]
        consumed = serve.probe.consume("x%1|2", "push-group", len(of_one_topic))
        assert sorted((m["queue"], m["qoff"]) for m in consumed) == sorted((e["queue"], e["qoff"]) for e in of_one_topic)
        serve.stop()
    verify(store)
    check_dumped(store, stored)
    offsets = json.loads((store / "config" / "consumerOffset.json").read_text())["offsetTable"]["x%1|2@push-group"]
    assert offsets == {str(q): next_offset(stored, "x%1|2", q) for q in range(2)}
    with Broker(param, store, mappedFileSizeCommitLog=SEGMENT) as broker:
        check_served(broker, stored)
        stored.append(send_one(broker, "orders", 3, b"genuine", next_offset(stored, "orders", 3)))
        broker.stop()
    verify(store)
    with Serve(param, store) as serve:
        check_all_served(serve, stored)
        stored.append(send_one(serve, "orders", 3, b"ours", next_offset(stored, "orders", 3)))
        check_all_served(serve, stored)
        serve.stop()
    verify(store)
    check_dumped(store, stored)


@scenarios.of(VERSIONS[0], VERSIONS[-1])
def test_delayed_messages_wait_over_a_change_of_brokers(param, directory):
    store = directory / "store"
    with Serve(param, store) as serve:
        serve.probe.pull("TBW102")   # so that the next pull does not wait for its client to start
        serve.probe.produce([{"topic": "late", "queue": 1, "tags": "T", "keys": ["late-key"], "body": b"late", "delay": 3}])
        assert serve.probe.pull("late", [1])[0] == []
        serve.stop()
    with Broker(param, store, mappedFileSizeCommitLog=SEGMENT) as broker:
        late, = wait_for("the delayed message", lambda: broker.probe.pull("late", [1])[0], every=0.2)
        assert (late["body"], late["tags"], late["keys"]) == (b"late", "T", ["late-key"])
        broker.probe.produce([{"topic": "late", "queue": 0, "body": b"theirs", "delay": 2}])
        broker.stop()
    with Serve(param, store) as serve:
        theirs, = wait_for("the genuine broker's delayed message", lambda: serve.probe.pull("late", [0])[0], every=0.2)
        assert theirs["body"] == b"theirs"
        assert len(serve.probe.pull("late", [1])[0]) == 1   # not a second time
        serve.stop()
    verify(store)


# --- transactions ---

def half(client, body, key):
    """Sends a half message."""
    properties = "".join(f"{name}\1{value}\2" for name, value in (("TRAN_MSG", "true"), ("PGROUP", "PG"), ("UNIQ_KEY", key)))
    answer = client.ask(310, send_ext("tx", i=properties, f=4, g=int(time.time() * 1000)), body)
    assert answer.code == 0, answer.remark
    return {"tranStateTableOffset": answer.ext["queueOffset"], "commitLogOffset": int(answer.ext["msgId"][16:], 16), "msgId": answer.ext["msgId"]}


def end(client, place, commit, check=False):
    client.send(frame(37, place | {"producerGroup": "PG", "commitOrRollback": 8 if commit else 12, "fromTransactionCheck": str(check).lower()}, flag=2))


def answer_the_check(address, body, before=None):
    """
    As the producer that a broker asks about an undecided transaction: commits it. Of the one before there may be a copy to
    be rolled back, since its broker asked about that, anew, while the answer was on its way.
    """
    with Client(address, timeout=60) as producer:
        producer.ask(34, body=json.dumps({"clientID": "p1", "producerDataSet": [{"groupName": "PG"}], "consumerDataSet": []}).encode())
        commit = False
        while not commit:
            question = producer.pushed.pop(0) if producer.pushed else producer.receive()
            if question.code == 39:
                commit = body in question.body
                assert commit or before is not None and before in question.body
                place = {name: question.ext[name] for name in ("tranStateTableOffset", "commitLogOffset", "msgId")}
                end(producer, place, commit, check=True)
        # The end was one-way: it is done when a later question on the same connection is answered.
        assert producer.ask(105, {"topic": "TBW102"}) is not None


@scenarios.of(VERSIONS[0], VERSIONS[-1])
def test_an_undecided_transaction_is_asked_about_by_the_next_broker(param, directory):
    store, conf = directory / "store", directory / "broker.conf"
    # On a busy machine a broker has asked often before there is anybody to answer. What was decided 5.x writes down
    # every three seconds only, if not told otherwise: it may be stopped before.
    checks = {"transactionCheckInterval": "1000", "transactionTimeOut": "1000", "transactionCheckMax": "1000",
              "transactionOpMsgMaxSize": "1"}
    conf.write_text("".join(f"{key}={value}\n" for key, value in checks.items()))

    def bodies(broker):
        return [m["body"] for m in broker.probe.pull("tx", [0])[0]]

    with Serve(param, store, "-c", conf) as serve:
        with Client(serve.address, timeout=60) as client:
            end(client, half(client, b"committed by ours", "K1"), True)
            end(client, half(client, b"rolled back", "K2"), False)
            half(client, b"begun with ours", "K3")
        wait_for("the committed one", lambda: bodies(serve) == [b"committed by ours"])
        serve.stop()
    with Broker(param, store, mappedFileSizeCommitLog=SEGMENT, **checks) as broker:
        assert bodies(broker) == [b"committed by ours"]
        answer_the_check(broker.address, b"begun with ours")
        wait_for("the decision", lambda: bodies(broker) == [b"committed by ours", b"begun with ours"], every=0.2)
        with Client(broker.address, timeout=60) as client:
            half(client, b"begun with theirs", "K4")
        broker.stop()
    with Serve(param, store, "-c", conf) as serve:
        answer_the_check(serve.address, b"begun with theirs", b"begun with ours")
        decided = [b"committed by ours", b"begun with ours", b"begun with theirs"]
        wait_for("the decision", lambda: bodies(serve) == decided)
        serve.stop()
    verify(store)


def committed(store, topic, group):
    """What the broker has written down of a group's progress: {queue: offset}."""
    try:
        table = json.loads((store / "config" / "consumerOffset.json").read_text())["offsetTable"]
    except FileNotFoundError:
        return {}
    return {int(queue): offset for queue, offset in table.get(f"{topic}@{group}", {}).items()}


@scenarios.of(VERSIONS[0], VERSIONS[-1])
def test_acknowledged_sends_survive_kill_9_and_consumers_go_on(param, directory):
    store, conf = directory / "store", directory / "broker.conf"
    conf.write_text("flushConsumerOffsetInterval=100\n")
    acknowledged, consumed, rounds = [], [], 8
    for _ in range(rounds):
        with Serve(param, store, "-c", conf) as serve:
            serve.probe.load("Load", threads=3, size=700, count=200, persist=True)
            serve.kill9()
            acknowledged += serve.probe.load_end()
        assert (store / "abort").exists()
        with Serve(param, store, "-c", conf) as serve:
            pulled, bounds = serve.probe.pull("Load")   # nothing was sent since the start: all is in the queues
            fresh = sum(high for _, high in bounds.values()) - len(consumed)
            assert fresh >= 200
            consumed += serve.probe.consume("Load", "going-on", fresh)
            wait_for("the progress on disk", lambda: committed(store, "Load", "going-on") == {q: high for q, (_, high) in bounds.items() if high})
            serve.kill9()
    # No gap and no double in the log, each acknowledged message at its place, and each consumed once, over sixteen deaths.
    found = {(m["queue"], m["qoff"]): m for m in pulled}
    assert len(pulled) == len(found) == sum(high for _, high in bounds.values())
    assert len(acknowledged) > 200 * rounds
    for r in acknowledged:
        assert found[r["queue"], r["queueOffset"]]["body"].startswith(f"{r['name']}:".encode())
        assert found[r["queue"], r["queueOffset"]]["msgid"] == r["offsetMsgId"]
    assert sorted((m["queue"], m["qoff"]) for m in consumed) == sorted(found)
    with Serve(param, store) as serve:
        serve.stop()
    verify(store)
