import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.rocketmq.client.exception.RequestTimeoutException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.utils.MessageUtil;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.common.message.Message;

/** Messages about messages: replies to requests, and traces. */
final class Requests {
    private static final String TRACES = "RMQ_SYS_TRACE_TOPIC";

    private Requests() {
    }

    /**
     * A consumer's reply reaches the producer that asked; without one, the request times out. Without a queue the 4.9.4 client takes its
     * own request for the reply.
     */
    static void requestReply(Session session) throws Exception {
        String topic = session.topic("topic", 2);
        DefaultMQProducer replier = session.started(new DefaultMQProducer(session.name("replier")));
        Inbox asked = new Inbox();
        session.consuming(session.name("group"), topic, "*", (messages, context) -> {
            asked.add(messages);
            try {
                String answer = "re: " + Support.text(messages.get(0));
                Message reply = MessageUtil.createReplyMessage(messages.get(0), answer.getBytes(StandardCharsets.UTF_8));
                Session.sent(replier.send(reply, 15000));
                return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        for (String question : List.of("wie groß?", "second")) {
            Message request = Support.message(topic, "", "", question);
            Message reply = session.producer().request(request, session.cluster.queue(topic, 1), 60000);
            Support.equal("reply", "re: " + question, Support.text(reply));
        }
        Support.equal("requests", List.of("second", "wie groß?"), asked.bodies());

        String silent = session.topic("silent", 1);
        try {
            Message request = Support.message(silent, "", "", "nobody");
            Message reply = session.producer().request(request, session.cluster.queue(silent, 0), 5000);
            throw new AssertionError("a reply from nobody: " + reply);
        } catch (RequestTimeoutException e) {
            Support.until("the request itself", () -> session.cluster.stored(silent) == 1);
        }
    }

    /** A producer with trace on reports what it sent, under the message's id and key. */
    static void trace(Session session) throws Exception {
        String topic = session.topic("topic", 1);
        DefaultMQProducer producer = session.started(new DefaultMQProducer(session.name("group"), null, true, null));
        String key = session.name("key");
        String id = Session.sent(producer.send(Support.message(topic, "Tag", key, "traced"))).getMsgId();
        for (String by : List.of(id, key)) {
            Support.until("the trace by " + by, () -> !traces(session, by).isEmpty());
            String trace = traces(session, by).get(0);
            for (String part : List.of("Pub", topic, session.name("group"), id, key)) {
                Support.contains("trace", trace, part);
            }
        }
    }

    private static List<String> traces(Session session, String key) throws Exception {
        long now = System.currentTimeMillis();
        var found = session.cluster.admin.queryMessage(TRACES, key, 32, now - 600_000, now + 60_000);
        return Inbox.sorted(found.getMessageList(), Support::text);
    }
}
