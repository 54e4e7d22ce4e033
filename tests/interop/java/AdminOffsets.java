import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageQueue;

/** Groups that are put back, or begin where another one is. */
final class AdminOffsets {
    private AdminOffsets() {
    }

    /** A consumer that is connected is told to begin again. */
    static void resetOnline(Session session) throws Exception {
        Consumed consumed = new Consumed(session, 10);
        Map<MessageQueue, Long> offsets = session.cluster.admin.resetOffsetByTimestamp(consumed.topic, consumed.group, 0, true);
        Cluster cluster = session.cluster;
        Support.equal("queues", Set.of(cluster.queue(consumed.topic, 0), cluster.queue(consumed.topic, 1)), offsets.keySet());
        Support.equal("offsets", Set.of(0L), Set.copyOf(offsets.values()));
        List<Message> twice = new ArrayList<>(consumed.sent);
        twice.addAll(consumed.sent);
        consumed.inbox.expect(twice);
    }

    /** A group without consumers begins again when one comes; or in the middle, by time. */
    static void resetOffline(Session session) throws Exception {
        Consumed consumed = new Consumed(session, 10);
        long last = System.currentTimeMillis();
        Support.until("a later time", () -> System.currentTimeMillis() > last + 50);
        long between = System.currentTimeMillis();
        List<Message> later = session.sendMany(consumed.topic, "later ", 4);
        consumed.inbox.await(14);
        consumed.awaitCommitted(session);
        consumed.consumer.shutdown();
        checkReset(session, consumed, between, 5L, later);
        List<Message> all = new ArrayList<>(consumed.sent);
        all.addAll(later);
        checkReset(session, consumed, 0, 0L, all);
    }

    private static void checkReset(Session session, Consumed consumed, long time, long offset, List<Message> again) throws Exception {
        var reset = session.cluster.admin.resetOffsetByTimestampOld(consumed.group, consumed.topic, time, true);
        Support.equal("queues that were reset", 2, reset.size());
        for (var queue : reset) {
            Support.equal("offset of queue " + queue.getQueueId(), offset, queue.getRollbackOffset());
        }
        Inbox inbox = new Inbox();
        var consumer = session.consuming(consumed.group, consumed.topic, "*", inbox);
        inbox.expect(again);
        consumer.shutdown();
    }

    /** A group begins where another one is. */
    static void cloneOffset(Session session) throws Exception {
        Consumed consumed = new Consumed(session, 10);
        String copy = session.name("copy");
        session.cluster.admin.cloneGroupOffset(consumed.group, copy, consumed.topic, true);
        List<Message> later = session.sendMany(consumed.topic, "later ", 4);
        Inbox inbox = new Inbox();
        session.consuming(copy, consumed.topic, "*", inbox);
        inbox.expect(later);
    }
}
