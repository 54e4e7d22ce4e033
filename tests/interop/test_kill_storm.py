"""kill -9 of `mqctl serve`, again and again, under a genuine Java producer that lives on and tries each message until it is acknowledged.

After each death all that was acknowledged stands exactly where the acknowledgement said, the queues give it without a gap and in each
thread's order, what is there twice was tried twice, and nothing is there that was not sent. `./bootstrap.sh storm kill` does 200 rounds.
"""

import json
import os
import pathlib
import random
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))

from harness import MQCTL, Probe, free_ports, verify, wait_for
from test_serve_flows import messages
from wire_client import Client

ROUNDS = int(os.environ.get("MQCTL_STORM_ROUNDS", "6"))
SEED = int(os.environ.get("MQCTL_SEED", random.SystemRandom().randrange(1 << 32)))
VERSION, THREADS, QUEUES = "5.5.0", 4, 4


class Broker:
    """`mqctl serve` on a port that it comes back to."""

    def __init__(self, directory):
        self.store, self.err = directory / "store", open(directory / "serve.err", "ab")
        self.address = f"127.0.0.1:{free_ports()[0]}"
        self.process = None

    def launch(self):
        self.process = subprocess.Popen([MQCTL, "serve", self.store, "--listen", self.address, "--segment-size", "1MiB"], stdout=subprocess.PIPE,
                                        stderr=self.err)

    def start(self):
        self.launch()
        line = self.process.stdout.readline()
        assert line, pathlib.Path(self.err.name).read_text()[-3000:]
        assert json.loads(line)["namesrv"] == self.address

    def kill9(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        self.process.terminate()
        assert self.process.wait(60) == 0


class Record:
    """What the queues gave so far, and what was acknowledged."""

    def __init__(self):
        self.found = [[] for _ in range(QUEUES)]   # (name, place in the log) by queue offset
        self.receipts = []

    def read(self, address):
        """All that is new in the queues."""
        with Client(address, timeout=60) as client:
            for number, queue in enumerate(self.found):
                while (answer := client.pull("Storm", number, len(queue))).code == 0:
                    for message in messages(answer.body):
                        assert message["qoff"] == len(queue), "a gap in the queue"
                        queue.append((message["body"].split(b":", 1)[0].decode(), message["pos"]))

    def check(self, fresh):
        """Each new receipt names a message that is there."""
        for receipt in fresh:
            assert receipt["status"] == "SEND_OK"
            name, place = self.found[receipt["queue"]][receipt["queueOffset"]]
            assert (name, place) == (receipt["name"], int(receipt["offsetMsgId"][16:], 16))
        self.receipts += fresh

    def judge(self):
        """(lost, there more than once, invented)"""
        tries = {receipt["name"]: receipt["tries"] for receipt in self.receipts}
        copies = {}
        for queue in self.found:
            latest = dict.fromkeys(range(THREADS), -1)
            for name, _ in queue:
                thread, number = map(int, name.split("-"))
                assert number >= latest[thread], f"{name} behind {latest[thread]} of its thread"
                latest[thread] = number
                copies[name] = copies.get(name, 0) + 1
        assert all(count <= tries[name] for name, count in copies.items() if name in tries)
        sent = {f"{thread}-{number}" for thread in range(THREADS)
                for number in range(sum(name.startswith(f"{thread}-") for name in tries) + 1)}   # the last one without an answer
        return len(tries.keys() - copies.keys()), sum(count > 1 for count in copies.values()), len(copies.keys() - sent)


def one_death(broker, probe, rng):
    """Some acknowledged messages later, or in the midst of a start."""
    acked = probe.ask("load-count")[0]["acked"]
    probe.load_reaches(acked + int(200 ** rng.random()))
    broker.kill9()
    while rng.random() < 0.25:
        broker.launch()
        time.sleep(rng.random() * 0.03)
        broker.kill9()


def test_storm(tmp_path):
    print("seed", SEED)
    rng, record, broker = random.Random(SEED), Record(), Broker(tmp_path)
    (tmp_path / "home" / "conf").mkdir(parents=True)
    broker.start()
    probe = Probe(VERSION, broker.address, broker.address, tmp_path)
    try:
        # What is given up too soon may come behind the thread's next one.
        probe.load("Storm", threads=THREADS, queues=QUEUES, size=700, persist=True, count=50, timeout_ms=15000)
        began = time.monotonic()
        for _ in range(ROUNDS):
            one_death(broker, probe, rng)
            fresh = probe.ask("load-news")   # of those that died: nobody is there to acknowledge more
            broker.start()
            record.read(broker.address)
            record.check(fresh)
        probe.ask("load-end")
        fresh = probe.ask("load-news")
        wait_for("the last messages", lambda: record.read(broker.address) or all(
            receipt["queueOffset"] < len(record.found[receipt["queue"]]) for receipt in fresh))
        record.check(fresh)
        lost, twice, invented = record.judge()
        again, _ = probe.pull("Storm", seconds=240 + 5 * ROUNDS)   # and as a genuine consumer sees it
        assert sorted((m["queue"], m["qoff"], m["pos"]) for m in again) == sorted(
            (number, offset, place) for number, queue in enumerate(record.found) for offset, (_, place) in enumerate(queue))
        broker.stop()
    finally:
        probe.close()
        broker.kill9()
    verify(broker.store)
    print(f"kill -9 storm: {ROUNDS} rounds in {time.monotonic() - began:.0f} s, {len(record.receipts)} messages confirmed, {lost} lost, "
          f"{twice} there twice because tried twice, {invented} invented")
    assert (lost, invented) == (0, 0)
