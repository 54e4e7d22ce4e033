"""Makes each fuzzer's first inputs of what genuine brokers and clients wrote (tests/golden), and of a few lines by hand.

seed_corpus.py OUT    fills OUT/NAME/ for every fuzzer
"""

import base64
import hashlib
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import zlib

SOURCE = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = SOURCE / "tests/golden"
REQUEST_END, FIELD, BODY = b"\xfe;", b"\xfe,", b"\xfe{"
MOST_BYTES = 16000


class Seeds:
    def __init__(self, out):
        self.out = pathlib.Path(out)

    def add(self, fuzzer, content):
        if len(content) > MOST_BYTES:
            return
        folder = self.out / fuzzer
        folder.mkdir(parents=True, exist_ok=True)
        (folder / hashlib.sha1(content).hexdigest()[:16]).write_bytes(content)


# --- Golden stores ---


def records_of(segment):
    """Whole records, as their lengths say, up to the first that is none."""
    at = 0
    while at + 8 <= len(segment):
        size, magic = struct.unpack_from(">iI", segment, at)
        if magic not in (0xDAA320A7, 0xDAA320AB) or not 0 < size <= len(segment) - at:
            return
        yield segment[at : at + size]
        at += size


def body_and_properties(record):
    """Of a record with IPv4 hosts; none of another."""
    (sys_flag,) = struct.unpack_from(">i", record, 36)
    if sys_flag & 0x30:
        return None
    (body,) = struct.unpack_from(">i", record, 84)
    at = 88 + body
    if struct.unpack_from(">I", record, 4)[0] == 0xDAA320A7:
        topic = record[at]
        at += 1
    else:
        (topic,) = struct.unpack_from(">H", record, at)
        at += 2
    at += topic
    (properties,) = struct.unpack_from(">H", record, at)
    return sys_flag, record[88 : 88 + body], record[at + 2 : at + 2 + properties]


def some(items, count):
    """So many, from everywhere."""
    items = list(items)
    step = max(1, len(items) // count)
    return items[::step][:count]


def seed_records(seeds, segment):
    records = list(records_of(segment))
    for record in some(records, 40):
        seeds.add("record", record)
        parts = body_and_properties(record)
        if not parts:
            continue
        sys_flag, body, properties = parts
        seeds.add("properties", properties)
        kind = (sys_flag >> 8) & 7
        if sys_flag & 1:
            seeds.add("compression", bytes([(kind or 3) - 1]) + body)
        seeds.add("format", b"\0\xff\xff\0\0\0\0%topic %prop{KEYS} %body\\n\xfe|" + bytes(10) + b"T\xfe|" + properties + b"\xfe|" + body)
    for start in some(range(0, len(records), 8), 8):
        seeds.add("scanner", b"".join(records[start : start + 8]))


def seed_store(seeds, store):
    for segment in sorted((store / "commitlog").glob("[0-9]*"))[:2]:
        with segment.open("rb") as file:
            seed_records(seeds, file.read(4 << 20))
    for queue in sorted((store / "consumequeue").glob("*/*/[0-9]*"))[:20]:
        with queue.open("rb") as file:
            seeds.add("consume_queue", bytes(4) + file.read(20 * 12))
    for index in sorted((store / "index").glob("*"))[:1]:
        with index.open("rb") as file:
            seeds.add("index", file.read(4000))
    if (store / "checkpoint").exists():
        seeds.add("checkpoint", (store / "checkpoint").read_bytes()[:64])
    files = ["topics.json", "topics.json", "subscriptionGroup.json", "consumerOffset.json", "delayOffset.json", "kvConfig.json"]
    for number, name in enumerate(files):
        if (store / "config" / name).exists():
            seeds.add("config", bytes([number, 0]) + (store / "config" / name).read_bytes())


def seed_stores(seeds):
    for archive in sorted(GOLDEN.glob("*.tar.zst")):
        with tempfile.TemporaryDirectory() as work:
            tar = subprocess.run(["zstd", "-dcq", archive], check=True, capture_output=True).stdout
            subprocess.run(["tar", "-xf", "-", "-C", work], input=tar, check=True)
            for store in pathlib.Path(work).iterdir():
                seed_store(seeds, store)


def seed_listings(seeds):
    """What Apache's decoder read in the stores, as records of `append -i json`."""
    for listing in sorted(GOLDEN.glob("*.expected.jsonl")):
        for line in some(listing.read_text().splitlines(), 12):
            said = json.loads(line)
            record = {"v": 1, "topic": said.get("topic", "T"), "queue": 0, "born": "2026-01-02T03:04:05.678Z", "born_host": "127.0.0.1:5"}
            record["props"] = {"KEYS": "k", "TAGS": "t"}
            record["body_b64"] = base64.b64encode(line[:80].encode()).decode()
            seeds.add("append_json", json.dumps(record).encode())


# --- Captures of the wire ---


def json_header(text):
    header = json.loads(text)
    fields = header.get("extFields") or {}
    return header["code"], header.get("flag", 0), {k: v if isinstance(v, str) else json.dumps(v) for k, v in fields.items()}


def binary_header(text):
    code, _, _, _, flag, remark = struct.unpack_from(">hbhiii", text)
    at = 17 + remark + 4
    fields = {}
    while at < len(text):
        (length,) = struct.unpack_from(">h", text, at)
        name = text[at + 2 : at + 2 + length]
        at += 2 + length
        (length,) = struct.unpack_from(">i", text, at)
        fields[name.decode()] = text[at + 4 : at + 4 + length].decode("utf-8", "surrogateescape")
        at += 4 + length
    return code, flag, fields


def request_of(frame):
    """The frame as fuzz_broker has its requests; none for an answer."""
    (word,) = struct.unpack_from(">I", frame, 4)
    length, binary = word & 0xFFFFFF, word >> 24
    header = frame[8 : 8 + length]
    code, flag, fields = binary_header(header) if binary else json_header(header)
    if flag & 1:
        return None
    return one_request(code, (2 if binary else 0) | (4 if flag & 2 else 0), fields, frame[8 + length :])


def one_request(code, flags, fields, body=b""):
    text = struct.pack(">HB", code & 0xFFFF, flags)
    for name, value in fields.items():
        text += FIELD + name.encode() + b"=" + value.encode("utf-8", "surrogateescape")
    return text + (BODY + body if body else b"") + REQUEST_END


def seed_captures(seeds):
    for capture in sorted((GOLDEN / "wire").glob("*.jsonl")):
        connections = {}
        for line in capture.read_text().splitlines():
            said = json.loads(line)
            frame = bytes.fromhex(said["hex"])
            seeds.add("frame", frame)
            if said["dir"] != "c2s":
                continue
            request = request_of(frame)
            if request is None:
                continue
            connections.setdefault(said["conn"], []).append(request)
            code = struct.unpack_from(">H", request)[0]
            if code == 320:
                seeds.add("batch", frame[8 + (struct.unpack_from(">I", frame, 4)[0] & 0xFFFFFF) :])
        for requests in connections.values():
            for start in range(0, len(requests), 6):
                seeds.add("broker", b"".join(requests[start : start + 6]))


# --- By hand ---

FIELDS = {
    "topic": "T", "defaultTopic": "TBW102", "queueId": "0", "group": "G", "consumerGroup": "G", "producerGroup": "P", "queueOffset": "0",
    "offset": "0", "commitOffset": "0", "maxMsgNums": "32", "sysFlag": "0", "subVersion": "0", "subscription": "*", "expressionType": "TAG",
    "timestamp": "-1", "key": "k0", "maxNum": "32", "beginTimestamp": "0", "endTimestamp": "9999999999999", "clientID": "c", "brokerName": "broker-a",
    "bornTimestamp": "1700000000000", "flag": "0", "properties": "KEYS\x01k\x02", "reconsumeTimes": "0", "unitMode": "false", "batch": "false",
    "readQueueNums": "4", "writeQueueNums": "4", "perm": "6", "topicFilterType": "SINGLE_TAG", "order": "false", "groupName": "G",
    "namespace": "n", "value": "v", "tranStateTableOffset": "0", "commitLogOffset": "0", "commitOrRollback": "8", "isForce": "true",
    "originMsgId": "x", "originTopic": "T", "delayLevel": "1", "maxReconsumeTimes": "16", "srcGroup": "G", "destGroup": "H", "consumerGroupName": "G",
    "defaultTopicQueueNums": "4", "suspendTimeoutMillis": "0", "setZeroIfNotFound": "true", "msgId": "00", "statsName": "TOPIC_PUT_NUMS", "statsKey": "T",
}


def request_codes():
    text = (SOURCE / "cli/remoting/protocol.h").read_text()
    block = re.search(r"namespace request_code \{(.*?)\n\}", text, re.S).group(1)
    return [int(number) for number in re.findall(r"= (\d+)", block)]


def seed_requests(seeds):
    send = one_request(10, 0, FIELDS, b"body")
    bodies = [b"", b"{}", b'{"topics":["T"],"offsetTable":{},"consumerGroup":"G","clientId":"c","mqSet":[{"topic":"T","brokerName":"broker-a","queueId":0}]}']
    for code in request_codes():
        for body in bodies:
            seeds.add("broker", send + one_request(code, 0, FIELDS, body))
    half = dict(FIELDS, sysFlag="4", properties="TRAN_MSG\x01true\x02PGROUP\x01P\x02UNIQ_KEY\x01u\x02")
    heartbeat = b'{"clientID":"c","consumerDataSet":[{"groupName":"G","consumeType":"CONSUME_PASSIVELY","messageModel":"CLUSTERING","consumeFromWhere":"CONSUME_FROM_LAST_OFFSET","subscriptionDataSet":[{"topic":"T","subString":"*"}]}],"producerDataSet":[{"groupName":"P"}]}'
    beat = one_request(34, 0, {}, heartbeat)
    checked = struct.pack(">HBH", 0xFFFD, 0, 900) + REQUEST_END
    answered = struct.pack(">HB", 0xFFFF, 0) + b"{}" + REQUEST_END
    seeds.add("broker", beat + one_request(10, 0, half, b"half") + checked + answered + one_request(37, 0, FIELDS))
    seeds.add("broker", beat + one_request(307, 0, FIELDS) + answered + struct.pack(">HB", 0xFFFE, 0) + REQUEST_END)
    seeds.add("broker", b"".join(one_request(215, 0, {"topic": topic}) for topic in "AB"))
    parked = dict(FIELDS, sysFlag="2", queueOffset="5", suspendTimeoutMillis="60000")
    seeds.add("broker", send + one_request(11, 1, parked) + send)


LINES = {
    "units": ["64MiB", "500kB", "4096", "1h30m", "250ms", "7d", "2026-01-02T03:04:05.678+01:00", "2026-01-02", "1767323045678", "now", "-1h", "100..200",
              "..5", "7..", "-1h..now", "127.0.0.1:5", "[::1]:10911", "7F000001000027760000000000000ABC", "1s 5s 10m 2h", "04;05", "brokerName=b\nbrokerId=0\n# c\n"],
    "sql": ["a > 5\na\x017\x02", "a IS NOT NULL AND b BETWEEN 1 AND 10\nb\x012.5\x02", "a IN ('x','y') OR NOT (b = TRUE)\na\x01x\x02",
            "a <> 'it''s' AND _b >= -1.5e3\n", "a CONTAINS 'x' AND b STARTSWITH 'y' AND c NOT ENDSWITH 'z'\na\x01x\x02"],
    "append_json": ['{"body":"x"}', '{"topic":"T","queue":3,"tags":"A","keys":["k1","k2"],"props":{"a":"b"},"body_b64":"AAE="}',
                    '{"v":1,"body":"x","sysflag":1,"compressed":"zlib"}', '{"v":1,"finding":"bad-magic"}', '{"body":"x","props_b64":"YQFiAg==","born":1}'],
    "format": ["\0\0\0\0\0\0%topic %queue %qoff %pos %tags %keys %msgid %uniq %born %stored %body %size %prop{a} %% \\t\\n\\r\\0\\\\"],
    "config": ["\3\0{\"offsetTable\":{\"T@G\":{0:12,1:15}}}", "\4\0{\"offsetTable\":{1:5}}", "\5\0{\"configTable\":{\"n\":{\"k\":\"v\"}}}",
               "\2\0{\"subscriptionGroupTable\":{\"G\":{\"groupName\":\"G\",\"retryMaxTimes\":16}},\"forbiddenTable\":{}}"],
    "store": ["\0", "\1", "\2", "\3", "\1\1\0\0\x10\x08abcdefgh", "\3\1\4\x0f\x00\0", "\1\2\6\0\0\0", "\1\1\1\x01\0\x20\1\2\0"],
}


def seed_lines(seeds):
    for fuzzer, lines in LINES.items():
        for line in lines:
            seeds.add(fuzzer, line.encode())


def seed_bodies(seeds):
    seeds.add("compression", b"\0" + zlib.compress(b"body " * 40))
    for kind in (1, 2):
        seeds.add("compression", bytes([kind]) + b"body " * 40)


def seed_all(seeds):
    seed_lines(seeds)
    seed_bodies(seeds)
    seed_stores(seeds)
    seed_listings(seeds)
    seed_captures(seeds)
    seed_requests(seeds)


if __name__ == "__main__":
    seed_all(Seeds(sys.argv[1]))
