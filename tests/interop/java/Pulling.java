import java.text.SimpleDateFormat;
import java.util.Date;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Consumers that fetch for themselves, by offset and by time, and single messages by id and key. */
final class Pulling {
    private static final int NO_MESSAGE = 208;

    private Pulling() {
    }

    /** Subscribed, the consumer's offsets are kept by the broker; assigned, it reads from where it is told. */
    static void litePull(Session session) throws Exception {
        String topic = session.topic("topic", 4);
        List<Message> sent = session.sendMany(topic, "lite ", 40);
        DefaultLitePullConsumer subscriber = session.litePull(session.name("subscriber"));
        subscriber.setAutoCommit(false);
        subscriber.subscribe(topic, "*");
        subscriber.start();
        Inbox inbox = new Inbox();
        poll(subscriber, inbox, 40);
        inbox.expect(sent);
        subscriber.commitSync();
        for (int queue = 0; queue < 4; queue++) {
            MessageQueue of = session.cluster.queue(topic, queue);
            Support.until("offset of " + of, () -> subscriber.committed(of) == 10L);
        }

        DefaultLitePullConsumer assigned = session.litePull(session.name("assigned"));
        assigned.start();
        MessageQueue queue = session.cluster.queue(topic, 2);
        Support.equal("queues", 4, assigned.fetchMessageQueues(topic).size());
        assigned.assign(List.of(queue));
        assigned.seek(queue, 7);
        Support.equal("offsets from 7 on", List.of(7L, 8L, 9L), offsets(assigned, 3));
        assigned.seekToBegin(queue);
        Support.equal("offsets from the beginning", List.of(0L, 1L, 2L), offsets(assigned, 10).subList(0, 3));
        assigned.seekToEnd(queue);
        session.send(Support.message(topic, "", "", "the last"), 2);
        Support.equal("offsets from the end", List.of(10L), offsets(assigned, 1));
    }

    private static void poll(DefaultLitePullConsumer consumer, Inbox inbox, int count) throws Exception {
        Support.until(count + " polled messages", () -> {
            inbox.add(consumer.poll(100));
            return inbox.size() >= count;
        });
    }

    private static List<Long> offsets(DefaultLitePullConsumer consumer, int count) throws Exception {
        Inbox inbox = new Inbox();
        poll(consumer, inbox, count);
        return inbox.all().stream().map(MessageExt::getQueueOffset).toList();
    }

    static void pull(Session session) throws Exception {
        String topic = session.topic("topic", 2);
        MessageQueue queue = session.cluster.queue(topic, 1);
        DefaultMQPullConsumer puller = session.puller();
        Support.equal("offsets of an empty queue", List.of(0L, 0L), List.of(puller.minOffset(queue), puller.maxOffset(queue)));
        for (int i = 0; i < 12; i++) {
            session.send(Support.message(topic, i < 6 ? "old" : "new", "", "pulled " + i), 1);
        }
        Support.until("the offset behind the last", () -> puller.maxOffset(queue) == 12);
        checkPulls(puller, queue);
        checkCommits(session, puller, queue);
        checkLongPoll(session, puller, queue);
    }

    private static void checkPulls(DefaultMQPullConsumer puller, MessageQueue queue) throws Exception {
        PullResult some = puller.pull(queue, "*", 3, 4);
        Support.equal("pulled", "FOUND [3, 4, 5, 6] next 7 of 0 to 12", shown(some));
        Support.equal("body", "pulled 3", Support.text(some.getMsgFoundList().get(0)));
        Support.equal("filtered", "FOUND [6, 7, 8, 9, 10, 11] next 12 of 0 to 12", shown(puller.pull(queue, "new", 4, 32)));
        Support.equal("behind the end", "NO_NEW_MSG [] next 12 of 0 to 12", shown(puller.pull(queue, "*", 12, 32)));
        Support.equal("far behind the end", "OFFSET_ILLEGAL [] next 12 of 0 to 12", shown(puller.pull(queue, "*", 1000, 32)));
        Support.equal("nothing of a tag", PullStatus.NO_MATCHED_MSG, puller.pull(queue, "other", 0, 32).getPullStatus());
    }

    private static String shown(PullResult result) {
        List<Long> offsets = result.getMsgFoundList() == null ? List.of()
            : result.getMsgFoundList().stream().map(MessageExt::getQueueOffset).toList();
        return result.getPullStatus() + " " + offsets + " next " + result.getNextBeginOffset() + " of " + result.getMinOffset() + " to "
            + result.getMaxOffset();
    }

    private static void checkCommits(Session session, DefaultMQPullConsumer puller, MessageQueue queue) throws Exception {
        puller.updateConsumeOffset(queue, 5);
        puller.getDefaultMQPullConsumerImpl().getOffsetStore().persist(queue);
        Support.until("the committed offset", () -> session.cluster.admin.examineConsumeStats(puller.getConsumerGroup()).getOffsetTable()
            .get(queue).getConsumerOffset() == 5);
        Support.equal("committed", 5L, puller.fetchConsumeOffset(queue, true));
    }

    /** A pull that waits is answered when a message comes. */
    private static void checkLongPoll(Session session, DefaultMQPullConsumer puller, MessageQueue queue) throws Exception {
        CompletableFuture<PullResult> waiting = CompletableFuture.supplyAsync(() -> {
            try {
                return puller.pullBlockIfNotFound(queue, "*", 12, 32);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        session.send(Support.message(queue.getTopic(), "late", "", "woken"), 1);
        PullResult result = waiting.get(Support.SECONDS, TimeUnit.SECONDS);
        Support.equal("woken", "FOUND [12] next 13 of 0 to 13", shown(result));
        Support.equal("woken by", "woken", Support.text(result.getMsgFoundList().get(0)));
    }

    static void seekByTime(Session session) throws Exception {
        String topic = session.topic("topic", 1);
        MessageQueue queue = session.cluster.queue(topic, 0);
        session.sendMany(topic, "before ", 5);
        long last = System.currentTimeMillis();
        Support.until("a later time", () -> System.currentTimeMillis() > last + 50);
        long between = System.currentTimeMillis();
        List<Message> after = session.sendMany(topic, "after ", 5);
        DefaultLitePullConsumer consumer = session.litePull(session.name("group"));
        consumer.start();
        Support.until("all messages stored", () -> session.cluster.stored(topic) == 10);
        Support.equal("offset for the time between", 5L, consumer.offsetForTimestamp(queue, between));
        Support.equal("offset for long ago", 0L, consumer.offsetForTimestamp(queue, between - 3_600_000));
        consumer.assign(List.of(queue));
        consumer.seek(queue, consumer.offsetForTimestamp(queue, between));
        Inbox inbox = new Inbox();
        poll(consumer, inbox, 5);
        inbox.expect(after);
        pushFromTime(session, topic, between - 3_600_000);
    }

    /** From an hour ago on is everything. A later time a broker may not heed, as long as the queue's first message is in memory. */
    private static void pushFromTime(Session session, String topic, long time) throws Exception {
        DefaultMQPushConsumer consumer = session.consumer(session.name("push-group"));
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_TIMESTAMP);
        consumer.setConsumeTimestamp(new SimpleDateFormat("yyyyMMddHHmmss").format(new Date(time)));
        Inbox inbox = new Inbox();
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(inbox);
        consumer.start();
        inbox.await(10);
        Support.check("from an hour ago: " + inbox.bodies(), inbox.bodies().containsAll(List.of("after 0", "before 0")));
    }

    static void messageQuery(Session session) throws Exception {
        String topic = session.topic("topic", 2);
        Message message = Support.message(topic, "Tag", "one two", "asked for, größer");
        SendResult sent = session.send(message, 1);
        session.send(Support.message(topic, "Tag", "two three", "another"), 0);
        session.send(Support.message(topic, "Tag", "", "without keys"), 0);
        for (String id : List.of(sent.getOffsetMsgId(), sent.getMsgId())) {
            Support.until("the message " + id, () -> session.cluster.admin.viewMessage(topic, id) != null);
            MessageExt found = session.cluster.admin.viewMessage(topic, id);
            Support.equal("by id " + id, Support.line(message), Support.line(found));
            Support.equal("queue", 1, found.getQueueId());
            Support.equal("offset", sent.getQueueOffset(), found.getQueueOffset());
        }
        Support.until("the last key", () -> byKey(session, topic, "three").size() == 1);
        Support.equal("by the key one", List.of("asked for, größer"), byKey(session, topic, "one"));
        Support.equal("by the key two", List.of("another", "asked for, größer"), byKey(session, topic, "two"));
        Support.equal("by the key three", List.of("another"), byKey(session, topic, "three"));
        int code = Support.refusal("a key that nothing has", () -> byKey(session, topic, "four"));
        Support.equal("code of a key that nothing has", NO_MESSAGE, code);
    }

    private static List<String> byKey(Session session, String topic, String key) throws Exception {
        long now = System.currentTimeMillis();
        return Inbox.sorted(session.producer().queryMessage(topic, key, 32, now - 3_600_000, now + 60_000).getMessageList(), Support::text);
    }
}
