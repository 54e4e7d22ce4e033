"""Genuine brokers and clients for tests, and what the tests of this directory share.

Broker(version, store, **broker_conf) is a context manager: a released name server and broker on the store. Leaving it kills what is
still running (stop() is the clean end, kill9() the other one); what the broker said is shown when the body fails.
broker.probe is a genuine client of the same version (java/Probe.java). A clean stop takes 10 s (4.9.4) to 20 s (5.5.0), nearly all of it
waiting; so the tests run their scenarios side by side (Scenarios) and stop cleanly only what is looked at afterwards.
"""

import base64
import collections
import concurrent.futures
import hashlib
import ipaddress
import json
import os
import pathlib
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = pathlib.Path(os.environ.get("MQCTL_SOURCE", HERE.parents[1]))
MQCTL = os.environ.get("MQCTL", "mqctl")
GOLDEN = SOURCE / "tests" / "golden"
HOME = pathlib.Path(os.environ.get("RMQ_HOME", pathlib.Path.home() / ".cache" / "genuine-rocketmq"))
SCRIPT = HERE / "genuine-broker.sh"

VERSIONS = ("4.9.4", "5.3.3", "5.5.0")
DELAY_LEVELS = "1s 2s 5s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h"
SEGMENT = 262144
# The store files of the golden sets, so that few messages make many of them.
SMALL = {"mappedFileSizeCommitLog": SEGMENT, "mappedFileSizeConsumeQueue": 2000, "maxHashSlotNum": 100, "maxIndexNum": 400}
GOLDEN_SETS = {
    "tiny-5.5.0": ("5.5.0", SMALL | {"mappedFileSizeCommitLog": 65536}),
    "apache-4.9.4-clean": ("4.9.4", SMALL | {"mappedFileSizeConsumeQueue": 40000, "maxHashSlotNum": 1000, "maxIndexNum": 4000}),
    "apache-5.3.3-kill9": ("5.3.3", SMALL),
    "apache-5.5.0-mixed": ("5.5.0", SMALL),
    "apache-5.5.0-ipv6-v2": ("5.5.0", SMALL | {"mappedFileSizeCommitLog": 131072}),
}


# A genuine broker refuses what waited 200 ms for its turn, and everything while a message takes a second to be written.
UNHURRIED = {"brokerFastFailureEnable": "false", "osPageCacheBusyTimeOutMills": "60000"}


# --- waiting ---

def wait_for(what, condition, seconds=60, every=0.05):
    """Polls until condition() gives something true, and gives that."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(every)


# --- ports ---

_given = set()
_ports = threading.Lock()


def _bindable(port):
    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET, "127.0.0.1")):
        with socket.socket(family, socket.SOCK_STREAM) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind((address, port))
            except OSError:
                return False
    return True


def free_ports():
    """(broker, name server), both below the range that clients' sockets get; the broker also takes port-2 (VIP) and port+1 (HA)."""
    with _ports:
        start = 12000 + (os.getpid() * 40) % 18000
        for step in range(0, 18000, 10):
            base = 12000 + (start - 12000 + step) % 18000
            block = range(base, base + 5)
            if base not in _given and all(_bindable(port) for port in block):
                _given.add(base)
                return base + 2, base + 4
    raise AssertionError("no free ports")


# --- the genuine programs ---

_fetching = threading.Lock()


def jars(version):
    """The directory of a release's jars, fetched at first use."""
    with _fetching:
        if not (HOME / f"v{version}" / "lib").is_dir():
            done = subprocess.run([SCRIPT, "fetch", version], capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
    return HOME / f"v{version}" / "lib"


def probe_classes(version):
    """java/Probe.java compiled against a release; kept beside its jars, by the digest of the source."""
    source = HERE / "java" / "Probe.java"
    target = HOME / f"v{version}" / ("probe-" + hashlib.sha256(source.read_bytes()).hexdigest()[:16])
    lib = jars(version)
    with _fetching:
        if not target.is_dir():
            remove_unused(target.parent.glob("probe-*"))
            part = tempfile.mkdtemp(dir=target.parent)
            done = subprocess.run(["javac", "-nowarn", "-d", part, "-cp", f"{lib}/*", source], capture_output=True, text=True)
            assert done.returncode == 0, f"Probe.java against {version}:\n{done.stderr}"
            try:
                os.rename(part, target)
            except OSError:   # another process was first
                shutil.rmtree(part)
        os.utime(target)
    return target


def remove_unused(directories):
    """Those of other states of the sources, unless used within a day: another checkout's tests may be at work."""
    for old in directories:
        if time.time() - old.stat().st_mtime > 86400:
            shutil.rmtree(old, ignore_errors=True)


# The brokers go when the tests are killed.
_WITH_US = ["setpriv", "--pdeathsig", "TERM", "--"] if shutil.which("setpriv") else []


class Broker:
    """A released name server and broker on a store."""

    def __init__(self, version, store, **conf):
        self.version, self.store, self.conf = version, pathlib.Path(store), conf
        self.run = pathlib.Path(tempfile.mkdtemp(prefix=f"broker-{version}-"))
        self.process = self._probe = None
        jars(version)
        for attempt in (1, 2):
            try:
                self._start()
                return
            except AssertionError as e:
                self.close()
                # Somebody else took a port between the look and the bind.
                if attempt == 2 or "already in use" not in str(e):
                    raise

    def _start(self):
        self.port, self.namesrv_port = free_ports()
        self.namesrv = f"127.0.0.1:{self.namesrv_port}"
        self.address = f"127.0.0.1:{self.port}"
        self.run.mkdir(exist_ok=True)
        settings = {"messageDelayLevel": DELAY_LEVELS} | UNHURRIED | self.conf
        with open(self.run / "script.err", "wb") as err:
            self.process = subprocess.Popen(
                [*_WITH_US, SCRIPT, "run", self.version, self.store, str(self.port), str(self.namesrv_port),
                 *(f"{key}={value}" for key, value in settings.items())],
                env=os.environ | {"RUN_DIR": str(self.run), "RMQ_HOME": str(HOME)}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=err, text=True, start_new_session=True)
        line = self.process.stdout.readline()
        assert line.startswith("up "), f"broker {self.version} did not start:\n{self.output()}"
        self.pids = {key: int(value) for key, value in (item.split("=", 1) for item in line.split()[1:]) if value.isdigit()}

    @property
    def probe(self):
        if self._probe is None:
            self._probe = Probe(self.version, self.namesrv, self.address, self.run)
        return self._probe

    def output(self):
        parts = []
        for name in ("script.err", "ns.out", "broker.out", "probe.err"):
            file = self.run / name
            text = file.read_text(errors="replace") if file.exists() else ""
            if text:
                parts.append(f"--- {name} ---\n{text[-6000:]}")
        return "\n".join(parts)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def _close_probe(self):
        if self._probe is not None:
            self._probe.close()
            self._probe = None

    def stop(self):
        """The clean end, as a service manager asks for it."""
        self._close_probe()
        assert self.alive(), f"broker {self.version} is gone:\n{self.output()}"
        self.process.terminate()
        assert self.process.wait(240) == 0, self.output()
        assert not (self.store / "abort").exists(), f"not a clean stop:\n{self.output()}"

    def kill9(self):
        """The broker by SIGKILL; its probe stays, so that a load can be asked for what was acknowledged."""
        os.kill(self.pids["broker"], signal.SIGKILL)
        self.process.wait(120)

    def close(self):
        self._close_probe()
        if self.process is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()
            self.process.stdout.close()
        shutil.rmtree(self.run, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None:
            print(f"--- broker {self.version} on {self.store} ---\n{self.output()}", file=sys.stderr)
        self.close()


class Probe:
    """A genuine client in a JVM of its own; one command at a time."""

    def __init__(self, version, namesrv, address, directory):
        self.address = address
        classes, lib = probe_classes(version), jars(version)
        home = pathlib.Path(directory) / "probe"
        home.mkdir(exist_ok=True)
        with open(pathlib.Path(directory) / "probe.err", "ab") as err:
            self.process = subprocess.Popen(
                ["java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", f"-Duser.home={home}",
                 f"-Drocketmq.client.logRoot={home}", "-Drocketmq.client.logLevel=WARN",
                 f"-Drmq.logback.configurationFile={directory}/home/conf/rmq.xml", "-cp", f"{classes}:{lib}/*", "Probe",
                 "serve-stdin", namesrv, address],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=err, text=True, encoding="utf-8", start_new_session=True)
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))
        self.lines.put({"error": "the probe's process ended"})

    def ask(self, cmd, seconds=240, **args):
        self.process.stdin.write(json.dumps({"cmd": cmd, **args}) + "\n")
        self.process.stdin.flush()
        end, lines = time.monotonic() + seconds, []
        while True:
            try:
                line = self.lines.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"{cmd}: no answer within {seconds} s, {len(lines)} lines so far") from None
            assert "error" not in line, f"{cmd} {args}: {line['error']}"
            if line.get("done"):
                return lines
            lines.append(line)

    def close(self):
        try:
            self.process.stdin.close()
            self.process.wait(5)
        except (OSError, subprocess.TimeoutExpired):
            pass
        self.process.kill()
        self.process.wait()

    def produce(self, messages):
        """Messages of {topic, queue, tags, keys, props, flag, body, delay}; their receipts."""
        receipts = self.ask("produce", messages=[
            {key: value for key, value in message.items() if key != "body"} |
            {"body_b64": base64.b64encode(message["body"]).decode()} for message in messages])
        assert [r["status"] for r in receipts] == ["SEND_OK"] * len(messages)
        return receipts

    def pull(self, topic, queues=None, seconds=240):
        """All messages of a topic, and {queue: (min, max)}. Named queues need no route."""
        lines = self.ask("pull", seconds, topic=topic, **({"queues": list(queues)} if queues is not None else {}))
        messages = [decoded(line) for line in lines if "pos" in line]
        bounds = {line["queue"]: (line["min"], line["max"]) for line in lines if "min" in line}
        return messages, bounds

    def consume(self, topic, group, count):
        return [decoded(line) for line in self.ask("consume", topic=topic, group=group, count=count)]

    def query(self, topic, keys):
        """{key: positions}, newest first as brokers give them, sorted here."""
        return {line["key"]: sorted(line["pos"]) for line in self.ask("query", topic=topic, keys=list(keys))}

    def view(self, topic, ids):
        """By offset message id, whatever address is in the id."""
        return [decoded(line) for line in self.ask("view", topic=topic, ids=list(ids), addr=self.address)]

    def uniq(self, topic, ids):
        return [decoded(line) for line in self.ask("uniq", topic=topic, ids=list(ids))]

    def offset_by_time(self, topic, number, times):
        return [line["offset"] for line in self.ask("time", topic=topic, queue=number, times=list(times))]

    def load(self, topic, **args):
        """Starts sending from several threads; `count` of them are acknowledged when this returns."""
        count = args.pop("count", 200)
        self.ask("load", topic=topic, **args)
        self.load_reaches(count)

    def load_reaches(self, count):
        wait_for(f"{count} messages acknowledged", lambda: self.ask("load-count")[0]["acked"] >= count, 120)

    def load_end(self):
        return self.ask("load-end")


def decoded(line):
    """A listed message with its body as bytes and the hosts as RFC 5952 has them."""
    for name in ("born_host", "store_host"):
        address, _, port = line[name].rpartition(":")
        if address.startswith("["):
            line[name] = f"[{ipaddress.ip_address(address[1:-1].partition('%')[0])}]:{port}"
    line["body"] = base64.b64decode(line.pop("body_b64"))
    line["keys"] = line["keys"].split() if line["keys"] else []
    return line


# --- mqctl ---

def mqctl(*args, stdin=b"", status=0, timeout=120):
    """Runs mqctl; the exit status must be as said (None: any)."""
    done = subprocess.run([MQCTL, *map(str, args)], input=stdin, capture_output=True, timeout=timeout)
    assert status is None or done.returncode == status, (
        f"mqctl {' '.join(map(str, args))}: status {done.returncode}, not {status}\n"
        f"{done.stdout[-3000:].decode(errors='replace')}\n{done.stderr[-3000:].decode(errors='replace')}")
    return done


def json_lines(data):
    return [json.loads(line) for line in data.splitlines()]


def append(store, messages, *flags):
    """`mqctl append -i json` of messages as Probe.produce takes them, with their receipts; born_ms and born_host are taken too."""
    lines = []
    for message in messages:
        record = {"v": 1, "topic": message["topic"], "queue": message.get("queue", 0), "flag": message.get("flag", 0),
                  "body_b64": base64.b64encode(message["body"]).decode()}
        props = dict(message.get("props", {}))
        if message.get("tags"):
            record["tags"] = props["TAGS"] = message["tags"]
        if message.get("keys"):
            record["keys"] = message["keys"]
            props["KEYS"] = " ".join(message["keys"])
        if props:
            record["props"] = props
        if "born_ms" in message:
            seconds, ms = divmod(message["born_ms"], 1000)
            record["born"] = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{ms:03}Z"
        if "born_host" in message:
            record["born_host"] = message["born_host"]
        lines.append(json.dumps(record))
    done = mqctl("append", store, "-i", "json", "--receipt", *flags, stdin="".join(line + "\n" for line in lines).encode())
    receipts = json_lines(done.stdout)
    assert len(receipts) == len(messages), done.stderr.decode(errors="replace")
    return receipts, done.stderr.decode(errors="replace")


def dump(store, *flags):
    return json_lines(mqctl("dump", store, "-o", "json", *flags).stdout)


def verify(store):
    """What `mqctl verify --level index` says of a sound store."""
    return mqctl("verify", store, "--level", "index")


# --- stores ---

def unpack_golden(name, directory):
    """A fresh copy of a golden set; its root."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    unpacked = subprocess.Popen(["zstd", "-dc", GOLDEN / f"{name}.tar.zst"], stdout=subprocess.PIPE)
    subprocess.run(["tar", "-xmf", "-", "-C", directory], stdin=unpacked.stdout, check=True)
    unpacked.stdout.close()
    assert unpacked.wait() == 0
    return directory / name


def golden_expected(name):
    """(records in log order, end of the log)"""
    with open(GOLDEN / f"{name}.expected.jsonl", encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    return [line for line in lines if "topic" in line], lines[-1]["end"]


def golden_queues(name):
    with open(GOLDEN / f"{name}.queues.json", encoding="utf-8") as file:
        return json.load(file)


def segments(store):
    return sorted(p for p in (pathlib.Path(store) / "commitlog").iterdir() if len(p.name) == 20 and p.name.isdigit())


# --- scenarios side by side ---

Key = collections.namedtuple("Key", "scenario param")


class Scenarios:
    """Runs scenario functions in the background, at most a few at a time; what each gives, or raises, its tests get.

    Use in a test module:

        scenarios = Scenarios()

        @scenarios.of(*VERSIONS)
        def test_x(param, directory):
            ...

    Every selected test of the module is under way as soon as the first one is asked for its result.
    """

    def __init__(self, workers=3):
        self.workers, self.functions, self.futures, self.pool = workers, {}, {}, None

    def of(self, *params):
        import pytest

        def wrap(function):
            name = function.__name__
            self.functions[name] = function

            @pytest.mark.parametrize("param", params)
            def test(param, request, tmp_path_factory):
                self._start(request.session.items, tmp_path_factory)
                self.futures[Key(name, param)].result()
            test.__name__, test.__doc__, test.__module__ = name, function.__doc__, function.__module__
            return test
        return wrap

    def _start(self, items, tmp_path_factory):
        if self.pool is not None:
            return
        self.pool = concurrent.futures.ThreadPoolExecutor(self.workers)
        for item in items:
            name = getattr(item, "originalname", None)
            if name in self.functions and item.module.__name__ == self.functions[name].__module__:
                param = item.callspec.params["param"]
                directory = tmp_path_factory.mktemp(f"{name.removeprefix('test_')}-{param}".replace("/", "_"), numbered=True)
                self.futures[Key(name, param)] = self.pool.submit(self._run, self.functions[name], param, directory)

    @staticmethod
    def _run(function, param, directory):
        began = time.monotonic()
        try:
            return function(param, directory)
        finally:
            if os.environ.get("INTEROP_TIMES"):
                print(f"{function.__name__} {param}: {time.monotonic() - began:.1f} s", file=sys.stderr)
            shutil.rmtree(directory, ignore_errors=True)
