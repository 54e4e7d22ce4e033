"""`mqctl serve` with genuine clients: what they send is there by offset, key, id and time; its stores go over to genuine brokers and
back; what was acknowledged survives kill -9."""

import collections
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from harness import MQCTL, SEGMENT, VERSIONS, Broker, Probe, Scenarios, dump, verify, wait_for
from test_stores import check_dumped, check_served, messages_of_all_kinds, next_offset, send_one, stored_by

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
        assert self.process.wait(10) == 0, (self.run / "serve.err").read_text()
        assert not (self.store / "abort").exists()

    def kill9(self):
        self.process.kill()
        self.process.wait(30)

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
    """As of a genuine broker; what was sent can be pulled soon after, on a busy machine not at once."""
    counts = collections.Counter(entry["message"]["topic"] for entry in stored)
    wait_for("the queues", lambda: all(sum(high - low for low, high in serve.probe.pull(topic)[1].values()) == count
                                       for topic, count in counts.items()))
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
        serve.probe.produce([{"topic": "late", "queue": 1, "tags": "T", "keys": ["late-key"], "body": b"late", "delay": 3}])
        assert serve.probe.pull("late", [1])[0] == []
        serve.stop()
    with Broker(param, store, mappedFileSizeCommitLog=SEGMENT) as broker:
        late, = wait_for("the delayed message", lambda: broker.probe.pull("late", [1])[0], 30, 0.2)
        assert (late["body"], late["tags"], late["keys"]) == (b"late", "T", ["late-key"])
        broker.probe.produce([{"topic": "late", "queue": 0, "body": b"theirs", "delay": 2}])
        broker.stop()
    with Serve(param, store) as serve:
        theirs, = wait_for("the genuine broker's delayed message", lambda: serve.probe.pull("late", [0])[0], 30, 0.2)
        assert theirs["body"] == b"theirs"
        assert len(serve.probe.pull("late", [1])[0]) == 1   # not a second time
        serve.stop()
    verify(store)


@scenarios.of(VERSIONS[0], VERSIONS[-1])
def test_acknowledged_sends_survive_kill_9(param, directory):
    store = directory / "store"
    acknowledged = []
    for round_number in range(3):
        with Serve(param, store) as serve:
            serve.probe.load(f"Load{round_number}", threads=3, size=700, count=300 + 200 * round_number)
            serve.kill9()
            acknowledged += [(f"Load{round_number}", r) for r in serve.probe.load_end()]
        assert (store / "abort").exists()
    assert len(acknowledged) > 1000
    with Serve(param, store) as serve:
        for topic in {topic for topic, _ in acknowledged}:
            pulled, bounds = serve.probe.pull(topic)   # nothing was sent since the start: all is in the queues
            found = {(m["queue"], m["qoff"]): m for m in pulled}
            assert len(pulled) == len(found) == sum(high for _, high in bounds.values())   # no gap, no double
            for name, r in acknowledged:
                if name == topic:
                    assert found[r["queue"], r["queueOffset"]]["body"].startswith(f"{r['name']}:".encode())
                    assert found[r["queue"], r["queueOffset"]]["msgid"] == r["offsetMsgId"]
        serve.stop()
    verify(store)
