import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * What RocketMQ's own Java clients do with a broker, each scenario with its own topics and groups. The same for 4.9 and 5.x clients.
 *
 *   java -cp CLASSES:LIB/* Scenarios NAMESRV RUN all|SCENARIO...
 *
 * RUN is in every name, so that a broker can be used again. For each scenario one line: `NAME ok` or `NAME FAILED reason`.
 * The broker needs messageDelayLevel to begin with "1s 2s 5s", enablePropertyFilter=true, and a short transactionCheckInterval.
 */
public final class Scenarios {
    private Scenarios() {
    }

    public static void main(String[] args) throws Exception {
        Map<String, Runner.Scenario> all = new LinkedHashMap<>();
        all.put("push", Consuming::push);
        all.put("tags", Consuming::tags);
        all.put("sql92", Consuming::sql92);
        all.put("broadcast", Consuming::broadcast);
        all.put("rebalance", Sharing::rebalance);
        all.put("ordered", Sharing::ordered);
        all.put("lite_pull", Pulling::litePull);
        all.put("pull", Pulling::pull);
        all.put("seek_by_time", Pulling::seekByTime);
        all.put("message_query", Pulling::messageQuery);
        all.put("transaction", Transactions::transaction);
        all.put("retry", Redelivery::retry);
        all.put("dlq", Redelivery::deadLetter);
        all.put("delay", Redelivery::delay);
        all.put("retry_topic_create", Redelivery::retryTopicCreate);
        all.put("batch", Producing::batch);
        all.put("compression", Producing::compression);
        all.put("oneway", Producing::oneway);
        all.put("async_send", Producing::asyncSend);
        all.put("big_message", Producing::bigMessage);
        all.put("invalid_topic", Producing::invalidTopic);
        all.put("auto_create", Producing::autoCreate);
        all.put("request_reply", Requests::requestReply);
        all.put("trace", Requests::trace);
        Runner.main(args, all, Set.of());
    }
}
