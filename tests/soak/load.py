"""The threads of a soak: producers of every kind of send, consumers that check the order, connections that come and go."""

import json
import random
import struct
import threading
import time

from test_serve_flows import end, messages, props
from wire_client import Client, frame, pull_ext, send_ext

TOPICS, QUEUES = ("soak-a", "soak-b"), 4
PAUSE = 0.002   # between two sends of a thread: the soak is long, not fast


class Worker(threading.Thread):
    def __init__(self, soak, name):
        super().__init__(name=name, daemon=True)
        self.soak, self.ledger, self.rng = soak, soak.ledger, random.Random(f"{soak.seed}/{name}")
        self.number = 0

    def run(self):
        try:
            while self.goes_on():
                self.step()
        except Exception as error:   # whatever it is, the soak fails by it
            self.ledger.faults.append(f"{self.name}: {type(error).__name__}: {error}")
            raise

    def goes_on(self):
        return not self.soak.producing_ended.is_set()

    def connect(self):
        return Client(self.soak.address, timeout=30)

    def next_name(self):
        self.number += 1
        return f"{self.name}-{self.number}"

    def body(self, name):
        return name.encode() + b":" + b"x" * self.rng.choice([10, 200, 1000, 4000])

    def place(self):
        return self.rng.choice(TOPICS), self.rng.randrange(QUEUES)


class Producer(Worker):
    """Stays connected for a while; `produce(client)` sends once."""

    def step(self):
        with self.connect() as client:
            client.ask(34, body=json.dumps({"clientID": self.name, "producerDataSet": [{"groupName": "PG"}]}).encode())
            for _ in range(self.rng.randrange(1, 3000)):
                if not self.goes_on():
                    return
                self.produce(client)
                time.sleep(PAUSE)

    def put(self, client, name, **properties):
        topic, queue = self.place()
        self.ledger.sending(name)
        began = time.monotonic()
        answer = client.ask(310, send_ext(topic, queue, i=props(KEYS=name, **properties)), self.body(name))
        self.soak.latencies.append(time.monotonic() - began)
        assert answer is not None and answer.code == 0, f"refused: {answer and answer.remark}"
        self.ledger.confirmed(name)


class Single(Producer):
    def produce(self, client):
        self.put(client, self.next_name())


class Delayed(Producer):
    def produce(self, client):
        self.put(client, self.next_name(), DELAY=self.rng.randrange(1, 3))
        time.sleep(10 * PAUSE)


class Visitor(Producer):
    """Connects, sends a little, is gone; now and then in the midst of a frame."""

    def step(self):
        with self.connect() as client:
            for _ in range(self.rng.randrange(5)):
                self.put(client, self.next_name())
            if self.rng.random() < 0.2:
                client.send(frame(310, send_ext("soak-a"), b"never whole")[:self.rng.randrange(1, 60)])
        time.sleep(10 * PAUSE)


class Oneway(Producer):
    def produce(self, client):
        name = self.next_name()
        topic, queue = self.place()
        self.ledger.sending(name)
        client.send(frame(310, send_ext(topic, queue, i=props(KEYS=name)), self.body(name), flag=2))
        self.ledger.unsure(name)
        if self.number % 100 == 0:
            assert client.ask(105, {"topic": topic}) is not None   # what was sent is worked off
        time.sleep(5 * PAUSE)


class Batch(Producer):
    def produce(self, client):
        names = [self.next_name() for _ in range(self.rng.randrange(2, 20))]
        items = b""
        for name in names:
            self.ledger.sending(name)
            properties, body = props(KEYS=name).encode(), self.body(name)
            item = struct.pack(">iiii", 0, 0, 0, len(body)) + body + struct.pack(">h", len(properties)) + properties
            items += struct.pack(">i", 4 + len(item)) + item
        topic, queue = self.place()
        answer = client.ask(320, send_ext(topic, queue, m="true"), items)
        assert answer is not None and answer.code == 0, f"refused: {answer and answer.remark}"
        for name in names:
            self.ledger.confirmed(name)
        time.sleep(10 * PAUSE)


class Transactional(Producer):
    def produce(self, client):
        name = self.next_name()
        topic, queue = self.place()
        self.ledger.sending(name)
        properties = props(KEYS=name, TRAN_MSG="true", PGROUP="PG", UNIQ_KEY=name)
        half = client.ask(310, send_ext(topic, queue, i=properties, f=4, g=int(time.time() * 1000)), self.body(name))
        assert half is not None and half.code == 0, f"refused: {half and half.remark}"
        commit = self.rng.random() < 0.7
        if not commit:
            self.ledger.taken_back(name)
        end(client, half, 8 if commit else 12)
        assert client.ask(105, {"topic": topic}) is not None   # the end is one-way: it is worked off
        if commit:
            self.ledger.confirmed(name)
        time.sleep(5 * PAUSE)


class Consumer(Worker):
    """Of one queue: commits what it has, reconnects now and then and goes on where it committed."""

    def __init__(self, soak, topic, queue):
        super().__init__(soak, f"consumer-{topic}-{queue}")
        self.topic, self.queue, self.offset = topic, queue, 0

    def goes_on(self):
        return not self.soak.consuming_ended.is_set()

    def step(self):
        with self.connect() as client:
            self.beat(client)
            answer = client.ask(14, {"consumerGroup": "CG", "topic": self.topic, "queueId": self.queue})
            committed = int(answer.ext["offset"]) if answer.code == 0 else 0
            assert committed == self.offset, f"committed {self.offset}, found {committed}"
            for _ in range(self.rng.randrange(1, 500)):
                if not self.goes_on():
                    return
                self.pull(client)

    def beat(self, client):
        group = {"groupName": "CG", "consumeType": "CONSUME_PASSIVELY", "messageModel": "CLUSTERING", "consumeFromWhere": "CONSUME_FROM_FIRST_OFFSET",
                 "subscriptionDataSet": [{"topic": self.topic, "subString": "*", "subVersion": 1}]}
        client.ask(34, body=json.dumps({"clientID": self.name, "consumerDataSet": [group]}).encode())

    def pull(self, client):
        answer = client.ask(11, pull_ext(self.topic, self.queue, self.offset, suspend=2000))
        assert answer is not None, "closed"
        if answer.code == 19:   # nothing came
            return
        assert answer.code == 0, f"{answer.code} {answer.remark}"
        for message in messages(answer.body):
            assert message["qoff"] == self.offset, f"{message['qoff']} where {self.offset} is next"
            self.offset += 1
            self.ledger.came_out(message["body"].split(b":", 1)[0].decode())
        commit = {"consumerGroup": "CG", "topic": self.topic, "queueId": self.queue, "commitOffset": self.offset}
        assert client.ask(15, commit).code == 0


def workers(soak):
    made = [kind(soak, f"{kind.__name__.lower()}{i}") for kind, count in
            ((Single, 3), (Delayed, 1), (Visitor, 2), (Oneway, 1), (Batch, 1), (Transactional, 1)) for i in range(count)]
    return made, [Consumer(soak, topic, queue) for topic in TOPICS for queue in range(QUEUES)]
