import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.common.message.Message;

/** A topic of two queues whose messages a consumer has taken, with the offsets told to the broker. */
final class Consumed {
    final String topic;
    final String group;
    final Inbox inbox = new Inbox();
    final List<Message> sent;
    final DefaultMQPushConsumer consumer;

    Consumed(Session session, int count) throws Exception {
        topic = session.topic("topic", 2);
        group = session.name("group");
        consumer = session.consuming(group, topic, "*", inbox);
        sent = session.sendMany(topic, "message ", count);
        inbox.expect(sent);
        awaitCommitted(session);
    }

    String clientId() {
        return consumer.buildMQClientId();
    }

    /** Offsets are told to the broker at once; otherwise every five seconds. */
    void awaitCommitted(Session session) throws InterruptedException {
        Support.until("committed offsets", () -> {
            consumer.getDefaultMQPushConsumerImpl().persistConsumerOffset();
            return diff(session) == 0;
        });
    }

    /** How many messages of the topic the group has not yet consumed, as the broker says. */
    long diff(Session session) throws Exception {
        long sum = 0;
        int queues = 0;
        for (var entry : session.cluster.admin.examineConsumeStats(group).getOffsetTable().entrySet()) {
            if (entry.getKey().getTopic().equals(topic)) {
                sum += entry.getValue().getBrokerOffset() - entry.getValue().getConsumerOffset();
                queues++;
            }
        }
        Support.equal("queues", 2, queues);
        return sum;
    }
}
