"""`mqctl serve --metrics`: what Prometheus' own parser reads, and the health pages."""

import http.client
import json
import socket

import pytest
from prometheus_client.parser import text_string_to_metric_families

from serve_support import LISTEN, finish, launch, listens_on, seeding, wait_for
from support import run
from wire_client import Serve, frame, pull_ext

ANY = ("--metrics", "127.0.0.1:0")


def get(address, path, method="GET"):
    connection = http.client.HTTPConnection(address, timeout=60)
    connection.request(method, path)
    response = connection.getresponse()
    return response.status, response.getheader("Content-Type"), response.read().decode()


def scrape(serve):
    """{name: {labels without the broker's own: value}}"""
    status, kind, text = get(serve.ready["metrics"], "/metrics")
    assert status == 200 and kind.startswith("text/plain; version=0.0.4")
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation
        for sample in family.samples:
            labels = dict(sample.labels)
            assert (labels.pop("cluster"), labels.pop("node_type"), labels.pop("node_id")) == ("DefaultCluster", "broker", "broker-a")
            found.setdefault(sample.name, {})[tuple(sorted(labels.items()))] = sample.value
    return found


def test_what_went_in_and_out(tmp_path):
    with Serve(tmp_path / "store", "--segment-size", "64KiB", *ANY) as serve, serve.client() as client:
        for i in range(100):
            client.put("T", b"x" * 1000, i % 2)
        # Both queues have all, and it is said so: each record's place is written down behind its unit and its keys.
        wait_for(lambda: scrape(serve)["rocketmq_storage_dispatch_behind_bytes"][()] == 0)
        got = client.pull("T", 0)
        client.ask(15, {"consumerGroup": "CG", "topic": "T", "queueId": 0, "commitOffset": 20})
        seen = scrape(serve)
        assert seen["rocketmq_messages_in_total"][(("topic", "T"),)] == 100
        assert seen["rocketmq_throughput_in_total"][(("topic", "T"),)] > 100_000
        out = (("consumer_group", "CG"), ("topic", "T"))
        assert seen["rocketmq_messages_out_total"][out] == 32 and seen["rocketmq_throughput_out_total"][out] == len(got.body)
        assert seen["rocketmq_consumer_lag_messages"][(("consumer_group", "CG"), ("queue_id", "0"), ("topic", "T"))] == 30
        assert seen["rocketmq_queue_max_offset"][(("queue_id", "1"), ("topic", "T"))] == 50
        assert seen["rocketmq_connections"][()] == 1 and seen["rocketmq_frames_in_total"][()] >= 102
        assert seen["rocketmq_put_latency_seconds_count"][()] == 100
        buckets = [value for _, value in sorted((float(dict(k)["le"]), v) for k, v in seen["rocketmq_put_latency_seconds_bucket"].items())]
        assert buckets == sorted(buckets) and buckets[-1] == 100 and seen["rocketmq_put_latency_seconds_sum"][()] > 0
        assert seen["rocketmq_storage_segments"][()] == 2 and seen["rocketmq_storage_size"][()] > 100_000
        assert seen["rocketmq_storage_dispatch_behind_bytes"][()] == 0
        assert seen["rocketmq_processor_capacity"][(("processor", "send"),)] == 10000
        wait_for(lambda: scrape(serve)["rocketmq_flush_latency_seconds_count"][()] > 0)


def test_clients_and_parked_pulls():
    heartbeat = {"clientID": "c1", "producerDataSet": [{"groupName": "PG"}], "consumerDataSet": [
        {"groupName": 'G-1', "consumeType": "CONSUME_PASSIVELY", "messageModel": "CLUSTERING", "consumeFromWhere": "CONSUME_FROM_LAST_OFFSET",
         "subscriptionDataSet": [{"topic": "T", "subString": "*", "subVersion": 1, "tagsSet": [], "codeSet": []}]}]}
    with Serve("--ephemeral", "--topic", "T", *ANY) as serve, serve.client() as client:
        assert client.ask(34, body=json.dumps(heartbeat).encode()).code == 0
        client.send(frame(11, pull_ext("T", suspend=15000), opaque=7))
        wait_for(lambda: scrape(serve)["rocketmq_parked_pulls"][()] == 1)
        seen = scrape(serve)
        assert seen["rocketmq_producer_connections"][(("producer_group", "PG"),)] == 1
        assert seen["rocketmq_consumer_connections"][(("consumer_group", "G-1"),)] == 1


def test_health_pages_and_what_is_refused(tmp_path):
    with Serve("--ephemeral", *ANY) as serve:
        address = serve.ready["metrics"]
        assert get(address, "/healthz")[::2] == (200, "ok\n") and get(address, "/readyz")[::2] == (200, "ok\n")
        assert get(address, "/")[0] == 404 and get(address, "/metrics", "DELETE")[0] in (405, 501)
        with socket.create_connection(address.rsplit(":", 1), timeout=60) as rude:
            rude.sendall(b"\x00\xff" * 5000)
            assert b"200" not in rude.recv(4096)
        assert get(address, "/healthz")[0] == 200


def test_it_is_not_ready_before_the_seed_is_in(tmp_path):
    process, pipe = seeding(tmp_path, "--metrics", "127.0.0.2:0")
    with open(pipe, "w", encoding="utf-8"):
        address = f"127.0.0.2:{listens_on(process, '127.0.0.2')}"
        assert get(address, "/readyz")[::2] == (503, "starting\n") and get(address, "/metrics")[0] == 503
        assert get(address, "/healthz")[0] == 200
    wait_for(lambda: get(address, "/readyz")[0] == 200)
    process.terminate()
    assert finish(process)[0] == 0


def at_the_usual_port(*args):
    """(process, its ready line). Another test may have the port for a moment."""
    ready = []

    def starts():
        process = launch(*args)
        line = process.stdout.readline()
        if line:
            ready.extend((process, json.loads(line)))
            return True
        err = finish(process)[2]
        assert b"cannot listen for metrics on 127.0.0.1:5557" in err, err
        return False
    wait_for(starts)
    return ready


def test_the_address(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run("serve", "--ephemeral", *LISTEN, "--metrics", f"127.0.0.1:{taken.getsockname()[1]}")
        assert done.returncode == 3 and b"cannot listen for metrics" in done.stderr, done.stderr
    assert run("serve", "--ephemeral", *LISTEN, "--metrics=nonsense").returncode == 2
    # What follows the flag and is no address is the store.
    process, line = at_the_usual_port("--metrics", tmp_path / "store", *LISTEN, "--segment-size", "1MiB")
    assert line["store"] == str(tmp_path / "store") and line["metrics"] == "127.0.0.1:5557"
    process.terminate()
    assert finish(process)[0] == 0
