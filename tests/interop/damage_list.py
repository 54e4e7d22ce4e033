"""The list of damage cases: a name, the base store, and what is done to the copy. See damage_cases.py for the bases."""

from damage_cases import (FAR_FUTURE, FIELDS, behind_its_bytes, blank_of, checkpoint, cut_units, delays_ahead, exchange, file_of, flip,
                          flip_field, index_ahead, patch, queue_end, raise_queue_offset, remove, remove_segment, resize, tear_last, torn_config, unit_bytes)

CASES = {}   # (base, name) -> change


def case(bases, name, change):
    for base in bases.split():
        CASES[base, name] = change


BOTH = "clean crashed"
case("clean crashed queues", "nothing", lambda s: None)

# --- the log's end ---
case(BOTH, "last record torn in its size", lambda s: tear_last(s, lambda r: 2))
case(BOTH, "last record torn in its magic", lambda s: tear_last(s, lambda r: 6))
case(BOTH, "last record torn in its header", lambda s: tear_last(s, lambda r: 40))
case(BOTH, "last record torn in its body", lambda s: tear_last(s, lambda r: FIELDS["body"](r)[0]))
case(BOTH, "last record torn in its properties", lambda s: tear_last(s, lambda r: FIELDS["properties"](r)[0]))
case(BOTH, "garbage behind the end", lambda s: s.write(s.end, b"\xa5\x5a\x13" * 100))
case("crashed", "a size without a record behind the end", lambda s: s.write(s.end, b"\x00\x00\x01\x00"))
case(BOTH, "a copy of the last record behind the end", behind_its_bytes)
case("clean", "the last three records zeroed, queues ahead", lambda s: s.write(s.last(3)["pos"], bytes(s.end - s.last(3)["pos"])))

# --- the end of a segment ---
case("clean", "blank zeroed, last full segment", lambda s: s.write(blank_of(s, -2), bytes(8)))
case("crashed", "blank zeroed, last full segment", lambda s: s.write(blank_of(s, -2), bytes(8)))
case("clean", "blank of a wrong size, last full segment", lambda s: s.write(blank_of(s, -2), b"\x00\x00\x00\x09"))
case("clean", "blank with a flipped magic, last full segment", lambda s: flip(file_of(s, -2), blank_of(s, -2) % s.base.segment + 5))
case("clean", "blank zeroed, second segment", lambda s: s.write(blank_of(s, 1), bytes(8)))

# --- one byte of a record ---
for field in FIELDS:
    case(BOTH, f"{field} flipped, last record", lambda s, f=field: flip_field(s, s.last(), f))
    case(BOTH, f"{field} flipped, middle of the last segment", lambda s, f=field: flip_field(s, s.middle_of(-1), f))
for field in ("body", "magic", "physical offset"):
    case("crashed", f"{field} flipped, first segment", lambda s, f=field: flip_field(s, s.middle_of(0), f))
case("crashed", "queue offset two higher, middle of the last segment", lambda s: raise_queue_offset(s, s.middle_of(-1)))
for field in ("body", "magic", "size", "physical offset", "queue offset"):
    case("clean", f"{field} flipped, fifth segment", lambda s, f=field: flip_field(s, s.middle_of(4), f))

# --- segments ---
case("clean", "a middle segment missing", lambda s: remove_segment(s, 6))
case(BOTH, "the last full segment missing", lambda s: remove_segment(s, -2))
case(BOTH, "the last segment missing", lambda s: remove_segment(s, -1))
case("clean", "the first segment missing", lambda s: remove_segment(s, 0))
case("clean", "a middle segment of no bytes", lambda s: resize(file_of(s, 6), 0))
case(BOTH, "an empty file behind the last segment",
     lambda s: (s.root / "commitlog" / f"{(s.end // s.base.segment + 9) * s.base.segment:020}").touch())
case("clean", "the last segment cut inside its records", lambda s: resize(file_of(s, -1), s.middle_of(-1)["pos"] % s.base.segment + 20))
case(BOTH, "the last segment cut behind its records", lambda s: resize(file_of(s, -1), s.end % s.base.segment))
case("clean", "a middle segment cut short", lambda s: resize(file_of(s, 6), s.base.segment // 2))
case("clean", "the last segment 100 bytes too long", lambda s: resize(file_of(s, -1), s.base.segment + 100))
case("clean", "a stray file among the segments", lambda s: (s.root / "commitlog" / ".00000000000000000000.swp").write_bytes(b"x" * 99))
case("clean", "a stray file of a segment's size", lambda s: (s.root / "commitlog" / "backup").write_bytes(bytes(s.base.segment)))
case("clean", "a folder among the segments", lambda s: (s.root / "commitlog" / "lost+found").mkdir())
case("clean", "two segments exchanged", lambda s: exchange(s, 5, 6))
case("clean", "no commitlog folder", lambda s: remove(s.root / "commitlog"))

# --- checkpoint, abort, lock ---
case(BOTH, "no checkpoint", lambda s: remove(s.root / "checkpoint"))
case("crashed", "checkpoint of zeros", lambda s: checkpoint(s, 0, 0, 0, 0, 0, 0))
case("crashed", "checkpoint in the future", lambda s: checkpoint(s, FAR_FUTURE, FAR_FUTURE, FAR_FUTURE))
case("crashed", "checkpoint older than all messages", lambda s: checkpoint(s, 1000, 1000, 1000))
case(BOTH, "checkpoint torn after 20 bytes", lambda s: resize(s.root / "checkpoint", 20))
case("clean", "abort put beside a clean store", lambda s: (s.root / "abort").write_text("4711"))
case("crashed", "abort taken from a crashed store", lambda s: remove(s.root / "abort"))
case("clean", "no lock file", lambda s: remove(s.root / "lock"))

# --- consume queues ---
case(BOTH, "no consumequeue folder", lambda s: remove(s.root / "consumequeue"))
case(BOTH, "one queue's folder missing", lambda s: remove(s.root / "consumequeue" / "Orders" / "1"))
case(BOTH, "the last 5 units of a queue zeroed", lambda s: cut_units(s, "Orders/1", 5))
case("clean", "a unit behind a queue's end that names no record",
     lambda s: patch(*queue_end(s, "Orders/1"), unit_bytes(s, s.last(), pos=s.end + 5000)))
case("clean", "a unit's offset flipped, middle of a queue", lambda s: flip(s.queue("Orders/1"), 20 * 20 + 7))
case("clean", "a unit's size flipped, middle of a queue", lambda s: flip(s.queue("Orders/1"), 20 * 20 + 11))
case("clean", "a unit's tags code flipped, middle of a queue", lambda s: flip(s.queue("Orders/1"), 20 * 20 + 19))
case(BOTH, "a unit zeroed, middle of a queue", lambda s: patch(s.queue("Orders/1"), 15 * 20, bytes(20)))
case("clean", "the last unit torn", lambda s: patch(queue_end(s, "Orders/1")[0], queue_end(s, "Orders/1")[1] - 10, bytes(10)))
case("clean", "a queue file cut inside a unit", lambda s: resize(s.queue("Orders/1"), 20 * 30 + 7))
case("clean", "a stray file in a queue's folder", lambda s: (s.root / "consumequeue/Orders/1/core").write_bytes(b"x"))
case("clean", "a foreign folder among the queues", lambda s: (s.root / "consumequeue/Orders/old").mkdir())
case("queues", "a queue's first file missing", lambda s: remove(s.queue("A/0", 0)))
case("queues", "a queue's middle file missing", lambda s: remove(s.queue("A/0", 1)))
case("queues", "a queue's last file missing", lambda s: remove(s.queue("A/0", 2)))
case("queues", "a unit zeroed in a queue's first file", lambda s: patch(s.queue("A/0", 0), 15 * 20, bytes(20)))
case("queues", "a queue file of zeros behind the last", lambda s: (s.root / "consumequeue/A/0" / f"{6000:020}").write_bytes(bytes(2000)))
case("queues", "no consumequeue_ext folder", lambda s: remove(s.root / "consumequeue_ext"))
case("queues", "an extension unit flipped", lambda s: flip(s.root / "consumequeue_ext/A/0" / f"{0:020}", 9))

# --- index ---
case(BOTH, "no index folder", lambda s: remove(s.root / "index"))
case("clean", "the newest index file cut", lambda s: resize(s.index(-1), 5000))
case("clean", "an index file's count flipped", lambda s: flip(s.index(2), 36 + 2, 0x40))
case("clean", "an index slot that names no entry", lambda s: patch(s.index(2), 40 + 4 * 7, b"\x7f\x00\x00\x00"))
case("clean", "the index ahead of the log", index_ahead)
case("clean", "a foreign file in the index folder", lambda s: (s.root / "index" / "old").write_bytes(b"x"))

# --- configuration ---
case("clean", "topics.json torn, with .bak", lambda s: torn_config(s, "topics.json", True))
case("clean", "topics.json torn, without .bak", lambda s: torn_config(s, "topics.json", False))
case("clean", "no topics.json, with .bak", lambda s: (torn_config(s, "topics.json", True), remove(s.config("topics.json"))))
case("clean", "consumerOffset.json torn, with .bak", lambda s: torn_config(s, "consumerOffset.json", True))
case("clean", "consumerOffset.json torn, without .bak", lambda s: torn_config(s, "consumerOffset.json", False))
case("clean", "delayOffset.json ahead of the queues", delays_ahead)
