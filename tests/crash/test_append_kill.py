"""kill -9 at random moments: what was receipted is there, nothing is invented, the next append puts all in order.

A model remembers every line that was offered and how many receipts were seen; after each kill the log must hold what it
held before, then the lines of this run in their order, at least as many as were receipted.
"""

import json
import os
import pathlib
import random
import subprocess
import sys
import threading
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from append_support import MQCTL, check_closed, ok, records, run, verify_sound  # noqa: E402

SEED = int(os.environ.get("MQCTL_SEED", random.SystemRandom().randrange(1 << 32)))
ROUNDS = int(os.environ.get("MQCTL_KILLS", "14"))
SMALL = ("--segment-size", "256KiB")  # also where a kill came before there was a store


class Writer:
    """One append process that is fed until it dies; its input stays open, or ends with the lines."""

    def __init__(self, command, lines, env=None, input_ends=False):
        self.input_ends = input_ends
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=dict(os.environ) | (env or {}))
        self.receipts = []
        self.lines = lines
        self.threads = [threading.Thread(target=work) for work in (self._feed, self._read, self._drain)]
        for thread in self.threads:
            thread.start()

    def _feed(self):
        try:
            for line in self.lines:
                self.process.stdin.write(line + b"\n")
            if self.input_ends:
                self.process.stdin.close()
        except (BrokenPipeError, OSError, ValueError):
            pass

    def _read(self):
        for line in self.process.stdout:
            if line.endswith(b"\n"):
                self.receipts.append(json.loads(line))

    def _drain(self):
        self.said = self.process.stderr.read()

    def wait_for(self, count):
        while len(self.receipts) < count and self.process.poll() is None:
            time.sleep(0.0005)

    def kill(self):
        self.process.kill()
        self.process.wait()
        for thread in self.threads:
            thread.join()


def make_lines(rng, round_number):
    small = rng.random() < 0.5
    return [b"%d/%d/" % (round_number, i) + b"x" * rng.randrange(20 if small else 5000) for i in range(4000)]


def flags(rng, mode):
    return ["-t", "T", "--receipt", "--sync", mode, *(["--queue", "0"] if rng.random() < 0.5 else [])]


def waits(rng):
    """How many receipts to wait for before each kill: in no order, but as often all of them, so that chance cannot leave some out."""
    counts = [0, 0, 1, 10, 300, 2000]
    while True:
        yield from rng.sample(counts, len(counts))


def kill_once(store, rng, round_number, mode, receipts):
    lines = make_lines(rng, round_number)
    writer = Writer([MQCTL, "append", str(store), *SMALL, *flags(rng, mode)], lines)
    writer.wait_for(receipts)
    time.sleep(rng.random() * rng.choice([0, 0.002, 0.02]))
    writer.kill()
    return lines, writer.receipts


def check_log(after, before, lines, receipts):
    """The records are what they were, plus a beginning of the lines; each receipt names its own. Gives all bodies."""
    assert after.pop()["body"] == b"mark"
    bodies = [r["body"] for r in after]
    assert bodies[:len(before)] == before
    new = after[len(before):]
    assert len(new) >= len(receipts), "a receipted message is gone"
    assert bodies[len(before):] == lines[:len(new)]
    for receipt, record in zip(receipts, new):
        assert all(receipt[name] == record[name] for name in ("pos", "size", "queue", "qoff"))
    return bodies + [b"mark"]


@pytest.mark.parametrize("mode", ["end", "each", "none"])
def test_what_was_receipted_survives_kill_9(tmp_path, mode):
    print("seed", SEED)
    rng = random.Random(f"{SEED}/{mode}")
    store = tmp_path / "store"
    before = []
    crashed = 0
    for round_number, count in zip(range(ROUNDS), waits(rng)):
        if round_number % 5 == 0 and round_number > 0:
            store, before = tmp_path / f"store{round_number}", []
        lines, receipts = kill_once(store, rng, round_number, mode, count)
        if not (store / "lock").exists():
            continue
        was_open = (store / "abort").exists()
        crashed += was_open
        if was_open and (store / "commitlog").exists():
            done = run("verify", store, "--level", "index")
            assert done.returncode == 0, (SEED, round_number, done.stdout[-2000:], done.stderr[-2000:])
        done = ok("append", store, *SMALL, "-t", "T", "--queue", "0", "-b", "mark")
        assert (b"did not stop cleanly" in done.stderr) == was_open
        before = check_log(records(store), before, lines, receipts)
        check_closed(store)
        verify_sound(store)
    assert crashed >= ROUNDS // 3, "the kills came too early or too late to prove anything"


def test_a_kill_while_recovering_harms_nothing(tmp_path):
    print("seed", SEED)
    rng = random.Random(f"{SEED}/recovering")
    store = tmp_path / "store"
    lines, receipts = [], []
    while len(receipts) < 1000:
        if store.exists():
            subprocess.run(["rm", "-rf", str(store)], check=True)
        lines = make_lines(rng, 0)
        writer = Writer([MQCTL, "append", str(store), *SMALL, "-t", "T", "--receipt"], lines)
        writer.wait_for(1000)
        writer.kill()
        receipts = writer.receipts
    for _ in range(ROUNDS):
        process = subprocess.Popen([MQCTL, "append", str(store), "-t", "T", "-b", "x", "-q"], stdin=subprocess.DEVNULL)
        time.sleep(rng.random() * 0.02)
        process.kill()
        process.wait()
    ok("append", store, "-t", "T", "-b", "last")
    bodies = [r["body"] for r in records(store)]
    sent = [body for body in bodies if body not in (b"x", b"last")]
    assert len(sent) >= len(receipts) and sent == lines[:len(sent)]
    assert bodies[-1] == b"last"
    check_closed(store)
    verify_sound(store)
