import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyContext;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.producer.MessageQueueSelector;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** Consumers of one group that come and go while messages flow. */
final class Sharing {
    private static final int QUEUES = 8;

    private Sharing() {
    }

    /** A second consumer takes half of the queues, and gives them back at its end; no message is lost on the way. */
    static void rebalance(Session session) throws Exception {
        String topic = session.topic("topic", QUEUES);
        Inbox ofFirst = new Inbox();
        Inbox ofSecond = new Inbox();
        DefaultMQPushConsumer first = session.consuming(session.name("group"), topic, "*", ofFirst);
        Session.awaitQueues(List.of(first), topic, QUEUES);
        List<Message> sent = new ArrayList<>(session.sendMany(topic, "alone ", 40));
        ofFirst.await(40);

        DefaultMQPushConsumer second = session.prepared(new DefaultMQPushConsumer(session.name("group")));
        second.subscribe(topic, "*");
        second.registerMessageListener(ofSecond);
        second.start();
        sent.addAll(session.sendMany(topic, "moving ", 40));
        Session.awaitQueues(List.of(first, second), topic, QUEUES / 2);
        sent.addAll(session.sendMany(topic, "both ", 40));
        awaitAll(sent, ofFirst, ofSecond);
        Support.equal("messages of the second consumer while there were two", 20L, count(ofSecond, "both "));
        Support.equal("messages of the first consumer while there were two", 20L, count(ofFirst, "both "));

        second.shutdown();
        sent.addAll(session.sendMany(topic, "again ", 40));
        Session.awaitQueues(List.of(first), topic, QUEUES);
        awaitAll(sent, ofFirst, ofSecond);
        Support.equal("messages of the first consumer when it was alone again", 40L, count(ofFirst, "again "));
    }

    private static long count(Inbox inbox, String prefix) {
        return inbox.bodies().stream().filter(body -> body.startsWith(prefix)).distinct().count();
    }

    /** Queues that move may bring a message twice. */
    private static void awaitAll(List<Message> sent, Inbox... inboxes) throws InterruptedException {
        Set<String> missing = new TreeSet<>();
        sent.forEach(message -> missing.add(Support.text(message)));
        try {
            Support.until("all messages", () -> {
                for (Inbox inbox : inboxes) {
                    missing.removeAll(inbox.bodies());
                }
                return missing.isEmpty();
            });
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + ", missing: " + missing, e);
        }
    }

    /** Two orderly consumers, of which one comes later: each key in order, and no queue with both at once. */
    static void ordered(Session session) throws Exception {
        String topic = session.topic("topic", QUEUES);
        Orderly orderly = new Orderly();
        long began = System.currentTimeMillis();
        start(session, topic, orderly.of("first"));
        List<Message> sent = new ArrayList<>();
        sendToEachKey(session, topic, sent);
        Support.until("messages at the first consumer", () -> orderly.took.contains("first"));
        // Clients renew their locks a second after the start, and every five seconds (see Runner). A renewal on the way while a queue is
        // given up keeps this locked for a minute.
        Support.until("the time when the locks are renewed is over", () -> System.currentTimeMillis() > began + 3000);
        start(session, topic, orderly.of("second"));
        Support.until("messages at the second consumer", () -> {
            sendToEachKey(session, topic, sent);
            return orderly.took.contains("second");
        });
        sendToEachKey(session, topic, sent);
        awaitAll(sent, orderly.inbox);
        Support.equal("queues that two had at once", Set.of(), orderly.shared);
        Support.equal("consumers", Set.of("first", "second"), orderly.took);
        checkOrder(sent, orderly.inbox.all());
    }

    /** The next message of each of 16 keys; the queue is chosen by the key. */
    private static void sendToEachKey(Session session, String topic, List<Message> sent) throws Exception {
        MessageQueueSelector byKey = (queues, message, key) -> queues.get(Math.floorMod(key.hashCode(), queues.size()));
        int round = sent.size() / 16;
        for (int i = 0; i < 16; i++) {
            String key = "key" + i;
            Message message = Support.message(topic, "", key, String.format("%s %03d", key, round));
            Session.sent(session.producer().send(message, byKey, key));
            sent.add(message);
        }
    }

    private static void start(Session session, String topic, MessageListenerOrderly listener) throws Exception {
        DefaultMQPushConsumer consumer = session.consumer(session.name("group"));
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(listener);
        consumer.start();
    }

    private static void checkOrder(List<Message> sent, List<MessageExt> received) {
        Support.equal("order of each key", byKey(sent), byKey(received));
    }

    /** The bodies of each key, the first time that each is there. */
    private static Map<String, List<String>> byKey(List<? extends Message> messages) {
        Map<String, List<String>> lists = new TreeMap<>();
        Set<String> seen = new HashSet<>();
        for (Message message : messages) {
            if (seen.add(Support.text(message))) {
                lists.computeIfAbsent(message.getKeys(), key -> new ArrayList<>()).add(Support.text(message));
            }
        }
        return lists;
    }

    /** What all orderly consumers of a group got. */
    private static final class Orderly {
        final Inbox inbox = new Inbox();
        final Set<String> took = ConcurrentHashMap.newKeySet();
        final Set<Integer> shared = ConcurrentHashMap.newKeySet();
        private final Map<Integer, AtomicInteger> inside = new HashMap<>();

        Orderly() {
            for (int queue = 0; queue < QUEUES; queue++) {
                inside.put(queue, new AtomicInteger());
            }
        }

        MessageListenerOrderly of(String consumer) {
            return (messages, context) -> take(consumer, messages, context);
        }

        private ConsumeOrderlyStatus take(String consumer, List<MessageExt> messages, ConsumeOrderlyContext context) {
            int queue = context.getMessageQueue().getQueueId();
            if (inside.get(queue).incrementAndGet() > 1) {
                shared.add(queue);
            }
            inbox.add(messages);
            took.add(consumer);
            inside.get(queue).decrementAndGet();
            return ConsumeOrderlyStatus.SUCCESS;
        }
    }
}
