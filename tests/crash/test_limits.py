"""`mqctl serve` at the limits that a machine sets: descriptors, connections, memory."""

import os
import pathlib
import resource
import select
import signal
import socket
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from append_support import check_closed, records, run, verify_sound  # noqa: E402
from serve_support import wait_for  # noqa: E402
from wire_client import Client, Serve, frame, pull_ext, send_ext  # noqa: E402

CONNECTIONS = int(os.environ.get("MQCTL_CONNECTIONS", "20000"))


def limited(process, kind, value):
    """The soft limit: to raise the hard one again takes a privilege."""
    resource.prlimit(process.pid, kind, (value, resource.prlimit(process.pid, kind)[1]))


def cpu_seconds(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def status(process, name):
    return next(int(line.split()[1]) for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines() if line.startswith(name))


def descriptors(process):
    return len(os.listdir(f"/proc/{process.pid}/fd"))


def stop(serve):
    serve.process.send_signal(signal.SIGTERM)
    assert serve.process.wait(60) == 0, serve.said()


def ended(sockets):
    """Those that the server has closed, or never took."""
    return [each for each in sockets if select.select([each], [], [], 0)[0]]


# --- descriptors ---

def test_without_descriptors_newcomers_are_turned_away_and_the_others_served(tmp_path):
    with Serve(tmp_path / "store", "--segment-size", "1MiB") as serve, serve.client() as client:
        client.put("T", b"before")
        client.put("T", b"before")
        client.wait_for_max("T", 0, 2)   # behind the first one queue and index have their files
        limited(serve.process, resource.RLIMIT_NOFILE, descriptors(serve.process) + 20)
        host, port = serve.address.rsplit(":", 1)
        crowd = [socket.create_connection((host, int(port))) for _ in range(200)]
        wait_for(lambda: len(ended(crowd)) >= 170)   # told, not left to wait
        spent, began = cpu_seconds(serve.process), time.monotonic()
        for i in range(200):
            client.put("T", b"%d" % i)
            time.sleep(0.005)
        assert cpu_seconds(serve.process) - spent < (time.monotonic() - began) / 2, "it spins"
        assert serve.said().count("refused a connection") == 1
        for each in crowd:
            each.close()
        wait_for(lambda: descriptors(serve.process) < 40)
        with serve.client() as newcomer:
            newcomer.put("T", b"after")
        stop(serve)
    assert [r["body"] for r in records(tmp_path / "store")] == [b"before", b"before", *(b"%d" % i for i in range(200)), b"after"]
    check_closed(tmp_path / "store")


def test_without_descriptors_for_files_sends_are_refused_and_then_not(tmp_path):
    confirmed = []
    with Serve(tmp_path / "store", "--segment-size", "64KiB") as serve, serve.client() as client:
        for _ in range(2):
            client.put("T", b"0")
            confirmed.append(b"0")
        client.wait_for_max("T", 0, 2)   # behind the first one queue and index have their files
        before = resource.prlimit(serve.process.pid, resource.RLIMIT_NOFILE)[0]
        limited(serve.process, resource.RLIMIT_NOFILE, descriptors(serve.process) + 3)
        refused = None
        for i in range(1, 2000):
            answer = client.ask(310, send_ext("T"), b"%d" % i + b"x" * 1000)
            if answer.code != 0:
                refused = answer
                break
            confirmed.append(b"%d" % i + b"x" * 1000)
        assert refused is not None and "Too many open files" in refused.remark, refused and refused.remark
        limited(serve.process, resource.RLIMIT_NOFILE, before)
        wait_for(lambda: client.ask(310, send_ext("T"), b"again").code == 0)
        stop(serve)
    assert [r["body"] for r in records(tmp_path / "store")][:len(confirmed) + 1] == [*confirmed, b"again"]
    check_closed(tmp_path / "store")


def test_a_crowd_leaves_descriptors_for_files(tmp_path):
    store = tmp_path / "store"
    with Serve(store, "--segment-size", "64KiB", under=("prlimit", "--nofile=160:160")) as serve, serve.client() as client:
        client.put("T", b"x")
        host, port = serve.address.rsplit(":", 1)
        crowd = [socket.create_connection((host, int(port))) for _ in range(300)]
        wait_for(lambda: len(ended(crowd)) >= 180)
        for _ in range(600):   # ten segments
            client.put("T", b"x" * 1000)
        for each in crowd:
            each.close()
        stop(serve)
    check_closed(store)


# --- connections ---

def raise_own_limit(count):
    """So many connections, or what the hard limit leaves beside the server's and the test's own files."""
    own = 700   # the server keeps 512 for files
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return min(count, hard - own)


def connect_many(address, count):
    """From as many addresses of the loopback network as the ports of one of them do not go round."""
    host, port = address.rsplit(":", 1)
    return [socket.create_connection((host, int(port)), source_address=(f"127.0.0.{2 + i // 10000}", 0)) for i in range(count)]


def test_twenty_thousand_connections(tmp_path):
    """As many as this machine lets one process have."""
    count = raise_own_limit(CONNECTIONS)
    with Serve(tmp_path / "store", "--segment-size", "16MiB") as serve, serve.client() as client:
        client.put("T", b"first")
        before = status(serve.process, "RssAnon")
        crowd = connect_many(serve.address, count)
        wait_for(lambda: descriptors(serve.process) > count, 300)
        for i, each in enumerate(crowd):   # all are served: half ask for a route, half wait for a message
            each.sendall(frame(105, {"topic": "T"}) if i % 2 else frame(11, pull_ext("T", 0, 1, suspend=60000)))
        for each in crowd[1::2]:
            assert each.recv(4)
        each_kib = (status(serve.process, "RssAnon") - before) / count
        print(f"connections: {count}, {each_kib:.1f} KiB of the server's memory each")
        assert each_kib < 64
        client.put("T", b"second")   # wakes all that wait
        for each in crowd[::2]:
            assert each.recv(4)
        for each in crowd:
            each.close()
        wait_for(lambda: descriptors(serve.process) < 100, 300)
        client.put("T", b"third")
        stop(serve)
    assert [r["body"] for r in records(tmp_path / "store")] == [b"first", b"second", b"third"]


# --- memory ---

def test_with_little_address_space_it_refuses_and_corrupts_nothing(tmp_path):
    store, confirmed = tmp_path / "store", []
    with Serve(store, "--segment-size", "4MiB") as serve, serve.client() as client:
        client.put("T", b"0")
        confirmed.append(b"0")
        limited(serve.process, resource.RLIMIT_AS, (status(serve.process, "VmSize") + 30 * 1024) * 1024)
        refusals = 0
        for i in range(1, 1000):
            body = b"%d" % i + b"x" * 100_000
            answer = client.ask(310, send_ext("T"), body)
            if answer is None:   # no memory for the request itself: closed
                client = Client(serve.address)
                refusals += 1
            elif answer.code == 0:
                confirmed.append(body)
            else:
                refusals += 1
            if refusals > 20:
                break
        assert refusals > 20, "there was memory enough"
        assert serve.process.poll() is None, serve.said()
        limited(serve.process, resource.RLIMIT_AS, resource.RLIM_INFINITY)
        wait_for(lambda: client.ask(310, send_ext("T"), b"again").code == 0)
        serve.process.kill()
        serve.process.wait()
    with Serve(store) as serve:
        stop(serve)
    bodies = [r["body"] for r in records(store)]
    assert bodies == [*confirmed, b"again"]
    check_closed(store)
    verify_sound(store)


@pytest.mark.parametrize("mib", [48, 64, 96, 160])
def test_a_start_with_little_address_space_starts_or_says_why_not(tmp_path, mib):
    """A limit at which the loader itself fails proves nothing, nor does it harm."""
    store = tmp_path / "store"
    assert run("append", store, "-t", "T", "-b", "x", "--segment-size", "64MiB").returncode == 0
    done = subprocess.run(["sh", "-c", f"ulimit -v {mib * 1024}; exec \"$0\" serve \"$1\" --listen 127.0.0.1:0 -- true", os.environ["MQCTL"], store],
                          capture_output=True, timeout=120)
    assert done.returncode in (0, 3, 127), (done.returncode, done.stderr)
    assert done.returncode == 0 or b"memory" in done.stderr or b"cannot" in done.stderr.lower(), done.stderr
    verify_sound(store)
