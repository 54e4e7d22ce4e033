"""What a stranger can do with names, links and text: nothing beyond the store, and nothing to a terminal."""

import json
import os
import re
import socket
import stat
import urllib.request

import pytest

from serve_support import LISTEN, finish, launch, wait_for
from support import run
from wire_client import Serve, pull_ext, send_ext

NASTY = ["../evil", "../../evil", "/etc/evil", "..", ".", "a/b", "a\0b", "a\nb", "\x1b[31mred", "\x1b]0;title\x07", "\u202eevil", "é", " ", "x" * 300, "x" * 65536,
         "%2e%2e%2fevil", "con\\..\\evil"]


def files_below(directory):
    return {str(path.relative_to(directory)) for path in directory.rglob("*")}


def heartbeat(client, group, topic):
    told = {"clientID": "me", "producerDataSet": [{"groupName": group}],
            "consumerDataSet": [{"groupName": group, "consumeType": "CONSUME_PASSIVELY", "messageModel": "CLUSTERING", "consumeFromWhere": "CONSUME_FROM_LAST_OFFSET",
                                 "unitMode": False, "subscriptionDataSet": [{"topic": topic, "subString": "*", "subVersion": 1, "tagsSet": [], "codeSet": []}]}]}
    return client.ask(34, {}, json.dumps(told).encode())


def say_everywhere(client, name):
    """Each request that takes a topic or a group, with this name for either."""
    client.ask(310, send_ext(name), b"body")
    client.ask(310, send_ext("T", a=name), b"body")
    client.ask(10, {"producerGroup": "G", "topic": name, "defaultTopic": "TBW102", "defaultTopicQueueNums": 4, "queueId": 0, "sysFlag": 0, "bornTimestamp": 1,
                    "flag": 0, "properties": ""}, b"body")
    client.ask(17, {"topic": name, "defaultTopic": "TBW102", "readQueueNums": 4, "writeQueueNums": 4, "perm": 6, "topicFilterType": "SINGLE_TAG", "topicSysFlag": 0,
                    "order": "false"})
    client.ask(200, {}, json.dumps({"groupName": name, "retryQueueNums": 1}).encode())
    client.ask(11, pull_ext(name) | {"consumerGroup": name})
    client.ask(15, {"consumerGroup": name, "topic": "T", "queueId": 0, "commitOffset": 0})
    client.ask(15, {"consumerGroup": "CG", "topic": name, "queueId": 0, "commitOffset": 0})
    client.ask(36, {"group": name, "offset": 0, "delayLevel": 1, "originTopic": name})
    client.ask(12, {"topic": name, "key": name, "maxNum": 1, "beginTimestamp": 0, "endTimestamp": 1 << 60})
    client.ask(29, {"topic": name, "queueId": 0, "timestamp": 0})
    client.ask(41, {}, json.dumps({"consumerGroup": name, "clientId": name, "mqSet": [{"topic": name, "brokerName": "b", "queueId": 0}]}).encode())
    client.ask(100, {"namespace": name, "key": name, "value": name})
    client.ask(217, {"topic": name})
    client.ask(314, {"srcGroup": "CG", "destGroup": name, "topic": "T"})
    client.ask(324, send_ext(name), b"body")
    client.ask(105, {"topic": name})
    client.ask(222, {"topic": name, "group": name, "timestamp": 0, "isForce": "true"})
    client.ask(207, {"groupName": name})
    client.ask(215, {"topic": name})
    heartbeat(client, name, name)


@pytest.mark.parametrize("name", NASTY, ids=lambda name: ascii(name[:20]))
def test_no_name_leads_out_of_the_store(tmp_path, name):
    room = tmp_path / "room"
    store = room / "deep" / "store"
    store.mkdir(parents=True)
    with Serve(store, "--segment-size", "1MiB", "--topic", "T") as serve:
        with serve.client() as client:
            client.put("T", b"first")
            say_everywhere(client, name)
            assert client.put("T", b"still there").code == 0
        serve.process.terminate()
        assert serve.process.wait(60) == 0, serve.said()
        said = serve.said()
    assert {each for each in files_below(room) if not each.startswith("deep/store/")} == {"deep", "deep/store"}
    assert all(re.fullmatch(r"[%|a-zA-Z0-9_-]{1,255}", topic.name) for topic in (store / "consumequeue").iterdir())
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", said), said
    assert run("verify", store, "--level", "index", "-q").returncode == 0


def test_what_a_client_says_is_escaped_in_the_log_and_on_the_metrics_page(tmp_path):
    nasty = "\x1b]0;owned\x07\r\nFAKE 2026 error\u202e"
    with Serve(tmp_path / "store", "--segment-size", "1MiB", "--access-log", "-v", "--metrics", "127.0.0.1:0") as serve:
        with serve.client() as client:
            say_everywhere(client, nasty)
            client.ask(99999, {"x": nasty})
            client.put("T", nasty.encode())
        with socket.create_connection(serve.address.split(":")) as other:
            other.sendall(nasty.encode() * 10)
        wait_for(lambda: "refused 127.0.0.1" in serve.said())
        found = re.search(r"metrics on (?:http://)?(\S+?)(?:/\S*)?\s", serve.said())
        page = urllib.request.urlopen(f"http://{found[1]}/metrics", timeout=60).read().decode() if found else None
        said = serve.said()
    assert page is not None, said
    for text in (said, page):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", text)
        assert not re.search(r"^FAKE", text, re.M)


def test_a_dump_and_a_finding_are_escaped(tmp_path):
    store = tmp_path / "store"
    nasty = b"\x1b]0;owned\x07\xe2\x80\xae\x9b31m"
    assert run("append", store, "-t", "T", "-p", "NAME=" + nasty[:9].decode(), stdin=nasty).returncode == 0
    text = run("dump", store, "--color", "always").stdout
    assert b"\x1b]0" not in text and b"\xe2\x80\xae" not in text and b"\x9b" not in text.replace(b"\xc2\x9b", b"\x9b")
    (store / "commitlog" / "\x1b[2Jstray").write_bytes(b"x")
    (store / "consumequeue" / "\x1b[2Jtopic").mkdir()
    findings = run("verify", store, "--level", "index", "--color", "never")
    assert b"\x1b" not in findings.stdout + findings.stderr


@pytest.mark.parametrize("planted", ["config/topics.json.tmp", "config/consumerOffset.json.tmp", "config/consumerOffset.json.bak.tmp", "abort.tmp"])
def test_a_link_that_was_planted_is_not_written_through(tmp_path, planted):
    store, victim = tmp_path / "store", tmp_path / "victim"
    victim.write_text("precious")
    (store / "config").mkdir(parents=True)
    (store / planted).symlink_to(victim)
    for _ in range(2):   # the second start has files to keep as .bak
        with Serve(store, "--segment-size", "1MiB") as serve:
            with serve.client() as client:
                client.put("T", b"x")
                client.ask(34, {}, json.dumps({"clientID": "me"}).encode())
                client.ask(15, {"consumerGroup": "TOOLS_CONSUMER", "topic": "T", "queueId": 0, "commitOffset": 1})
            serve.process.terminate()
            assert serve.process.wait(60) == 0, serve.said()
    assert victim.read_text() == "precious"
    assert not (store / planted).is_symlink()


@pytest.mark.parametrize("planted", ["lock", "checkpoint", "index.checkpoint"])
@pytest.mark.parametrize("command", ["serve", "append"])
def test_a_link_at_the_name_of_a_file_that_is_always_there_is_refused(tmp_path, planted, command):
    store, victim = tmp_path / "store", tmp_path / "victim"
    victim.write_text("precious")
    assert run("append", store, "-t", "T", "--segment-size", "1MiB", stdin=b"first\n").returncode == 0
    (store / planted).unlink()
    (store / planted).symlink_to(victim)
    if command == "serve":
        code, _, err = finish(launch(store, *LISTEN, "--", "true"))
    else:
        done = run("append", store, "-t", "T", stdin=b"second\n")
        code, err = done.returncode, done.stderr
    assert code not in (0, 5) and f"{planted}: is a symbolic link".encode() in err, (code, err)
    assert victim.read_text() == "precious"


def test_a_segment_that_is_a_link_to_no_file_makes_none(tmp_path):
    store, outside = tmp_path / "store", tmp_path / "outside"
    (store / "commitlog").mkdir(parents=True)
    (store / "commitlog" / ("0" * 20)).symlink_to(outside)
    code, _, err = finish(launch(store, *LISTEN, "--", "true"))
    assert not outside.exists(), (code, err)


@pytest.mark.parametrize("mask, directory, file", [(0o022, 0o755, 0o644), (0o077, 0o700, 0o600)])
def test_files_have_the_modes_that_are_documented(tmp_path, mask, directory, file):
    store = tmp_path / "store"
    before = os.umask(mask)
    try:
        with Serve(store, "--segment-size", "1MiB", "--ready-file", tmp_path / "ready") as serve:
            with serve.client() as client:
                client.put("T", b"x")
            serve.process.terminate()
            assert serve.process.wait(60) == 0
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [store, *store.rglob("*"), tmp_path / "ready"] if path.exists()}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {directory}
    assert {mode for path, mode in modes.items() if path.is_file()} == {file}, modes


def test_an_ephemeral_store_is_its_owners_alone(tmp_path):
    with Serve("--ephemeral") as serve:
        assert stat.S_IMODE(os.stat(serve.ready["store"]).st_mode) == 0o700


def test_it_listens_on_loopback_alone_unless_told_otherwise(tmp_path):
    process = launch("--ephemeral", "--", "sh", "-c", "cat /proc/net/tcp; cat /proc/net/tcp6; echo namesrv=$NAMESRV_ADDR")
    code, out, err = finish(process)
    if code == 3 and b"in use" in err:
        pytest.fail("the usual port is taken on this machine: " + err.decode())
    port = "%04X" % int(re.search(rb"namesrv=.*:(\d+)", out)[1])
    listening = [line.split()[1].decode() for line in out.splitlines() if len(line.split()) > 3 and line.split()[3] == b"0A"]
    ours = [where for where in listening if where.endswith(":" + port)]
    assert ours and all(where.startswith("0100007F:") for where in ours), (ours, err)
