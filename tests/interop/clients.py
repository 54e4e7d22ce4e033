"""Scenario programs of genuine clients (java/, go/, node/), built once, and what each says of a broker.

A program is called with NAMESRV RUN SCENARIO... and prints `NAME ok` or `NAME FAILED reason` for each; it is the same whoever's broker
it talks to.
"""

import dataclasses
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading

from harness import HERE, HOME, Broker, jars, remove_unused, wait_for

# The op settings keep a genuine 5.x broker from spinning; none must give up a transaction that a client is slow to decide.
CONF = {"messageDelayLevel": "1s 2s 5s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h", "enablePropertyFilter": "true",
        "traceTopicEnable": "true", "transactionCheckInterval": "3000", "transactionTimeOut": "1000",
        "transactionCheckMax": "1000", "transactionOpMsgMaxSize": "1", "transactionOpBatchInterval": "3600000"}
PATIENCE = 420


@dataclasses.dataclass(frozen=True)
class Client:
    name: str      # as the matrix has it
    broker: str    # the genuine broker's version
    prepare: object   # gives the command, without NAMESRV RUN SCENARIO...

    def run(self, namesrv, run):
        """{scenario: "ok" or "FAILED reason"}. All run at once; what fails on a machine so busy is tried once more, by itself."""
        outcomes = self.call(namesrv, run, ["all"])
        for scenario in [name for name, verdict in outcomes.items() if verdict != "ok"]:
            outcomes |= self.call(namesrv, f"{run}-again", [scenario])
        return dict(sorted(outcomes.items()))

    def call(self, namesrv, run, scenarios):
        with tempfile.TemporaryDirectory(prefix="client-") as home, open(os.path.join(home, "err"), "wb") as err:
            done = subprocess.run([*self.prepare(home), namesrv, run, *scenarios], stdout=subprocess.PIPE, stderr=err, timeout=PATIENCE,
                                  cwd=home, env=os.environ | {"HOME": home})
        lines = done.stdout.decode().splitlines()
        assert lines, f"{self.name}: no outcome, status {done.returncode}"
        for line in lines:
            if not line.endswith(" ok"):
                print(f"--- {self.name}, {namesrv}, {run}: {line}")
        return dict(line.split(" ", 1) for line in lines)


# --- building ---

_building = threading.Lock()


def built(kind, build):
    """The directory that build(source, target) filled; once for each state of the sources."""
    source = HERE / kind.split("-")[0]
    digest = hashlib.sha256()
    for path in sorted(source.iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    target = HOME / f"clients-{kind}-{digest.hexdigest()[:16]}"
    with _building:
        if not target.is_dir():
            remove_unused(HOME.glob(f"clients-{kind}-*"))
            HOME.mkdir(parents=True, exist_ok=True)
            part = tempfile.mkdtemp(dir=HOME)
            build(source, pathlib.Path(part))
            try:
                os.rename(part, target)
            except OSError:   # another process was first
                shutil.rmtree(part)
        os.utime(target)
    return target


def tool(*command, **kwargs):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **kwargs)
    assert done.returncode == 0, f"{' '.join(map(str, command))}:\n{done.stdout}{done.stderr}"


def java(version, program):
    lib = jars(version)

    def build(source, target):
        programs = [path for path in source.glob("*.java") if path.name != "Probe.java"]
        tool("javac", "-nowarn", "-encoding", "UTF-8", "-d", target, "-cp", f"{lib}/*", *programs)

    def command(home):
        classes = built(f"java-{version}", build)
        return ["java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", f"-Duser.home={home}",
                f"-Drocketmq.client.logRoot={home}", "-Drocketmq.client.logLevel=ERROR", "-cp", f"{classes}:{lib}/*", program]
    return command


def go(_home):
    def build(source, target):
        tool("go", "build", "-o", target / "scenarios", ".", cwd=source, env=os.environ | {"GOFLAGS": "-mod=readonly"})
    return [str(built("go", build) / "scenarios")]


def node(_home):
    def build(source, target):
        for path in source.iterdir():
            shutil.copy(path, target)
        tool("npm", "ci", "--no-audit", "--no-fund", cwd=target)
    return ["node", str(built("node", build) / "scenarios.js")]


CLIENTS = [
    Client("Java 5.5.0", "5.5.0", java("5.5.0", "Scenarios")),
    Client("rocketmq-tools 5.5.0", "5.5.0", java("5.5.0", "AdminScenarios")),
    Client("Java 4.9.4", "4.9.4", java("4.9.4", "Scenarios")),
    Client("rocketmq-tools 4.9.4", "4.9.4", java("4.9.4", "AdminScenarios")),
    Client("Go 2.1.2", "5.5.0", go),
    Client("Node ali-ons 3.12.0", "5.5.0", node),
]


# --- brokers ---

class GenuineBroker(Broker):
    """With the routes that clients ask for first: it registers at its name server some time after it started."""

    def __init__(self, version, store):
        os.environ["BROKER_HEAP"] = "512m"   # the largest messages take more than the default
        super().__init__(version, store, **CONF)
        wait_for("the broker's registration", self._registered, 120, 0.2)

    def _registered(self):
        try:
            self.probe.produce([{"topic": "Ready", "queue": 0, "body": b"?"}])
        except AssertionError:
            return False
        return True


def conf_file(directory):
    path = pathlib.Path(directory) / "broker.conf"
    path.write_text("".join(f"{key}={value}\n" for key, value in CONF.items()))
    return path


# --- the matrix ---

def table(outcomes):
    """{client: (of the genuine broker, of ours)} as Markdown lines."""
    lines = ["| client | scenario | Apache broker | mqctl serve |", "|---|---|---|---|"]
    for client in CLIENTS:
        if client.name not in outcomes:
            continue
        theirs, ours = outcomes[client.name]
        for scenario in sorted(theirs.keys() | ours.keys()):
            verdicts = [side.get(scenario, "missing").split(" ")[0] for side in (theirs, ours)]
            lines.append(f"| {client.name} | {scenario} | {verdicts[0]} | {verdicts[1]} |")
    return lines
