import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Objects;
import java.util.TreeMap;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.common.message.Message;

/** What scenarios wait for and hold against what they got. */
final class Support {
    static final int SECONDS = 90;   // the longest that anything is waited for
    static final String OWN = "own-";   // how the user properties that are compared begin

    private Support() {
    }

    interface Action {
        void run() throws Exception;
    }

    interface Look {
        boolean now() throws Exception;
    }

    /** Polls until the look says true; a failure says not yet. */
    static void until(String what, Look look) throws InterruptedException {
        long end = System.nanoTime() + SECONDS * 1_000_000_000L;
        Throwable last = null;
        while (true) {
            try {
                if (look.now()) {
                    return;
                }
                last = null;
            } catch (InterruptedException e) {
                throw e;
            } catch (Exception | AssertionError e) {
                last = e;
            }
            if (System.nanoTime() > end) {
                throw new AssertionError(what + ": not within " + SECONDS + " s", last);
            }
            Thread.sleep(20);
        }
    }

    static void equal(String what, Object expected, Object actual) {
        if (!Objects.deepEquals(expected, actual)) {
            throw new AssertionError(what + ": expected " + shown(expected) + ", got " + shown(actual));
        }
    }

    private static String shown(Object value) {
        String text = value instanceof byte[] bytes ? bytes.length + " bytes" : String.valueOf(value);
        return text.length() > 600 ? text.substring(0, 600) + "... (" + text.length() + " characters)" : text;
    }

    static void check(String what, boolean holds) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    static void contains(String what, String text, String part) {
        check(what + ": no \"" + part + "\" in " + shown(text), text != null && text.contains(part));
    }

    /** The response code that the action is refused with; what the client refuses itself has -1. */
    static int refusal(String what, Action action) throws Exception {
        try {
            action.run();
        } catch (MQBrokerException e) {
            return e.getResponseCode();
        } catch (MQClientException e) {
            return e.getResponseCode();
        }
        throw new AssertionError(what + ": not refused");
    }

    static Message message(String topic, String tags, String keys, String body) {
        return new Message(topic, tags, keys, body.getBytes(StandardCharsets.UTF_8));
    }

    static String text(Message message) {
        return new String(message.getBody(), StandardCharsets.UTF_8);
    }

    /** All of a message that has to arrive as it was sent, on one line. */
    static String line(Message message) {
        TreeMap<String, String> own = new TreeMap<>();
        if (message.getProperties() != null) {
            message.getProperties().forEach((name, value) -> {
                if (name.startsWith(OWN)) {
                    own.put(name, value);
                }
            });
        }
        return message.getTopic() + " " + message.getTags() + " " + message.getKeys() + " " + message.getFlag() + " " + own + " "
            + HexFormat.of().formatHex(message.getBody());
    }
}
