"""The power fails at a random change of the disk, and again while the next start recovers: with sync flush all that was confirmed is
there, in its order, once; nothing is that was not sent; queues and index agree; the store takes more.

The disk is the stand-in's (standin.py): it keeps what was synced, and by chance some of the rest, whole pages or single sectors.
"""

import json
import os
import pathlib
import random
import subprocess
import sys
import threading

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from append_support import MQCTL, SEGMENT, check_closed, records, run, verify_sound  # noqa: E402
from serve_support import LISTEN, finish, launch  # noqa: E402
from standin import Machine  # noqa: E402
from test_append_kill import SEED, Writer, check_log  # noqa: E402
from wire_client import Client, send_ext  # noqa: E402

ROUNDS = int(os.environ.get("MQCTL_POWER_CUTS", "8"))
A_STORES_LIFE = 12   # in rounds
SMALL = "mappedFileSizeConsumeQueue=4000\n"


def some_changes(share, most):
    """By a share between 0 and 1: as often a few as many."""
    return max(1, int(most ** share))


def shares(rng):
    """In no order, but of all sizes as often, so that chance cannot leave some out."""
    return rng.sample([(i + rng.random()) / ROUNDS for i in range(ROUNDS)], ROUNDS)


def power_cut(machine, rng):
    """What is there afterwards was read once by a verifier, which must bear whatever it finds."""
    machine.power_comes_back(rng)
    done = run("verify", machine.store, "--level", "index", "--max-findings", "1")
    assert done.returncode in (0, 1, 3), done.stderr


def start_that_fails(machine, rng):
    machine.power_fails_after(some_changes(rng.random(), 60))
    run("append", machine.store, "-t", "Other", "-b", "x", "-q", "--segment-size", SEGMENT, env=machine.environment())
    power_cut(machine, rng)


def reopened(*command):
    """What a power cut let through of what was not synced may stand behind a gap: then we are asked whether it may go."""
    done = run(*command)
    if done.returncode == 4:
        assert b"sound messages follow it" in done.stderr and b"--force" in done.stderr, done.stderr
        done = run(*command[:2], "--force", *command[2:])
    assert done.returncode == 0, done.stderr


# --- append ---

def append_round(machine, rng, number, mode):
    lines = [b"%d/%d/" % (number, i) + b"x" * rng.randrange(rng.choice([20, 5000])) for i in range(600)]
    machine.power_fails_after(some_changes(rng.random(), 3000 if mode == "each" else 300))
    writer = Writer([MQCTL, "append", str(machine.store), "--segment-size", SEGMENT, "-t", "T", "--receipt", "--sync", mode], lines,
                    machine.environment(), input_ends=True)
    writer.process.wait()
    writer.kill()
    # `end` confirms when all is done: what was printed before is no promise.
    promised = writer.receipts if mode == "each" or writer.process.returncode == 0 else []
    return lines, promised


def without_other(store):
    return [record for record in records(store) if record["topic"] != "Other"]


@pytest.mark.parametrize("mode", ["each", "end"])
def test_what_append_receipted_survives_power_cuts(tmp_path, mode):
    print("seed", SEED)
    rng = random.Random(f"{SEED}/{mode}")
    for number in range(ROUNDS):
        if number % A_STORES_LIFE == 0:
            machine, before = Machine(tmp_path / str(number)), []
        lines, receipts = append_round(machine, rng, number, mode)
        power_cut(machine, rng)
        for _ in range(rng.randrange(3)):
            start_that_fails(machine, rng)
        reopened("append", machine.store, "-t", "T", "-b", "mark", "--segment-size", SEGMENT)
        before = check_log(without_other(machine.store), before, lines, receipts)
        check_closed(machine.store)
        verify_sound(machine.store)
        machine.all_is_on_disk()


# --- serve ---

class Sender(threading.Thread):
    """One message after the other until the connection ends; a message without an answer is the last."""

    def __init__(self, address, name, queue):
        super().__init__()
        self.address, self.name, self.queue = address, name, queue
        self.sent, self.confirmed = [], {}   # bodies; (queue, queue offset): body
        self.refused = None

    def run(self):
        try:
            with Client(self.address) as client:
                while self.refused is None:
                    self.sent.append(f"{self.name}/{len(self.sent)}/".encode() + b"x" * (len(self.sent) * 37 % 3000))
                    answer = client.ask(310, send_ext("T", self.queue), self.sent[-1])
                    if answer is None:
                        return
                    if answer.code == 0:
                        self.confirmed[self.queue, int(answer.ext["queueOffset"])] = self.sent[-1]
                    else:
                        self.refused = answer.remark
        except OSError:
            pass


def serve_until_power_fails(machine, share, number):
    machine.power_fails_after(some_changes(share, 2000))
    process = launch(machine.store, *LISTEN, "--flush", "sync", "--segment-size", SEGMENT, "-c", machine.directory / "broker.conf",
                     env=dict(os.environ) | machine.environment())
    line = process.stdout.readline()
    senders = []
    if line:
        senders = [Sender(json.loads(line)["namesrv"], f"{number}/{i}", i % 3) for i in range(6)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    finish(process)
    assert not any(sender.refused for sender in senders), [sender.refused for sender in senders]
    return senders


def check_serve(machine, found, senders, before):
    """Of each queue, what was there before, then of each sender a beginning of what it sent: all, or all but the last."""
    for key, record in before.items():
        assert found[key]["body"] == record["body"]
    fresh = [record["body"] for key, record in sorted(found.items()) if key not in before and record["topic"] == "T"]
    for sender in senders:
        own = [body for body in fresh if body.startswith(f"{sender.name}/".encode())]
        assert own == sender.sent[:len(own)] and len(own) >= len(sender.confirmed)
        for (queue, offset), body in sender.confirmed.items():
            assert found["T", queue, offset]["body"] == body
    assert len(fresh) == len(set(fresh))
    assert all(any(body.startswith(f"{sender.name}/".encode()) for sender in senders) for body in fresh)


def test_what_serve_confirmed_survives_power_cuts(tmp_path):
    print("seed", SEED)
    rng = random.Random(f"{SEED}/serve")
    confirmed = 0
    for number, share in enumerate(shares(rng)):
        if number % A_STORES_LIFE == 0:
            machine, before = Machine(tmp_path / str(number)), {}
            (machine.directory / "broker.conf").write_text(SMALL)
        senders = serve_until_power_fails(machine, share, number)
        confirmed += sum(len(sender.confirmed) for sender in senders)
        power_cut(machine, rng)
        for _ in range(rng.randrange(3)):
            start_that_fails(machine, rng)
        reopened("serve", machine.store, *LISTEN, "--segment-size", SEGMENT, "--", "true")
        found = {(r["topic"], r["queue"], r["qoff"]): r for r in records(machine.store)}
        check_serve(machine, found, senders, before)
        before = found
        check_closed(machine.store)
        verify_sound(machine.store)
        machine.all_is_on_disk()
    print(f"power cuts: {ROUNDS} rounds, {confirmed} messages confirmed, none lost")
    assert confirmed > 0, "the power failed too early to prove anything"
