"""Stores that genuine brokers left (tests/golden), appended to by mqctl and served again by a broker of their own version."""

import hashlib

from harness import GOLDEN_SETS, Broker, Scenarios, append, golden_expected, golden_queues, unpack_golden, verify
from test_stores import await_last

scenarios = Scenarios()

SAME = ("topic", "queue", "qoff", "pos", "size", "msgid", "flag", "born_ms", "stored_ms", "born_host", "store_host", "reconsume",
        "prepared_offset", "props")


def check_message(message, expected):
    assert {name: message[name] for name in SAME} == {name: expected[name] for name in SAME}
    # The 5.x client takes the flag and the kind of compression away when it has decompressed.
    shown = ~0x701 if "plain_size" in expected else ~0
    assert message["sysflag"] & shown == expected["sysflag"] & shown
    check_plain_body(message, expected)


def check_plain_body(message, expected):
    kind = "plain" if "plain_size" in expected else "body"
    assert (len(message["body"]), hashlib.sha256(message["body"]).hexdigest()) == (expected[f"{kind}_size"], expected[f"{kind}_sha256"])


def check_old_messages(broker, name, pulled):
    """Everything of the golden listing, by queue, by id and by key; what is behind its end is not looked at. Returns the number."""
    records, end = golden_expected(name)
    known = golden_queues(name)
    count = 0
    for row in known["queues"]:
        if (row["topic"], row["queue"]) not in pulled:
            continue
        messages, (low, high) = pulled[row["topic"], row["queue"]]
        assert low == row["min"] and high >= row["max"], row
        queued = {r["qoff"]: r for r in records
                  if (r["topic"], r["queue"]) == (row["topic"], row["queue"]) and r["sysflag"] & 0xC in (0, 8)}
        old = [m for m in messages if m["pos"] < end]
        assert [m["qoff"] for m in old] == list(range(row["min"], row["max"])), row
        for message in old:
            check_message(message, queued[message["qoff"]])
            count += 1
    by_pos = {r["pos"]: r for r in records}
    for topic in sorted({query["topic"] for query in known["queries"]} & {topic for topic, _ in pulled}):
        queries = {q["key"]: q["pos"] for q in known["queries"] if q["topic"] == topic}
        uniq = {r["uniq"] for r in records if "uniq" in r}
        # The client drops what the index gives but does not hold the key; unique keys are no keys to it.
        found = broker.probe.query(topic, [key for key in queries if key not in uniq])
        for key, positions in found.items():
            expected = sorted({pos for pos in queries[key] if key in by_pos[pos].get("keys", ())})
            assert sorted({pos for pos in positions if pos < end}) == expected, (topic, key)
    return count


def pull_all(broker, name):
    """{(topic, queue): (messages, (min, max))}"""
    topics = {}
    for row in golden_queues(name)["queues"]:
        topics.setdefault(row["topic"], []).append(row["queue"])
    pulled = {}
    for topic, numbers in topics.items():
        try:
            messages, bounds = broker.probe.pull(topic, numbers)
        except AssertionError as e:
            # 4.9.4 makes this topic known, queues or not, when it first checks transactions.
            if topic == "RMQ_SYS_TRANS_OP_HALF_TOPIC" and "CODE: 17" in str(e):
                continue
            raise
        for number in numbers:
            pulled[topic, number] = [m for m in messages if m["queue"] == number], bounds[number]
    return pulled


def fresh(topic, name):
    return [{"topic": topic, "queue": i % 2, "tags": "fresh", "keys": [f"fresh-{i}", name], "props": {"n": str(i)}, "flag": i,
             "body": b"%d " % i + bytes(range(256)) * i} for i in range(12)]


@scenarios.of(*GOLDEN_SETS)
def test_golden_set_is_appended_to_and_served(param, directory):
    version, conf = GOLDEN_SETS[param]
    store = unpack_golden(param, directory)
    _, end = golden_expected(param)
    old_max = {(row["topic"], row["queue"]): row["max"] for row in golden_queues(param)["queues"]}
    topic = next(t for t in ("Orders", "Tiny", "Kill", "Hosts") if (t, 0) in old_max)
    messages = fresh(topic, param) + fresh("Fresh", param)
    receipts, said = append(store, messages)
    assert not param.endswith("kill9") or "recover" in said
    assert min(r["pos"] for r in receipts) >= end
    verify(store)
    with Broker(version, store, **conf) as broker:
        pulled = pull_all(broker, param)
        assert check_old_messages(broker, param, pulled) > 0
        for name in (topic, "Fresh"):
            found, _ = broker.probe.pull(name)
            by_place = {(m["queue"], m["qoff"]): m for m in found}
            mine = [(m, r) for m, r in zip(messages, receipts) if m["topic"] == name]
            for message, receipt in mine:
                got = by_place[receipt["queue"], receipt["qoff"]]
                assert receipt["qoff"] >= old_max.get((name, receipt["queue"]), 0)
                assert (got["pos"], got["size"], got["body"], got["keys"], got["flag"]) == (
                    receipt["pos"], receipt["size"], message["body"], message["keys"], message["flag"])
            keyed = broker.probe.query(name, [f"fresh-{i}" for i in range(12)])
            assert keyed == {f"fresh-{i}": [mine[i][1]["pos"]] for i in range(12)}
        # A send goes on where the queue ends; the delay service may send as well, but not to this queue.
        sent, = broker.probe.produce([{"topic": "Fresh", "queue": 1, "body": b"after"}])
        assert sent["queueOffset"] == 6
        await_last(broker, "Fresh", 1, b"after")
