import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * What RocketMQ's own administration tools ask of a broker and a name server. The same for 4.9 and 5.x tools.
 *
 *   java -cp CLASSES:LIB/* AdminScenarios NAMESRV RUN all|SCENARIO...
 *
 * As Scenarios, in all. To be run in a directory of its own, where mqadmin's consumerStatus leaves what it found. write_perm and clean
 * reach beyond their own topics: they run last, and nothing else may use the broker meanwhile.
 */
public final class AdminScenarios {
    private AdminScenarios() {
    }

    public static void main(String[] args) throws Exception {
        Map<String, Runner.Scenario> all = new LinkedHashMap<>();
        all.put("topics", AdminTopics::topics);
        all.put("system_topics", AdminTopics::systemTopics);
        all.put("kv", AdminTopics::kv);
        all.put("cluster", AdminBroker::cluster);
        all.put("broker_config", AdminBroker::brokerConfig);
        all.put("namesrv_config", AdminBroker::namesrvConfig);
        all.put("stats", AdminBroker::stats);
        all.put("groups", AdminGroups::groups);
        all.put("consumer_progress", AdminGroups::consumerProgress);
        all.put("connections", AdminGroups::connections);
        all.put("producer_info", AdminGroups::producerInfo);
        all.put("consume_time_span", AdminGroups::consumeTimeSpan);
        all.put("reset_offset_online", AdminOffsets::resetOnline);
        all.put("reset_offset_offline", AdminOffsets::resetOffline);
        all.put("clone_offset", AdminOffsets::cloneOffset);
        all.put("message_track", AdminMessages::messageTrack);
        all.put("direct_consume", AdminMessages::directConsume);
        all.put("mqadmin_commands", Commands::readOnly);
        all.put("mqadmin_changes", Commands::changes);
        all.put("clean", AdminBroker::clean);
        all.put("write_perm", AdminTopics::writePerm);
        Runner.main(args, all, Set.of("clean", "write_perm"));
    }
}
