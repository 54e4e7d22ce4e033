"""Captured frames taken apart: headers in both forms, bodies as Java writes them, and what two frames differ in."""

import json
import re
import socket
import struct
import zlib

from append_support import _record
from support import GOLDEN
from wire_client import binary_frame, frame

WIRE = GOLDEN / "wire"
RECORDS = {11, 361, 12, 33, 39, 309}   # their bodies are stored messages
MASKED = re.compile(r"\d{13}|\d{4}-\d\d-\d\d#[\d:]+|\d+\.\d+\.\d+\.\d+:\d+")


def binary_header(data):
    code, language, version, opaque, flag, size = struct.unpack_from(">hbhiii", data)
    header = {"code": code, "language": language, "version": version, "opaque": opaque, "flag": flag, "extFields": {}}
    if size:
        header["remark"] = data[17:17 + size].decode()
    at = 21 + size
    while at < len(data):
        key, = struct.unpack_from(">h", data, at)
        value, = struct.unpack_from(">i", data, at + 2 + key)
        name, at = data[at + 2:at + 2 + key].decode(), at + 6 + key + value
        header["extFields"][name] = data[at - value:at].decode()
    return header


class Frame:
    def __init__(self, data, direction=None, conn=None, what=None):
        word, = struct.unpack_from(">I", data, 4)
        end = 8 + (word & 0xFFFFFF)
        self.data, self.direction, self.conn, self.what = data, direction, conn, what
        self.binary, self.body = word >> 24 == 1, data[end:]
        self.header = binary_header(data[8:end]) if self.binary else json.loads(data[8:end])
        self.code, self.opaque, self.flag = self.header["code"], self.header["opaque"], self.header["flag"]
        self.version, self.remark = self.header["version"], self.header.get("remark")
        self.ext = self.header.get("extFields") or {}
        self.answers, self.oneway = bool(self.flag & 1), bool(self.flag & 2)

    def rewritten(self, ext, opaque=None):
        """The same bytes, but for these fields."""
        if not ext and opaque is None:
            return self.data
        opaque = self.opaque if opaque is None else opaque
        if self.binary:
            return binary_frame(self.code, self.ext | ext, self.body, opaque, self.flag)
        header = self.header | {"opaque": opaque} | ({"extFields": self.ext | ext} if ext else {})
        text = json.dumps(header).encode()
        return struct.pack(">II", 4 + len(text) + len(self.body), len(text)) + text + self.body


def captured(name):
    lines = map(json.loads, open(WIRE / f"{name}.jsonl", encoding="utf-8"))
    return [Frame(bytes.fromhex(line["hex"]), line["dir"], line["conn"], line["what"]) for line in lines]


class Wire:
    """A connection; what came is kept until it is asked for."""

    def __init__(self, address, version=513):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=20)
        self.version, self.buffer, self.answered, self.requests, self.last = version, b"", {}, [], 1 << 30

    def send(self, data):
        self.socket.sendall(data)

    def close(self):
        self.socket.close()

    def answer(self, opaque):
        while opaque not in self.answered:
            self._take()
        return self.answered.pop(opaque)

    def request(self, wanted):
        """The first request of the server that is wanted."""
        while True:
            for each in self.requests:
                if wanted(each):
                    self.requests.remove(each)
                    return each
            self._take()

    def ask(self, code, ext=None, body=b""):
        self.last += 1
        self.send(frame(code, ext, body, self.last, version=self.version))
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


# --- bodies ---

def java_json(text):
    """JSON as fastjson writes it: numbers and objects may be keys."""
    value, at = _value(text, 0)
    assert at == len(text), text[at:]
    return value


def _value(text, at):
    if text[at] == "{":
        return _items(text, at, "}", _member, dict)
    if text[at] == "[":
        return _items(text, at, "]", _value, list)
    return json.JSONDecoder().raw_decode(text, at)


def _items(text, at, end, item, kind):
    found, at = [], at + 1
    while text[at] != end:
        value, at = item(text, at)
        found.append(value)
        at += text[at] == ","
    return kind(found), at + 1


def _member(text, at):
    key, at = _value(text, at)
    assert text[at] == ":"
    value, at = _value(text, at + 1)
    return (json.dumps(key, sort_keys=True) if isinstance(key, dict) else key, value), at


def repaired(body):
    """Captured messages whose bodies named a machine were given other names, and kept their CRC."""
    body, at = bytearray(body), 0
    while at < len(body):
        size, = struct.unpack_from(">i", body, at)
        length, = struct.unpack_from(">i", body, at + 84)
        struct.pack_into(">I", body, at + 8, zlib.crc32(body[at + 88:at + 88 + length]) & 0x7FFFFFFF)
        at += size
    return bytes(body)


def records(body):
    found, at = [], 0
    while at < len(body):
        position, = struct.unpack_from(">q", body, at + 28)
        found.append(_record(body, at, position - at))
        at += found[-1]["size"]
    return found


def record_aspects(record):
    """A record's fields; hosts as text. The order of properties is that of a Java hash map."""
    shown = {key: value for key, value in record.items() if key != "raw_props"}
    for host in ("born_host", "store_host"):
        shown[host] = "%d.%d.%d.%d:%d" % struct.unpack(">BBBBi", record[host])
    return shown


def content(code, body):
    if code in RECORDS and body[0] == 0:
        return [record_aspects(each) for each in records(repaired(body))]
    if body[:1] in (b"{", b"["):
        return java_json(body.decode())
    return body


# --- comparison ---

def flat(value, path):
    """Paths to scalars. Lists of scalars are sets here, and lists of objects have an order of their own: Java's is a hash map's."""
    if isinstance(value, dict):
        pairs = [(f"{path}.{key}" if isinstance(key, str) else f"{path}.<{key}>", item) for key, item in value.items()]
    elif isinstance(value, list):
        rows = sorted(value, key=lambda item: MASKED.sub("", repr(item)))
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
    found["form"] = "binary" if answer.binary else "JSON"
    found["extFields"] = None if answer.binary else type(answer.header.get("extFields")).__name__
    found |= {f"ext.{name}": value for name, value in answer.ext.items()}
    return found | (flat(content(code, answer.body), "body") if answer.body else {})


def differences(genuine, ours):
    """(aspect, what it is there, what it is here), where type or value differ."""
    names = sorted(genuine.keys() | ours.keys())
    pairs = [(name, genuine.get(name), ours.get(name)) for name in names]
    return [(name, a, b) for name, a, b in pairs if (type(a), a) != (type(b), b)]
