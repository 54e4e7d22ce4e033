"""What was sent, what of it was confirmed, and what came out: each message once, each confirmed one sooner or later, no other.

Messages are known by the name at the head of their body. A consumer may be faster than the producer's answer. Time is cut into epochs:
once all of one has come out, the log up to its end may go. Thread-safe.
"""

import collections
import threading


class Ledger:
    def __init__(self):
        self.lock = threading.Lock()
        self.epoch = 0
        self.waiting = {}                      # name: [epoch, state]
        self.of_epoch = collections.Counter()  # how many of `waiting`
        self.counts = collections.Counter()
        self.faults = []

    def sending(self, name):
        with self.lock:
            self.waiting[name] = [self.epoch, "sent"]
            self.of_epoch[self.epoch] += 1

    def confirmed(self, name):
        with self.lock:
            self.counts["confirmed"] += 1
            if name in self.waiting:   # else it came out already
                self.waiting[name][1] = "confirmed"

    def unsure(self, name):
        """One-way: it comes out at most once."""
        with self.lock:
            self.counts["one-way"] += 1
            if name in self.waiting:
                self.waiting[name][1] = "unsure"

    def taken_back(self, name):
        """Rolled back: it never comes out."""
        with self.lock:
            self.counts["rolled back"] += 1
            if self._forget(name) is None:
                self.faults.append(f"{name} was rolled back and came out")

    def came_out(self, name):
        with self.lock:
            self.counts["received"] += 1
            if self._forget(name) is None:
                self.faults.append(f"{name} came out and was not expected, or twice")

    def _forget(self, name):
        entry = self.waiting.pop(name, None)
        if entry is not None:
            self.of_epoch[entry[0]] -= 1
        return entry

    def turn(self):
        """Begins an epoch; the number of the one that ended."""
        with self.lock:
            self.epoch += 1
            return self.epoch - 1

    def all_out(self, epoch):
        """Whether all that was sent in or before the epoch has come out."""
        with self.lock:
            return not any(count for number, count in self.of_epoch.items() if number <= epoch)

    def missing(self):
        with self.lock:
            return [name for name, (_, state) in self.waiting.items() if state == "confirmed"]
