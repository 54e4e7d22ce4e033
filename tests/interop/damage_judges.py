"""What is left of a damaged store to a released broker (store/JudgedStores.java) and to mqctl: raw views of one form, each queue as
[min, max, [[offset, hash of the record], …]], which damage_views makes short and compares."""

import hashlib
import json
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile

from damage_cases import BASES, Store, records, unpack_base
from damage_list import CASES
from harness import HERE, MQCTL, jars

sys.path.insert(0, str(HERE.parent / "cli"))
from wire_client import Client, pull_ext   # noqa: E402

OPTIONS = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in ("sun.nio.ch", "java.nio", "java.lang", "jdk.internal.ref")] + [
    "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED", "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED", "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1", "-Xmx512m", "-Drocketmq.broker.diskSpaceWarningLevelRatio=0.99",
    "-Drocketmq.broker.diskSpaceCleanForciblyRatio=0.99"]
STORES_A_JVM = 20
FOUND = 0


class Bases:
    """The undamaged stores, unpacked once, their records and queues."""

    def __init__(self, directory):
        self.roots = {name: unpack_base(name, directory / f"base-{name}") for name in BASES}
        self.records = {name: records(root) for name, root in self.roots.items()}
        self.queues = {name: sorted({f"{r['topic']}/{r['queue']}" for r in found if r["sysflag"] & 0xC in (0, 8)})
                       for name, found in self.records.items()}
        self.groups = {name: {group: offsets for group, offsets in fastjson((root / "config" / "consumerOffset.json").read_text())
                              ["offsetTable"].items() if "TRANS" not in group} for name, root in self.roots.items()}

    def damaged(self, key, directory):
        """A copy on which the case was done."""
        base, _ = key
        root = directory / "store"
        subprocess.run(["cp", "-a", "--sparse=always", self.roots[base], root], check=True)
        CASES[key](Store(root, base, self.records[base]))
        return root


# --- genuine ---

def genuine_views(version, keys, bases, directory):
    """{key: raw view}; a few stores a JVM, since what initialize() made stays until its end."""
    views = {}
    for start in range(0, len(keys), STORES_A_JVM):
        place = directory / f"{version}-{start}"
        place.mkdir()
        views |= views_of_one_jvm(version, keys[start:start + STORES_A_JVM], bases, place)
        shutil.rmtree(place)
    return views


def views_of_one_jvm(version, keys, bases, directory):
    lib = jars(version)
    (directory / "logback.xml").write_text("<configuration></configuration>")
    roots, lines = {}, []
    for number, key in enumerate(keys):
        place = directory / f"{number}"
        place.mkdir()
        root, base = bases.damaged(key, place), BASES[key[0]]
        roots[str(root)] = key
        lines.append("\t".join(map(str, (root, base.segment, base.queue_file, base.ext_file, *bases.queues[key[0]]))))
    done = subprocess.run(
        ["java", *OPTIONS, f"-Duser.home={directory}", f"-Drocketmq.client.logRoot={directory}",
         f"-Drmq.logback.configurationFile={directory}/logback.xml", f"-Dlogback.configurationFile={directory}/logback.xml",
         "-cp", f"{lib}/*", HERE / "store" / "JudgedStores.java"],
        input="".join(line + "\n" for line in lines), capture_output=True, text=True, timeout=900)
    views = {}
    for line in done.stdout.splitlines():
        if line.startswith('{"dir"'):
            view = json.loads(line)
            views[roots[view.pop("dir")]] = view
    assert views.keys() == set(keys), f"{set(keys) - views.keys()}\n{done.stderr[-3000:]}"
    for root, key in roots.items():
        views[key]["segments"] = left_segments(pathlib.Path(root), key[0])
    return {key: uniform_offsets(view) for key, view in views.items()}


def uniform_offsets(view):
    """Consumer and delay offsets of their own JSON, whose keys stand without quotes."""
    if view["starts"]:
        tables = {}
        for name in ("offsets", "delay"):
            tables[name] = fastjson(view.pop(name))["offsetTable"]
        view["offsets"] = {group: offsets for group, offsets in tables["offsets"].items() if "TRANS" not in group} | {
            "delay": {level: offset for level, offset in tables["delay"].items() if offset}}
    return view


def left_segments(root, base):
    directory = root / "commitlog"
    files = directory.iterdir() if directory.is_dir() else ()
    return sorted(int(p.name) // BASES[base].segment for p in files if p.is_file() and re.fullmatch(r"\d{20}", p.name))


# --- mqctl ---

def pulled(client, topic, queue):
    """[min, max, [[offset, hash]]], as a consumer's offset goes on."""
    low, high = (int(client.ask(code, {"topic": topic, "queueId": queue}).ext["offset"]) for code in (31, 30))
    found, offset = [], low
    while offset < high:
        records, following = pull(client, topic, queue, offset, 32)
        if following - offset > 1 and len(records) != following - offset:   # something is odd: one at a time says where
            records, following = pull(client, topic, queue, offset, 1)
        found += [[following - len(records) + i, short_hash(record)] for i, record in enumerate(records)]
        if following <= offset:
            break
        offset = following
    return [low, high, found]


def pull(client, topic, queue, offset, count):
    answer = client.ask(11, pull_ext(topic, queue, offset, count=count))
    following = int(answer.ext["nextBeginOffset"])
    records = [] if answer.code != FOUND else [answer.body] if following - offset == 1 else parted(answer.body)
    return records, following


def parted(body):
    """Records by the sizes that they name; nothing where these do not add up."""
    found, at = [], 0
    while at < len(body):
        size, = struct.unpack_from(">i", body.ljust(at + 4), at)
        if not 4 < size <= len(body) - at:
            return []
        found.append(body[at:at + size])
        at += size
    return found


def short_hash(record):
    return hashlib.sha1(record).hexdigest()[:12]


def served_view(root, base, queues, groups, flags=()):
    """A raw view of `mqctl serve`, like a genuine one; with its status where it does not start."""
    process = subprocess.Popen([MQCTL, "serve", root, "--listen", "127.0.0.1:0", *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    line = process.stdout.readline()
    if not line:
        _, said = process.communicate(timeout=120)
        return {"starts": False, "status": process.returncode, "why": said.decode(errors="replace").replace(str(root), "STORE").strip()}
    view = {"starts": True, "why": ""}
    with Client(json.loads(line)["namesrv"], timeout=60) as client:
        view["queues"] = {name: pulled(client, name.rpartition("/")[0], int(name.rpartition("/")[2])) for name in queues}
        view["topics"] = sorted(json.loads(client.ask(21).body)["topicConfigTable"])
        view["offsets"] = consumer_offsets(client, groups)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0, process.stderr.read().decode(errors="replace")
    process.stdout.close()
    process.stderr.close()
    summary = json.loads(subprocess.run([MQCTL, "verify", root, "--level", "frame", "-o", "json"], capture_output=True,
                                        text=True).stdout.splitlines()[-1])["summary"]
    view["log"] = [summary["min_pos"], summary["max_pos"]]
    view["segments"] = left_segments(root, base)
    view["offsets"]["delay"] = delay_offsets(root)
    return view


def fastjson(text):
    """JSON whose keys may be numbers without quotes."""
    return json.loads(re.sub(r"([{,]\s*)(\d+)\s*:", r'\1"\2":', text))


def consumer_offsets(client, bases_own):
    """Of the groups that the undamaged store has, as clients are told."""
    found = {}
    for name, queues in bases_own.items():
        topic, group = name.split("@")
        for queue in queues:
            answer = client.ask(14, {"consumerGroup": group, "topic": topic, "queueId": queue})
            if answer.code == 0:
                found.setdefault(name, {})[queue] = int(answer.ext["offset"])
    return found


def delay_offsets(root):
    table = fastjson((root / "config" / "delayOffset.json").read_text())["offsetTable"]
    return {level: offset for level, offset in table.items() if offset}


def verified(root, *flags):
    """(status, sorted classes) of `mqctl verify --level index`."""
    done = subprocess.run([MQCTL, "verify", root, "--level", "index", "-o", "json", *flags], capture_output=True, text=True,
                          timeout=120)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, sorted({line["finding"] for line in lines if "finding" in line})


def our_views(key, bases, keep=None):
    """(verify, by default, with --force where it was refused)"""
    views = [None, None]
    for number, flags in enumerate(((), ("--force",))):
        directory = pathlib.Path(tempfile.mkdtemp(prefix="damage-"))
        try:
            root = bases.damaged(key, directory)
            if number == 0:
                findings = verified(root)
            views[number] = served_view(root, key[0], bases.queues[key[0]], bases.groups[key[0]], flags)
            if views[number]["starts"]:
                status_after, views[number]["after"] = verified(root)
        finally:
            shutil.rmtree(directory)
        if views[0]["starts"] or views[0]["status"] not in (3, 4):
            break
    return findings, views[0], views[1]
