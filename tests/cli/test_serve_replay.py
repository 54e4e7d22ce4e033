"""`mqctl serve` is asked what genuine clients asked genuine brokers, byte for byte, and answers as they did.

A capture is a choice of a session's frames. What its missing part left behind is brought about by ordinary requests right before the
frame that shows it (`Stage`); then every aspect of our answer is compared with the captured one's. `replay_tables` says what may differ.
"""

import json
import re
import socket
import time

import pytest

from replay_support import RECORDS, WIRE, Wire, aspects, captured, differences, java_json, records, repaired
from wire_client import Serve, frame, pull_ext, send_ext

CAPTURES = sorted(path.stem for path in WIRE.glob("*.jsonl"))
ADDED = {"MSG_REGION", "TRACE_ON", "CLUSTER", "__transactionId__", "TRANSACTION_CHECK_TIMES", "REAL_TOPIC", "REAL_QID"}   # by brokers

# What we decidedly do not do: 3, and the code in words (docs/remoting.md: what is answered).
REFUSED = {200050: "POP", 200051: "POP", 200053: "POP", 400: "POP", 401: "POP", 370: "timer messages", 321: "", 353: ""}

# Aspects that are times, addresses or ids, or count what the missing part of the session did: (request codes or none for all, aspect,
# what is masked, why).
TIME, ADDRESS, COUNT = r"1[6-9]\d{11}", r"\d+\.\d+\.\d+\.\d+:\d+", r"\d+"
NORMAL = [
]

# Differences that are meant: (captures, request codes, aspect, what it is there, what it is here, why).
MEANT = [
    (".*", (), "version", "513|401", "479", "we are 5.3.3"),
]


def answers_of(steps):
    """The captured answer to each captured request, by the request's place."""
    asked, found = {}, {}
    for at, step in enumerate(steps):
        if not step.answers:
            asked[step.conn, step.direction, step.opaque] = at
        else:
            step.request = asked[step.conn, "c2s" if step.direction == "s2c" else "s2c", step.opaque]
            found[step.request] = step
    return found


def named_queues(steps, answers):
    """How many queues the captured answers show a topic to have."""
    found = {}
    for at, answer in answers.items():
        text = (answer.remark or "") + ("" if steps[at].code in RECORDS else answer.body.decode())
        for count in re.findall(r'"writeQueueNums":(\d+)', text) if steps[at].code in (105, 351) else ():
            found.setdefault(steps[at].ext["topic"], int(count))
        for topic, count in re.findall(r"topicName=(\S+), readQueueNums=(\d+)", text):
            found.setdefault(topic, int(count))
        for queue, topic in re.findall(r'"queueId":(\d+),"topic":"([^"]+)"', text) if steps[at].code in (202, 208, 222, 223, 303) else ():
            found[topic] = max(found.get(topic, 0), int(queue) + 1)
    return found


def named_clients(steps):
    """What the client at the other end of a connection calls itself."""
    found = {}
    for step in steps:
        names = re.findall(rb'"(?:clientI[Dd]|consumerIdList)":\[?"([^"]+)"', step.body)
        names += [step.ext["clientId"].encode()] if "clientId" in step.ext and step.direction == "s2c" else []
        if names and step.code not in (203, 204, 223, 328) and not (step.answers and step.conn in found):
            found.setdefault(step.conn, names[0].decode())
    return found


class Stage:
    """Brings about what the missing part of a session left behind. `before_N` goes before request N; it may change header fields."""

    def __init__(self, address, steps, wires):
        self.steps, self.wires, self.answers = steps, wires, answers_of(steps)
        self.version = steps[0].version
        self.admin, self.address, self.side = Wire(address, self.version), address, []
        self.queues, self.clients = named_queues(steps, self.answers), named_clients(steps)
        bodies = [repaired(s.body) for at, s in enumerate(steps) if s.body and (steps[s.request].code if s.answers else s.code) in RECORDS]
        self.messages = {(m["topic"], m["queue"], m["qoff"]): m for body in bodies if body[0] == 0 for m in records(body)}
        self.subscriptions, self.halves = {}, {}

    def ask(self, code, ext=None, body=b"", may=(0,)):
        answer = self.admin.ask(code, ext, body)
        assert answer.code in may, (code, ext, answer.header)
        return answer

    def topic(self, name):
        if self.ask(351, {"topic": name}, may=(0, 17)).code == 17:
            count = self.queues.get(name, 1 if name.startswith("%") else 4)
            self.ask(17, {"topic": name, "readQueueNums": count, "writeQueueNums": count, "perm": 6, "topicFilterType": "SINGLE_TAG",
                          "order": "false", "defaultTopic": "TBW102"})

    def group(self, name, **more):
        self.ask(200, body=json.dumps({"groupName": name} | more).encode())

    def maximum(self, topic, queue):
        return int(self.ask(30, {"topic": topic, "queueId": queue}).ext["offset"])

    def put(self, topic, queue, message=None):
        told = {}
        if message:
            kept = {name: value for name, value in message["props"].items() if name not in ADDED}
            told = {"a": kept.get("PGROUP", "G"), "g": message["born"], "h": message["flag"], "f": message["sysflag"],
                    "i": "".join(f"{name}\x01{value}\x02" for name, value in kept.items())}
        return self.ask(310, send_ext(topic, queue, **told), message["body"] if message else b"filler")

    def fill(self, topic, queue, count):
        """So many messages are in the queue, and can be pulled."""
        queue, count = int(queue), int(count)
        self.topic(topic)
        for offset in range(self.maximum(topic, queue), count):
            self.put(topic, queue, self.messages.get((topic, queue, offset)))
        while self.maximum(topic, queue) < count:
            time.sleep(0.002)

    def beat(self, wire, client, consumers=(), producers=()):
        body = {"clientID": client, "producerDataSet": [{"groupName": name} for name in producers], "consumerDataSet": list(consumers)}
        assert wire.ask(34, body=json.dumps(body).encode()).code == 0

    def subscribe(self, wire, client, group, subscriptions, **more):
        self.beat(wire, client, [{"groupName": group, "consumeType": "CONSUME_PASSIVELY", "messageModel": "CLUSTERING", "unitMode": False,
                                  "consumeFromWhere": "CONSUME_FROM_FIRST_OFFSET", "subscriptionDataSet": subscriptions} | more])

    def consumer(self, conn, group, topic=None, version=1, kind="TAG", text="*"):
        """A member of the group on this connection, who reads the topic among others."""
        mine = self.subscriptions.setdefault((conn, group), {})
        if topic not in mine or topic is None:
            if topic:
                mine[topic] = {"topic": topic, "subString": text, "subVersion": version, "expressionType": kind}
            self.subscribe(self.wires[conn], self.clients.get(conn, f"client@{conn}"), group, list(mine.values()))

    def elsewhere(self):
        self.side.append(Wire(self.address, self.version))
        return self.side[-1]

    def half(self, key, topic, queue, group):
        """The answer to the half message of this key."""
        if key not in self.halves:
            known = [m for m in self.messages.values() if m["props"].get("UNIQ_KEY") == key]
            message = known[0] if known else {"props": {"UNIQ_KEY": key, "TRAN_MSG": "true", "PGROUP": group, "WAIT": "true"}, "flag": 0,
                                              "born": int(time.time() * 1000), "sysflag": 4, "body": b"half"}
            self.halves[key] = self.put(topic, queue, message)
        return self.halves[key]

    def next_push(self, step, code):
        """The connection of the server's request that this one brings about."""
        return next(s.conn for s in self.steps[self.steps.index(step):] if s.code == code and s.direction == "s2c" and not s.answers)

    def unsubscribed(self, group):
        for wire in self.side:
            wire.ask(35, {"clientID": "gone", "consumerGroup": group})

    # --- name server ---

    def before_105(self, step, answer):
        if b'"perm":6' in answer.body and step.ext["topic"] == "TBW102":   # what 205 and 327 leave of 7
            self.ask(205, {"brokerName": "broker-a"})
            self.ask(327, {"brokerName": "broker-a"})
        elif answer.code == 0:
            self.topic(step.ext["topic"])

    def before_206(self, step, answer):
        theirs = set(java_json(answer.body.decode())["topicList"])
        for name in theirs - set(java_json(self.ask(206).body.decode())["topicList"]):
            self.ask(17, {"topic": name, "readQueueNums": 1, "writeQueueNums": 1, "perm": 6, "topicFilterType": "SINGLE_TAG",
                          "order": "false", "defaultTopic": "TBW102"}, may=(0, 29))

    before_224 = before_206

    # --- messages ---

    def before_310(self, step, answer):
        names = step.ext if "b" in step.ext else {"b": step.ext["topic"], "e": step.ext["queueId"]}
        if answer and answer.code == 0 and answer.ext["queueOffset"] != "0":
            self.fill(names["b"], names["e"], answer.ext["queueOffset"])
        elif names["b"] in self.queues and "AUTO" not in names["b"]:
            self.topic(names["b"])

    before_10 = before_320 = before_310

    def before_11(self, step, answer):
        ext, group = step.ext, step.ext["consumerGroup"]
        self.topic(ext["topic"])
        if answer and answer.code == 16:
            self.group(group, consumeEnable=False)
        if answer and "maxOffset" in answer.ext:
            self.fill(ext["topic"], ext["queueId"], answer.ext["maxOffset"])
        if int(ext["sysFlag"]) & 4 == 0 and (not answer or answer.code not in (16, 24)):
            kind, late = ext.get("expressionType", "TAG"), bool(answer and answer.code == 25)
            none = answer and answer.code == 20
            text = ("NoSuchTag" if none else "*") if kind == "TAG" else ("nothing = 1" if none else "TRUE")
            self.consumer(step.conn, group, ext["topic"], int(ext["subVersion"]) - late, kind, text)
        return {"suspendTimeoutMillis": "300"} if answer and answer.code in (19, 25) else {}

    before_361 = before_11

    def before_12(self, step, answer):
        if answer.code == 0:
            for message in records(repaired(answer.body)):
                self.fill(message["topic"], message["queue"], message["qoff"] + 1)
        return {"endTimestamp": str(2**62)}

    def before_33(self, step, answer):
        if answer.code == 0:
            message, = records(answer.body)
            return {"offset": str(int(self.put(message["topic"], message["queue"], message).ext["msgId"][16:], 16))}

    def before_36(self, step, answer):
        self.topic(step.ext["originTopic"])
        self.group(step.ext["group"])
        offset = int(self.put(step.ext["originTopic"], 0).ext["msgId"][16:], 16)
        return {"offset": offset if isinstance(step.ext["offset"], int) else str(offset)}

    def before_37(self, step, answer):
        half = self.half(step.ext["msgId"], step.ext.get("topic", step.ext["producerGroup"][:-2]), 0, step.ext["producerGroup"])
        return {"commitLogOffset": str(int(half.ext["msgId"][16:], 16)), "tranStateTableOffset": half.ext["queueOffset"]}

    def before_325(self, step, answer):
        asker, = re.findall("REPLY_TO_CLIENT\x01([^\x02]+)", step.ext["i"])
        self.fill(step.ext["b"], 0, answer.ext["queueOffset"])
        self.beat(self.wires[self.next_push(step, 326)], asker, producers=["ASKER"])

    def before_39(self, step, _):
        message, = records(step.body)
        self.beat(self.wires[step.conn], f"client@{step.conn}", producers=[message["props"]["PGROUP"]])
        self.half(message["props"]["UNIQ_KEY"], message["topic"], message["queue"], message["props"]["PGROUP"])

    # --- offsets and clients ---

    def before_14(self, step, answer):
        self.fill(step.ext["topic"], step.ext["queueId"], answer.code == 0 and self.version > 401)

    def before_15(self, step, answer):
        self.topic(step.ext["topic"])
        self.group(step.ext["consumerGroup"])

    def before_29(self, step, answer):
        offset = int(answer.ext["offset"])
        self.fill(step.ext["topic"], step.ext["queueId"], offset)
        time.sleep(0.01)
        now = int(time.time() * 1000)
        time.sleep(0.01)
        self.fill(step.ext["topic"], step.ext["queueId"], offset + 5)
        return {"timestamp": str(now)}

    def before_30(self, step, answer):
        self.fill(step.ext["topic"], step.ext["queueId"], answer.ext["offset"])

    def before_31(self, step, answer):
        self.topic(step.ext["topic"])

    def before_32(self, step, answer):
        self.fill(step.ext["topic"], step.ext["queueId"], 1)

    def before_34(self, step, answer):
        for each in json.loads(step.body).get("consumerDataSet", ()):
            self.subscriptions[step.conn, each["groupName"]] = {s["topic"]: s for s in each["subscriptionDataSet"]}

    def before_38(self, step, answer):
        if answer.code == 0 and (step.conn, step.ext["consumerGroup"]) not in self.subscriptions:
            self.consumer(step.conn, step.ext["consumerGroup"])

    def before_203(self, step, answer):
        if answer.code == 206:
            return self.leave(step.ext["consumerGroup"])
        told = java_json(answer.body.decode())
        more = {name: told[name] for name in ("consumeType", "messageModel", "consumeFromWhere")}
        self.subscribe(self.elsewhere(), told["connectionSet"][0]["clientId"], step.ext["consumerGroup"],
                       list(told["subscriptionTable"].values()), **more)

    def leave(self, group):
        for wire in self.side:
            wire.close()
        while self.ask(203, {"consumerGroup": group}, may=(0, 206)).code == 0:
            time.sleep(0.002)

    def before_204(self, step, answer):
        client = java_json(answer.body.decode())["connectionSet"][0]["clientId"]
        self.beat(self.elsewhere(), client, producers=[step.ext["producerGroup"]])

    def before_328(self, step, answer):
        for wire in self.side:
            wire.close()
        told = java_json(answer.body.decode())["data"]
        clients = {each["clientId"] for rows in told.values() for each in rows}
        for client in sorted(clients - {self.clients.get(step.conn)}):
            self.beat(self.elsewhere(), client, producers=[name for name in told if any(r["clientId"] == client for r in told[name])])
        while java_json(self.ask(328).body.decode())["data"].keys() - told.keys():
            time.sleep(0.002)

    # --- administrators ---

    def rows(self, answer):
        return [(json.loads(key), row) for key, row in java_json(answer.body.decode())["offsetTable"].items()]

    def before_202(self, step, answer):
        for queue, row in self.rows(answer):
            self.fill(queue["topic"], queue["queueId"], row["maxOffset"])

    def before_208(self, step, answer):
        group = {"consumerGroup": step.ext["consumerGroup"]}
        self.group(step.ext["consumerGroup"])
        for queue, row in self.rows(answer):
            self.fill(queue["topic"], queue["queueId"], row["brokerOffset"])
            self.ask(11, pull_ext(queue["topic"], queue["queueId"], row.get("pullOffset", row["consumerOffset"])) | group, may=(0, 19))
            self.ask(15, group | {"topic": queue["topic"], "queueId": queue["queueId"], "commitOffset": row["consumerOffset"]})

    def before_222(self, step, answer):
        self.group(step.ext["group"])
        for queue, offset in self.rows(answer) if answer.code == 0 else ():
            self.fill(queue["topic"], queue["queueId"], offset)
        self.topic(step.ext["topic"])
        return {"timestamp": str(int(time.time() * 1000) + 1000)} if step.ext["timestamp"] != "0" else {}

    def before_223(self, step, answer):
        conn = self.next_push(step, 221)
        self.topic(step.ext["topic"])
        self.consumer(conn, step.ext["group"], step.ext["topic"])

    def before_307(self, step, answer):
        self.consumer(self.next_push(step, 307), step.ext["consumerGroup"])

    def before_309(self, step, _):
        """Its request is not in the captures."""
        self.consumer(step.conn, step.ext["consumerGroup"], step.ext.get("topic"))
        message, = records(step.body)
        self.fill(message["topic"], message["queue"], message["qoff"] + 1)
        found, = records(self.ask(11, pull_ext(message["topic"], message["queue"], message["qoff"], count=1)).body)
        named = {name: step.ext[name] for name in ("consumerGroup", "clientId", "brokerName")}
        at = socket.inet_aton("127.0.0.1").hex() + "%08x%016x" % (0, found["pos"])
        self.admin.send(frame(309, named | {"msgId": at.upper()}, opaque=1))

    def before_207(self, step, answer):
        self.group(step.ext["groupName"])

    def before_215(self, step, answer):
        self.topic(step.ext["topic"])

    before_351 = before_215

    def before_300(self, step, answer):
        for group in java_json(answer.body.decode())["groupList"]:
            self.commit(group, step.ext["topic"], 1)

    def commit(self, group, topic, count):
        self.group(group)
        for queue in range(self.queues.get(topic, 1)):
            self.fill(topic, queue, count)
            self.ask(15, {"consumerGroup": group, "topic": topic, "queueId": queue, "commitOffset": count})

    def before_303(self, step, answer):
        self.commit(step.ext["group"], step.ext["topic"], 2)

    def before_314(self, step, answer):
        self.commit(step.ext["srcGroup"], step.ext["topic"], 1)

    def before_315(self, step, answer):
        self.fill(step.ext["statsKey"], 0, 1)

    def before_343(self, step, answer):
        for topic in java_json(answer.body.decode())["topicList"]:
            self.commit(step.ext["group"], topic, 1)

    def before_345(self, step, answer):
        told = java_json(answer.body.decode())["subscriptionData"]
        self.subscribe(self.elsewhere(), "someone", step.ext["group"], [told])


class Replay:
    def __init__(self, capture, address, steps):
        self.capture, self.steps, self.wires = capture, steps, {step.conn: Wire(address) for step in steps}
        self.stage = Stage(address, steps, self.wires)
        self.pushed, self.compared, self.found = {}, 0, []

    def run(self):
        last = {step.conn: step for step in self.steps}
        for at, step in enumerate(self.steps):
            (self.client_says if step.direction == "c2s" else self.server_says)(at, step)
            if last[step.conn] is step:
                self.wires[step.conn].close()
        return self.found

    def client_says(self, at, step):
        if step.answers:
            ours = self.pushed[step.request]
            return self.wires[step.conn].send(step.rewritten({}, ours.opaque))
        before = getattr(self.stage, f"before_{step.code}", None)
        changed = before(step, self.stage.answers.get(at)) if before and step.code not in REFUSED else None
        self.wires[step.conn].send(step.rewritten(changed or {}))

    def server_says(self, at, step):
        wire = self.wires[step.conn]
        if step.answers:
            asked = self.steps[step.request]
            return self.compare(at, asked.code, step, wire.answer(asked.opaque))
        if step.code == 220:
            return
        if step.code in (39, 309):
            getattr(self.stage, f"before_{step.code}")(step, None)
        if step.code == 40:
            self.stage.subscriptions.get((step.conn, step.ext["consumerGroup"])) or self.stage.consumer(step.conn, step.ext["consumerGroup"])
        self.pushed[at] = wire.request(lambda ours: ours.code == step.code)
        self.compare(at, step.code, step, self.pushed[at])

    def compare(self, at, code, genuine, ours):
        self.compared += 1
        if code in REFUSED:
            if (ours.code, ours.remark) != (3, f" request type {code} not supported"):
                self.found.append((at, code, "refusal", ours.header))
            return
        for name, there, here in differences(aspects(code, genuine), aspects(code, ours)):
            self.found.append((at, code, name, there, here))


@pytest.mark.parametrize("capture", CAPTURES)
def test_replay(capture, tmp_path):
    conf = tmp_path / "broker.conf"
    conf.write_text("transactionCheckInterval=200\ntransactionTimeOut=1000\n")
    steps = captured(capture)
    with Serve("--ephemeral", "-c", conf) as serve:
        replay = Replay(capture, serve.address, steps)
        try:
            found = replay.run()
        finally:
            for each in replay.found:
                print(*each)
            print("compared", replay.compared)
        assert not found
