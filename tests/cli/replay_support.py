"""Captured frames taken apart, what two of them differ in, and a stage on which a captured request finds what it found there."""

import json
import re
import socket
import struct
import time
import zlib

from append_support import _record, properties
from serve_support import wait_for
from support import GOLDEN
from wire_client import Answer, binary_frame, frame, send_ext

WIRE = GOLDEN / "wire"
RECORDS = {11, 361, 12, 33, 39, 309}   # the bodies of these are stored messages
VARYING = re.compile(r"\d{13}|\d{4}-\d\d-\d\d#[\d:]+|\d+\.\d+\.\d+\.\d+:\d+")
ADDED = {"MSG_REGION", "TRACE_ON", "CLUSTER", "__transactionId__", "TRANSACTION_CHECK_TIMES", "REAL_TOPIC", "REAL_QID"}   # by brokers


def binary_header(data):
    """A header in RocketMQ's own form, as the other form has it."""
    got = vars(Answer(data[4:]))
    header = {name: got[name] for name in ("code", "version", "opaque", "flag")} | {"language": {0: "JAVA"}[data[10]], "extFields": got["ext"]}
    return header | ({"remark": got["remark"]} if got["remark"] else {})


class Frame:
    """`asked` is the request of an answer, `reply` the answer to a request."""

    def __init__(self, data, direction=None, conn=None):
        word, = struct.unpack_from(">I", data, 4)
        end = 8 + (word & 0xFFFFFF)
        self.data, self.direction, self.conn, self.asked, self.reply = data, direction, conn, None, None
        self.binary, self.body = word >> 24 == 1, data[end:]
        self.header = binary_header(data) if self.binary else json.loads(data[8:end])
        self.code, self.opaque, self.answers = self.header["code"], self.header["opaque"], bool(self.header["flag"] & 1)
        self.ext, self.remark = self.header.get("extFields") or {}, self.header.get("remark")

    def told(self):
        return java_json(self.body.decode())

    def rewritten(self, ext, opaque=None):
        """The same bytes, but for these fields."""
        if not ext and opaque is None:
            return self.data
        opaque = self.opaque if opaque is None else opaque
        if self.binary:
            return binary_frame(self.code, self.ext | ext, self.body, opaque, self.header["flag"])
        text = json.dumps(self.header | {"opaque": opaque} | ({"extFields": self.ext | ext} if ext else {})).encode()
        return struct.pack(">II", 4 + len(text) + len(self.body), len(text)) + text + self.body


def captured(name):
    frames, asked = [], {}
    for line in map(json.loads, open(WIRE / f"{name}.jsonl", encoding="utf-8")):
        each = Frame(bytes.fromhex(line["hex"]), line["dir"], line["conn"])
        if each.answers:
            each.asked = asked[each.conn, {"s2c": "c2s", "c2s": "s2c"}[each.direction], each.opaque]
            each.asked.reply = each
        asked[each.conn, each.direction, each.opaque] = each
        frames.append(each)
    return frames


class Wire:
    """A connection; what came is kept until it is asked for."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=60)
        self.buffer, self.answered, self.requests, self.last = b"", {}, [], 1 << 30
        self.send, self.close = self.socket.sendall, self.socket.close

    def answer(self, opaque):
        while opaque not in self.answered:
            self._take()
        return self.answered.pop(opaque)

    def request(self, code):
        """The server's first request of this kind."""
        while not (found := [each for each in self.requests if each.code == code]):
            self._take()
        self.requests.remove(found[0])
        return found[0]

    def ask(self, code, ext=None, body=b"", version=513):
        self.last += 1
        self.send(frame(code, ext, body, self.last, version=version))
        return self.answer(self.last)

    def _take(self):
        while len(self.buffer) < 4 or len(self.buffer) < 4 + struct.unpack_from(">I", self.buffer)[0]:
            got = self.socket.recv(1 << 20)
            assert got, "the server closed the connection"
            self.buffer += got
        end = 4 + struct.unpack_from(">I", self.buffer)[0]
        taken, self.buffer = Frame(self.buffer[:end]), self.buffer[end:]
        if taken.answers:
            self.answered[taken.opaque] = taken
        else:
            self.requests.append(taken)


def java_json(text):
    """JSON as fastjson writes it: numbers and objects may be keys."""
    text = re.sub(r"(?<=[{,])({[^{}]*}):", lambda key: json.dumps(json.dumps(json.loads(key[1]), sort_keys=True)) + ":", text)
    return json.loads(re.sub(r"(?<=[{,])(\d+):", r'"<\1>":', text))


def records(body):
    """Messages. Captured ones whose bodies named a machine were given other names and kept their CRC; it is set right."""
    found, at, body = [], 0, bytearray(body)
    while at < len(body):
        size, position = struct.unpack_from(">i24xq", body, at)
        length, = struct.unpack_from(">i", body, at + 84)
        if b"192.0.2." in body[at:at + size] or b"127.0.0.1" in body[at:at + size]:
            struct.pack_into(">I", body, at + 8, zlib.crc32(body[at + 88:at + 88 + length]) & 0x7FFFFFFF)
        found.append(_record(bytes(body), at, position - at))
        for host in ("born_host", "store_host"):
            found[-1][host] = "%d.%d.%d.%d:%d" % struct.unpack(">BBBBi", found[-1][host])
        del found[-1]["raw_props"]   # in the order of a Java hash map
        at += size
    return found


def flat(value, path):
    """Paths to scalars. A list of strings is a set, and other lists have an order of ours: theirs is a hash map's."""
    if isinstance(value, dict):
        pairs = [(f"{path}.{key}", item) for key, item in value.items()]
    elif isinstance(value, list):
        rows = sorted(value, key=lambda item: VARYING.sub("", repr(item)))
        pairs = [(f"{path}[{row}]" if isinstance(row, str) else f"{path}[{at}]", row) for at, row in enumerate(rows)]
    else:
        return {path: value}
    found = {path: type(value).__name__}
    for name, item in pairs:
        found |= flat(item, name)
    return found


def aspects(code, answer):
    """Everything that a frame says, by name."""
    found = {name: answer.header.get(name) for name in ("code", "flag", "language", "version", "remark")}
    found |= {"form": "binary" if answer.binary else "JSON", "extFields": type(answer.header.get("extFields")).__name__}
    found |= flat({**answer.ext, "properties": properties(answer.ext.get("properties", "").encode())}, "ext")
    if code in RECORDS and answer.body[:1] == b"\0":
        return found | flat({f"[{at}]": each for at, each in enumerate(records(answer.body))}, "body")
    if answer.body[:1] == b"{":
        return found | flat(answer.told(), "body")
    return found | {"body": answer.body}


# Times, addresses, ids, and counts of what the missing part of the session did: (request codes, aspect, what is masked, as what).
TIME, ADDRESS, COUNT, ID = r"1[6-9]\d{11}", r"\d+\.\d+\.\d+\.\d+:\d+", r"-?\d+", "[0-9A-F]{56}|[0-9A-F]{32}"
NORMAL = [
    ((10, 310, 320, 325, 309), r"ext\.msgId", ID, "an id of address and log offset"),
    ((39,), r"ext\.offsetMsgId", ID, "an id of address and log offset"),
    ((39,), r"ext\.(commitLogOffset|tranStateTableOffset)|body\.\[0\]\.qoff", COUNT, "half messages before it"),
    ({*RECORDS, 907}, r"body\.(\[\d+\]\.pos|masterCommitLogMaxOffset)", COUNT, "messages before it"),
    ((12,), r"ext\.indexLastUpdatePhyoffset", r"[1-9]\d*", "messages before it"),
    ((321,), r".*physic(Offset|Size)", COUNT, "messages before it, and the missing ones' sizes"),
    ((205, 327), r"ext\.(wipe|add)TopicCount", COUNT, "topics"),
    ({*RECORDS, 105, 106, 203, 204, 326, 328, 343}, r".*(brokerAddrs.*|(born|store)_?[Hh]ost|clientAddr|remoteIP|brokerAddr)", ADDRESS, "an address"),
    ((310,), "remark", "Producer: " + ADDRESS, "an address"),
    (RECORDS, r"body\.\[\d+\]\.stored|ext\.indexLastUpdateTimestamp", TIME, "a time"),
    ((32, 202, 208, 303, 326, 328), r".*([tT]imestamp|TimeStamp|PUSH_REPLY_TIME)", TIME, "a time"),
    ((303,), r".*(TimeStampStr|delayTime)", r"\d{4}-\d\d-\d\d#\d\d:\d\d:\d\d:\d\d\d|\d+", "a time"),
    ((202, 208, 315), r".*(topicPutTps|consumeTps|avgpt|sum|tps)", r"[\d.]+", "a rate"),
]


def whole(pattern, text):
    return re.fullmatch(pattern, text, re.S)


def masked(code, answer):
    """Everything that an answer says; what differs from day to day as what it is."""
    found = aspects(code, answer)
    for codes, aspect, what, mask in NORMAL:
        for name in [name for name in found if code in codes and whole(aspect, name) and found[name] is not None]:
            kind = type(found[name]).__name__.removeprefix("str")
            found[name] = kind + re.sub(what, f"({mask})", str(found[name]))
    return found


def differences(genuine, ours):
    """(aspect, what it is there, what it is here), where type or value differ."""
    pairs = [(name, genuine.get(name), ours.get(name)) for name in sorted(genuine.keys() | ours.keys())]
    return [(name, there, here) for name, there, here in pairs if (type(there), there) != (type(here), here)]


class Stage:
    """Ordinary requests that bring about what the missing part of a session left behind."""

    def __init__(self, address, frames, wires):
        self.frames, self.wires, self.admin, self.address, self.side = frames, wires, Wire(address), address, []
        self.queues, self.subscriptions, self.halves, self.times, self.placed = {}, {}, {}, {}, {}
        bodies = [each.body for each in frames if each.body[:1] == b"\0" and (each.asked or each).code in RECORDS]
        self.messages = {(m["topic"], m["queue"], m["qoff"]): m for body in bodies for m in records(body)}
        self.clients = {each.conn: name.decode() for each in reversed(frames)
                        for name in re.findall(rb'"(?:clientI[Dd]":|consumerIdList":\[)"([^"]+)"', each.body)}
        self.clients |= {each.conn: each.ext["clientId"] for each in frames if each.direction == "s2c" and "clientId" in each.ext}
        for each in frames:
            if each.direction == "s2c" and each.asked:
                self.learn(each.asked, (each.remark or "") + (each.body.decode() if each.body[:1] == b"{" else ""))

    def learn(self, asked, text):
        """How many queues an answer shows a topic to have."""
        shown = [(asked.ext["topic"], int(count)) for count in re.findall(r'"writeQueueNums":(\d+)', text) if asked.code in (105, 351)]
        shown += [(topic, int(count)) for topic, count in re.findall(r"topicName=(\S+), readQueueNums=(\d+)", text)]
        shown += [(topic, int(queue) + 1) for queue, topic in re.findall(r'"queueId":(\d+),"topic":"([^"]+)"', text)
                  if asked.code in (202, 208, 222, 223, 303)]
        for topic, count in shown:
            self.queues[topic] = max(self.queues.get(topic, 0), count)

    def ask(self, code, ext=None, body=b"", may=(0,)):
        answer = self.admin.ask(code, ext, body)
        assert answer.code in may, (code, ext, answer.header)
        return answer

    def topic(self, name):
        if self.ask(351, {"topic": name}, may=(0, 17)).code:
            count = self.queues.get(name, 1 if name.startswith("%") else 4)   # 29: the broker's own, made by the first send
            self.ask(17, {"topic": name, "readQueueNums": count, "writeQueueNums": count, "perm": 6, "topicFilterType": "SINGLE_TAG",
                          "order": "false", "defaultTopic": "TBW102"}, may=(0, 29))

    def group(self, name, **more):
        self.ask(200, body=json.dumps({"groupName": name} | more).encode())

    def maximum(self, topic, queue):
        return int(self.ask(30, {"topic": topic, "queueId": queue}, may=(0, 17)).ext.get("offset", 0))

    def put(self, topic, queue, message=None):
        told = {}
        if message:
            kept = {name: value for name, value in message["props"].items() if name not in ADDED}
            told = {"a": kept.get("PGROUP", "G"), "g": message["born"], "h": message["flag"], "f": message["sysflag"],
                    "i": "".join(f"{name}\x01{value}\x02" for name, value in kept.items())}
        return self.ask(310, send_ext(topic, queue, **told), message["body"] if message else b"filler")

    def fill(self, topic, queue, count):
        """So many messages are in the queue, the captured ones where they are known; they can be pulled."""
        queue, count = int(queue), int(count)
        self.topic(topic)
        for offset in range(self.maximum(topic, queue), count):
            time.sleep(0.002)
            self.times[topic, queue, offset] = int(time.time() * 1000)   # later than the one before
            self.placed[topic, queue, offset] = self.put(topic, queue, self.messages.get((topic, queue, offset))).ext["msgId"]
        self.settle(topic, queue, count)

    def settle(self, topic, queue, count):
        """A message can be pulled soon after its send was answered."""
        wait_for(lambda: self.maximum(topic, queue) >= count)

    def half(self, key, topic, queue, group):
        """The answer to the half message of this key."""
        made = {"props": {"UNIQ_KEY": key, "TRAN_MSG": "true", "PGROUP": group}, "flag": 0, "born": int(time.time() * 1000), "sysflag": 4, "body": b"x"}
        known = [each for each in self.messages.values() if each["props"].get("UNIQ_KEY") == key]
        if key not in self.halves:
            self.halves[key] = self.put(topic, known[0]["queue"] if known else queue, known[0] if known else made)
        return self.halves[key]

    def beat(self, wire, client, consumers=(), producers=()):
        body = {"clientID": client, "producerDataSet": [{"groupName": name} for name in producers], "consumerDataSet": list(consumers)}
        assert wire.ask(34, body=json.dumps(body).encode(), version=self.frames[0].header["version"]).code == 0

    def subscribe(self, wire, client, group, subscriptions, **more):
        self.beat(wire, client, [{"groupName": group, "consumeType": "CONSUME_PASSIVELY", "messageModel": "CLUSTERING", "unitMode": False,
                                  "consumeFromWhere": "CONSUME_FROM_FIRST_OFFSET", "subscriptionDataSet": list(subscriptions)} | more])

    def consumer(self, conn, group, topic=None, version=1, kind="TAG", text="*"):
        """A member of the group on this connection, who reads the topic among others."""
        known, mine = (conn, group) in self.subscriptions, self.subscriptions.setdefault((conn, group), {})
        if topic and (topic not in mine or mine[topic]["subVersion"] < version):
            mine[topic], known = {"topic": topic, "subString": text, "subVersion": version, "expressionType": kind}, False
        if not known:
            self.subscribe(self.wires[conn], self.clients.get(conn, f"client@{conn}"), group, mine.values())

    def elsewhere(self):
        self.side.append(Wire(self.address))
        return self.side[-1]

    def leave(self, gone):
        """Who was elsewhere is gone, and the broker knows it."""
        for wire in self.side:
            wire.close()
        wait_for(gone)

    def fill_rows(self, answer, count):
        """The queues of an answer's table have what it shows."""
        rows = [(json.loads(queue), row) for queue, row in answer.told()["offsetTable"].items()] if answer.body else []
        for queue, row in rows:
            self.fill(queue["topic"], queue["queueId"], count(row))
        return rows

    def coming(self, asked, code):
        """The connection of the server's request that this one brings about."""
        return next(each.conn for each in self.frames[self.frames.index(asked):] if (each.code, each.answers, each.direction) == (code, False, "s2c"))
