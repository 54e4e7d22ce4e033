import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.ClientConfig;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageAccessor;
import org.apache.rocketmq.common.message.MessageClientExt;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/**
 * A genuine RocketMQ client that speaks JSON lines. Compiles against the 4.9 and the 5.x client.
 *
 *   Probe serve-stdin NAMESRV [BROKER]         one command object a line, {"cmd":…}; each is answered by any number of
 *                                              object lines and then {"done":true} or {"error":…}
 *   Probe produce NAMESRV                      messages, one a line, on standard input
 *   Probe pull|consume|query|view|time NAMESRV ARG…
 */
public final class Probe {
    private static final PrintStream OUT = new PrintStream(new java.io.FileOutputStream(java.io.FileDescriptor.out), false,
        StandardCharsets.UTF_8);
    private static final int TIMEOUT = 15000;
    private static final String ALWAYS_THERE = "TBW102";
    private static final int NO_MESSAGE = 208;   // ResponseCode, whose package differs from release to release

    private final String namesrv;
    private final String broker;   // address, or null
    private DefaultMQProducer producer;
    private DefaultMQPullConsumer puller;
    private DefaultMQAdminExt admin;
    private Load load;

    private Probe(String namesrv, String broker) {
        this.namesrv = namesrv;
        this.broker = broker;
    }

    public static void main(String[] args) throws Exception {
        System.setOut(System.err);
        if (args.length < 2) {
            System.err.println("usage: Probe serve-stdin|produce|pull|consume|query|view|time NAMESRV [ARG...]");
            System.exit(2);
        }
        Probe probe = new Probe(args[1], args[0].equals("serve-stdin") && args.length > 2 ? args[2] : null);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        int status = 0;
        if (args[0].equals("serve-stdin")) {
            for (String line; (line = in.readLine()) != null; ) {
                if (!line.isEmpty()) {
                    probe.answer(line);
                }
            }
        } else {
            Map<String, Object> command = new LinkedHashMap<>();
            String[] names = {"topic", args[0].equals("consume") ? "group" : args[0].equals("query") ? "key"
                : args[0].equals("view") ? "id" : "queue", args[0].equals("time") ? "ms" : "count"};
            for (int i = 2; i < args.length && i - 2 < names.length; i++) {
                command.put(names[i - 2], i == 2 || !args[i].matches("[0-9]{1,18}") || names[i - 2].equals("key")
                    || names[i - 2].equals("id") || names[i - 2].equals("group") ? args[i] : (Object) Long.valueOf(args[i]));
            }
            if (args[0].equals("produce")) {
                List<Object> messages = new ArrayList<>();
                for (String line; (line = in.readLine()) != null; ) {
                    messages.add(Json.parse(line));
                }
                command.put("messages", messages);
            }
            try {
                probe.run(args[0], command);
            } catch (Exception e) {
                System.err.println("Probe: " + e);
                status = 1;
            }
        }
        OUT.flush();
        Runtime.getRuntime().halt(status);
    }

    private void answer(String line) {
        Map<String, Object> last = new LinkedHashMap<>();
        try {
            Map<String, Object> command = Json.parse(line);
            run((String) command.get("cmd"), command);
            last.put("done", true);
        } catch (Throwable e) {
            java.io.StringWriter trace = new java.io.StringWriter();
            e.printStackTrace(new java.io.PrintWriter(trace));
            last.put("error", trace.toString());
        }
        print(last);
        OUT.flush();
    }

    private void run(String command, Map<String, Object> args) throws Exception {
        switch (command) {
            case "produce": produce(args); break;
            case "load": load = new Load(args); break;
            case "load-count": print(Map.of("acked", load.acked())); break;
            case "load-news": load.news(); break;
            case "load-end": load.end(); break;
            case "pull": pull(args); break;
            case "consume": consume(args); break;
            case "query": query(args); break;
            case "view": view(args); break;
            case "uniq": uniq(args); break;
            case "time": time(args); break;
            default: throw new IllegalArgumentException("no such command: " + command);
        }
    }

    // Sending.

    private interface Look {
        Object now() throws MQClientException;
    }

    /**
     * Waits until the name server knows the broker, two minutes at most. A 5.x broker that has not yet seen the name server
     * when it comes up registers ten seconds later; one whose permission is set, even to what it was, does so at once.
     */
    private void await(Look look) throws Exception {
        for (int tries = 0; ; tries++) {
            try {
                look.now();
                return;
            } catch (MQClientException e) {
                if (tries > 2400) {
                    throw e;
                }
                if (tries % 20 == 4 && broker != null) {
                    register();
                }
                Thread.sleep(50);
            }
        }
    }

    private void register() throws Exception {
        if (admin == null) {   // never shut down: that would take seconds
            DefaultMQAdminExt made = patient(new DefaultMQAdminExt(TIMEOUT), "probe-admin-");
            made.start();
            admin = made;
        }
        Properties same = new Properties();
        same.setProperty("brokerPermission", "6");
        admin.updateBrokerConfig(broker, same);
    }

    /** A client with connections of its own, which gives nothing up that is slow on a busy machine. */
    private <T extends ClientConfig> T patient(T client, String name) {
        client.setNamesrvAddr(namesrv);
        client.setInstanceName(name + System.nanoTime());
        client.setMqClientApiTimeout(TIMEOUT);
        return client;
    }

    private DefaultMQProducer producer() throws Exception {
        if (producer == null) {
            DefaultMQProducer made = new DefaultMQProducer("probe-producer");
            patient(made, "probe-producer-").setCompressMsgBodyOverHowmuch(Integer.MAX_VALUE);
            made.start();
            made.getDefaultMQProducerImpl().getMqClientFactory().getMQAdminImpl().setTimeoutMillis(TIMEOUT);
            await(() -> made.fetchPublishMessageQueues(ALWAYS_THERE));
            producer = made;
        }
        return producer;
    }

    private static Message message(Map<String, Object> m) {
        byte[] body = Base64.getDecoder().decode((String) m.getOrDefault("body_b64", ""));
        Message message = new Message((String) m.get("topic"), body);
        message.setFlag((int) number(m, "flag", 0));
        if (m.get("tags") != null) {
            message.setTags((String) m.get("tags"));
        }
        Object keys = m.get("keys");
        if (keys instanceof List) {
            List<String> list = new ArrayList<>();
            for (Object key : (List<?>) keys) {
                list.add((String) key);
            }
            message.setKeys(list);
        } else if (keys != null) {
            message.setKeys((String) keys);
        }
        if (m.get("props") != null) {
            for (Map.Entry<?, ?> e : ((Map<?, ?>) m.get("props")).entrySet()) {
                MessageAccessor.putProperty(message, (String) e.getKey(), (String) e.getValue());
            }
        }
        if (m.get("delay") != null) {
            message.setDelayTimeLevel((int) number(m, "delay", 0));
        }
        return message;
    }

    private static Map<String, Object> receipt(SendResult sent) {
        Map<String, Object> r = new LinkedHashMap<>();
        r.put("status", sent.getSendStatus().name());
        r.put("msgId", sent.getMsgId());
        r.put("offsetMsgId", sent.getOffsetMsgId());
        r.put("topic", sent.getMessageQueue().getTopic());
        r.put("queue", sent.getMessageQueue().getQueueId());
        r.put("queueOffset", sent.getQueueOffset());
        return r;
    }

    private void produce(Map<String, Object> args) throws Exception {
        for (Object each : (List<?>) args.get("messages")) {
            @SuppressWarnings("unchecked") Map<String, Object> m = (Map<String, Object>) each;
            Message message = message(m);
            MessageQueue queue = new MessageQueue(message.getTopic(), broker(args), (int) number(m, "queue", 0));
            print(receipt(producer().send(message, queue, TIMEOUT)));
        }
    }

    /**
     * Sends from several threads until told to end, or until the broker is gone; remembers what was acknowledged. With `persist` a
     * message is tried until it is acknowledged, as by a program that has to get it through; its receipt says how often.
     */
    private final class Load {
        private final List<Map<String, Object>> receipts = new ArrayList<>();
        private final List<Thread> threads = new ArrayList<>();
        private volatile boolean ended;
        private int told;

        Load(Map<String, Object> args) throws Exception {
            DefaultMQProducer through = producer();
            String topic = (String) args.get("topic");
            int queues = (int) number(args, "queues", 4);
            int count = (int) number(args, "threads", 3);
            boolean persist = Boolean.TRUE.equals(args.get("persist"));
            long timeout = number(args, "timeout_ms", 3000);
            byte[] filler = new byte[(int) number(args, "size", 300)];
            java.util.Arrays.fill(filler, (byte) 'x');
            for (int t = 0; t < count; t++) {
                int thread = t;
                Thread made = new Thread(() -> {
                    for (int i = 0; !ended; i++) {
                        String name = thread + "-" + i;
                        byte[] body = filler.clone();
                        byte[] head = (name + ":").getBytes(StandardCharsets.UTF_8);
                        System.arraycopy(head, 0, body, 0, Math.min(head.length, body.length));
                        Message message = new Message(topic, "load", "load-" + name, body);
                        try {
                            MessageQueue queue = new MessageQueue(topic, broker(args), i % queues);
                            send(through, message, queue, timeout, name, persist);
                        } catch (Exception e) {
                            return;
                        }
                    }
                });
                made.start();
                threads.add(made);
            }
        }

        private void send(DefaultMQProducer through, Message message, MessageQueue queue, long timeout, String name,
            boolean persist) throws Exception {
            for (int tries = 1; ; tries++) {
                try {
                    SendResult sent = through.send(message, queue, timeout);
                    Map<String, Object> r = receipt(sent);
                    r.put("name", name);
                    r.put("tries", tries);
                    synchronized (receipts) {
                        receipts.add(r);
                    }
                    return;
                } catch (Exception e) {
                    if (!persist || ended) {
                        throw e;
                    }
                    Thread.sleep(5);
                }
            }
        }

        /** The receipts since the last time. */
        void news() {
            synchronized (receipts) {
                for (; told < receipts.size(); told++) {
                    print(receipts.get(told));
                }
            }
        }

        int acked() {
            synchronized (receipts) {
                return receipts.size();
            }
        }

        void end() throws InterruptedException {
            ended = true;
            for (Thread thread : threads) {
                thread.join();
            }
            receipts.forEach(Probe::print);
        }
    }

    // Reading.

    private DefaultMQPullConsumer puller() throws Exception {
        if (puller == null) {
            DefaultMQPullConsumer made = patient(new DefaultMQPullConsumer("probe-pull"), "probe-pull-");
            made.start();
            made.getDefaultMQPullConsumerImpl().getRebalanceImpl().getmQClientFactory().getMQAdminImpl()
                .setTimeoutMillis(TIMEOUT);
            await(() -> made.fetchSubscribeMessageQueues(ALWAYS_THERE));
            puller = made;
        }
        return puller;
    }

    private void pull(Map<String, Object> args) throws Exception {
        String topic = (String) args.get("topic");
        TreeSet<MessageQueue> queues = new TreeSet<>();
        if (args.get("queues") != null) {
            for (Object queue : (List<?>) args.get("queues")) {
                queues.add(new MessageQueue(topic, broker(args), ((Long) queue).intValue()));
            }
        } else {
            queues.addAll(puller().fetchSubscribeMessageQueues(topic));
        }
        for (MessageQueue queue : queues) {
            long min = puller().minOffset(queue);
            long max = puller().maxOffset(queue);
            int nothing = 0;
            for (long at = Math.max(min, number(args, "from", 0)); at < max; ) {
                PullResult result = puller().pull(queue, "*", at, 32, TIMEOUT);
                if (result.getPullStatus() == PullStatus.FOUND) {
                    for (MessageExt m : result.getMsgFoundList()) {
                        print(listing(m));
                    }
                } else if (result.getNextBeginOffset() <= at && ++nothing > 20) {
                    throw new IllegalStateException(queue + " at " + at + " of " + min + ".." + max + ": " + result.getPullStatus());
                } else if (result.getNextBeginOffset() <= at) {
                    Thread.sleep(100);
                }
                at = Math.max(at, result.getNextBeginOffset());
            }
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("topic", topic);
            line.put("queue", queue.getQueueId());
            line.put("min", min);
            line.put("max", max);
            print(line);
        }
    }

    private void consume(Map<String, Object> args) throws Exception {
        LinkedBlockingQueue<MessageExt> arrived = new LinkedBlockingQueue<>();
        DefaultMQPushConsumer consumer = patient(new DefaultMQPushConsumer((String) args.get("group")), "probe-push-");
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setConsumeThreadMin(2);
        consumer.setConsumeThreadMax(2);
        consumer.setAwaitTerminationMillisWhenShutdown(10000);   // else a listener's last answer may come after its offset is saved
        consumer.subscribe((String) args.get("topic"), (String) args.getOrDefault("tags", "*"));
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            arrived.addAll(messages);
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        try {
            long count = number(args, "count", 1);
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(number(args, "timeout_ms", 90000));
            for (long n = 0; n < count; n++) {
                MessageExt m = arrived.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
                if (m == null) {
                    break;
                }
                print(listing(m));
            }
            // More than asked for would show as doubles; what is here by now is printed too.
            for (MessageExt m; (m = arrived.poll()) != null; ) {
                print(listing(m));
            }
        } finally {
            consumer.shutdown();
        }
    }

    private void query(Map<String, Object> args) throws Exception {
        List<?> keys = args.get("keys") != null ? (List<?>) args.get("keys") : List.of(args.get("key"));
        for (Object key : keys) {
            Map<String, Object> line = new LinkedHashMap<>();
            List<Object> positions = new ArrayList<>();
            List<Object> places = new ArrayList<>();
            try {
                for (MessageExt m : producer().queryMessage((String) args.get("topic"), (String) key, (int) number(args, "max", 64), 0,
                    Long.MAX_VALUE).getMessageList()) {
                    positions.add(m.getCommitLogOffset());
                    places.add(List.of(m.getQueueId(), m.getQueueOffset()));
                }
            } catch (MQClientException e) {
                if (e.getResponseCode() != NO_MESSAGE) {
                    throw e;
                }
            }
            line.put("topic", args.get("topic"));
            line.put("key", key);
            line.put("pos", positions);
            line.put("at", places);
            print(line);
        }
    }

    /** The id may hold the address of another broker (a store that was moved): with "addr", this one is asked instead. */
    private void view(Map<String, Object> args) throws Exception {
        List<?> ids = args.get("ids") != null ? (List<?>) args.get("ids") : List.of(args.get("id"));
        for (Object each : ids) {
            String id = (String) each;
            if (args.get("addr") != null) {
                String[] addr = ((String) args.get("addr")).split(":");
                id = MessageDecoder.createMessageId(new InetSocketAddress(addr[0], Integer.parseInt(addr[1])),
                    MessageDecoder.decodeMessageId(id).getOffset());
            }
            print(listing(producer().viewMessage((String) args.get("topic"), id)));
        }
    }

    /** By UNIQ_KEY, through the index; the client's own viewMessage would first take the key for an address and call there. */
    private void uniq(Map<String, Object> args) throws Exception {
        for (Object id : (List<?>) args.get("ids")) {
            print(listing(producer().getDefaultMQProducerImpl().queryMessageByUniqKey((String) args.get("topic"), (String) id)));
        }
    }

    private void time(Map<String, Object> args) throws Exception {
        MessageQueue queue = new MessageQueue((String) args.get("topic"), broker(args), (int) number(args, "queue", 0));
        List<?> times = args.get("times") != null ? (List<?>) args.get("times") : List.of(args.get("ms"));
        for (Object ms : times) {
            print(Map.of("ms", ms, "offset", puller().searchOffset(queue, (Long) ms)));
        }
    }

    private static Map<String, Object> listing(MessageExt m) {
        Map<String, Object> r = new LinkedHashMap<>();
        r.put("topic", m.getTopic());
        r.put("queue", m.getQueueId());
        r.put("qoff", m.getQueueOffset());
        r.put("pos", m.getCommitLogOffset());
        r.put("size", m.getStoreSize());
        r.put("msgid", m instanceof MessageClientExt ? ((MessageClientExt) m).getOffsetMsgId() : m.getMsgId());
        r.put("uniq", m.getProperty("UNIQ_KEY"));
        r.put("tags", m.getTags());
        r.put("keys", m.getKeys());
        Map<String, String> props = new TreeMap<>(m.getProperties());
        props.remove("MIN_OFFSET");   // the client adds these two to what it pulled
        props.remove("MAX_OFFSET");
        r.put("props", props);
        r.put("flag", m.getFlag());
        r.put("sysflag", m.getSysFlag());
        r.put("born_ms", m.getBornTimestamp());
        r.put("stored_ms", m.getStoreTimestamp());
        r.put("born_host", host(m.getBornHost()));
        r.put("store_host", host(m.getStoreHost()));
        r.put("reconsume", m.getReconsumeTimes());
        r.put("prepared_offset", m.getPreparedTransactionOffset());
        r.put("body_b64", m.getBody() == null ? "" : Base64.getEncoder().encodeToString(m.getBody()));
        return r;
    }

    private static String host(SocketAddress address) {
        InetSocketAddress inet = (InetSocketAddress) address;
        String name = inet.getAddress().getHostAddress();
        return (name.indexOf(':') >= 0 ? "[" + name + "]" : name) + ":" + inet.getPort();
    }

    private static String broker(Map<String, Object> args) {
        return (String) args.getOrDefault("broker", "broker-a");
    }

    private static long number(Map<String, Object> m, String name, long otherwise) {
        Object value = m.get(name);
        return value == null ? otherwise : (Long) value;
    }

    private static synchronized void print(Map<String, Object> line) {
        StringBuilder text = new StringBuilder();
        Json.write(text, line);
        OUT.println(text);
    }

    /** As much JSON as the probe needs; numbers are integers. What the client has in store for JSON differs from release to release. */
    private static final class Json {
        private final String text;
        private int at;

        private Json(String text) {
            this.text = text;
        }

        @SuppressWarnings("unchecked")
        static Map<String, Object> parse(String text) {
            return (Map<String, Object>) new Json(text).value();
        }

        static void write(StringBuilder out, Object value) {
            if (value instanceof Map) {
                char before = '{';
                for (Map.Entry<?, ?> e : ((Map<?, ?>) value).entrySet()) {
                    out.append(before);
                    write(out, e.getKey());
                    out.append(':');
                    write(out, e.getValue());
                    before = ',';
                }
                out.append(before == '{' ? "{}" : "}");
            } else if (value instanceof List) {
                char before = '[';
                for (Object item : (List<?>) value) {
                    out.append(before);
                    write(out, item);
                    before = ',';
                }
                out.append(before == '[' ? "[]" : "]");
            } else if (value instanceof String) {
                out.append('"');
                for (char c : ((String) value).toCharArray()) {
                    if (c == '"' || c == '\\') {
                        out.append('\\').append(c);
                    } else if (c < 0x20 || c > 0x7e) {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
                out.append('"');
            } else {
                out.append(value);
            }
        }

        private char next() {
            while (at < text.length() && text.charAt(at) <= ' ') {
                at++;
            }
            if (at == text.length()) {
                throw new IllegalArgumentException("JSON ends early: " + text);
            }
            return text.charAt(at);
        }

        private void expect(char c) {
            if (next() != c) {
                throw new IllegalArgumentException("JSON: " + c + " expected at " + at + " of " + text);
            }
            at++;
        }

        private Object value() {
            char c = next();
            if (c == '{') {
                Map<String, Object> map = new LinkedHashMap<>();
                at++;
                for (boolean first = true; next() != '}'; first = false) {
                    if (!first) {
                        expect(',');
                    }
                    String name = string();
                    expect(':');
                    map.put(name, value());
                }
                at++;
                return map;
            }
            if (c == '[') {
                List<Object> list = new ArrayList<>();
                at++;
                for (boolean first = true; next() != ']'; first = false) {
                    if (!first) {
                        expect(',');
                    }
                    list.add(value());
                }
                at++;
                return list;
            }
            if (c == '"') {
                return string();
            }
            int start = at;
            while (at < text.length() && "+-.0123456789aeflnrstuE".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
            String word = text.substring(start, at);
            switch (word) {
                case "null": return null;
                case "true": return true;
                case "false": return false;
                default: return Long.valueOf(word);
            }
        }

        private String string() {
            expect('"');
            StringBuilder out = new StringBuilder();
            for (char c; (c = text.charAt(at++)) != '"'; ) {
                if (c != '\\') {
                    out.append(c);
                    continue;
                }
                c = text.charAt(at++);
                int plain = "bfnrt".indexOf(c);
                if (plain >= 0) {
                    out.append("\b\f\n\r\t".charAt(plain));
                } else if (c == 'u') {
                    out.append((char) Integer.parseInt(text.substring(at, at + 4), 16));
                    at += 4;
                } else {
                    out.append(c);
                }
            }
            return out.toString();
        }
    }
}
