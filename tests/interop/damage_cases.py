"""Damaged stores: each case is a small, deterministic change to a copy of a store that a genuine broker wrote.

Bases: `clean`, a 5.5.0 store of 13 segments after a clean stop; `crashed`, a 5.3.3 store of 5 segments after SIGKILL; `queues`, a 5.5.0
store after a clean stop whose queues have up to three files, and extension files. Nothing here knows what anybody makes of a case.
"""

import collections
import json
import pathlib
import shutil
import struct
import subprocess
import sys

from harness import GOLDEN, HERE

sys.path.insert(0, str(HERE.parent / "cli"))
from append_support import records   # noqa: E402  (a reader of stores that is not ours)

Base = collections.namedtuple("Base", "archive segment queue_file ext_file")
BASES = {
    "clean": Base(GOLDEN / "apache-5.5.0-mixed.tar.zst", 262144, 2000, 0),
    "crashed": Base(GOLDEN / "apache-5.3.3-kill9.tar.zst", 262144, 2000, 0),
    "queues": Base(HERE / "store" / "queues-5.5.0.tar.zst", 65536, 2000, 4096),
}


def unpack_base(name, directory):
    """The undamaged store; what its delay levels have due counts as delivered, or brokers would add to the log while we look."""
    archive = BASES[name].archive
    directory.mkdir(parents=True)
    tar = subprocess.run(["zstd", "-dcq", archive], capture_output=True, check=True).stdout
    subprocess.run(["tar", "-xmf", "-", "-C", directory, "--strip-components=1"], input=tar, check=True)
    ends = {int(queue.name) + 1: max(r["qoff"] for r in records(directory) if (r["topic"], r["queue"]) ==
                                     ("SCHEDULE_TOPIC_XXXX", int(queue.name))) + 1
            for queue in (directory / "consumequeue" / "SCHEDULE_TOPIC_XXXX").glob("*")}
    (directory / "config" / "delayOffset.json").write_text(json.dumps({"offsetTable": ends}))
    return directory


class Store:
    """A copy that a case may change; the records are those of the undamaged store."""

    def __init__(self, root, base, found):
        self.root, self.base, self.records = pathlib.Path(root), BASES[base], found
        self.end = found[-1]["pos"] + found[-1]["size"]

    def segment(self, position):
        """The file of a place in the log, and the place in it."""
        start = position // self.base.segment * self.base.segment
        return self.root / "commitlog" / f"{start:020}", position - start

    def write(self, position, data):
        file, at = self.segment(position)
        patch(file, at, data)

    def last(self, back=1):
        return self.records[-back]

    def of_segment(self, number):
        """The records of a segment; -1: the last that has any."""
        held = sorted({r["pos"] // self.base.segment for r in self.records})
        return [r for r in self.records if r["pos"] // self.base.segment == held[number]]

    def middle_of(self, number):
        """A record in the middle of a segment, with a body, that consumers see."""
        inside = self.of_segment(number)
        return next(r for r in inside[len(inside) // 2:] if r["body"] and r["raw_props"] and not r["topic"].startswith(("RMQ", "SCHED", "%")))

    def queue(self, name, file=0):
        return sorted((self.root / "consumequeue" / name).iterdir())[file]

    def index(self, number):
        return sorted((self.root / "index").iterdir())[number]

    def config(self, name):
        return self.root / "config" / name


def patch(file, at, data):
    with open(file, "r+b") as out:
        out.seek(at)
        out.write(data)


def flip(file, at, bit=0x01):
    patch(file, at, bytes([file.read_bytes()[at] ^ bit]))


def resize(file, size):
    with open(file, "r+b") as out:
        out.truncate(size)


# Where a field stands in a record, and the bit that is turned there.
FIELDS = {
    "size": lambda r: (3, 0x10),
    "magic": lambda r: (5, 0x01),
    "queue offset": lambda r: (27, 0x01),
    "physical offset": lambda r: (35, 0x01),
    "store time": lambda r: (48 + len(r["born_host"]) + 6, 0x01),
    "body": lambda r: (r["size"] - len(r["raw_props"]) - 2 - len(r["topic"].encode()) - r["version"] - len(r["body"]) // 2 - 1, 0x01),
    "properties": lambda r: (r["size"] - len(r["raw_props"]) // 2, 0x01),
    "properties' length": lambda r: (r["size"] - len(r["raw_props"]) - 1, 0x01),
}


def flip_field(store, record, field):
    at, bit = FIELDS[field](record)
    file, start = store.segment(record["pos"])
    flip(file, start + at, bit)


def raise_queue_offset(store, record):
    store.write(record["pos"] + 20, struct.pack(">q", record["qoff"] + 2))


def zero(store, begin, end):
    store.write(begin, bytes(end - begin))


def tear_last(store, kept):
    record = store.last()
    zero(store, record["pos"] + kept(record), store.end)


def unit_bytes(store, record, **other):
    return struct.pack(">qiq", other.get("pos", record["pos"]), other.get("size", record["size"]), 0)


def queue_end(store, name):
    """The last file of a queue and the place behind its last unit."""
    topic, number = name.split("/")
    units = sum((r["topic"], r["queue"]) == (topic, int(number)) for r in store.records)
    return store.queue(name, -1), units * 20 % store.base.queue_file


def cut_units(store, name, count):
    file, end = queue_end(store, name)
    patch(file, end - 20 * count, bytes(20 * count))


def blank_of(store, number):
    """The place of the blank that ends a segment."""
    record = store.of_segment(number)[-1]
    return record["pos"] + record["size"]


def remove_segment(store, number):
    store.segment(store.of_segment(number)[0]["pos"])[0].unlink()


def file_of(store, number):
    return store.segment(store.of_segment(number)[0]["pos"])[0]


def exchange(store, a, b):
    one, other = file_of(store, a), file_of(store, b)
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)


def checkpoint(store, *numbers):
    patch(store.root / "checkpoint", 0, struct.pack(f">{len(numbers)}q", *numbers))


def remove(path):
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def torn_config(store, name, backup):
    file = store.config(name)
    whole = file.read_bytes()
    spare = file.with_name(name + ".bak")
    if backup:
        spare.write_bytes(whole)
    else:
        spare.unlink(missing_ok=True)
    file.write_bytes(whole[:len(whole) // 2])


def delays_ahead(store):
    store.config("delayOffset.json").write_text('{"offsetTable":{1:1000,2:1000,18:1000}}')


def behind_its_bytes(store):
    """The last record again, behind itself: a whole record that says it stands elsewhere."""
    file, at = store.segment(store.last()["pos"])
    size = store.last()["size"]
    patch(file, at + size, file.read_bytes()[at:at + size])


def index_ahead(store):
    """The newest file's last entry, and its header, name a place behind the log's end."""
    file = store.index(-1)
    count, = struct.unpack_from(">i", file.read_bytes(), 36)
    patch(file, 24, struct.pack(">q", store.end + 1000))
    patch(file, 40 + 400 + 20 * (count - 1) + 4, struct.pack(">q", store.end + 1000))


FAR_FUTURE = 4102444800000
