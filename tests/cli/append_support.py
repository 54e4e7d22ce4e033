"""What the tests of the writing commands share: running the program, and a reader of stores that is not ours.

The reader knows just enough of docs/store-format.md to list records and queue units; it trusts nothing of libstore.
"""

import json
import pathlib
import struct
import zlib

from support import GOLDEN, GOLDEN_SETS, MQCTL, SOURCE, ok, run, unpack  # noqa: F401  (for the tests that import them from here)

MAGIC = {0xDAA320A7: 1, 0xDAA320AB: 2}
BLANK = 0xCBD43194
SEGMENT = "64KiB"


def json_lines(data):
    return [json.loads(line) for line in data.splitlines()]


def segments(store):
    return sorted(p for p in (pathlib.Path(store) / "commitlog").iterdir() if p.name.isdigit() and len(p.name) == 20)


def properties(raw):
    items = {}
    for item in raw.split(b"\x02"):
        name, mark, value = item.partition(b"\x01")
        if mark and name and value:
            items[name.decode(errors="surrogateescape")] = value.decode(errors="surrogateescape")
    return items


def _record(data, at, base):
    size, magic, crc, queue, flag, qoff, pos, sysflag, born = struct.unpack_from(">iIIiiqqiq", data, at)
    here = at + 48
    born_host = data[here:here + (20 if sysflag & 0x10 else 8)]
    here += len(born_host)
    stored, = struct.unpack_from(">q", data, here)
    here += 8
    store_host = data[here:here + (20 if sysflag & 0x20 else 8)]
    here += len(store_host)
    reconsume, prepared, body_size = struct.unpack_from(">iqi", data, here)
    here += 16
    body = data[here:here + body_size]
    here += body_size
    if MAGIC[magic] == 1:
        topic_size, here = data[here], here + 1
    else:
        topic_size, here = struct.unpack_from(">h", data, here)[0], here + 2
    topic = data[here:here + topic_size].decode(errors="surrogateescape")
    here += topic_size
    props_size, = struct.unpack_from(">h", data, here)
    raw = data[here + 2:here + 2 + props_size]
    assert here + 2 + props_size - at == size, "lengths do not add up"
    assert pos == base + at, "the record says it stands elsewhere"
    assert zlib.crc32(body) & 0x7FFFFFFF == crc or not body, "body CRC"
    return {"pos": pos, "size": size, "topic": topic, "queue": queue, "qoff": qoff, "flag": flag, "sysflag": sysflag,
            "born": born, "stored": stored, "born_host": born_host, "store_host": store_host, "reconsume": reconsume,
            "prepared": prepared, "body": body, "props": properties(raw), "raw_props": raw, "version": MAGIC[magic]}


def records(store):
    """Every record in log order; each segment but the last must end in a blank, the tail must be zeros."""
    found = []
    files = segments(store)
    for file in files:
        data, base, at = file.read_bytes(), int(file.name), 0
        while at + 8 <= len(data):
            size, magic = struct.unpack_from(">iI", data, at)
            if magic == BLANK:
                assert size == len(data) - at
                at = len(data)
            elif magic in MAGIC:
                found.append(_record(data, at, base))
                at += size
            else:
                assert data.count(0, at) == len(data) - at, f"{file}: stale bytes behind the end at {at}"
                break
    return found


def units(store):
    """(topic, queue) to its units (position, size, tags code), zeros left out."""
    queues = {}
    root = pathlib.Path(store) / "consumequeue"
    for topic in root.iterdir() if root.is_dir() else ():
        for queue in topic.iterdir():
            data = b"".join(p.read_bytes() for p in sorted(queue.iterdir()))
            rows = [struct.unpack_from(">qiq", data, at) for at in range(0, len(data) - 19, 20)]
            queues[topic.name, int(queue.name)] = [row for row in rows if row[1] > 0]
    return queues


def check_closed(store):
    """What a store must be after a clean exit: queues complete, no abort file, topics routed."""
    store = pathlib.Path(store)
    assert not (store / "abort").exists()
    expected = {}
    topics = json.loads((store / "config" / "topics.json").read_text())["topicConfigTable"] \
        if (store / "config" / "topics.json").exists() else {}
    for record in records(store):
        if record["sysflag"] & 0xC in (0, 8):
            rows = expected.setdefault((record["topic"], record["queue"]), [])
            assert record["qoff"] == len(rows)
            rows.append((record["pos"], record["size"]))
            if record["topic"] != "SCHEDULE_TOPIC_XXXX" and not record["topic"].startswith(("RMQ_SYS", "rmq_sys")):
                assert topics[record["topic"]]["readQueueNums"] > record["queue"]
                assert topics[record["topic"]]["writeQueueNums"] > record["queue"]
    assert {key: [row[:2] for row in rows] for key, rows in units(store).items() if rows} == expected


def verify_sound(store):
    done = run("verify", store, "--level", "index")
    assert done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace")
