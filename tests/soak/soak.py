#!/usr/bin/env python3
"""A soak of `mqctl serve`: SOAK_SECONDS of mixed load, a line of figures every SOAK_SAMPLE seconds, and at the end a verdict.

Fails where a confirmed message did not come out, one came out twice, out of order or from nowhere, the store is not sound afterwards,
or memory, descriptors or threads grew.
"""

import contextlib
import json
import os
import pathlib
import random
import statistics
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "cli"))
sys.path.insert(0, str(HERE))

from ledger import Ledger  # noqa: E402
from load import TOPICS, workers  # noqa: E402
from support import run  # noqa: E402
from wire_client import Client, Serve  # noqa: E402

SECONDS = int(os.environ.get("SOAK_SECONDS", "3600"))
SAMPLE = int(os.environ.get("SOAK_SAMPLE", str(max(5, SECONDS // 60))))
SEED = os.environ.get("MQCTL_SEED", str(random.SystemRandom().randrange(1 << 32)))
MIB = 1 << 20
SEGMENT = 4 * MIB
# Segments go as soon as they are old; what is old is said by turn_over().
CONF = f"""mappedFileSizeConsumeQueue=60000
messageDelayLevel=1s 3s
deleteWhen={";".join(f"{hour:02}" for hour in range(24))}
fileReservedTime=48
flushConsumerOffsetInterval=1000
transactionCheckInterval=3000
transactionTimeOut=10000
"""
COLUMNS = ("seconds", "sent/s", "received/s", "p50 ms", "p99 ms", "p99.9 ms", "max ms", "RSS MiB", "anon MiB", "fds", "threads", "disk MiB", "segments",
           "deleted")


class Soak:
    def __init__(self, directory):
        self.seed, self.ledger, self.latencies = SEED, Ledger(), []
        self.producing_ended, self.consuming_ended = threading.Event(), threading.Event()
        conf = directory / "broker.conf"
        conf.write_text(CONF)
        self.store = directory / "store"
        self.serve = Serve(self.store, "--segment-size", SEGMENT, "-c", conf, *(arg for topic in TOPICS for arg in ("--topic", f"{topic}:4")))
        self.address = self.serve.address
        self.log = self.store / "commitlog"
        self.deleted, self.before = 0, {path.name for path in self.segments()}
        self.ending = None   # (epoch, first segment that is not wholly of it)

    def segments(self):
        return sorted(self.log.iterdir()) if self.log.exists() else []

    def turn_over(self):
        """Segments of which all messages have come out are said to be old: retention's next pass takes them."""
        if self.ending is None:
            with Client(self.address) as client:
                end = int(json.loads(client.ask(28).body)["table"]["commitLogMaxOffset"])
            self.ending = (self.ledger.turn(), end // SEGMENT * SEGMENT)
        elif self.ledger.all_out(self.ending[0]):
            long_ago = time.time() - 72 * 3600
            for path in self.segments():
                if int(path.name) < self.ending[1]:
                    with contextlib.suppress(FileNotFoundError):   # the pass before has taken it meanwhile
                        os.utime(path, (long_ago, long_ago))
            self.ending = None

    def sample(self, began, counts):
        status = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{self.serve.process.pid}/status").read_text().splitlines())
        taken, self.latencies = sorted(self.latencies), []
        now = {path.name for path in self.segments()}
        self.deleted += len(self.before - now)
        self.before = now
        disk = sum(path.stat().st_blocks * 512 for path in self.store.rglob("*") if path.is_file())
        sent, received = (self.ledger.counts[name] - counts[name] for name in ("confirmed", "received"))

        def percentile(share):
            return taken[min(len(taken) - 1, int(len(taken) * share))] * 1000 if taken else 0.0
        return (int(time.monotonic() - began), sent // SAMPLE, received // SAMPLE, percentile(0.5), percentile(0.99), percentile(0.999),
                percentile(1), int(status["VmRSS"].split()[0]) / 1024, int(status["RssAnon"].split()[0]) / 1024,
                len(os.listdir(f"/proc/{self.serve.process.pid}/fd")), int(status["Threads"]), disk / MIB, len(now), self.deleted)

    def run(self):
        producers, consumers = workers(self)
        for thread in (*consumers, *producers):
            thread.start()
        began, rows = time.monotonic(), []
        print(" ".join(f"{name:>10}" for name in COLUMNS), flush=True)
        while time.monotonic() - began < SECONDS and not self.ledger.faults:
            counts, until = dict.fromkeys(("confirmed", "received"), 0) | dict(self.ledger.counts), time.monotonic() + SAMPLE
            while time.monotonic() < until:
                time.sleep(1)
                self.turn_over()
            rows.append(self.sample(began, counts))
            print(" ".join(f"{value:>10.2f}" if isinstance(value, float) else f"{value:>10}" for value in rows[-1]), flush=True)
        return self.end(producers, consumers) + judged(rows)

    def end(self, producers, consumers):
        self.producing_ended.set()
        for thread in producers:
            thread.join(60)
        until = time.monotonic() + 60
        while self.ledger.missing() and not self.ledger.faults and time.monotonic() < until:
            time.sleep(0.1)
        self.consuming_ended.set()
        for thread in consumers:
            thread.join(60)
        faults = list(self.ledger.faults[:10])
        if missing := self.ledger.missing():
            faults.append(f"{len(missing)} confirmed messages did not come out, {missing[:5]}")
        self.serve.process.terminate()
        if (status := self.serve.process.wait(60)) != 0:
            faults.append(f"serve ended with {status}: {self.serve.said()[-2000:]}")
        done = run("verify", self.store, "--level", "index", timeout=600)
        if done.returncode != 0:
            faults.append(f"verify: {done.stdout.decode()[-2000:]}{done.stderr.decode()[-2000:]}")
        return faults


def judged(rows):
    """What grew from the first third, after a sample to warm up, to the last."""
    if len(rows) < 7:
        return ["too few samples to judge by: a longer SOAK_SECONDS, or a shorter SOAK_SAMPLE"]
    third = (len(rows) - 1) // 3
    first, last = rows[1:1 + third], rows[-third:]
    faults = []
    for name, spare in (("anon MiB", 4), ("fds", 16), ("threads", 0)):
        column = COLUMNS.index(name)
        before, after = (statistics.median(row[column] for row in part) for part in (first, last))
        if after > before * 1.25 + spare:
            faults.append(f"{name} grew from {before:.1f} to {after:.1f}")
    if rows[-1][COLUMNS.index("deleted")] == 0:
        faults.append("no segment was deleted: the load was too little to prove anything")
    return faults


def main():
    print(f"soak: {SECONDS} s, a sample every {SAMPLE} s, seed {SEED}", flush=True)
    with tempfile.TemporaryDirectory(prefix="mqctl-soak-") as directory:
        soak = Soak(pathlib.Path(directory))
        with soak.serve:
            faults = soak.run()
    counts = soak.ledger.counts
    print(f"soak: {counts['confirmed']} confirmed, {counts['one-way']} one-way, {counts['rolled back']} rolled back, {counts['received']} received, "
          f"{len(soak.ledger.missing())} lost, {soak.deleted} segments deleted")
    for fault in faults:
        print(f"soak: FAILED: {fault}")
    if not faults:
        print("soak: passed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
