import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.apache.rocketmq.client.ClientConfig;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageQueue;

/** One scenario's names and clients; closing it shuts the clients down, the last one first. */
final class Session implements AutoCloseable {
    final Cluster cluster;
    private final String scenario;
    private final String run;
    private final Deque<Support.Action> open = new ArrayDeque<>();
    private DefaultMQProducer producer;

    Session(Cluster cluster, String scenario, String run) {
        this.cluster = cluster;
        this.scenario = scenario;
        this.run = run;
    }

    /** A name that no other scenario and no other run has. */
    String name(String base) {
        return scenario + "-" + base + "-" + run;
    }

    /** A new topic. */
    String topic(String base, int queues) throws Exception {
        cluster.create(name(base), queues);
        return name(base);
    }

    <T extends ClientConfig> T client(T client) {
        return cluster.client(client);
    }

    void onClose(Support.Action action) {
        open.push(action);
    }

    DefaultMQProducer started(DefaultMQProducer made) throws Exception {
        client(made).setSendMsgTimeout(60000);
        made.start();
        onClose(made::shutdown);
        return made;
    }

    /** The group of the scenario's producer. */
    String producerName() {
        return name("producer");
    }

    /** The scenario's producer. */
    DefaultMQProducer producer() throws Exception {
        if (producer == null) {
            producer = started(new DefaultMQProducer(producerName()));
        }
        return producer;
    }

    SendResult send(Message message) throws Exception {
        return sent(producer().send(message));
    }

    SendResult send(Message message, int queue) throws Exception {
        return sent(producer().send(message, cluster.queue(message.getTopic(), queue)));
    }

    static SendResult sent(SendResult result) {
        Support.equal("send status", SendStatus.SEND_OK, result.getSendStatus());
        return result;
    }

    /** Messages "PREFIX0", "PREFIX1" and so on, one after another over the queues. */
    List<Message> sendMany(String topic, String prefix, int count) throws Exception {
        List<Message> messages = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            messages.add(Support.message(topic, "T" + i % 3, prefix + "-key-" + i, prefix + i));
            send(messages.get(i));
        }
        return messages;
    }

    /** Not started. It begins with the first message, and takes one at a time. */
    DefaultMQPushConsumer consumer(String group) {
        DefaultMQPushConsumer made = prepared(new DefaultMQPushConsumer(group));
        onClose(made::shutdown);
        return made;
    }

    DefaultMQPushConsumer prepared(DefaultMQPushConsumer made) {
        client(made).setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        made.setConsumeThreadMin(2);
        made.setConsumeThreadMax(2);
        return made;
    }

    /** A started consumer of one topic. */
    DefaultMQPushConsumer consuming(String group, String topic, String expression, MessageListenerConcurrently listener)
        throws Exception {
        DefaultMQPushConsumer made = consumer(group);
        made.subscribe(topic, expression);
        made.registerMessageListener(listener);
        made.start();
        return made;
    }

    /** Not started. */
    DefaultLitePullConsumer litePull(String group) {
        DefaultLitePullConsumer made = client(new DefaultLitePullConsumer(group));
        made.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        made.setPullThreadNums(2);
        onClose(made::shutdown);
        return made;
    }

    DefaultMQPullConsumer puller() throws Exception {
        DefaultMQPullConsumer made = client(new DefaultMQPullConsumer(name("puller")));
        made.start();
        onClose(made::shutdown);
        return made;
    }

    /** The queues of the topic that the consumer has at the moment. */
    static List<MessageQueue> held(DefaultMQPushConsumer consumer, String topic) {
        return consumer.getDefaultMQPushConsumerImpl().getRebalanceImpl().getProcessQueueTable().keySet().stream()
            .filter(queue -> queue.getTopic().equals(topic)).sorted().toList();
    }

    /** Waits until the consumers have so many queues each, no queue two of them. */
    static void awaitQueues(List<DefaultMQPushConsumer> consumers, String topic, int each) throws InterruptedException {
        Support.until(each + " queues of " + topic + " for each of " + consumers.size(), () -> {
            List<List<MessageQueue>> lists = consumers.stream().map(consumer -> held(consumer, topic)).toList();
            return lists.stream().allMatch(list -> list.size() == each)
                && lists.stream().flatMap(List::stream).distinct().count() == (long) each * consumers.size();
        });
    }

    @Override
    public void close() {
        while (!open.isEmpty()) {
            try {
                open.pop().run();
            } catch (Exception e) {
                e.printStackTrace();
            }
        }
    }
}
