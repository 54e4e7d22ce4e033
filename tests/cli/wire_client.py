"""A client of RocketMQ's remoting protocol, small and not ours in any line: frames by struct, headers by json."""

import json
import os
import socket
import struct
import subprocess
import tempfile
import time

from support import MQCTL


def frame(code, ext=None, body=b"", opaque=1, flag=0, version=479):
    header = json.dumps({"code": code, "language": "JAVA", "version": version, "opaque": opaque, "flag": flag,
                         "extFields": {k: str(v) for k, v in (ext or {}).items()}}).encode()
    return struct.pack(">II", 4 + len(header) + len(body), len(header)) + header + body


def binary_frame(code, ext=None, body=b"", opaque=1, flag=0):
    fields = b"".join(struct.pack(">h", len(k)) + k.encode() + struct.pack(">i", len(str(v))) + str(v).encode() for k, v in (ext or {}).items())
    header = struct.pack(">hbhiii", code, 0, 479, opaque, flag, 0) + struct.pack(">i", len(fields)) + fields
    return struct.pack(">II", 4 + len(header) + len(body), len(header) | 1 << 24) + header + body


def send_ext(topic, queue=0, **more):
    return {"a": "G", "b": topic, "c": "TBW102", "d": 4, "e": queue, "f": 0, "g": 1767323045678, "h": 0, "i": "", "j": 0, "k": "false",
            "m": "false"} | more


def pull_ext(topic, queue=0, offset=0, suspend=0, count=32):
    return {"consumerGroup": "CG", "topic": topic, "queueId": queue, "queueOffset": offset, "maxMsgNums": count,
            "sysFlag": 4 | (2 if suspend else 0), "commitOffset": 0, "suspendTimeoutMillis": suspend, "subscription": "*", "subVersion": 0}


class Answer:
    def __init__(self, data):
        word, = struct.unpack_from(">I", data)
        self.binary, size = word >> 24 == 1, word & 0xFFFFFF
        header, self.body = data[4:4 + size], data[4 + size:]
        if self.binary:
            self.code, _, self.version, self.opaque, self.flag, remark = struct.unpack_from(">hbhiii", header)
            self.remark = header[17:17 + remark].decode()
            at = 17 + remark + 4
            self.ext = {}
            while at < len(header):
                n, = struct.unpack_from(">h", header, at)
                name = header[at + 2:at + 2 + n].decode()
                m, = struct.unpack_from(">i", header, at + 2 + n)
                self.ext[name] = header[at + 6 + n:at + 6 + n + m].decode()
                at += 6 + n + m
        else:
            fields = json.loads(header)
            self.code, self.opaque, self.flag = fields["code"], fields["opaque"], fields["flag"]
            self.remark, self.ext, self.version = fields.get("remark", ""), fields.get("extFields", {}), fields["version"]
            assert all(isinstance(value, str) for value in self.ext.values())


class Client:
    def __init__(self, address, timeout=60):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=timeout)
        self.buffer = b""
        self.pushed = []   # requests of the server that came before an answer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def receive(self):
        """The next answer; None where the connection was closed."""
        while True:
            if len(self.buffer) >= 4:
                size, = struct.unpack_from(">I", self.buffer)
                if len(self.buffer) >= 4 + size:
                    data, self.buffer = self.buffer[4:4 + size], self.buffer[4 + size:]
                    return Answer(data)
            try:
                got = self.socket.recv(1 << 20)
            except ConnectionResetError:
                return None
            if not got:
                return None
            self.buffer += got

    def ask(self, code, ext=None, body=b"", **more):
        self.send(frame(code, ext, body, **more))
        while True:
            got = self.receive()
            if got is None or got.flag & 1:
                return got
            self.pushed.append(got)

    def put(self, topic, body, queue=0):
        answer = self.ask(310, send_ext(topic, queue), body)
        assert answer.code == 0, answer.remark
        return answer

    def wait_for_max(self, topic, queue, offset):
        """A message can be pulled soon after its send was answered."""
        end = time.monotonic() + 60
        while int(self.ask(30, {"topic": topic, "queueId": queue}).ext["offset"]) != offset:
            assert time.monotonic() < end

    def pull(self, topic, queue=0, offset=0):
        return self.ask(11, pull_ext(topic, queue, offset))


class Serve:
    """`mqctl serve`, ready."""

    def __init__(self, *args, env=None, under=()):
        self.log = tempfile.TemporaryFile()
        self.stores = tempfile.TemporaryDirectory()   # of an ephemeral one, which a kill leaves
        self.process = subprocess.Popen([*under, MQCTL, "serve", "--listen", "127.0.0.1:0", *map(str, args)], stdout=subprocess.PIPE, stderr=self.log,
                                        env=dict(os.environ) | {"TMPDIR": self.stores.name} | (env or {}))
        line = self.process.stdout.readline()
        assert line, self.said()
        self.ready = json.loads(line)
        self.address = self.ready["namesrv"]

    def said(self):
        """Without a seek: the place where the server writes on would move along."""
        return os.pread(self.log.fileno(), os.fstat(self.log.fileno()).st_size, 0).decode(errors="replace")

    def client(self, **more):
        return Client(self.address, **more)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        report = self.said()
        self.process.stdout.close()
        self.log.close()
        self.stores.cleanup()
        assert "Sanitizer" not in report, report   # what it dies of may be the last thing that a test does
