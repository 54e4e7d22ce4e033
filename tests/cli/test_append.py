"""mqctl append: what it writes, what it says, what it refuses."""

import base64
import fcntl
import json
import os
import pathlib
import signal
import struct
import subprocess
import time

import pytest

from append_support import (MQCTL, SEGMENT, check_closed, json_lines, ok, records, run, segments, units, unpack,
                            verify_sound)


@pytest.fixture
def store(tmp_path):
    return tmp_path / "store"


def append(store, *args, **kwargs):
    return ok("append", store, "--segment-size", SEGMENT, *args, **kwargs)


def bodies(store):
    return [record["body"] for record in records(store)]


def topics(store):
    return json.loads((store / "config" / "topics.json").read_text())["topicConfigTable"]


# --- forms of input ---

def test_one_body_by_flag(store):
    append(store, "-t", "T", "-b", "hello")
    record, = records(store)
    assert (record["topic"], record["queue"], record["qoff"], record["body"]) == ("T", 0, 0, b"hello")
    assert record["flag"] == record["sysflag"] == record["reconsume"] == record["prepared"] == 0
    assert list(record["props"]) == ["UNIQ_KEY"] and len(record["props"]["UNIQ_KEY"]) == 32
    assert record["store_host"] == bytes([127, 0, 0, 1]) + struct.pack(">i", 10911)
    assert abs(record["born"] - time.time() * 1000) < 60000
    check_closed(store)
    verify_sound(store)


def test_lines_go_round_the_queues(store):
    append(store, "-t", "T", stdin=b"a\nb\n\nd\ne")
    assert [(r["queue"], r["qoff"], r["body"]) for r in records(store)] == [
        (0, 0, b"a"), (1, 0, b"b"), (2, 0, b""), (3, 0, b"d"), (0, 1, b"e")]
    assert topics(store)["T"]["readQueueNums"] == 4
    check_closed(store)


def test_lines_keep_every_byte(store):
    line = bytes(b for b in range(256) if b != 10)
    append(store, "-t", "T", stdin=line + b"\r\n" + b"\xff\xfe\n")
    assert bodies(store) == [line + b"\r", b"\xff\xfe"]


def test_raw_input_is_one_body(store):
    body = bytes(range(256)) * 1000
    ok("append", store, "-t", "T", "-i", "raw", "--segment-size", "1MiB", stdin=body)
    assert bodies(store) == [body]


def test_empty_lines_input_adds_nothing(store):
    append(store, "-t", "T", stdin=b"")
    assert records(store) == [] if (store / "commitlog").exists() else True
    assert not (store / "config" / "topics.json").exists()


def test_queue_flags(store):
    append(store, "-t", "T", "--queue", "2", stdin=b"a\nb\n")
    append(store, "-t", "T", "--queues", "2", stdin=b"c\nd\ne\n")
    assert [(r["queue"], r["qoff"]) for r in records(store)] == [(2, 0), (2, 1), (0, 0), (1, 0), (0, 1)]
    assert topics(store)["T"]["writeQueueNums"] == 3
    check_closed(store)


def test_message_flags(store):
    append(store, "-t", "T", "-b", "x", "--tags", "TagA", "--keys", "k1", "--keys", "k2", "-p", "a=b=c", "-p", "ж=щ",
           "--flag", "-5", "--born", "2026-01-02T03:04:05.678Z", "--born-host", "[::1]:77", "--store-host",
           "10.1.2.3:5")
    record, = records(store)
    assert record["raw_props"].startswith("TAGS\1TagA\2KEYS\1k1 k2\2a\1b=c\2ж\1щ\2UNIQ_KEY\1".encode())
    assert record["flag"] == -5 and record["born"] == 1767323045678
    assert record["sysflag"] == 0x10
    assert record["born_host"] == bytes(15) + b"\1" + struct.pack(">i", 77)
    assert record["store_host"] == bytes([10, 1, 2, 3]) + struct.pack(">i", 5)
    assert units(store)["T", 0][0][2] == 2598919


def test_a_unique_key_by_hand_is_kept(store):
    append(store, "-t", "T", "-b", "x", "-p", "UNIQ_KEY=mine")
    assert records(store)[0]["props"] == {"UNIQ_KEY": "mine"}


def test_unique_keys_are_unique(store):
    append(store, "-t", "T", "-b", "x", "--count", "500")
    keys = {record["props"]["UNIQ_KEY"] for record in records(store)}
    assert len(keys) == 500


def test_delay_parks_the_message_as_a_broker_does(store):
    append(store, "-t", "T", "-b", "x", "--delay", "3", "--queue", "1")
    record, = records(store)
    assert (record["topic"], record["queue"]) == ("SCHEDULE_TOPIC_XXXX", 2)
    assert record["props"]["DELAY"] == "3"
    assert record["props"]["REAL_TOPIC"] == "T" and record["props"]["REAL_QID"] == "1"
    assert units(store)["SCHEDULE_TOPIC_XXXX", 2][0][2] == record["stored"] + 10000
    assert topics(store)["T"]["readQueueNums"] == 2
    assert "SCHEDULE_TOPIC_XXXX" not in topics(store)
    check_closed(store)


def test_segments_roll_and_queues_follow(store):
    append(store, "-t", "T", stdin=b"".join(b"%05d" % i + b"x" * 1000 + b"\n" for i in range(300)))
    assert len(segments(store)) == 6
    assert [body[:5] for body in bodies(store)] == [b"%05d" % i for i in range(300)]
    check_closed(store)
    verify_sound(store)


def test_appending_goes_on_where_the_log_ends(store):
    for i in range(5):
        append(store, "-t", "T", "--queue", "0", "-b", f"m{i}")
    assert [(r["qoff"], r["body"]) for r in records(store)] == [(i, b"m%d" % i) for i in range(5)]
    check_closed(store)


# --- JSON records ---

def record_line(**members):
    return json.dumps(members, ensure_ascii=False).encode() + b"\n"


def test_json_records_keep_what_they_say(store):
    line = record_line(v=1, pos=9, topic="orders", queue=3, qoff=1005, msgid="00", uniq="U", tags="A", keys=["a", "b"],
                       born="2026-01-02T03:04:05.678Z", born_host="127.0.0.1:49949", sysflag=8, flag=7, reconsume=2,
                       prepared_offset=99, props={"KEYS": "a b", "WAIT": "true", "UNIQ_KEY": "U", "TAGS": "A"},
                       body="héllo\n\x00")
    append(store, "-i", "json", stdin=line)
    record, = records(store)
    assert record["raw_props"] == b"KEYS\1a b\2WAIT\1true\2UNIQ_KEY\1U\2TAGS\1A\2"
    assert (record["topic"], record["queue"], record["qoff"]) == ("orders", 3, 0)
    assert (record["flag"], record["sysflag"], record["reconsume"], record["prepared"]) == (7, 8, 2, 99)
    assert record["born"] == 1767323045678
    assert record["born_host"] == bytes([127, 0, 0, 1]) + struct.pack(">i", 49949)
    assert record["body"] == "héllo\n\x00".encode()
    check_closed(store)


def test_json_records_by_hand(store):
    append(store, "-i", "json", "-t", "T", "--queues", "2",
           stdin=b'{"body":"a"}\n\n{"body_b64":"//4=","tags":"x"}\n{"topic":"U","body":"c"}\n')
    rows = records(store)
    assert [(r["topic"], r["queue"], r["body"]) for r in rows] == [("T", 0, b"a"), ("T", 1, b"\xff\xfe"), ("U", 0, b"c")]
    assert all(len(r["props"]["UNIQ_KEY"]) == 32 for r in rows)
    check_closed(store)


def test_findings_among_the_records_are_passed_over_and_counted(store):
    done = append(store, "-i", "json", stdin=b'{"v":1,"finding":"body-crc","pos":1,"len":2}\n{"topic":"T","body":"a"}\n')
    assert bodies(store) == [b"a"]
    assert b"1 line" in done.stderr


def test_rolled_back_and_prepared_records_enter_no_queue(store):
    append(store, "-i", "json", "--queue", "0", stdin=b'{"topic":"T","sysflag":12,"body":"r"}\n{"topic":"T","sysflag":4,"body":"p"}\n'
                                      b'{"topic":"T","body":"n"}\n')
    assert [r["qoff"] for r in records(store)] == [0, 0, 0]
    assert len(units(store)["T", 0]) == 1
    check_closed(store)


# --- receipts ---

def test_receipts_say_where_each_message_is(store):
    done = append(store, "-t", "T", "--receipt", "--queues", "2", stdin=b"a\nbb\nccc\n")
    rows = records(store)
    assert json_lines(done.stdout) == [
        {"pos": r["pos"], "qoff": r["qoff"], "queue": r["queue"], "size": r["size"],
         "msgid": "7F00000100002A9F%016X" % r["pos"]} for r in rows]


def test_receipts_come_while_the_input_is_open(store):
    process = subprocess.Popen([MQCTL, "append", store, "-t", "T", "--segment-size", SEGMENT, "--receipt"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for i in range(3):
        process.stdin.write(b"x\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["queue"] == i
    process.stdin.close()
    assert process.wait(60) == 0


def test_receipts_that_nobody_reads_stop_nothing(store):
    process = subprocess.Popen([MQCTL, "append", store, "-t", "T", "--receipt", "--segment-size", "16MiB"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    process.stdin.write(b"x\n" * 100000)
    process.stdin.close()
    assert process.wait(60) == 0, process.stderr.read()
    assert len(records(store)) == 100000


@pytest.mark.parametrize("mode", ["each", "end", "none"])
def test_each_sync_mode_leaves_a_whole_store(store, mode):
    append(store, "-t", "T", "--sync", mode, stdin=b"a\nb\n")
    assert bodies(store) == [b"a", b"b"]
    check_closed(store)


# --- wrong input: the line, status 2, what was before it stored ---

WRONG_LINES = [
    (["-t", "T", "--max-body", "10"], b"a\nb\n" + b"x" * 11 + b"\nd\n", b"line 3"),
    (["-i", "json"], b'{"topic":"T","body":"a"}\n{"topic":"T","body":"b"}\n{"topic":"T"\n', b"line 3"),
    (["-i", "json"], b'{"topic":"T","body":"a"}\n{"topic":"T","body":"b"}\n{"topic":"%s","body":""}\n' % (b"t" * 128),
     b"line 3"),
    (["-i", "json"], b'{"topic":"T","body":"a"}\n{"topic":"T","body":"b"}\n{"topic":"../../x","body":""}\n', b"line 3"),
    (["-i", "json"], b'{"topic":"T","body":"a"}\n{"topic":"T","body":"b"}\n{"topic":"T","props":{"a":""},"body":""}\n',
     b"line 3"),
    (["-i", "json"], b'{"topic":"T","body":"a"}\n{"topic":"T","body":"b"}\n'
                     b'{"topic":"T","props":{"a":"%s"},"body":""}\n' % (b"v" * 32768), b"line 3"),
    (["-i", "json"], b'{"topic":"T","body":"a"}\n{"topic":"T","body":"b"}\n{"topic":"T","body":"c","truncated":true}\n',
     b"line 3"),
    (["-t", "T", "--max-body", "1MiB"], b"a\nb\n" + b"x" * 65500 + b"\n", b"line 3"),
]


@pytest.mark.parametrize("flags, text, place", WRONG_LINES)
def test_wrong_input_stops_at_its_line(store, flags, text, place):
    done = run("append", store, "--segment-size", SEGMENT, *flags, stdin=text)
    assert done.returncode == 2, done.stderr
    assert place in done.stderr
    assert bodies(store) == [b"a", b"b"]
    check_closed(store)
    verify_sound(store)


@pytest.mark.parametrize("flags", [
    ["-b", "x"], ["-t", "", "-b", "x"], ["-t", "a b", "-b", "x"], ["-t", "a/b", "-b", "x"], ["-t", "t" * 128, "-b", "x"],
    ["-t", "SCHEDULE_TOPIC_XXXX", "-b", "x"], ["-t", "T", "-b", "x", "--queue", "-1"],
    ["-t", "T", "-b", "x", "--queues", "0"], ["-t", "T", "-b", "x", "--queue", "1", "--queues", "2"],
    ["-t", "T", "-b", "x", "-p", "novalue"], ["-t", "T", "-b", "x", "-p", "=v"], ["-t", "T", "-b", "x", "-p", "a="],
    ["-t", "T", "-b", "x", "-p", "a=1", "-p", "a=2"], ["-t", "T", "-b", "x", "-p", "DELAY=1"],
    ["-t", "T", "-b", "x", "--delay", "19"], ["-t", "T", "-b", "x", "--delay", "-1"],
    ["-t", "T", "-b", "x", "--born", "tomorrow-ish"], ["-t", "T", "-b", "x", "--count", "-1"],
    ["-t", "T", "-b", "x", "--segment-size", "100"], ["-t", "T", "-b", "x", "--segment-size", "4GiB"],
    ["-t", "T", "-b", "x", "-i", "json"], ["-t", "T", "-b", "x", "--sync", "often"],
    ["-t", "T", "-b", "x", "--store-host", "localhost:1"], ["-t", "T", "-b", "x", "--nonsense"],
    ["-i", "json", "--tags", "x"], ["-i", "json", "--delay", "1"],
])
def test_wrong_flags_make_nothing(store, flags):
    done = run("append", store, *flags)
    assert done.returncode == 2, done.stderr
    assert done.stderr
    assert not store.exists()


# --- locations ---

def test_a_commitlog_directory_means_its_store(store):
    append(store, "-t", "T", "-b", "a")
    append(f"{store}/commitlog/", "-t", "T", "-b", "b")
    assert bodies(store) == [b"a", b"b"]
    check_closed(store)


def test_a_segment_file_is_refused(store):
    append(store, "-t", "T", "-b", "a")
    done = run("append", segments(store)[0], "-t", "T", "-b", "b")
    assert done.returncode == 2 and b"commitlog/" in done.stderr


def test_a_bare_directory_of_segments_is_refused(store, tmp_path):
    append(store, "-t", "T", "-b", "a")
    (store / "commitlog").rename(tmp_path / "loose")
    done = run("append", tmp_path / "loose", "-t", "T", "-b", "b")
    assert done.returncode == 2 and b"segments" in done.stderr
    assert [p.name for p in (tmp_path / "loose").iterdir()] == ["0" * 20]


def test_a_store_behind_symbolic_links(store, tmp_path):
    append(store, "-t", "T", "-b", "a")
    (tmp_path / "link").symlink_to(store)
    append(tmp_path / "link", "-t", "T", "-b", "b")
    (store / "commitlog").rename(tmp_path / "elsewhere")
    (store / "commitlog").symlink_to(tmp_path / "elsewhere")
    append(store, "-t", "T", "-b", "c")
    assert bodies(store) == [b"a", b"b", b"c"]
    check_closed(store)


def test_another_segment_size_is_refused(store):
    append(store, "-t", "T", "-b", "a")
    done = run("append", store, "-t", "T", "-b", "b", "--segment-size", "128KiB")
    assert done.returncode == 2 and b"65536" in done.stderr
    assert bodies(store) == [b"a"]


def test_stray_files_are_named_and_left(store):
    append(store, "-t", "T", "-b", "a")
    (store / "commitlog" / "notes.txt").write_text("mine")
    done = append(store, "-t", "T", "-b", "b")
    assert b"notes.txt" in done.stderr
    assert (store / "commitlog" / "notes.txt").read_text() == "mine"
    assert bodies(store) == [b"a", b"b"]


# --- damaged stores: nothing unasked ---

def filled(store, count=200):
    append(store, "-t", "T", stdin=b"".join(b"%05d" % i + b"x" * 1000 + b"\n" for i in range(count)))
    return segments(store)


def snapshot(store):
    return {str(p.relative_to(store)): p.read_bytes() for p in sorted(store.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("harm", ["missing", "renamed", "short", "long"])
def test_a_log_with_a_hole_is_refused_and_left_alone(store, harm):
    files = filled(store)
    victim = files[1]
    if harm == "missing":
        victim.unlink()
    elif harm == "renamed":
        victim.rename(victim.with_name("00000000000000065537"))
    else:
        os.truncate(victim, 65536 + (1000 if harm == "long" else -1000))
    before = snapshot(store)
    for force in ([], ["--force"]):
        done = run("append", store, "-t", "T", "-b", "x", *force)
        assert done.returncode in (3, 4) and done.stderr, (done.returncode, done.stderr)
        after = snapshot(store)
        after.pop("lock"), before.pop("lock", None)
        assert after == before


def test_damage_with_messages_behind_it_is_cut_only_by_force(store):
    files = filled(store)
    (store / "abort").write_text("1")
    (store / "checkpoint").unlink(missing_ok=True)
    damaged = bytearray(files[1].read_bytes())
    damaged[5000:5004] = b"\xff\xff\xff\xff"
    files[1].write_bytes(damaged)
    total = len(bodies_before_damage(store))
    log = {p.name: p.read_bytes() for p in files}
    done = run("append", store, "-t", "T", "-b", "x")
    assert done.returncode == 4, done.stderr
    assert b"--force" in done.stderr and b"cut off" in done.stderr
    assert {p.name: p.read_bytes() for p in segments(store)} == log
    done = ok("append", store, "-t", "T", "-b", "after", "--force")
    assert b"cut" in done.stderr
    assert bodies(store)[-1] == b"after" and len(bodies(store)) == total + 1
    check_closed(store)
    verify_sound(store)


def bodies_before_damage(store):
    """Bodies up to the first that is not what it was when written."""
    found = []
    for file in segments(store):
        data, at = file.read_bytes(), 0
        while at + 8 <= len(data):
            size, magic = struct.unpack_from(">iI", data, at)
            if magic == 0xCBD43194:
                break
            body = data[at + 88:at + 88 + struct.unpack_from(">i", data, at + 84)[0]]
            if magic != 0xDAA320A7 or b"\xff" in body:
                return found
            found.append(body)
            at += size
    return found


# --- dry run ---

def test_a_dry_run_says_much_and_changes_nothing(store):
    done = ok("append", store, "-t", "T", "-n", "--segment-size", SEGMENT, stdin=b"x" * 60000 + b"\n" + b"y" * 60000)
    assert b"2 messages" in done.stdout and b"2 new segments" in done.stdout and b"T (new, 4 queues)" in done.stdout
    assert not store.exists()
    append(store, "-t", "T", "--queue", "0", "-b", "a")
    before = snapshot(store)
    done = ok("append", store, "-t", "T", "--dry-run", "--queue", "7", "-b", "b")
    assert b"0 new segments" in done.stdout and b"T (from 1 to 8 queues)" in done.stdout
    assert b"not needed" in done.stdout
    (store / "abort").write_text("1")
    assert b"recovery:  needed" in ok("append", store, "-t", "T", "-n", "-b", "b").stdout
    (store / "abort").unlink()
    assert snapshot(store) == before


def test_a_dry_run_finds_the_wrong_line(store):
    done = run("append", store, "-n", "-i", "json", stdin=b'{"topic":"T","body":"a"}\n{"topic":"T"}\n')
    assert done.returncode == 2 and b"line 2" in done.stderr
    assert not store.exists()


# --- other processes ---

def test_a_locked_store_names_its_holder(store):
    holder = subprocess.Popen([MQCTL, "append", store, "-t", "T", "--segment-size", SEGMENT, "--receipt"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    holder.stdin.write(b"a\n")
    holder.stdin.flush()
    holder.stdout.readline()
    done = run("append", store, "-t", "T", "-b", "b")
    assert done.returncode == 4, done.stderr
    assert str(holder.pid).encode() in done.stderr
    holder.stdin.close()
    assert holder.wait(60) == 0
    append(store, "-t", "T", "-b", "c")
    assert bodies(store) == [b"a", b"c"]


def test_a_lock_as_a_broker_takes_it_is_honoured(store):
    append(store, "-t", "T", "-b", "a")
    with open(store / "lock", "r+b") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 0)
        done = run("append", store, "-t", "T", "-b", "b")
    assert done.returncode == 4 and str(os.getpid()).encode() in done.stderr
    assert bodies(store) == [b"a"]


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_cleanly(store, number, status):
    process = subprocess.Popen([MQCTL, "append", store, "-t", "T", "--segment-size", SEGMENT, "--receipt"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdin.write(b"a\nb\nunfinished")
    process.stdin.flush()
    process.stdout.readline(), process.stdout.readline()
    process.send_signal(number)
    assert process.wait(60) == status, process.stderr.read()
    assert bodies(store) == [b"a", b"b"]
    check_closed(store)
    verify_sound(store)


# --- what is said ---

def test_a_summary_is_said_and_silenced(store):
    done = append(store, "-t", "T", stdin=b"a\nb\n")
    assert b"2 messages" in done.stderr and done.stdout == b""
    done = append(store, "-t", "T", "-q", stdin=b"a\nb\n")
    assert done.stderr == b"" and done.stdout == b""


def test_recovery_is_said(store):
    append(store, "-t", "T", stdin=b"a\nb\n")
    (store / "abort").write_text("99999999")
    done = append(store, "-t", "T", "-b", "c")
    assert b"did not stop cleanly" in done.stderr
    assert bodies(store) == [b"a", b"b", b"c"]
    check_closed(store)


def test_existing_entries_of_topics_json_stay(store):
    append(store, "-t", "T", "-b", "a")
    path = store / "config" / "topics.json"
    file = json.loads(path.read_text())
    file["topicConfigTable"]["Mine"] = {"topicName": "Mine", "perm": 2, "extra": [1]}
    path.write_text(json.dumps(file))
    append(store, "-t", "U", "-b", "a")
    assert topics(store)["Mine"] == {"topicName": "Mine", "perm": 2, "extra": [1]}
    assert set(topics(store)) == {"T", "Mine", "U"}


def test_the_store_host_follows_the_store(tmp_path):
    store = unpack("tiny-5.5.0", tmp_path)
    host = records(store)[0]["store_host"]
    ok("append", store, "-t", "Tiny", "-b", "x")
    assert records(store)[-1]["store_host"] == host


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user to act as")
@pytest.mark.parametrize("where", [".", "commitlog", "config", "consumequeue"])
def test_a_read_only_directory_is_status_3(tmp_path, where):
    store = tmp_path / "store"
    append(store, "-t", "T", "-b", "a")
    subprocess.run(["chown", "-R", "65534", str(store)], check=True)
    target = store / where
    target.chmod(0o555)
    for parent in [tmp_path, *tmp_path.parents]:
        if parent != pathlib.Path("/") and parent.stat().st_uid == 0 and str(parent) != "/tmp":
            parent.chmod(parent.stat().st_mode | 0o055)
    text = b"".join(b"%05d" % i + b"x" * 1000 + b"\n" for i in range(200))
    command = ["setpriv", "--reuid=65534", "--clear-groups", MQCTL, "append", str(store), "-t", "New"]
    done = subprocess.run(command, input=text, capture_output=True, timeout=120)
    assert done.returncode == 3, (done.returncode, done.stderr)
    assert b"ermission" in done.stderr
    target.chmod(0o755)
    append(store, "-t", "T", "-b", "z")
    check_closed(store)


def test_base64_bodies_of_any_bytes(store):
    blob = os.urandom(3000)
    append(store, "-i", "json", stdin=record_line(topic="T", body_b64=base64.b64encode(blob).decode()))
    assert bodies(store) == [blob]
