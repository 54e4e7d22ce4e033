"""Stores that mqctl wrote, and stores that it wrote to, opened and served by genuine brokers; genuine stores verified by mqctl."""

import collections
import json
import random
import subprocess
import threading

from harness import (DELAY_LEVELS, MQCTL, SEGMENT, SMALL, VERSIONS, Broker, Scenarios, append, dump, golden_expected, json_lines, mqctl,
                     segments, unpack_golden, verify, wait_for)

scenarios = Scenarios()

OLDEST_AND_NEWEST = (VERSIONS[0], VERSIONS[-1])
TOPICS = {"orders": 4, "x%1|2": 2, "A": 1}
TAGS = [None, "TagA", "TagB", "Тег", "polygenelubricants"]   # the last hashes to the smallest int


def messages_of_all_kinds(count, seed, biggest=20000):
    """As Probe.produce and harness.append take them."""
    rng = random.Random(seed)
    made = []
    for i in range(count):
        topic = rng.choice(list(TOPICS))
        body = b"%d:" % i + rng.choice([rng.randbytes, lambda n: b"\0" * n, lambda n: b'{"text":"' + "текст".encode() * (n // 10) + b'"}'])(
            rng.choice([0, 1, 100, 3000, rng.randrange(biggest)]))
        made.append({
            "topic": topic, "queue": rng.randrange(TOPICS[topic]), "tags": rng.choice(TAGS), "flag": rng.choice([0, 7, -1, 2**31 - 1]),
            "keys": [f"{seed}-{i}", "shared"][:rng.randrange(3)],
            "props": {name: value for name, value in (("a", "b=c"), ("имя", "значение 😀"), ("quote\"", "line\nend\t"), ("n", str(i)))
                      if rng.random() < 0.5},
            "body": body})
    return made


def uniform(message, receipt):
    """A message with where it was stored: receipts of mqctl and of a producer are alike then."""
    return {"queue": receipt["queue"], "qoff": receipt.get("qoff", receipt.get("queueOffset")),
            "msgid": receipt.get("msgid", receipt.get("offsetMsgId")), "pos": receipt.get("pos"), "size": receipt.get("size"),
            "message": message}


def stored_by(messages, receipts):
    return [uniform(message, receipt) for message, receipt in zip(messages, receipts, strict=True)]


def await_queues(broker, stored):
    """What was sent can be pulled soon after, on a busy machine not at once."""
    counts = collections.Counter(entry["message"]["topic"] for entry in stored)
    wait_for("the queues", lambda: all(sum(high - low for low, high in broker.probe.pull(topic)[1].values()) == count
                                       for topic, count in counts.items()))


def await_last(broker, topic, number, body):
    wait_for("the message that was sent", lambda: broker.probe.pull(topic, [number])[0][-1]["body"] == body)


def check_served(broker, stored):
    """Every message by offset with all that it has, nothing else in these topics; keys, ids and times find them. Gives what was pulled."""
    by_topic = collections.defaultdict(list)
    for entry in stored:
        by_topic[entry["message"]["topic"]].append(entry)
    everything = {}
    for topic, entries in by_topic.items():
        pulled, bounds = broker.probe.pull(topic)
        found = {(m["queue"], m["qoff"]): m for m in pulled}
        assert sorted(found) == sorted((e["queue"], e["qoff"]) for e in entries)
        assert len(pulled) == len(found) == sum(high - low for low, high in bounds.values())
        keyed = collections.defaultdict(list)
        for entry in entries:
            got, message = found[entry["queue"], entry["qoff"]], entry["message"]
            assert (got["topic"], got["body"], got["tags"], got["keys"], got["flag"], got["msgid"]) == (
                topic, message["body"], message.get("tags"), list(message.get("keys") or []), message.get("flag", 0), entry["msgid"])
            own = set(message.get("props", {})) | {"TAGS", "KEYS"}
            expected = dict(message.get("props", {}))
            if message.get("tags"):
                expected["TAGS"] = message["tags"]
            if message.get("keys"):
                expected["KEYS"] = " ".join(message["keys"])
            assert {k: v for k, v in got["props"].items() if k in own} == expected
            assert set(got["props"]) - own <= {"UNIQ_KEY", "WAIT", "CLUSTER", "MSG_REGION", "TRACE_ON"}
            assert got["reconsume"] == 0 and got["sysflag"] == 0 and got["prepared_offset"] == 0
            if entry["pos"] is not None:   # mqctl's receipts say it; it also takes the born time and host
                assert (got["pos"], got["size"]) == (entry["pos"], entry["size"])
                assert got["born_ms"] == message.get("born_ms", got["born_ms"])
                assert got["born_host"] == message.get("born_host", got["born_host"])
            for key in set(got["keys"]):
                keyed[key].append(got["pos"])
        # A query gives 64 at most (fewer on older brokers); keys that so many share are left out.
        keys = {key: sorted(positions) for key, positions in keyed.items() if len(positions) <= 16}
        answer = {}
        wait_for("the index", lambda: answer.update(broker.probe.query(topic, keys)) or answer == keys, every=0.2)
        sample = pulled[::max(1, len(pulled) // 20)]
        assert broker.probe.view(topic, [m["msgid"] for m in sample]) == sample
        with_uniq = [m for m in sample if m["uniq"]]
        assert [m["pos"] for m in broker.probe.uniq(topic, [m["uniq"] for m in with_uniq])] == [m["pos"] for m in with_uniq]
        number = pulled[0]["queue"]
        lane = [m for m in pulled if m["queue"] == number]
        times = sorted({m["stored_ms"] for m in lane})
        offsets = broker.probe.offset_by_time(topic, number, times[:: max(1, len(times) // 10)])
        stored_at = {m["qoff"]: m["stored_ms"] for m in lane}
        for asked, offset in zip(times[:: max(1, len(times) // 10)], offsets, strict=True):
            # 4.9 takes a queue's file by its time of change, which can be before its last messages: then the next file's first.
            skipped = isinstance(broker, Broker) and broker.version.startswith("4.9") and offset % 100 == 0 and stored_at[offset] > asked
            assert stored_at[offset] == asked or skipped, (asked, offset, stored_at[offset])
        everything[topic] = pulled
    return everything


def send_one(broker, topic, number, body, at):
    """A genuine send, which must get the next queue offset."""
    message = {"topic": topic, "queue": number, "tags": "sent", "keys": [f"sent-{body.decode()}"], "body": body}
    receipt, = broker.probe.produce([message])
    assert receipt["queueOffset"] == at
    return uniform(message, receipt)


def next_offset(stored, topic, number):
    return max((e["qoff"] for e in stored if (e["message"]["topic"], e["queue"]) == (topic, number)), default=-1) + 1


def dumped(store):
    """(topic, queue, qoff) to record, of what consumers see."""
    return {(r["topic"], r["queue"], r["qoff"]): r for r in dump(store) if "topic" in r and r["sysflag"] & 0xC in (0, 8)}


def check_dumped(store, stored):
    records = dumped(store)
    for entry in stored:
        record = records[entry["message"]["topic"], entry["queue"], entry["qoff"]]
        assert record["msgid"] == entry["msgid"] and record["crc"] == "ok"


# --- a store by mqctl alone ---

@scenarios.of(*VERSIONS)
def test_store_by_mqctl_alone_is_served(param, directory):
    """Default queue and index files; more log segments than a 5.5.0 broker would dispatch again by itself."""
    store = directory / "store"
    messages = messages_of_all_kinds(1100, "alone")
    for i, message in enumerate(messages):
        message["born_ms"] = 1700000000000 + 1009 * i
        message["born_host"] = f"10.1.{i % 256}.7:{1024 + i}"
    half = len(messages) // 2
    first, _ = append(store, messages[:half], "--segment-size", "256KiB")
    second, _ = append(store, messages[half:])
    stored = stored_by(messages, first + second)
    assert len(segments(store)) > 10 and segments(store)[0].stat().st_size == SEGMENT
    mqctl("append", store, "-t", "late", "--queue", "1", "--delay", "2", "--tags", "T", "--keys", "late-key", "-b", "late")
    mqctl("append", store, "-t", "flags", "--queue", "0", "--tags", "T", "--keys", "k1", "--keys", "k2", "-p", "name=value", "--flag", "9",
          "--born", "2026-01-02T03:04:05.678Z", "-b", "by flags")
    verify(store)
    with Broker(param, store, mappedFileSizeCommitLog=SEGMENT) as broker:
        check_served(broker, stored)
        one, = broker.probe.pull("flags")[0]
        assert (one["body"], one["flag"], one["born_ms"], one["keys"], one["tags"], one["props"]["name"]) == (
            b"by flags", 9, 1767323045678, ["k1", "k2"], "T", "value")
        late, = wait_for("the delayed message", lambda: broker.probe.pull("late", [1])[0], every=0.2)
        assert (late["body"], late["queue"], late["qoff"], late["keys"]) == (b"late", 1, 0, ["late-key"])
        sent = [send_one(broker, topic, number, b"new%d" % number, next_offset(stored, topic, number))
                for topic, count in TOPICS.items() for number in range(count)]
        sent.append(send_one(broker, "flags", 0, b"flags", 1))
        of_topics = stored + [e for e in sent if e["message"]["topic"] != "flags"]
        await_queues(broker, of_topics)
        check_served(broker, of_topics)
        of_one_topic = sum(e["message"]["topic"] == "x%1|2" for e in stored + sent)
        consumed = broker.probe.consume("x%1|2", "push-group", of_one_topic)
        assert sorted((m["queue"], m["qoff"]) for m in consumed) == sorted(
            (e["queue"], e["qoff"]) for e in stored + sent if e["message"]["topic"] == "x%1|2")
        broker.stop()
    verify(store)
    check_dumped(store, stored + sent)


# --- genuine first, then mqctl, then genuine ---

@scenarios.of(*OLDEST_AND_NEWEST)
def test_clean_genuine_store_is_appended_to_and_served(param, directory):
    store = directory / "store"
    messages = messages_of_all_kinds(250, "genuine")
    with Broker(param, store, **SMALL) as broker:
        stored = stored_by(messages, broker.probe.produce(messages))
        broker.stop()
    verify(store)
    check_dumped(store, stored)
    more = messages_of_all_kinds(250, "mqctl") + [{"topic": "new-topic", "queue": 2, "keys": ["k"], "body": b"n"}]
    receipts, _ = append(store, more)
    for entry in stored_by(more, receipts):
        assert entry["qoff"] == next_offset(stored, entry["message"]["topic"], entry["queue"])
        stored.append(entry)
    verify(store)
    with Broker(param, store, **SMALL) as broker:
        check_served(broker, stored)
        stored.append(send_one(broker, "orders", 3, b"last", next_offset(stored, "orders", 3)))
        stored.append(send_one(broker, "new-topic", 2, b"last", 1))
        await_queues(broker, stored)
        check_served(broker, stored)
        broker.stop()
    verify(store)
    check_dumped(store, stored)


@scenarios.of(*OLDEST_AND_NEWEST)
def test_running_store_is_healthy_and_locked_and_after_sigkill_it_is_recovered(param, directory):
    store = directory / "store"
    with Broker(param, store, **SMALL) as broker:
        broker.probe.load("Load", threads=3, size=700, count=300, persist=True)
        for _ in range(3):
            verify(store)
            reached = broker.probe.ask("load-count")[0]["acked"]
            broker.probe.load_reaches(reached + 1)   # it was being written to
        refused = mqctl("append", store, "-t", "Load", "-b", "no", status=4)
        assert str(broker.pids["broker"]).encode() in refused.stderr
        broker.probe.load_reaches(reached + 500)
        broker.kill9()
        acknowledged = broker.probe.load_end()
    assert (store / "abort").exists() and len(segments(store)) > 3
    more = messages_of_all_kinds(100, "after-kill") + [
        {"topic": "Load", "queue": i % 4, "keys": [f"more-{i}"], "body": b"more-%d" % i} for i in range(20)]
    receipts, said = append(store, more)
    assert "recover" in said
    assert not (store / "abort").exists()
    verify(store)
    with Broker(param, store, **SMALL) as broker:
        check_served(broker, [e for e in stored_by(more, receipts) if e["message"]["topic"] != "Load"])
        pulled, bounds = broker.probe.pull("Load")
        found = {(m["queue"], m["qoff"]): m for m in pulled}
        assert len(pulled) == len(found) == sum(high for _, high in bounds.values())   # no gap, no double
        for r in acknowledged:
            assert found[r["queue"], r["queueOffset"]]["body"].startswith(f"{r['name']}:".encode())
            assert found[r["queue"], r["queueOffset"]]["msgid"] == r["offsetMsgId"]
        for entry in stored_by(more, receipts)[-20:]:
            assert found[entry["queue"], entry["qoff"]]["body"] == entry["message"]["body"]
        # Acknowledged messages are found by key as well: the last ones were not in the index when the broker died.
        keyed = broker.probe.query("Load", [f"load-{r['name']}" for r in acknowledged[-50:] if r["tries"] == 1])
        assert all(len(positions) == 1 for positions in keyed.values())
        broker.probe.produce([{"topic": "Load", "queue": 0, "body": b"goes on"}])
        await_last(broker, "Load", 0, b"goes on")


# --- mqctl killed ---

@scenarios.of(*OLDEST_AND_NEWEST)
def test_append_killed_midway_loses_nothing_that_it_gave_a_receipt_for(param, directory):
    store = directory / "store"
    process = subprocess.Popen([MQCTL, "append", store, "-i", "json", "--receipt", "--segment-size", "256KiB"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def feed():
        try:
            for i in range(10**7):
                process.stdin.write(json.dumps({
                    "topic": "Cut", "queue": i % 4, "keys": [f"cut-{i}"], "props": {"KEYS": f"cut-{i}"},
                    "body": f"{i}:" + "x" * 1000}).encode() + b"\n")
        except OSError:
            pass

    feeder = threading.Thread(target=feed)
    feeder.start()
    out = b"".join(process.stdout.readline() for _ in range(3000))
    process.kill()
    out += process.stdout.read()
    process.wait()
    feeder.join()
    receipts = json_lines(out[:out.rindex(b"\n") + 1])
    assert len(receipts) >= 3000 and len(segments(store)) > 10
    with Broker(param, store, mappedFileSizeCommitLog=SEGMENT) as broker:
        pulled, bounds = broker.probe.pull("Cut")
        found = {(m["queue"], m["qoff"]): m for m in pulled}
        assert len(pulled) == len(found) == sum(high for _, high in bounds.values())
        for i, receipt in enumerate(receipts):
            got = found[receipt["queue"], receipt["qoff"]]
            assert (got["pos"], got["size"], got["msgid"]) == (receipt["pos"], receipt["size"], receipt["msgid"])
            assert got["body"].startswith(b"%d:" % i)
        sent, = broker.probe.produce([{"topic": "Cut", "queue": 0, "body": b"after"}])
        assert sent["queueOffset"] == bounds[0][1]
        await_last(broker, "Cut", 0, b"after")


# --- rewritten ---

OF_THE_BROKER = ("SCHEDULE_TOPIC_XXXX", "RMQ_SYS_", "rmq_sys_", "TRANS_CHECK_MAX_TIME_TOPIC")


@scenarios.of("apache-4.9.4-clean", "apache-5.5.0-mixed", "apache-5.5.0-ipv6-v2")
def test_rewritten_store_serves_the_same_messages(param, directory):
    source, store = unpack_golden(param, directory), directory / "store"
    reader = subprocess.Popen([MQCTL, "dump", source, "-o", "json"], stdout=subprocess.PIPE)
    writer = subprocess.run([MQCTL, "append", store, "-i", "json", "--segment-size", "256KiB"], stdin=reader.stdout, capture_output=True,
                            timeout=120)
    reader.stdout.close()
    assert (reader.wait(), writer.returncode) == (0, 0), writer.stderr.decode(errors="replace")
    verify(store)
    lanes = collections.defaultdict(list)
    for record in golden_expected(param)[0]:
        if record["sysflag"] & 0xC in (0, 8) and not record["topic"].startswith(OF_THE_BROKER):
            lanes[record["topic"], record["queue"]].append(record)
    with Broker(VERSIONS[-1], store, mappedFileSizeCommitLog=SEGMENT, messageDelayLevel=DELAY_LEVELS) as broker:
        topics = collections.defaultdict(list)
        for topic, number in lanes:
            topics[topic].append(number)
        for topic, numbers in topics.items():
            pulled, _ = broker.probe.pull(topic, numbers)
            for number in numbers:
                check_same_lane([m for m in pulled if m["queue"] == number], lanes[topic, number])


def check_same_lane(messages, records):
    from test_golden import check_plain_body
    # What is due in the schedule topic is delivered again, to the end of the queue: a broker's own delivery state is not in the log.
    assert len(messages) >= len(records)
    assert len(messages) == len(records) or records[0]["topic"] in ("Delay", "Timer", "%RETRY%G-retry", "%DLQ%G-retry", "Txn")
    for message, record in zip(messages, records):
        for name in ("topic", "queue", "flag", "born_ms", "born_host", "reconsume", "props"):
            assert message[name] == record[name], (name, record["pos"])
        # Compression, and whether the store host is an IPv6 one, may change; nothing else.
        assert message["sysflag"] & ~0x721 == record["sysflag"] & ~0x721
        check_plain_body(message, record)
