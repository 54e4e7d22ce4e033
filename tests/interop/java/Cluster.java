import java.util.Set;
import org.apache.rocketmq.client.ClientConfig;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/** The name server and the one broker that all scenarios of a run use, and one admin client for them. */
final class Cluster {
    static final int READ_WRITE = 6;
    private static final String ALWAYS_THERE = "TBW102";

    final String namesrv;
    final DefaultMQAdminExt admin;   // never shut down: the process ends
    String name;         // the cluster's
    String brokerName;
    String broker;       // its address

    Cluster(String namesrv) throws Exception {
        this.namesrv = namesrv;
        admin = client(new DefaultMQAdminExt(15000));
        admin.start();
        Support.until("a broker at " + namesrv, this::found);
        Support.until("the route of " + ALWAYS_THERE, () -> writeQueues(ALWAYS_THERE) > 0);
    }

    private boolean found() throws Exception {
        var info = admin.examineBrokerClusterInfo();
        for (var one : info.getBrokerAddrTable().values()) {
            name = info.getClusterAddrTable().keySet().iterator().next();
            brokerName = one.getBrokerName();
            broker = one.getBrokerAddrs().get(0L);
        }
        return broker != null;
    }

    /**
     * A client with connections of its own. By default it sends heartbeats and looks for routes every 30 s only: so long a broker may be
     * left with an older subscription when two heartbeats met at the start, and a consumer without its group's retry topic.
     */
    <T extends ClientConfig> T client(T client) {
        client.setNamesrvAddr(namesrv);
        client.setInstanceName("instance-" + System.nanoTime() + "-" + System.identityHashCode(client));
        client.setHeartbeatBrokerInterval(1000);
        client.setPollNameServerInterval(1000);
        client.setMqClientApiTimeout(15000);
        return client;
    }

    void create(String topic, int queues) throws Exception {
        admin.createAndUpdateTopicConfig(broker, new TopicConfig(topic, queues, queues, READ_WRITE));
        Support.until("the route of " + topic, () -> writeQueues(topic) == queues);
    }

    /** As the route of the topic says; throws if there is no route. */
    int writeQueues(String topic) throws Exception {
        return admin.examineTopicRouteInfo(topic).getQueueDatas().get(0).getWriteQueueNums();
    }

    MessageQueue queue(String topic, int number) {
        return new MessageQueue(topic, brokerName, number);
    }

    /** How many messages all queues of the topic have. */
    long stored(String topic) throws Exception {
        long sum = 0;
        for (var offsets : admin.examineTopicStats(topic).getOffsetTable().values()) {
            sum += offsets.getMaxOffset() - offsets.getMinOffset();
        }
        return sum;
    }

    Set<String> topics() throws Exception {
        return admin.fetchAllTopicList().getTopicList();
    }
}
