"""`mqctl dump`: seeking, following, damage on the way, forms of output."""

import base64
import json
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import threading
import time

import pytest

from support import FIRST, MQCTL, body_of, dump, expected, flip, ok, run, unpack

MIB = 1 << 20


@pytest.fixture
def tiny(tmp_path):
    return unpack("tiny-5.5.0", tmp_path)


@pytest.fixture(scope="module")
def scarred(tmp_path_factory):
    """A store of six segments, each written at its own time, with damage in the middle of each but the last: who reads what
    he need not read meets it. Gives its root and its records by segment."""
    store = tmp_path_factory.mktemp("scarred") / "store"
    body = "x" * 10000
    for i in range(6):
        lines = "".join(f"{i}-{n} {body}\n" for n in range(101)).encode()
        ok("append", store, "-t", f"T{i % 2}", "--queue", "0", "--keys", f"key{i}", "--segment-size", "1MiB", stdin=lines)
        time.sleep(0.005)
    records = dump(store)
    for segment in sorted((store / "commitlog").iterdir())[:-2]:
        inside = [r for r in records if r["file"] == segment.name]
        victim = inside[len(inside) // 2]
        flip(segment, victim["pos"] - int(segment.name) + 500)
    return store, records


def findings(lines):
    return [line for line in lines if "finding" in line]


def messages(lines):
    return [line for line in lines if "topic" in line]


# --- it reads no more than it must ---

def test_the_scars_are_met_by_who_reads_everything(scarred):
    store, records = scarred
    assert len(findings(dump(store))) >= 4
    assert len(messages(dump(store))) == len(records) - len(findings(dump(store)))


def test_a_time_range_seeks(scarred):
    store, records = scarred
    last = [r for r in records if body_of(r).startswith(b"5-")]
    shown = dump(store, "--time", f"{last[0]['stored']}..")
    assert [r["pos"] for r in shown] == [r["pos"] for r in records if r["stored"] >= last[0]["stored"]]


def test_a_time_range_ends_where_it_can(scarred):
    store, records = scarred
    first_of_second_segment = next(r for r in records if r["file"] != FIRST)
    shown = dump(store, "--time", f"..{first_of_second_segment['stored']}")
    assert {r["file"] for r in shown} == {FIRST}


def test_queue_offsets_seek(scarred):
    store, records = scarred
    want = [r for r in records if r["topic"] == "T1" and 250 <= r["qoff"] < 260]
    assert [r["pos"] for r in dump(store, "-t", "T1", "--qoff", "250..260")] == [r["pos"] for r in want]
    assert [r["pos"] for r in dump(store, "-t", "T1", "--queue", "0", "--qoff", "250..260", "--reverse")] == [
        r["pos"] for r in want[::-1]]


def test_keys_ids_and_positions_seek(scarred):
    store, records = scarred
    last = [r for r in records if r.get("keys") == ["key5"]]
    assert [r["pos"] for r in dump(store, "-t", "T1", "--keys", "key5")] == [r["pos"] for r in last]
    assert [r["pos"] for r in dump(store, "--msgid", last[7]["msgid"])] == [last[7]["pos"]]
    assert [r["pos"] for r in dump(store, "-t", "T1", "--uniq", last[8]["uniq"])] == [last[8]["pos"]]
    assert [r["pos"] for r in dump(store, "--pos", f"{last[3]['pos']}..{last[6]['pos']}")] == [r["pos"] for r in last[3:6]]


def test_the_newest_messages_need_only_the_last_segment(scarred):
    store, records = scarred
    assert [r["pos"] for r in dump(store, "--reverse", "--count", 5)] == [r["pos"] for r in records[:-6:-1]]


def test_queues_that_lag_behind_the_log_are_not_believed(tmp_path):
    store = unpack("apache-5.3.3-kill9", tmp_path)
    records = [r for r in expected("apache-5.3.3-kill9")[0] if r["sysflag"] & 0xC in (0, 8)]
    topic, queue = records[-1]["topic"], records[-1]["queue"]
    lane = [r for r in records if (r["topic"], r["queue"]) == (topic, queue)]
    files = sorted((store / "consumequeue" / topic / str(queue)).iterdir())
    units = lane[-1]["qoff"] - int(files[-1].name) // 20
    with open(files[-1], "r+b") as file:   # the last three units were never written
        file.seek((units - 2) * 20)
        file.write(bytes(60))
    shown = dump(store, "-t", topic, "--queue", queue, "--qoff", f"{lane[-6]['qoff']}..")
    assert [r["pos"] for r in shown] == [r["pos"] for r in lane[-6:]]


# --- damage on the way ---

def test_damage_is_a_line_in_its_place(tiny):
    flip(tiny / "commitlog" / FIRST, 268 + 90)
    lines = dump(tiny)
    assert [line.get("finding", line.get("pos")) for line in lines] == [0, "body-crc", 546]
    assert lines[1] == {"v": 1, "finding": "body-crc", "pos": 268, "len": 278, "file": FIRST, "detail": lines[1]["detail"]}
    assert "CRC" in lines[1]["detail"]
    assert dump(tiny, "--reverse") == lines[::-1]


def test_damage_is_a_warning_where_output_is_for_people_or_raw(tiny):
    flip(tiny / "commitlog" / FIRST, 268 + 90)
    for flags in ([], ["-f", "%body\\n"], ["-o", "raw"]):
        done = run("dump", tiny, *flags)
        assert done.returncode == 0
        assert b"body-crc at commit-log offset 268" in done.stderr and b"second" not in done.stdout
        assert b"Hello RocketMQ" in done.stdout


def test_keep_going_shows_records_with_a_wrong_crc(tiny):
    flip(tiny / "commitlog" / FIRST, 268 + 90)
    lines = dump(tiny, "--keep-going")
    assert [line.get("crc") for line in lines] == ["ok", None, "bad", "ok"]
    assert lines[2]["tags"] == "TagB"


@pytest.mark.parametrize("position, content, kind", [
    (272, b"AAAA", "bad-magic"), (268, b"\x7f\xff\xff\xff", "bad-size"), (268, bytes(278), "gap"),
    (268 + 28, struct.pack(">q", 999), "wrong-offset")])
def test_each_kind_of_damage_is_stepped_over(tiny, position, content, kind):
    with open(tiny / "commitlog" / FIRST, "r+b") as file:
        file.seek(position)
        file.write(content)
    lines = dump(tiny)
    assert [line.get("finding", line.get("pos")) for line in lines] == [0, kind, 546]
    assert (lines[1]["pos"], lines[1]["len"]) == (268, 278)


def test_a_missing_segment_is_a_gap(tmp_path):
    store = unpack("apache-5.5.0-mixed", tmp_path)
    gone = sorted((store / "commitlog").iterdir())[4]
    gone.unlink()
    want = [r["pos"] for r in expected("apache-5.5.0-mixed")[0] if r["file"] != gone.name]
    lines = dump(store)
    assert [line["pos"] for line in messages(lines)] == want
    (finding,) = findings(lines)
    assert (finding["finding"], finding["pos"], finding["len"]) == ("gap", int(gone.name), 262144)
    assert dump(store, "--reverse") == lines[::-1]


def test_a_segment_that_was_cut_short_and_one_that_grew(tmp_path):
    store = unpack("apache-5.5.0-mixed", tmp_path)
    files = sorted((store / "commitlog").iterdir())
    records = expected("apache-5.5.0-mixed")[0]
    os.truncate(files[2], 100000)
    os.truncate(files[5], 300000)
    want = [r["pos"] for r in records if r["file"] != files[2].name or r["pos"] - int(r["file"]) + r["size"] <= 100000]
    assert [line["pos"] for line in messages(dump(store))] == want


def test_a_tail_of_garbage_after_a_crash_is_no_message(tmp_path):
    store = unpack("apache-5.3.3-kill9", tmp_path)
    records, end = expected("apache-5.3.3-kill9")
    last = records[-1]["file"]
    with open(store / "commitlog" / last, "r+b") as file:
        file.seek(end - int(last))
        file.write(struct.pack(">iI", 5000, 0xDAA320A7) + os.urandom(3000))
    assert dump(store) == messages(dump(store))
    assert [r["pos"] for r in dump(store)] == [r["pos"] for r in records]


# --- forms ---

def test_format(tiny):
    form = r"%topic|%queue|%qoff|%pos|%tags|%keys|%size|%prop{colour}|%body|%%\t\\\n"
    out = ok("dump", tiny, "-f", form, "--count", "2").stdout.decode()
    assert out.splitlines()[1] == "Tiny|1|0|268|TagB|K2|278|grün|second, 主题|%\t\\"
    record = dump(tiny)[0]
    ids = ok("dump", tiny, "-f", r"%msgid %uniq %born %stored\n").stdout.decode().splitlines()[0]
    assert ids == f"{record['msgid']} {record['uniq']} {record['born']} {record['stored']}"


@pytest.mark.parametrize("form", ["%nothing", "%prop{x", "%"])
def test_an_unknown_field_is_wrong_use(tiny, form):
    done = run("dump", tiny, "-f", form)
    assert done.returncode == 2 and b"unknown field" in done.stderr


def test_body_forms(tiny):
    binary = bytes([0, 1, 2, 255])
    last = dump(tiny)[-1]
    assert base64.b64decode(last["body_b64"]) == binary and "body" not in last
    assert dump(tiny, "--body", "hex")[-1]["body_hex"] == "000102ff"
    assert base64.b64decode(dump(tiny, "--body", "base64")[0]["body_b64"]) == b"Hello RocketMQ"
    none = dump(tiny, "--body", "none")[0]
    assert "body" not in none and none["truncated"] is True
    assert b"Hello" not in ok("dump", tiny, "--body", "none").stdout
    assert ok("dump", tiny, "-f", "%body", "--body", "hex", "--pos", "546").stdout == b"000102ff"


def test_what_is_cut_is_marked(tiny):
    cut = dump(tiny, "--max-body", "9")
    assert (cut[0]["body"], cut[0]["truncated"]) == ("Hello Roc", True)
    assert cut[1]["body"] == "second, "   # never in the middle of a character
    assert "truncated" not in cut[2]
    assert b"(9 of 14 bytes)" in ok("dump", tiny, "--max-body", "9").stdout


def test_times_in_the_local_zone(tiny):
    here = dump(tiny, "--local", env={"TZ": "CET-1"})[0]["stored"]
    assert here.endswith("+01:00") and here.startswith("2026-11-23T08:44:28.536")


def test_grep_looks_into_bodies(tiny):
    assert [r["pos"] for r in dump(tiny, "--grep", "^Hello")] == [0]
    assert [r["pos"] for r in dump(tiny, "--grep", "主.$")] == [268]
    assert run("dump", tiny, "--grep", "(").returncode == 2
    assert run("dump", tiny, "--grep", "nowhere").returncode == 1


def test_an_empty_store_has_nothing_and_that_is_fine(tmp_path):
    (tmp_path / "s" / "commitlog").mkdir(parents=True)
    assert dump(tmp_path / "s") == []
    assert run("dump", tmp_path / "s", "-t", "T").returncode == 1


def test_bytes_that_are_no_text_survive_json(tmp_path):
    store = tmp_path / "store"
    raw = b"a\x01\xff\xfe\x02b\x01plain\x02"
    line = json.dumps({"topic": "T", "props_b64": base64.b64encode(raw).decode(), "body_b64": "//4="}).encode()
    ok("append", store, "-i", "json", "--segment-size", "64KiB", stdin=line)
    (record,) = dump(store)
    assert base64.b64decode(record["props_b64"]).startswith(raw)
    assert record["props"]["b"] == "plain"
    assert body_of(record) == b"\xff\xfe"


# --- other places ---

def test_a_segment_under_another_name(tiny, tmp_path):
    other = tmp_path / "segment.bin"
    shutil.copy(tiny / "commitlog" / FIRST, other)
    assert [r["pos"] for r in dump(other)] == [0, 268, 546]
    assert dump(other)[0]["file"] == "segment.bin"


def test_a_log_that_does_not_begin_at_zero(tmp_path):
    store = unpack("apache-5.5.0-mixed", tmp_path)
    files = sorted((store / "commitlog").iterdir())
    for old in files[:3]:
        old.unlink()
    records = [r for r in expected("apache-5.5.0-mixed")[0] if r["pos"] >= int(files[3].name)]
    assert [r["pos"] for r in dump(store)] == [r["pos"] for r in records]
    lone = tmp_path / "lone"
    shutil.copy(files[5], lone)
    assert [r["pos"] for r in dump(lone)] == [r["pos"] for r in records if r["file"] == files[5].name]
    topic = records[0]["topic"]
    assert [r["pos"] for r in dump(store, "-t", topic, "--qoff", "0..")] == [
        r["pos"] for r in records if r["topic"] == topic and r["sysflag"] & 0xC in (0, 8)]


def test_several_directories_are_one_log(tmp_path):
    store = unpack("apache-5.5.0-mixed", tmp_path)
    second = store / "commitlog2"
    second.mkdir()
    for i, segment in enumerate(sorted((store / "commitlog").iterdir())):
        if i % 2:
            segment.rename(second / segment.name)
    want = [r["pos"] for r in expected("apache-5.5.0-mixed")[0]]
    assert [r["pos"] for r in dump(store)] == want
    assert [r["pos"] for r in dump(f"{store}/commitlog,{second}")] == want


def test_a_symbolic_link_is_the_store(tiny, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(tiny)
    assert len(dump(link)) == 3


def test_reading_needs_no_more_than_read_permission(tiny):
    for path in [*tiny.rglob("*"), tiny]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = {p: p.stat().st_mtime_ns for p in tiny.rglob("*")}
    command = [MQCTL, "dump", str(tiny)]
    if os.geteuid() == 0:   # somebody who owns nothing here
        tiny.parent.chmod(0o755)
        for parent in tiny.parents:
            if parent.stat().st_uid == 0 and str(parent).startswith("/tmp/"):
                parent.chmod(parent.stat().st_mode | 0o055)
        if subprocess.run(["setpriv", "--reuid", "65534", "test", "-x", MQCTL]).returncode == 0:
            command = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", *command]
    done = subprocess.run(command, capture_output=True)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 3), done.stderr
    assert {p: p.stat().st_mtime_ns for p in tiny.rglob("*")} == before


def test_what_is_no_store_is_named(tmp_path):
    (tmp_path / "dledger" / "dledger-n0").mkdir(parents=True)
    for place, word in ((tmp_path / "nowhere", b"No such file"), (tmp_path, b"not a store"), (tmp_path / "dledger", b"DLedger")):
        done = run("dump", place)
        assert done.returncode == 3 and word in done.stderr, done.stderr


# --- while somebody writes ---

def test_a_file_that_shrinks_or_goes_while_it_is_read(tmp_path):
    store = unpack("apache-5.5.0-mixed", tmp_path)
    process = subprocess.Popen([MQCTL, "dump", store, "-o", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()   # it is at work, and waits for us with a full pipe
    for i, segment in enumerate(sorted((store / "commitlog").iterdir())):
        os.truncate(segment, 5000) if i % 2 else segment.unlink()
    out = process.stdout.read()
    assert process.wait(60) in (0, 3), process.stderr.read()
    assert all(json.loads(line) for line in out.splitlines())


class Follower:
    def __init__(self, *args):
        self.process = subprocess.Popen([MQCTL, "dump", *map(str, args), "-F", "-o", "json"], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)

    def next(self):
        return json.loads(self.process.stdout.readline())

    def end(self, number):
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode


def test_follow_shows_each_message_when_it_comes(tmp_path):
    store = tmp_path / "store"
    ok("append", store, "-t", "T", "-b", "first", "--segment-size", "64KiB")
    follower = Follower(store)
    assert follower.next()["body"] == "first"
    writer = subprocess.Popen([MQCTL, "append", store, "-t", "T", "-q"], stdin=subprocess.PIPE)
    for i in range(300):   # over several segments
        writer.stdin.write(b"%d %s\n" % (i, b"y" * 1000))
        writer.stdin.flush()
        assert follower.next()["body"].startswith(f"{i} ")
    writer.stdin.close()
    assert writer.wait(60) == 0
    assert follower.end(signal.SIGINT) == 130


def test_follow_ends_by_count_timeout_and_signals(tiny):
    assert len(dump(tiny, "-F", "--count", "3")) == 3
    assert len(dump(tiny, "-F", "--timeout", "50ms", status=5)) == 3
    follower = Follower(tiny)
    follower.next()
    assert follower.end(signal.SIGTERM) == 143
