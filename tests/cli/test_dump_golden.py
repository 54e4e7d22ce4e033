"""`mqctl dump` on stores of genuine brokers: what it shows equals what Apache's own code reads in them, field by field."""

import hashlib
import json

import pytest

from support import GOLDEN, GOLDEN_SETS, body_of, dump, expected, run, unpack

FIELDS = ("pos file size topic queue qoff msgid uniq tags keys born stored born_host store_host sysflag flag reconsume "
          "prepared_offset crc props").split()


@pytest.fixture(scope="module", params=GOLDEN_SETS)
def golden(request, tmp_path_factory):
    """(name, root, expected records), one unpacked copy for all tests of the file."""
    return request.param, unpack(request.param, tmp_path_factory.mktemp("golden")), expected(request.param)[0]


def positions(records):
    return [record["pos"] for record in records]


def test_every_field_of_every_record(golden):
    _, store, records = golden
    shown = dump(store)
    assert len(shown) == len(records)
    for got, want in zip(shown, records):
        assert got["v"] == 1
        assert {name: got.get(name) for name in FIELDS} == {name: want.get(name) for name in FIELDS}, want["pos"]
        digest = hashlib.sha256(body_of(got)).hexdigest()
        assert digest == want.get("plain_sha256", want["body_sha256"]), want["pos"]
        assert "compressed" not in got and "truncated" not in got


def test_stored_bodies(golden):
    _, store, records = golden
    for got, want in zip(dump(store, "--no-decompress"), records, strict=True):
        assert hashlib.sha256(body_of(got)).hexdigest() == want["body_sha256"], want["pos"]
        assert ("compressed" in got) == bool(want["sysflag"] & 1)


def test_reverse_is_the_same_backwards(golden):
    _, store, _ = golden
    assert dump(store, "--reverse") == dump(store)[::-1]


def test_other_locations(golden):
    _, store, records = golden
    assert positions(dump(store / "commitlog")) == positions(records)
    for segment in sorted((store / "commitlog").iterdir()):
        own = [r["pos"] for r in records if r["file"] == segment.name]
        assert positions(dump(segment)) == own


def test_keys_are_found_as_a_genuine_index_finds_them(golden):
    name, store, records = golden
    by_position = {record["pos"]: record for record in records}
    queries = json.loads((GOLDEN / f"{name}.queues.json").read_text())["queries"]
    for query in queries:
        topic, key = query["topic"], query["key"]
        if key in (record.get("tags") for record in records):
            continue  # newer brokers index tags under another name
        hold = [p for p in sorted(set(query["pos"])) if key in by_position[p].get("keys", []) and by_position[p]["topic"] == topic]
        uniq = [p for p in sorted(set(query["pos"])) if by_position[p].get("uniq") == key and by_position[p]["topic"] == topic]
        if len(query["pos"]) >= 64:
            continue  # a query gives 64 at most
        for flags in ([], ["--no-index"]):
            if hold:
                assert positions(dump(store, "-t", topic, "--keys", key, *flags)) == hold, (key, flags)
            if uniq:
                assert positions(dump(store, "-t", topic, "--uniq", key, *flags)) == uniq, (key, flags)


def test_every_key_of_every_record_is_found_by_the_index(golden):
    _, store, records = golden
    for record in records[::40]:
        for key in dict.fromkeys(record.get("keys", [])):
            want = [r["pos"] for r in records if r["topic"] == record["topic"] and key in r.get("keys", [])]
            assert positions(dump(store, "-t", record["topic"], "--keys", key)) == want, key


def test_every_filter_against_the_listing(golden):
    _, store, records = golden
    middle = records[len(records) // 2]
    topic, queue = middle["topic"], middle["queue"]
    times = sorted(record["stored_ms"] for record in records)
    early, late = times[len(times) // 3], times[2 * len(times) // 3]
    queued = [r for r in records if r["sysflag"] & 0xC in (0, 8)]
    cases = [
        (["-t", topic], [r for r in records if r["topic"] == topic]),
        (["--queue", queue], [r for r in records if r["queue"] == queue]),
        (["-t", topic, "--queue", queue], [r for r in records if (r["topic"], r["queue"]) == (topic, queue)]),
        (["--time", f"{early}..{late}"], [r for r in records if early <= r["stored_ms"] < late]),
        (["--time", f"{late}.."], [r for r in records if late <= r["stored_ms"]]),
        (["--pos", f"{middle['pos']}.."], [r for r in records if r["pos"] >= middle["pos"]]),
        (["--pos", f"{records[0]['pos'] + 1}..{records[-1]['pos']}"], records[1:-1]),
        (["--pos", middle["pos"]], [middle]),
        (["-t", topic, "--qoff", "0..3"], [r for r in queued if r["topic"] == topic and 0 <= r["qoff"] < 3]),
        (["-t", topic, "--queue", queue, "--qoff", f"{middle['qoff']}.."],
         [r for r in queued if (r["topic"], r["queue"]) == (topic, queue) and r["qoff"] >= middle["qoff"]]),
        (["--qoff", "1..3"], [r for r in queued if 1 <= r["qoff"] < 3]),
        (["--msgid", middle["msgid"]], [middle]),
        (["--msgid", middle["msgid"].lower()], [middle]),
    ]
    if "uniq" in middle:
        cases.append((["--uniq", middle["uniq"]], [r for r in records if r.get("uniq") == middle["uniq"]]))
    for flags, want in cases:
        status = 0 if want else 1
        assert positions(dump(store, *flags, status=status)) == positions(want), flags
        assert positions(dump(store, *flags, "--no-index", status=status)) == positions(want), flags
        assert positions(dump(store, *flags, "--reverse", status=status)) == positions(want)[::-1], flags


def test_tags_as_consumers_subscribe(golden):
    _, store, records = golden
    tags = sorted({r["tags"] for r in records if "tags" in r and r["tags"].strip() == r["tags"] and "||" not in r["tags"]})[:2]
    want = [r["pos"] for r in records if r.get("tags") in tags]
    assert positions(dump(store, "--tags", " || ".join(tags))) == want
    assert positions(dump(store, *(word for tag in tags for word in ("--tags", tag)))) == want


def test_count_from_both_ends(golden):
    _, store, records = golden
    assert positions(dump(store, "--count", 3)) == positions(records[:3])
    assert positions(dump(store, "--count", 3, "--reverse")) == positions(records[:-4:-1])
    assert dump(store, "--count", 0) == []


def test_raw_is_bodies_and_nothing_else(golden):
    _, store, records = golden
    done = run("dump", store, "-o", "raw")
    assert done.returncode == 0
    assert hashlib.sha256(done.stdout).hexdigest() == hashlib.sha256(b"".join(body_of(r) for r in dump(store))).hexdigest()
