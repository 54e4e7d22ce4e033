"""`mqctl serve` is asked what genuine clients asked genuine brokers, byte for byte, and answers as they did.

A capture is a choice of a session's frames. What its missing part left behind is brought about by ordinary requests right before the frame
that shows it; then every aspect of our answer is compared with the captured one's, but for what the tables here name.
"""

import collections
import functools
import json
import re
import tempfile
import time

import pytest

from replay_support import RECORDS, WIRE, Stage, Wire, captured, differences, masked, records, whole
from wire_client import Serve, frame, pull_ext

CAPTURES = sorted(path.stem for path in WIRE.glob("*.jsonl"))

# What we decidedly do not do is answered 3, in words (docs/remoting.md: POP and timer messages are refused).
REFUSED = {200050, 200051, 200053, 400, 401, 370}

# Differences that are meant: (captures, request codes or all, aspect, what it is there, what it is here, why).
OLD, NOT_OLD = r"java-4\.9\.4.*", r"(?!java-4\.9\.4).*"   # to old clients, too, we speak as 5.5.0 does
MEANT = [
    (".*", (), "version", "513|401", "479", "we are 5.3.3"),
    (".*", (), "extFields", "dict|NoneType", "dict|NoneType", "an empty object and none are the same to every client"),
    (".*-rocketmq", (), "form", "JSON", "binary", "an answer has the form of its request"),
    (".*", (105, 106), r".*brokerAddrs\.<0>", ".*address.*", "None", "keys are quoted, as 5.5.0 does for new clients; every client reads it"),
    (".*", (105, 106), r".*brokerAddrs\.0", "None", ".*address.*", "the same"),
    ("go.*|java-4.9.4-rocketmq", (105,), "code|remark", "17|No topic route.*", "0|None", "a route is known at once: one process"),
    ("go.*|java-4.9.4-rocketmq", (105,), r"body(\..+)?", "None|b''", r"dict|list|\d|False|broker-a|.*Cluster|.*address.*", "the same"),
    (".*", (46,), "remark", r"org.apache.rocketmq.filter.parser.ParseException: .*", r"column 5: .+", "the text of Java's parser generator"),
    (NOT_OLD, (206, 224, 305), r".*\[(rmq_sys_(REVIVE|wheel|SYNC).*|.*_ROCKSDB_.*|CHECKPOINT_TOPIC)\]", ".*", "None", "no POP, timers, slaves, RocksDB"),
    (NOT_OLD, (206, 224), r".*\[TRANS_CHECK_MAX_TIME_TOPIC\]", ".*", "None", "made by the first half message that is given up"),
    (NOT_OLD, (310,), "code|remark", "13|timer message illegal.*", "1|accurate timer message is not enabled, timerWheelEnable is false", "no timers"),
    (".*", (11,), "code|remark", "25|the consumer's subscription not latest", "19|NO_M.*_QUEUE", "TAG: unfiltered, the client filters (docs/remoting.md)"),
    (".*", (11,), r"ext\.((max|min|nextBegin)Offset|suggestWhichBrokerId|(group|topic)SysFlag)", "None", "0", "the same"),
    ("ali-ons.*", (310,), r"ext\.transactionId", "[0-9A-F]{56}", "[0-9A-F]{32}", "the client sends none, the broker makes one of its own address"),
    (".*", (31, 353), "remark", "", "None", "an empty remark and none are the same to every client"),
    (".*", (105,), r"body\.queueDatas\[0\]\.perm", "6", "7", "327 gives TBW102 back what others inherit from it"),
    (OLD, (105, 11), "remark", r".*\nSee http://rocketmq.apache.org/docs/faq/ .*", r".*\nSee https://rocketmq.apache.org/docs/bestPractice/06FAQ .*", "moved"),
    (OLD, (105, 106), r".*\.enableActingMaster", "None", "False", "new"),
    (OLD, (310, 320, 34), r"ext\.(transactionId|IS_SUB_CHANGE|IS_SUPPORT_HEART_BEAT_V2)", "None", "[0-9A-F]{32,56}|true", "new"),
    (OLD, {*RECORDS, 326}, r".*\.(MSG_REGION|TRACE_ON|__transactionId__)", "None", "DefaultRegion|true|[0-9A-F]{56}", "new"),
    (OLD, (11, 39, 309), r"ext\.((group|topic)SysFlag|forbiddenType|topic|bname)", "None", "[02]|SC_.*|RMQ_SYS_TRANS_HALF_TOPIC|broker-a", "new"),
    (OLD, (202, 208), r"body\.topicPutTps|.*\.pullOffset", "None", r"\d+|.*a rate.*", "new"),
    (OLD, (310,), "remark", "request queueId.*order=false].*", "request queueId.*order=false, attributes={}].*", "new"),
    (OLD, (206, 224), r".*\[RMQ_SYS_TRANS_OP_HALF_TOPIC\]", "None", ".*", "there from the start"),
    (OLD, (14,), r"code|ext\.offset|remark", "0|None", "22|None|Not found, V3_0_6_SNAPSHOT maybe .*", "an empty queue"),
    (OLD, RECORDS, r".*\.props\.CLUSTER", "DefaultCluster", "None", "a batch's messages get nothing"),
    (OLD, RECORDS, r".*\.size", r"\d+", r"\d+", "by what they get"),
    (OLD, (310, 17), "code|remark", "1|The specified topic contains.*", "29|The specified topic: .*, contains.*", "an invalid parameter, named"),
    (OLD, (222,), r"code|remark|body(\..*)?", "206|Consumer not online.*|None|b''", "0|None|dict", "a group that is not online is reset, too"),
    (OLD, (222,), "remark", "not set any response code", "None", "another way through the broker"),
    (OLD, (15,), "remark", "None", "Offset has been previously reset", "for that reason"),
    (OLD, (11,), "code|remark", "28|the consumer's consumer filter data not latest", "19|NO_M.*_QUEUE", "a race of two tables there"),
]


def meant(capture, code, difference):
    shown = (capture, *map(str, difference))
    rows = [row for row in MEANT if code in (row[1] or (code,)) and all(map(whole, (row[0], *row[2:5]), shown))]
    return rows[:1]


class Replay(Stage):
    """`before_N(request, its header fields, its answer)` sets the stage for N; it may return header fields to change."""

    def __init__(self, capture, address, frames):
        super().__init__(address, frames, collections.defaultdict(functools.partial(Wire, address)))
        self.old, self.capture, self.found, self.used, self.pushed = bool(whole(OLD, capture)), capture, [], set(), {}

    def run(self):
        last = {each.conn: each for each in self.frames}
        for each in self.frames:
            (self.client_says if each.direction == "c2s" else self.server_says)(each)
            if last[each.conn] is each:
                self.wires[each.conn].close()
        return self

    def set_for(self, each):
        """The stage is set for a request; which of its header fields must be others."""
        if each.code in SIMPLE:
            SIMPLE[each.code](self, each, each.ext, each.reply)
        elif each.code not in REFUSED and hasattr(self, f"before_{each.code}"):
            return getattr(self, f"before_{each.code}")(each, each.ext, each.reply) or {}
        return {}

    def client_says(self, each):
        if each.answers:
            return self.wires[each.conn].send(each.rewritten({}, self.pushed[each.asked].opaque))
        self.wires[each.conn].send(each.rewritten(self.set_for(each)))

    def server_says(self, each):
        if each.answers:
            return self.server_answers(each, self.wires[each.conn].answer(each.asked.opaque))
        self.set_for(each)
        if each.code != 220:
            self.pushed[each] = self.wires[each.conn].request(each.code)
            self.compare(each.code, each, self.pushed[each])

    def server_answers(self, each, ours):
        if each.asked.code in (10, 310, 320, 325) and ours.code == 0:
            topic = each.asked.ext.get("b") or each.asked.ext["topic"]
            self.settle(topic, int(ours.ext["queueId"]), int(ours.ext["queueOffset"]) + ours.ext["msgId"].count(",") + 1)
        self.compare(each.asked.code, each, ours)

    def compare(self, code, genuine, ours):
        if code in REFUSED:
            said = (ours.code, (ours.remark or "").split(":")[0])
            return self.found.extend([(code, said)] if said != (3, f" request type {code} not supported") else [])
        for each in differences(masked(code, genuine), masked(code, ours)):
            row = meant(self.capture, code, each)
            self.used.update(map(str, row))
            self.found.extend([] if row else [(self.frames.index(genuine), code, *each)])

    def before_39(self, each, *_):
        message, = records(each.body)
        self.beat(self.wires[each.conn], f"client@{each.conn}", producers=[message["props"]["PGROUP"]])
        self.half(message["props"]["UNIQ_KEY"], message["topic"], message["queue"], message["props"]["PGROUP"])

    def before_220(self, each, *_):
        """5.5.0 resets by itself and tells nobody."""
        self.wires[each.conn].ask(30, {"topic": "TBW102", "queueId": 0})
        assert all(ours.code != 220 for ours in self.wires[each.conn].requests)

    def before_309(self, each, ext, _):
        """What brings it about is not in the captures."""
        self.consumer(each.conn, ext["consumerGroup"])
        asked = {name: ext[name] for name in ("consumerGroup", "clientId", "brokerName")}
        self.admin.send(frame(309, asked | {"msgId": self.place(each)[0]}))

    def place(self, answer):
        """The ids of the answer's messages, which are there."""
        at = [(message["topic"], message["queue"], message["qoff"]) for message in records(answer.body)]
        for topic, queue, offset in at:
            self.fill(topic, queue, offset + 1)
        return [self.placed[each] for each in at]

    def before_105(self, _, ext, answer):
        if ext["topic"] != "TBW102" and answer.code == 0:
            self.topic(ext["topic"])
        for code in (205, 327) if b'"perm":6' in answer.body and ext["topic"] == "TBW102" else ():   # what makes 6 of 7
            self.ask(code, {"brokerName": "broker-a"})

    def before_206(self, asked, ext, answer):
        for name in filter(re.compile(r"(.*%)?(SC|GO|JS|CPP)_").match, answer.told()["topicList"]):
            self.topic(name)
        self.fill("RMQ_SYS_TRACE_TOPIC", 0, "RMQ_SYS_TRACE_TOPIC" in answer.told()["topicList"])

    def before_310(self, _, ext, answer):
        topic, queue = (ext["b"], ext["e"]) if "b" in ext else (ext["topic"], ext["queueId"])
        if topic in self.queues and not topic.endswith("_AUTO"):
            self.topic(topic)
        if answer and answer.ext.get("queueOffset", "0") != "0":
            self.fill(topic, queue, answer.ext["queueOffset"])

    def before_11(self, asked, ext, answer):
        group, code = ext["consumerGroup"], answer.code if answer else 0
        self.topic(ext["topic"])
        if code == 16:
            self.group(group, consumeEnable=False)
        self.fill(ext["topic"], ext["queueId"], answer.ext.get("maxOffset", 0) if answer else 0)
        if int(ext["sysFlag"]) & 4 == 0 and code not in (16, 24):
            kind = ext.get("expressionType", "TAG")
            text = {("TAG", True): "NoSuchTag", ("SQL92", True): "no = 1", ("SQL92", False): "TRUE"}.get((kind, code == 20), "*")
            self.consumer(asked.conn, group, ext["topic"], int(ext["subVersion"]) - (code == 25), kind, text)
        return {"suspendTimeoutMillis": "300"} if code in (19, 25, 28) else {}

    def before_12(self, _, ext, answer):
        return {"endTimestamp": str(2**62)} if self.place(answer) else {}

    def before_33(self, _, ext, answer):
        return {"offset": str(int(place[16:], 16)) for place in self.place(answer)}

    def before_36(self, _, ext, answer):
        self.topic(ext["originTopic"])
        sent = self.put(ext["originTopic"], 1)   # the captures show the others empty
        self.settle(ext["originTopic"], 1, int(sent.ext["queueOffset"]) + 1)
        return {"offset": type(ext["offset"])(int(sent.ext["msgId"][16:], 16))}

    def before_37(self, _, ext, answer):
        half = self.half(ext["msgId"], ext.get("topic", ext["producerGroup"][:-2]), 0, ext["producerGroup"])
        return {"commitLogOffset": str(int(half.ext["msgId"][16:], 16)), "tranStateTableOffset": half.ext["queueOffset"]}

    def before_325(self, asked, ext, answer):
        self.fill(ext["b"], 0, answer.ext["queueOffset"])
        client = re.search("REPLY_TO_CLIENT\x01([^\x02]+)", ext["i"])[1]
        self.beat(self.wires[self.coming(asked, 326)], client, producers=["ASKER"])

    def before_29(self, _, ext, answer):
        self.fill(ext["topic"], ext["queueId"], int(answer.ext["offset"]) + 1)
        return {"timestamp": str(self.times[ext["topic"], int(ext["queueId"]), int(answer.ext["offset"])])}

    def before_34(self, asked, ext, answer):
        for each in json.loads(asked.body).get("consumerDataSet", ()):
            self.subscriptions[asked.conn, each["groupName"]] = {data["topic"]: data for data in each["subscriptionDataSet"]}

    def before_203(self, _, ext, answer):
        if answer.code:
            return self.leave(lambda: self.ask(203, ext, may=(0, 206)).code)
        told = answer.told()
        self.subscribe(self.elsewhere(), told["connectionSet"][0]["clientId"], ext["consumerGroup"], told["subscriptionTable"].values(),
                       **{name: told[name] for name in ("consumeType", "messageModel", "consumeFromWhere")})

    def before_328(self, asked, _, answer):
        def pairs(answer):
            return {(each["clientId"], name) for name, rows in answer.told()["data"].items() for each in rows}
        self.leave(lambda: pairs(self.ask(328)) <= pairs(answer))
        for client in {client for client, _ in pairs(answer) - pairs(self.ask(328))}:
            self.beat(self.elsewhere(), client, producers=[name for each, name in pairs(answer) if each == client])

    def before_223(self, asked, ext, answer):
        self.topic(ext["topic"])
        self.clients[self.coming(asked, 221)], = answer.told()["consumerTable"]
        self.consumer(self.coming(asked, 221), ext["group"], ext["topic"])

    def before_208(self, _, ext, answer):
        self.group(ext["consumerGroup"])
        for queue, row in self.fill_rows(answer, lambda row: row["brokerOffset"]):
            at = pull_ext(queue["topic"], queue["queueId"], row.get("pullOffset", row["consumerOffset"])) | ext
            self.ask(11, at, may=(0, 19))
            self.ask(15, at | {"commitOffset": row["consumerOffset"]})

    def before_222(self, asked, ext, answer):
        self.commit(ext["group"], ext["topic"], 0)
        self.fill_rows(answer, int)
        if self.old and answer.code == 0:
            self.consumer(self.coming(asked, 220), ext["group"], ext["topic"])
        return {"timestamp": str(int(time.time() * 1000) + 1000)} if ext["timestamp"] != "0" else {}

    def commit(self, group, topic, count):
        """The group is there, the topic, and so many messages that the group has consumed."""
        self.group(group)
        self.topic(topic)
        for queue in range(self.queues.get(topic, 1) if count else 0):
            self.fill(topic, queue, count)
            self.ask(15, {"consumerGroup": group, "topic": topic, "queueId": queue, "commitOffset": count})

    before_10 = before_320 = before_310
    before_361, before_224 = before_11, before_206


SIMPLE = {   # the same for requests where a line says it
    14: lambda stage, asked, ext, answer: stage.fill(ext["topic"], ext["queueId"], answer.code == 0 and not stage.old),
    15: lambda stage, asked, ext, answer: stage.commit(ext["consumerGroup"], ext["topic"], 0),
    30: lambda stage, asked, ext, answer: stage.fill(ext["topic"], ext["queueId"], answer.ext["offset"]),
    **dict.fromkeys((31, 215, 351), lambda stage, asked, ext, answer: stage.topic(ext["topic"])),
    32: lambda stage, asked, ext, answer: stage.fill(ext["topic"], ext["queueId"], 1),
    38: lambda stage, asked, ext, answer: answer.code or stage.consumer(asked.conn, ext["consumerGroup"]),
    40: lambda stage, asked, ext, answer: stage.consumer(asked.conn, ext["consumerGroup"]),
    202: lambda stage, asked, ext, answer: stage.fill_rows(answer, lambda row: row["maxOffset"]),
    204: lambda stage, asked, ext, answer: stage.beat(stage.elsewhere(), *re.findall('clientId":"(.*?)"', str(answer.body)), (), [ext["producerGroup"]]),
    207: lambda stage, asked, ext, answer: stage.group(ext["groupName"]),
    300: lambda stage, asked, ext, answer: [stage.commit(group, ext["topic"], 1) for group in answer.told()["groupList"]],
    303: lambda stage, asked, ext, answer: stage.commit(ext["group"], ext["topic"], 2),
    307: lambda stage, asked, ext, answer: stage.consumer(stage.coming(asked, 307), ext["consumerGroup"]),
    314: lambda stage, asked, ext, answer: stage.commit(ext["srcGroup"], ext["topic"], 1),
    315: lambda stage, asked, ext, answer: stage.fill(ext["statsKey"], 0, 1),
    321: lambda stage, asked, ext, answer: stage.fill(ext["topic"], ext["queueId"], answer.told()["maxQueueIndex"]),
    343: lambda stage, asked, ext, answer: [stage.commit(ext["group"], topic, 1) for topic in answer.told()["topicList"]],
    345: lambda stage, asked, ext, answer: stage.subscribe(stage.elsewhere(), "someone", ext["group"], [answer.told()["subscriptionData"]]),
    353: lambda stage, asked, ext, answer: stage.commit(ext["group"], ext["topic"], 0),
}


@functools.cache
def replayed(capture):
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as conf:
        # The half messages were born when they were captured: their checks must not be over for their age, nor because
        # the replay takes long.
        print("transactionCheckInterval=200", "transactionTimeOut=1000", "transactionCheckMax=1000000",
              "fileReservedTime=1000000", sep="\n", file=conf, flush=True)
        with Serve("--ephemeral", "-c", conf.name) as serve:
            return Replay(capture, serve.address, captured(capture)).run()


@pytest.mark.parametrize("capture", CAPTURES)
def test_answers_are_the_genuine_ones(capture):
    found = replayed(capture).found
    assert not found, "\n" + "\n".join(map(str, found))


@pytest.mark.parametrize("capture", CAPTURES)
def test_nothing_escapes_the_comparison(capture):
    """Were any aspect of our answer another one, no table would let it pass."""
    for each in [each for each in captured(capture) if each.direction == "s2c" and (each.asked or each).code not in REFUSED]:
        code = (each.asked or each).code
        genuine = masked(code, each)
        for name in genuine:
            change, = differences(genuine, genuine | {name: "another"})
            assert not meant(capture, code, change), change


def test_no_difference_is_excused_that_is_not_there():
    used = set().union(*(replayed(capture).used for capture in CAPTURES))
    assert [row for row in MEANT if str(row) not in used] == []
