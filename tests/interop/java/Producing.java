import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** The ways to send, and what a broker does not take. */
final class Producing {
    private static final int MESSAGE_ILLEGAL = 13;
    private static final int MEBI = 1 << 20;

    private Producing() {
    }

    /** One request with many messages: they lie one behind another in a queue, with their own properties. */
    static void batch(Session session) throws Exception {
        String topic = session.topic("topic", 4);
        List<Message> sent = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            Message message = Support.message(topic, i % 2 == 0 ? "even" : "odd", "batch-key-" + i, "Stück " + i);
            message.putUserProperty(Support.OWN + "number", "№ " + i);
            sent.add(message);
        }
        Inbox inbox = new Inbox();
        Inbox even = new Inbox();
        session.consuming(session.name("group"), topic, "*", inbox);
        session.consuming(session.name("even"), topic, "even", even);
        SendResult result = Session.sent(session.producer().send(sent));
        inbox.expect(sent);
        even.expect(sent.stream().filter(message -> message.getTags().equals("even")).toList());
        List<MessageExt> received = inbox.all();
        Support.equal("order", sent.stream().map(Support::text).toList(),
            received.stream().sorted((a, b) -> Long.compare(a.getQueueOffset(), b.getQueueOffset())).map(Support::text).toList());
        Support.equal("queues", 1L, received.stream().map(MessageExt::getQueueId).distinct().count());
        Support.equal("first offset", 0L, result.getQueueOffset());
        Support.equal("ids", sorted(result.getOffsetMsgId()), received.stream().map(Producing::offsetId).sorted().toList());
        Support.equal("unique keys", sorted(result.getMsgId()), received.stream().map(MessageExt::getMsgId).sorted().toList());
    }

    private static List<String> sorted(String ids) {
        return Arrays.stream(ids.split(",")).sorted().toList();
    }

    private static String offsetId(MessageExt message) {
        return ((org.apache.rocketmq.common.message.MessageClientExt) message).getOffsetMsgId();
    }

    /** Big bodies are compressed by the producer, with any method that its client knows; consumers get them whole. */
    static void compression(Session session) throws Exception {
        String topic = session.topic("topic", 2);
        Inbox inbox = new Inbox();
        session.consuming(session.name("group"), topic, "*", inbox);
        List<Message> sent = new ArrayList<>();
        for (String method : List.of("default", "ZLIB", "LZ4", "ZSTD")) {
            DefaultMQProducer producer = session.started(new DefaultMQProducer(session.name("producer-" + method)));
            if (!method.equals("default") && !setCompression(producer, method)) {
                continue;
            }
            Message message = Support.message(topic, method, "", (method + " größer ").repeat(3000));
            Session.sent(producer.send(message));
            sent.add(message);
        }
        inbox.expect(sent);
        for (MessageExt message : inbox.all()) {
            Support.check("stored as it was, " + message.getStoreSize() + " bytes", message.getStoreSize() < message.getBody().length / 4);
        }
    }

    /** Clients before 5.0 have no such method and always use zlib. */
    private static boolean setCompression(DefaultMQProducer producer, String method) throws ReflectiveOperationException {
        for (var setter : DefaultMQProducer.class.getMethods()) {
            if (setter.getName().equals("setCompressType")) {
                Class<?> type = setter.getParameterTypes()[0];
                setter.invoke(producer, type.getMethod("of", String.class).invoke(null, method));
                return true;
            }
        }
        return false;
    }

    static void oneway(Session session) throws Exception {
        String topic = session.topic("topic", 2);
        Inbox inbox = new Inbox();
        session.consuming(session.name("group"), topic, "*", inbox);
        List<Message> sent = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            sent.add(Support.message(topic, "", "key-" + i, "oneway " + i));
            session.producer().sendOneway(sent.get(i));
        }
        inbox.expect(sent);
    }

    /** Every callback tells the place where its message then is. */
    static void asyncSend(Session session) throws Exception {
        String topic = session.topic("topic", 4);
        Inbox inbox = new Inbox();
        session.consuming(session.name("group"), topic, "*", inbox);
        List<Message> sent = new ArrayList<>();
        Map<String, SendResult> results = new ConcurrentHashMap<>();
        Map<String, Throwable> failures = new ConcurrentHashMap<>();
        for (int i = 0; i < 200; i++) {
            Message message = Support.message(topic, "", "key-" + i, "async " + i);
            sent.add(message);
            session.producer().send(message, new SendCallback() {
                @Override
                public void onSuccess(SendResult result) {
                    results.put(Support.text(message), result);
                }

                @Override
                public void onException(Throwable e) {
                    failures.put(Support.text(message), e);
                }
            });
        }
        Support.until("all callbacks", () -> results.size() + failures.size() == sent.size());
        Support.equal("failures", Map.of(), failures);
        inbox.expect(sent);
        for (MessageExt message : inbox.all()) {
            SendResult result = Session.sent(results.get(Support.text(message)));
            Support.equal("place", result.getMessageQueue().getQueueId() + "/" + result.getQueueOffset(),
                message.getQueueId() + "/" + message.getQueueOffset());
            Support.equal("offset id", result.getOffsetMsgId(), offsetId(message));
        }
    }

    /** A message may have nearly four mebibytes; more is refused, and the connection stays good. */
    static void bigMessage(Session session) throws Exception {
        String topic = session.topic("topic", 1);
        Inbox inbox = new Inbox();
        session.consuming(session.name("group"), topic, "*", inbox);
        DefaultMQProducer producer = session.started(new DefaultMQProducer(session.name("big")));
        producer.setMaxMessageSize(16 * MEBI);
        producer.setCompressMsgBodyOverHowmuch(16 * MEBI);
        Message good = new Message(topic, pattern(4 * MEBI - 16384));
        Session.sent(producer.send(good));
        for (int size : new int[] {4 * MEBI + 1, 8 * MEBI}) {
            int code = Support.refusal(size + " bytes", () -> producer.send(new Message(topic, pattern(size))));
            Support.equal("code", MESSAGE_ILLEGAL, code);
        }
        Message after = Support.message(topic, "", "", "after it");
        Session.sent(producer.send(after));
        inbox.expect(List.of(good, after));
        Support.equal("stored", 2L, session.cluster.stored(topic));
    }

    private static byte[] pattern(int size) {
        byte[] body = new byte[size];
        for (int i = 0; i < size; i++) {
            body[i] = (byte) (i * 31 + (i >> 8));
        }
        return body;
    }

    /** Refused by the broker (code 1 from 4.9, 29 from 5.x) when the client lets it through, and by the client otherwise. */
    static void invalidTopic(Session session) throws Exception {
        for (String bad : List.of("bad topic", "bad/topic", "größe", "t".repeat(128))) {
            Support.refusal("sending to " + bad, () -> session.producer().send(Support.message(bad, "", "", "x")));
            int code = Support.refusal("making " + bad, () -> session.cluster.create(bad, 1));
            Support.check("code " + code + " of " + bad, code == 1 || code == 29);
            Support.check(bad + " is not listed", !session.cluster.topics().contains(bad));
        }
        int code = Support.refusal("a topic of the system", () -> session.cluster.create("SCHEDULE_TOPIC_XXXX", 1));
        Support.check("code " + code + " of a system topic", code == 1 || code == 29);
    }

    /** A topic that is not there is made by the first message, with the queues that the producer asks for. */
    static void autoCreate(Session session) throws Exception {
        String topic = session.name("topic");
        session.producer().setDefaultTopicQueueNums(3);
        Message message = Support.message(topic, "", "", "the first");
        session.send(message);
        Support.until("the route", () -> session.cluster.writeQueues(topic) == 3);
        Inbox inbox = new Inbox();
        session.consuming(session.name("group"), topic, "*", inbox);
        inbox.expect(List.of(message));
    }
}
