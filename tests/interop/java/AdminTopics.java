import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.rocketmq.client.impl.MQClientManager;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;
import org.apache.rocketmq.tools.command.topic.DeleteTopicSubCommand;

/** Topics from making to deleting, and what the name server keeps besides routes. */
final class AdminTopics {
    private static final int TOPIC_NOT_EXIST = 17;
    private static final int QUERY_NOT_FOUND = 22;
    private static final int READ = 4;

    private AdminTopics() {
    }

    static void topics(Session session) throws Exception {
        Cluster cluster = session.cluster;
        String topic = session.topic("topic", 3);
        Support.check("listed", cluster.topics().contains(topic));
        Support.check("listed of the cluster", cluster.admin.fetchTopicsByCLuster(cluster.name).getTopicList().contains(topic));
        Support.equal("clusters of the topic", Set.of(cluster.name), cluster.admin.getTopicClusterList(topic));
        session.sendMany(topic, "m", 6);
        Support.until("the messages", () -> cluster.stored(topic) == 6);
        Support.equal("queues with status", 3, cluster.admin.examineTopicStats(topic).getOffsetTable().size());
        changePermission(session, topic);
        DeleteTopicSubCommand.deleteTopic(cluster.admin, cluster.name, topic);   // at the broker and at the name server
        Support.until("the route is gone", () -> Support.refusal("route", () -> cluster.writeQueues(topic)) == TOPIC_NOT_EXIST);
        Support.check("no longer listed", !cluster.topics().contains(topic));
        var atBroker = cluster.admin.getAllTopicConfig(cluster.broker, 10000).getTopicConfigTable();
        Support.check("no longer at the broker", !atBroker.containsKey(topic));
    }

    /** Queues and permission as updated are in the route and at the broker. */
    private static void changePermission(Session session, String topic) throws Exception {
        Cluster cluster = session.cluster;
        cluster.admin.createAndUpdateTopicConfig(cluster.broker, new TopicConfig(topic, 5, 3, READ));
        Support.until("the route with the permission", () -> permission(cluster, topic) == READ);
        var route = cluster.admin.examineTopicRouteInfo(topic).getQueueDatas().get(0);
        Support.equal("queues of the route", List.of(5, 3), List.of(route.getReadQueueNums(), route.getWriteQueueNums()));
        TopicConfig config = cluster.admin.examineTopicConfig(cluster.broker, topic);
        Support.equal("queues of the broker", List.of(5, 3, READ),
            List.of(config.getReadQueueNums(), config.getWriteQueueNums(), config.getPerm()));
    }

    private static int permission(Cluster cluster, String topic) throws Exception {
        return cluster.admin.examineTopicRouteInfo(topic).getQueueDatas().get(0).getPerm();
    }

    /** What is the system's own, as the name server and the broker say, and what is not. */
    static void systemTopics(Session session) throws Exception {
        Cluster cluster = session.cluster;
        String topic = session.topic("topic", 1);
        var remote = MQClientManager.getInstance().getOrCreateMQClientInstance(cluster.admin).getMQClientAPIImpl();
        Set<String> ofBroker = remote.getSystemTopicListFromBroker(cluster.broker, 10000).getTopicList();
        Support.check("system topics of the broker: " + ofBroker,
            ofBroker.containsAll(List.of("TBW102", "SCHEDULE_TOPIC_XXXX", "RMQ_SYS_TRANS_HALF_TOPIC", "SELF_TEST_TOPIC"))
                && !ofBroker.contains(topic));
        Set<String> ofNameServer = remote.getSystemTopicList(10000).getTopicList();
        Support.check("system topics of the name server: " + ofNameServer,
            ofNameServer.containsAll(List.of(cluster.name, cluster.brokerName)) && !ofNameServer.contains(topic));
        Set<String> users = cluster.admin.getUserTopicConfig(cluster.broker, false, 10000).getTopicConfigTable().keySet();
        Support.check("topics of users: " + users, users.contains(topic) && !users.contains("TBW102"));
    }

    static void kv(Session session) throws Exception {
        DefaultMQAdminExt admin = session.cluster.admin;
        String space = session.name("space");
        admin.createAndUpdateKvConfig(space, "key", "größer = 1;2");
        admin.createAndUpdateKvConfig(space, "other", "x");
        Support.equal("value", "größer = 1;2", admin.getKVConfig(space, "key"));
        Support.equal("all", Map.of("key", "größer = 1;2", "other", "x"), admin.getKVListByNamespace(space).getTable());
        admin.deleteKvConfig(space, "key");
        Support.equal("code of a deleted key", QUERY_NOT_FOUND, Support.refusal("a deleted key", () -> admin.getKVConfig(space, "key")));

        String topic = session.topic("ordered", 2);
        admin.createOrUpdateOrderConf(topic, session.cluster.brokerName + ":2", true);
        Support.equal("order", session.cluster.brokerName + ":2", admin.getKVConfig("ORDER_TOPIC_CONFIG", topic));
        admin.deleteKvConfig("ORDER_TOPIC_CONFIG", topic);
    }

    /** While a broker's write permission is wiped no route of it lets a producer write. */
    static void writePerm(Session session) throws Exception {
        Cluster cluster = session.cluster;
        String topic = session.topic("topic", 2);
        session.send(Support.message(topic, "", "", "before"));
        int wiped = cluster.admin.wipeWritePermOfBroker(cluster.namesrv, cluster.brokerName);
        try {
            Support.check("topics wiped: " + wiped, wiped >= 1);
            Support.until("a route without write permission", () -> permission(cluster, topic) == READ);
        } finally {
            int added = cluster.admin.addWritePermOfBroker(cluster.namesrv, cluster.brokerName);
            Support.check("topics added: " + added + " of " + wiped, added >= wiped);
        }
        Support.until("a route with write permission", () -> permission(cluster, topic) == Cluster.READ_WRITE);
        session.send(Support.message(topic, "", "", "after"));
        Support.until("both messages", () -> cluster.stored(topic) == 2);
    }
}
