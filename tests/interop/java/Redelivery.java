import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** Messages that come later than they were sent: again, delayed, or as dead letters. */
final class Redelivery {
    private Redelivery() {
    }

    /** Refused once, a message comes again with its own topic, body and properties. */
    static void retry(Session session) throws Exception {
        String topic = session.topic("topic", 2);
        Inbox inbox = new Inbox();
        session.consuming(session.name("group"), topic, "Tag", (messages, context) -> {
            inbox.add(messages);
            context.setDelayLevelWhenNextConsume(1);
            return messages.get(0).getReconsumeTimes() == 0 ? ConsumeConcurrentlyStatus.RECONSUME_LATER
                : ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        Message message = Support.message(topic, "Tag", "key", "noch einmal, größer");
        message.putUserProperty(Support.OWN + "part", "☂");
        String id = session.send(message).getMsgId();
        List<MessageExt> attempts = inbox.await(2);
        Support.equal("attempts", List.of(0, 1), attempts.stream().map(MessageExt::getReconsumeTimes).toList());
        for (MessageExt attempt : attempts) {
            Support.equal("message", Support.line(message), Support.line(attempt));
            Support.equal("unique key", id, attempt.getProperty("UNIQ_KEY"));
        }
        Support.equal("original id of the first", null, attempts.get(0).getProperty("ORIGIN_MESSAGE_ID"));
        Support.check("original id of the second", attempts.get(1).getProperty("ORIGIN_MESSAGE_ID") != null);
    }

    /** Refused more often than allowed, a message is a dead letter, which can be consumed as such. */
    static void deadLetter(Session session) throws Exception {
        String topic = session.topic("topic", 2);
        String group = session.name("group");
        Inbox attempts = new Inbox();
        DefaultMQPushConsumer consumer = session.consumer(group);
        consumer.setMaxReconsumeTimes(1);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            attempts.add(messages);
            context.setDelayLevelWhenNextConsume(1);
            return ConsumeConcurrentlyStatus.RECONSUME_LATER;
        });
        consumer.start();
        Message message = Support.message(topic, "Tag", "key", "dead");
        session.send(message);
        String letters = "%DLQ%" + group;
        Support.until("a dead letter", () -> session.cluster.stored(letters) == 1);
        Inbox dead = new Inbox();
        session.consuming(session.name("undertaker"), letters, "*", dead);
        MessageExt letter = dead.await(1).get(0);
        Support.equal("dead letter", "dead Tag key", Support.text(letter) + " " + letter.getTags() + " " + letter.getKeys());
        Support.equal("topic", letters, letter.getTopic());
        Support.equal("attempts", List.of(0, 1), attempts.all().stream().map(MessageExt::getReconsumeTimes).toList());
    }

    /** Levels 1 to 3 are one, two and five seconds; no message is early, none is lost. */
    static void delay(Session session) throws Exception {
        String topic = session.topic("topic", 2);
        long[] seconds = {0, 1, 2, 5};
        Map<String, Long> arrived = new ConcurrentHashMap<>();
        Inbox inbox = new Inbox();
        session.consuming(session.name("group"), topic, "Tag", (messages, context) -> {
            messages.forEach(message -> arrived.putIfAbsent(Support.text(message), System.currentTimeMillis()));
            return inbox.consumeMessage(messages, context);
        });
        List<Message> sent = new ArrayList<>();
        Map<String, Long> due = new ConcurrentHashMap<>();
        for (int i = 0; i < 16; i++) {
            Message message = Support.message(topic, "Tag", "key-" + i, "delayed " + i);
            message.setDelayTimeLevel(i % 4);
            sent.add(message);
            due.put("delayed " + i, System.currentTimeMillis() + seconds[i % 4] * 1000);
            session.send(message, i % 2);
        }
        inbox.expect(sent);
        arrived.forEach((body, time) -> Support.check(body + " is early by " + (due.get(body) - time) + " ms", time >= due.get(body)));
        for (MessageExt message : inbox.all()) {
            int number = Integer.parseInt(Support.text(message).split(" ")[1]);
            Support.equal("queue of " + number, number % 2, message.getQueueId());
            Support.equal("reconsume times of " + number, 0, message.getReconsumeTimes());
        }
    }

    /** The topic for second attempts is there as soon as a group has a consumer; that for dead letters is not. */
    static void retryTopicCreate(Session session) throws Exception {
        String topic = session.topic("topic", 2);
        String group = session.name("group");
        session.consuming(group, topic, "*", new Inbox());
        Support.until("the retry topic", () -> session.cluster.writeQueues("%RETRY%" + group) > 0);
        var route = session.cluster.admin.examineTopicRouteInfo("%RETRY%" + group).getQueueDatas().get(0);
        Support.equal("queues and permission", List.of(1, 1, Cluster.READ_WRITE),
            List.of(route.getReadQueueNums(), route.getWriteQueueNums(), route.getPerm()));
        Support.check("retry topic listed", session.cluster.topics().contains("%RETRY%" + group));
        Support.check("no topic for dead letters yet", !session.cluster.topics().contains("%DLQ%" + group));
    }
}
