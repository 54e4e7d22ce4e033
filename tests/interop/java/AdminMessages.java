import java.util.Map;
import java.util.TreeMap;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/** What became of a message, and a message given to one consumer by hand. */
final class AdminMessages {
    private AdminMessages() {
    }

    static void messageTrack(Session session) throws Exception {
        DefaultMQAdminExt admin = session.cluster.admin;
        Consumed consumed = new Consumed(session, 2);
        String gone = session.name("gone");
        Inbox inbox = new Inbox();
        var consumer = session.consuming(gone, consumed.topic, "*", inbox);
        inbox.expect(consumed.sent);
        consumer.shutdown();
        MessageExt message = found(session, inbox.all().get(0));
        Support.until("tracks", () -> admin.messageTrackDetail(message).size() == 2);
        Map<String, String> tracks = new TreeMap<>();
        admin.messageTrackDetail(message).forEach(track -> tracks.put(track.getConsumerGroup(), track.getTrackType().name()));
        Support.equal("tracks", new TreeMap<>(Map.of(consumed.group, "CONSUMED", gone, "NOT_ONLINE")), tracks);
    }

    /** By its unique key, under which it is found a moment after it can be consumed. */
    private static MessageExt found(Session session, MessageExt message) throws Exception {
        DefaultMQAdminExt admin = session.cluster.admin;
        Support.until("the message's key", () -> admin.viewMessage(message.getTopic(), message.getMsgId()) != null);
        return admin.viewMessage(message.getTopic(), message.getMsgId());
    }

    /** The consumer that is named takes the message once more. */
    static void directConsume(Session session) throws Exception {
        Consumed consumed = new Consumed(session, 2);
        MessageExt first = consumed.inbox.all().get(0);
        found(session, first);
        var result = session.cluster.admin.consumeMessageDirectly(consumed.group, consumed.clientId(), consumed.topic, first.getMsgId());
        Support.equal("result", "CR_SUCCESS", result.getConsumeResult().name());
        Support.equal("received", 3, consumed.inbox.size());
        Support.equal("third", Support.line(first), Support.line(consumed.inbox.all().get(2)));
    }
}
