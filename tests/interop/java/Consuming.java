import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.MessageSelector;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** Push consumers: what they get, and what their subscription keeps from them. */
final class Consuming {
    private static final int SUBSCRIPTION_PARSE_FAILED = 23;

    private Consuming() {
    }

    /** Two consumers of a group share the queues; together they get every message once, as it was sent. */
    static void push(Session session) throws Exception {
        String topic = session.topic("topic", 8);
        Inbox first = new Inbox();
        Inbox second = new Inbox();
        Inbox both = new Inbox();
        List<DefaultMQPushConsumer> consumers = new ArrayList<>();
        for (Inbox inbox : List.of(first, second)) {
            consumers.add(session.consuming(session.name("group"), topic, "*", (messages, context) -> {
                inbox.add(messages);   // first: when both have all, each has its own
                return both.consumeMessage(messages, context);
            }));
        }
        Session.awaitQueues(consumers, topic, 4);
        List<Message> sent = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            sent.add(ofManyParts(topic, i));
            session.send(sent.get(i), i % 8);
        }
        both.expect(sent);
        Support.equal("of the first consumer", 32, first.size());
        Support.equal("of the second consumer", 32, second.size());
        checkPlaces(both.all());
    }

    private static Message ofManyParts(String topic, int i) {
        Message message = Support.message(topic, i % 2 == 0 ? "TagA" : "标签", "key-" + i + " schlüssel-" + i, "Nachricht №" + i + " 消息 🚀");
        message.setFlag(i * 1000 - 3);
        message.putUserProperty(Support.OWN + "number", String.valueOf(i));
        message.putUserProperty(Support.OWN + "überschrift", "größe = ½ 🙂");
        message.putUserProperty(Support.OWN + "long", "v".repeat(300));
        if (i % 16 == 0) {
            message.setBody(new byte[] {0, 1, 2, (byte) 0xff, (byte) 0xfe});
        }
        return message;
    }

    /** Each message has a place of its own and says when it was made and stored. */
    private static void checkPlaces(List<MessageExt> received) {
        Set<String> places = new HashSet<>();
        Set<Long> positions = new HashSet<>();
        for (MessageExt message : received) {
            places.add(message.getQueueId() + "/" + message.getQueueOffset());
            positions.add(message.getCommitLogOffset());
            Support.check("stored before it was made", message.getStoreTimestamp() >= message.getBornTimestamp());
            Support.equal("reconsume times", 0, message.getReconsumeTimes());
        }
        Support.equal("places", received.size(), places.size());
        Support.equal("positions", received.size(), positions.size());
    }

    static void tags(Session session) throws Exception {
        String topic = session.topic("topic", 2);
        Inbox some = new Inbox();
        Inbox one = new Inbox();
        session.consuming(session.name("some"), topic, "TagA || TagB", some);
        session.consuming(session.name("one"), topic, "TagC", one);
        List<Message> ofSome = new ArrayList<>();
        List<Message> ofOne = new ArrayList<>();
        String[] tags = {"TagA", "TagC", "TagB", null, "Taga", "TagAB", "TagC", "TagA"};
        for (int i = 0; i < 40; i++) {
            String tag = tags[i % tags.length];
            Message message = Support.message(topic, tag == null ? "" : tag, "k" + i, "body " + i);
            session.send(message, i % 2);
            if ("TagA".equals(tag) || "TagB".equals(tag)) {
                ofSome.add(message);
            } else if ("TagC".equals(tag)) {
                ofOne.add(message);
            }
        }
        some.expect(ofSome);
        one.expect(ofOne);
    }

    static void sql92(Session session) throws Exception {
        String topic = session.topic("topic", 2);
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = session.consumer(session.name("group"));
        consumer.subscribe(topic,
            MessageSelector.bySql("(size BETWEEN 3 AND 6 OR TAGS = 'always') AND colour IN ('rot', 'blau') AND more IS NULL"));
        consumer.registerMessageListener(inbox);
        consumer.start();
        List<Message> wanted = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            Message message = Support.message(topic, i % 10 == 9 ? "always" : "T", "", "body " + i);
            message.putUserProperty("size", String.valueOf(i % 10));
            message.putUserProperty("colour", i % 3 == 0 ? "rot" : i % 3 == 1 ? "blau" : "grün");
            if (i % 7 == 0) {
                message.putUserProperty("more", "x");
            }
            session.send(message, i % 2);
            boolean size = i % 10 >= 3 && i % 10 <= 6 || i % 10 == 9;
            if (size && i % 3 != 2 && i % 7 != 0) {
                wanted.add(message);
            }
        }
        inbox.expect(wanted);
        checkBadExpression(session, topic);
    }

    private static void checkBadExpression(Session session, String topic) throws Exception {
        DefaultMQPushConsumer consumer = session.consumer(session.name("bad-group"));
        consumer.subscribe(topic, MessageSelector.bySql("size > AND colour"));
        consumer.registerMessageListener(new Inbox());
        Support.equal("code of a bad expression", SUBSCRIPTION_PARSE_FAILED, Support.refusal("a bad expression", consumer::start));
    }

    /** Each of two consumers gets everything. */
    static void broadcast(Session session) throws Exception {
        String topic = session.topic("topic", 4);
        List<Inbox> inboxes = List.of(new Inbox(), new Inbox());
        for (Inbox inbox : inboxes) {
            DefaultMQPushConsumer consumer = session.consumer(session.name("group"));
            var model = consumer.getMessageModel();
            consumer.setMessageModel(Enum.valueOf(model.getDeclaringClass(), "BROADCASTING"));
            consumer.subscribe(topic, "*");
            consumer.registerMessageListener(inbox);
            consumer.start();
            Session.awaitQueues(List.of(consumer), topic, 4);
        }
        List<Message> sent = session.sendMany(topic, "to all ", 40);
        for (Inbox inbox : inboxes) {
            inbox.expect(sent);
        }
    }
}
