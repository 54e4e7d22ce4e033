import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.rocketmq.client.producer.SendResult;

/** Commands of mqadmin: none fails, and each prints what belongs to it. */
final class Commands {
    private final Session session;
    private final Mqadmin mqadmin;
    private final Path directory;   // of exports
    private final List<String> wrong = Collections.synchronizedList(new ArrayList<>());

    private Commands(Session session) throws IOException {
        this.session = session;
        this.mqadmin = new Mqadmin(session.cluster.namesrv);
        this.directory = Files.createTempDirectory("mqadmin-");
        session.onClose(this::removeExports);
    }

    private void removeExports() throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        }
    }

    static void readOnly(Session session) throws Exception {
        Commands commands = new Commands(session);
        Consumed consumed = new Consumed(session, 8);
        SendResult sent = session.send(Support.message(consumed.topic, "Tag", session.name("key"), "asked for"), 1);
        consumed.inbox.await(9);
        consumed.awaitCommitted(session);
        Support.until("the message's key", () -> session.producer().queryMessage(consumed.topic, session.name("key"), 1, 0, Long.MAX_VALUE)
            .getMessageList().size() == 1);
        Cluster cluster = session.cluster;
        Support.until("the producer's heartbeat",
            () -> !cluster.admin.examineProducerConnectionInfo(session.producerName(), consumed.topic).getConnectionSet().isEmpty());
        commands.together(() -> commands.ofCluster(cluster, consumed.topic), () -> commands.ofTopic(cluster, consumed.topic),
            () -> commands.ofGroup(cluster, consumed), () -> commands.ofMessage(cluster, consumed.topic, sent));
        Support.equal("wrong", List.of(), commands.wrong);
    }

    /** Side by side, since some commands of 5.x tools take three seconds to end. */
    private void together(Runnable... parts) throws InterruptedException {
        List<Thread> threads = Arrays.stream(parts).map(Thread::new).toList();
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private void ofCluster(Cluster cluster, String topic) {
        expect("clusterList", cluster.name, cluster.brokerName, cluster.broker);
        expect("clusterList -m", cluster.name, cluster.brokerName);
        expect("topicList", topic, "TBW102");
        expect("topicList -c", cluster.name, topic);
        expect("brokerStatus -b " + cluster.broker, "putTps", "msgPutTotalTodayNow", "bootTimestamp");
        expect("brokerStatus -c " + cluster.name, cluster.broker, "putTps");
        expect("getBrokerConfig -b " + cluster.broker, "brokerName", cluster.brokerName, "listenPort");
        expect("getNamesrvConfig", "listenPort");
        expect("consumerProgress", session.name("group"));
        expect("brokerConsumeStats -b " + cluster.broker, topic, session.name("group"));
        expect("producer -b " + cluster.broker, session.producerName());
        expect("statsAll -t " + topic, topic, session.name("group"));
        for (String what : List.of("exportMetadata", "exportConfigs", "exportMetrics")) {
            expect(what + " -c " + cluster.name + " -f " + directory, "export " + directory);
        }
    }

    private void ofTopic(Cluster cluster, String topic) {
        expect("topicRoute -t " + topic, cluster.broker, "\"writeQueueNums\":2");
        expect("topicStatus -t " + topic, cluster.brokerName, "0", "5");
        expect("topicClusterList -t " + topic, cluster.name);
        expect("queryCq -t " + topic + " -q 1 -i 0 -c 5 -b " + cluster.broker, "physicOffset", "max: 5");
        expect("printMsg -t " + topic, "message 0", "asked for");
        expect("printMsgByQueue -t " + topic + " -a " + cluster.brokerName + " -i 1 -p true -d true", "asked for");
        expect("consumeMessage -t " + topic, "MSGID");
        expect("allocateMQ -t " + topic + " -i 10.0.0.1,10.0.0.2", "10.0.0.2", topic);
        expect("sendMessage -t " + topic + " -p hello", "SEND_OK");
        expect("sendMsgStatus -b " + cluster.brokerName + " -s 10 -c 2", "SEND_OK");
        expect("checkMsgSendRT -t " + topic + " -a 2 -s 10", "true");
    }

    private void ofGroup(Cluster cluster, Consumed consumed) {
        expect("consumerProgress -g " + consumed.group, consumed.topic, "Consume TPS", "Diff Total");
        expect("consumerStatus -g " + consumed.group, consumed.clientId());
        expect("consumerStatus -g " + consumed.group + " -i " + consumed.clientId(), "Consumer Offset", consumed.topic);
        expect("consumerConnection -g " + consumed.group, consumed.clientId(), consumed.topic, "CLUSTERING");
        expect("producerConnection -t " + consumed.topic + " -g " + session.producerName(), "JAVA");
        expect("getConsumerConfig -g " + consumed.group, consumed.group, "retryMaxTimes");
    }

    private void ofMessage(Cluster cluster, String topic, SendResult sent) {
        expect("queryMsgByKey -t " + topic + " -k " + session.name("key"), sent.getMsgId());
        expect("queryMsgByUniqueKey -t " + topic + " -i " + sent.getMsgId(), topic, session.name("key"), "CONSUMED");
        String ofTopic = mqadmin.knows("queryMsgById", "t") ? " -t " + topic : "";   // 4.9 looks by the address in the id only
        expect("queryMsgById" + ofTopic + " -i " + sent.getOffsetMsgId(), topic, session.name("key"), "CONSUMED");
        expect("queryMsgByOffset -t " + topic + " -b " + cluster.brokerName + " -i 1 -o " + sent.getQueueOffset(), session.name("key"));
    }

    /** Commands that change something, each followed by one that shows it. */
    static void changes(Session session) throws Exception {
        Cluster cluster = session.cluster;
        Commands commands = new Commands(session);
        String topic = session.name("topic");
        String group = session.name("group");
        commands.expect("updateTopic -c " + cluster.name + " -t " + topic + " -r 3 -w 3", topic);
        commands.expect("topicRoute -t " + topic, "\"writeQueueNums\":3");
        commands.expect("updateTopicPerm -c " + cluster.name + " -t " + topic + " -p 4", "from 6 to 4");
        commands.expect("topicRoute -t " + topic, "\"perm\":4");
        commands.expect("updateSubGroup -c " + cluster.name + " -g " + group + " -r 5", group, "retryMaxTimes=5");
        commands.expect("getConsumerConfig -g " + group, group, "5");
        commands.expect("updateBrokerConfig -b " + cluster.broker + " -k flushConsumerOffsetInterval -v 5000", "success");
        commands.expect("updateKvConfig -s " + session.name("space") + " -k k -v v", "success");
        commands.expect("deleteKvConfig -s " + session.name("space") + " -k k", "success");
        commands.expect("updateOrderConf -m put -t " + topic + " -v " + cluster.brokerName + ":3", "success");
        commands.expect("updateOrderConf -m get -t " + topic, cluster.brokerName + ":3");
        commands.expect("updateOrderConf -m delete -t " + topic, "success");
        commands.expect("deleteSubGroup -c " + cluster.name + " -g " + group, "success");
        commands.expect("deleteTopic -c " + cluster.name + " -t " + topic, "success");
        Support.check("topic is gone", !cluster.topics().contains(topic));
        Support.equal("wrong", List.of(), commands.wrong);
    }

    private void expect(String command, String... parts) {
        long began = System.nanoTime();
        String output = mqadmin.run(command.split(" "));
        System.err.printf("mqadmin %s: %.1f s%n", command, (System.nanoTime() - began) / 1e9);
        List<String> missing = Arrays.stream(parts).filter(part -> !output.contains(part)).toList();
        if (!missing.isEmpty() || output.contains("Exception:") || output.contains("\tat ")) {
            wrong.add(command + " misses " + missing + " in: " + (output.length() > 1500 ? output.substring(0, 1500) + "..." : output));
            System.err.println("== mqadmin " + command + " misses " + missing + " in:\n" + output);
        }
    }
}
