import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/** A broker as a whole: what it is, what it counts, how it is configured, and what it tidies up. */
final class AdminBroker {
    /** What mqadmin's clusterList shows, of all versions. */
    private static final List<String> STATS = List.of("brokerVersionDesc", "putTps", "sendThreadPoolQueueSize", "pullThreadPoolQueueSize",
        "sendThreadPoolQueueHeadWaitTimeMills", "pullThreadPoolQueueHeadWaitTimeMills", "pageCacheLockTimeMills",
        "earliestMessageTimeStamp", "commitLogDiskRatio",
        "msgPutTotalYesterdayMorning", "msgPutTotalTodayMorning", "msgPutTotalTodayNow", "msgGetTotalYesterdayMorning",
        "msgGetTotalTodayMorning", "msgGetTotalTodayNow", "commitLogMaxOffset", "commitLogMinOffset", "bootTimestamp");

    private AdminBroker() {
    }

    static void cluster(Session session) throws Exception {
        Cluster cluster = session.cluster;
        var info = cluster.admin.examineBrokerClusterInfo();
        Support.equal("clusters", Map.of(cluster.name, Set.of(cluster.brokerName)), info.getClusterAddrTable());
        Support.equal("brokers", Map.of(0L, cluster.broker), info.getBrokerAddrTable().get(cluster.brokerName).getBrokerAddrs());
        Map<String, String> before = cluster.admin.fetchBrokerRuntimeStats(cluster.broker).getTable();
        for (String key : STATS) {
            Support.check("no " + key + " in " + before.keySet(), before.get(key) != null);
        }
        session.sendMany(session.topic("topic", 1), "m", 10);
        Support.until("ten messages more", () -> total(cluster) >= Long.parseLong(before.get("msgPutTotalTodayNow")) + 10);
        long end = Long.parseLong(before.get("commitLogMaxOffset"));
        Support.check("a further end of the log", Long.parseLong(stat(cluster, "commitLogMaxOffset")) > end);
    }

    private static long total(Cluster cluster) throws Exception {
        return Long.parseLong(stat(cluster, "msgPutTotalTodayNow"));
    }

    private static String stat(Cluster cluster, String key) throws Exception {
        return cluster.admin.fetchBrokerRuntimeStats(cluster.broker).getTable().get(key);
    }

    static void brokerConfig(Session session) throws Exception {
        Cluster cluster = session.cluster;
        Properties config = cluster.admin.getBrokerConfig(cluster.broker);
        Support.equal("name and cluster", List.of(cluster.brokerName, cluster.name),
            List.of(config.getProperty("brokerName"), config.getProperty("brokerClusterName")));
        Support.equal("port", cluster.broker.replaceAll(".*:", ""), config.getProperty("listenPort"));
        for (String key : List.of("brokerRole", "maxMessageSize", "storePathRootDir", "messageDelayLevel", "autoCreateTopicEnable")) {
            Support.check("no " + key, config.getProperty(key) != null);
        }
        for (String value : List.of("5001", "5000")) {
            cluster.admin.updateBrokerConfig(cluster.broker, properties("flushConsumerOffsetInterval", value));
            Support.equal("as updated", value, cluster.admin.getBrokerConfig(cluster.broker).getProperty("flushConsumerOffsetInterval"));
        }
    }

    private static Properties properties(String key, String value) {
        Properties made = new Properties();
        made.setProperty(key, value);
        return made;
    }

    static void namesrvConfig(Session session) throws Exception {
        DefaultMQAdminExt admin = session.cluster.admin;
        List<String> servers = List.of(session.cluster.namesrv);
        Properties config = admin.getNameServerConfig(servers).get(session.cluster.namesrv);
        Support.equal("port", session.cluster.namesrv.replaceAll(".*:", ""), config.getProperty("listenPort"));
        String value = session.name("env");
        admin.updateNameServerConfig(properties("productEnvName", value), servers);
        Support.equal("as updated", value, admin.getNameServerConfig(servers).get(session.cluster.namesrv).getProperty("productEnvName"));
    }

    /** Numbers of a topic and of a group; genuine brokers count up every ten seconds. */
    static void stats(Session session) throws Exception {
        Cluster cluster = session.cluster;
        Consumed consumed = new Consumed(session, 4);
        Map<String, String> keys = Map.of("TOPIC_PUT_NUMS", consumed.topic, "TOPIC_PUT_SIZE", consumed.topic,
            "GROUP_GET_NUMS", consumed.topic + "@" + consumed.group, "GROUP_GET_SIZE", consumed.topic + "@" + consumed.group);
        for (Map.Entry<String, String> key : keys.entrySet()) {
            Support.until(key.toString(), () -> {
                session.send(Support.message(consumed.topic, "", "", "one more"));
                return sum(cluster, key) > 0;
            });
        }
        for (String name : List.of("TOPIC_PUT_NUMS", "GROUP_GET_NUMS")) {
            long sum = sum(cluster, Map.entry(name, keys.get(name)));
            long sent = cluster.stored(consumed.topic);
            Support.check(name + " is " + sum + " of " + sent, sum <= sent);
        }
        Support.refusal("numbers that are not there",
            () -> cluster.admin.viewBrokerStatsData(cluster.broker, "TOPIC_PUT_NUMS", session.name("none")));
    }

    private static long sum(Cluster cluster, Map.Entry<String, String> key) throws Exception {
        return cluster.admin.viewBrokerStatsData(cluster.broker, key.getKey(), key.getValue()).getStatsMinute().getSum();
    }

    /** What is in use stays. */
    static void clean(Session session) throws Exception {
        Cluster cluster = session.cluster;
        String topic = session.topic("topic", 2);
        List<org.apache.rocketmq.common.message.Message> sent = session.sendMany(topic, "kept ", 10);
        Support.check("expired queues", cluster.admin.cleanExpiredConsumerQueueByAddr(cluster.broker));
        Support.check("unused topics", cluster.admin.cleanUnusedTopicByAddr(cluster.broker));
        Support.check("expired log", cluster.admin.deleteExpiredCommitLogByAddr(cluster.broker));
        Support.check("of the cluster", cluster.admin.cleanExpiredConsumerQueue(cluster.name)
            && cluster.admin.cleanUnusedTopic(cluster.name));
        Support.check("listed", cluster.topics().contains(topic));
        Inbox inbox = new Inbox();
        session.consuming(session.name("group"), topic, "*", inbox);
        inbox.expect(sent);
    }
}
