import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/** Groups of consumers and producers: their settings, who is connected, and how far they are. */
final class AdminGroups {
    private static final int CONSUMER_NOT_ONLINE = 206;

    private AdminGroups() {
    }

    static void groups(Session session) throws Exception {
        Cluster cluster = session.cluster;
        String group = session.name("group");
        Support.check("not there yet", !names(cluster).contains(group));
        var config = cluster.admin.getAllSubscriptionGroup(cluster.broker, 10000).getSubscriptionGroupTable().values().iterator().next();
        config.setGroupName(group);
        config.setConsumeEnable(true);
        config.setRetryMaxTimes(7);
        cluster.admin.createAndUpdateSubscriptionGroupConfig(cluster.broker, config);
        Support.check("listed", names(cluster).contains(group));
        Support.equal("retries", 7, cluster.admin.examineSubscriptionGroupConfig(cluster.broker, group).getRetryMaxTimes());
        config.setRetryMaxTimes(3);
        config.setConsumeEnable(false);
        cluster.admin.createAndUpdateSubscriptionGroupConfig(cluster.broker, config);
        var updated = cluster.admin.examineSubscriptionGroupConfig(cluster.broker, group);
        Support.equal("retries as updated", 3, updated.getRetryMaxTimes());
        Support.equal("enabled", false, updated.isConsumeEnable());
        cluster.admin.deleteSubscriptionGroup(cluster.broker, group, true);   // without its offsets too, 5.5.0 makes it anew
        Support.check("no longer listed", !names(cluster).contains(group));
    }

    private static Set<String> names(Cluster cluster) throws Exception {
        return cluster.admin.getUserSubscriptionGroup(cluster.broker, 10000).getSubscriptionGroupTable().keySet();
    }

    /** What was consumed is behind the group, what comes later is before it. */
    static void consumerProgress(Session session) throws Exception {
        Cluster cluster = session.cluster;
        Consumed consumed = new Consumed(session, 20);
        Support.equal("groups of the topic", Set.of(consumed.group), cluster.admin.queryTopicConsumeByWho(consumed.topic).getGroupList());
        consumed.consumer.shutdown();
        session.sendMany(consumed.topic, "later ", 6);
        Support.until("six messages before the group", () -> consumed.diff(session) == 6);
        var stats = cluster.admin.examineConsumeStats(consumed.group, consumed.topic);
        Support.equal("difference by topic", 6L, stats.computeTotalDiff());
        for (var offsets : stats.getOffsetTable().values()) {
            Support.equal("consumed and stored", List.of(10L, 13L), List.of(offsets.getConsumerOffset(), offsets.getBrokerOffset()));
            Support.check("time of the last", Math.abs(System.currentTimeMillis() - offsets.getLastTimestamp()) < 600_000);
        }
    }

    static void connections(Session session) throws Exception {
        Cluster cluster = session.cluster;
        Consumed consumed = new Consumed(session, 4);
        var consumers = cluster.admin.examineConsumerConnectionInfo(consumed.group);
        var connection = consumers.getConnectionSet().iterator().next();
        Support.equal("consumers", 1, consumers.getConnectionSet().size());
        Support.equal("consumer", List.of(consumed.clientId(), "JAVA"), List.of(connection.getClientId(), connection.getLanguage().name()));
        Support.check("version " + connection.getVersion(), connection.getVersion() > 0);
        Support.contains("address", connection.getClientAddr(), "127.0.0.1:");
        Support.equal("subscribed", Set.of(consumed.topic, "%RETRY%" + consumed.group), consumers.getSubscriptionTable().keySet());
        Support.equal("kind", "CONSUME_PASSIVELY CLUSTERING CONSUME_FROM_FIRST_OFFSET",
            consumers.getConsumeType().name() + " " + consumers.getMessageModel() + " " + consumers.getConsumeFromWhere());

        DefaultMQProducer producer = session.producer();
        String producers = producer.getProducerGroup();
        Support.until("the producer", () -> cluster.admin.examineProducerConnectionInfo(producers, consumed.topic)
            .getConnectionSet().iterator().next().getClientId().equals(producer.buildMQClientId()));

        checkRunning(session, consumed);
        consumed.consumer.shutdown();
        Support.until("no consumer", () -> Support.refusal("connections", () -> cluster.admin.examineConsumerConnectionInfo(consumed.group))
            == CONSUMER_NOT_ONLINE);
    }

    /** What the broker asks the consumer itself. */
    private static void checkRunning(Session session, Consumed consumed) throws Exception {
        DefaultMQAdminExt admin = session.cluster.admin;
        Support.until("queues of the topic and the retry topic",
            () -> admin.getConsumerRunningInfo(consumed.group, consumed.clientId(), false).getMqTable().size() == 3);
        var running = admin.getConsumerRunningInfo(consumed.group, consumed.clientId(), false);
        Set<String> topics = new TreeSet<>();
        running.getMqTable().keySet().forEach(queue -> topics.add(queue.getTopic()));
        Support.equal("queues of", new TreeSet<>(Set.of(consumed.topic, "%RETRY%" + consumed.group)), topics);
        Support.equal("state", "false", running.getProperties().getProperty("PROP_CONSUMEORDERLY"));
        var withStack = admin.getConsumerRunningInfo(consumed.group, consumed.clientId(), true);
        Support.contains("stack", withStack.getJstack(), "java.lang.Thread");
        var status = admin.getConsumeStatus(consumed.topic, consumed.group, consumed.clientId());
        Support.equal("offsets of the consumer", Set.of(2L), Set.copyOf(status.get(consumed.clientId()).values()));
    }

    static void producerInfo(Session session) throws Exception {
        Cluster cluster = session.cluster;
        session.sendMany(session.topic("topic", 1), "m", 1);
        String group = session.producer().getProducerGroup();
        Support.until("the producer group", () -> cluster.admin.getAllProducerInfo(cluster.broker).getData().containsKey(group));
        var info = cluster.admin.getAllProducerInfo(cluster.broker).getData().get(group).get(0);
        Support.equal("producer", List.of(session.producer().buildMQClientId(), "JAVA"),
            List.of(info.getClientId(), info.getLanguage().name()));
    }

    /** The times of the first and the last message of each queue, and of the last that was consumed. */
    static void consumeTimeSpan(Session session) throws Exception {
        long before = System.currentTimeMillis();
        Consumed consumed = new Consumed(session, 10);
        long after = System.currentTimeMillis();
        var spans = session.cluster.admin.queryConsumeTimeSpan(consumed.topic, consumed.group);
        Support.equal("queues", 2, spans.size());
        for (var span : spans) {
            Support.check("times of " + span, before <= span.getMinTimeStamp() && span.getMinTimeStamp() <= span.getConsumeTimeStamp()
                && span.getConsumeTimeStamp() <= span.getMaxTimeStamp() && span.getMaxTimeStamp() <= after);
            Support.equal("delay", 0L, span.getDelayTime());
        }
    }
}
