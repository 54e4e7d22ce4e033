import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.client.producer.LocalTransactionState;
import org.apache.rocketmq.client.producer.TransactionListener;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** Messages that are seen when their transaction is committed: at once, or when the broker asks back. */
final class Transactions implements TransactionListener {
    private final Inbox inbox = new Inbox();
    private final Map<String, Integer> asked = new ConcurrentHashMap<>();
    private final List<String> wrong = Collections.synchronizedList(new ArrayList<>());
    private final Map<String, String> ids = new ConcurrentHashMap<>();

    static void transaction(Session session) throws Exception {
        new Transactions().run(session);
    }

    private void run(Session session) throws Exception {
        String topic = session.topic("topic", 2);
        TransactionMQProducer producer = new TransactionMQProducer(session.name("producer-group"));
        producer.setTransactionListener(this);
        session.started(producer);
        session.consuming(session.name("group"), topic, "*", inbox);
        List<Message> sent = new ArrayList<>();
        for (String body : List.of("commit", "rollback", "later commit", "later rollback")) {
            sent.add(send(producer, topic, body));
        }
        inbox.await(2);
        Support.until("the question after what is to be rolled back", () -> asked.getOrDefault("later rollback", 0) >= 2);
        inbox.expect(List.of(sent.get(0), sent.get(2)));
        Support.equal("wrong", List.of(), wrong);
        for (MessageExt message : inbox.all()) {
            Support.equal("transaction id", ids.get(Support.text(message)), message.getTransactionId());
        }
    }

    private Message send(TransactionMQProducer producer, String topic, String body) throws Exception {
        Message message = Support.message(topic, "Tx", "key-of-" + body.replace(' ', '-'), body);
        message.putUserProperty(Support.OWN + "part", "größer " + body);
        Session.sent(producer.sendMessageInTransaction(message, body));
        ids.put(body, message.getTransactionId());
        return message;
    }

    @Override
    public LocalTransactionState executeLocalTransaction(Message message, Object body) {
        checkUnseen(message);
        return switch ((String) body) {
            case "commit" -> LocalTransactionState.COMMIT_MESSAGE;
            case "rollback" -> LocalTransactionState.ROLLBACK_MESSAGE;
            default -> LocalTransactionState.UNKNOW;
        };
    }

    /**
     * Decided when asked for the second time, and only then: before a broker knows of it, it may ask again, and would take
     * another answer for that of another message. 5.x brokers may also ask after what was decided a moment before.
     */
    @Override
    public LocalTransactionState checkLocalTransaction(MessageExt message) {
        String body = Support.text(message);
        if (!body.startsWith("later")) {
            return LocalTransactionState.UNKNOW;
        }
        int times = asked.merge(body, 1, Integer::sum);
        if (times <= 2) {
            checkUnseen(message);
        }
        if (!message.getTopic().startsWith("transaction-topic")) {
            wrong.add("asked after a message of topic " + message.getTopic());
        }
        if (times != 2) {
            return LocalTransactionState.UNKNOW;
        }
        return body.equals("later commit") ? LocalTransactionState.COMMIT_MESSAGE : LocalTransactionState.ROLLBACK_MESSAGE;
    }

    private void checkUnseen(Message message) {
        if (inbox.bodies().contains(Support.text(message))) {
            wrong.add("seen before it was decided: " + Support.text(message));
        }
    }
}
