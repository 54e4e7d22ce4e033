import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyContext;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** What a consumer, or several, received, in the order of arrival. As a listener it takes everything. */
final class Inbox implements MessageListenerConcurrently {
    private final List<MessageExt> received = new ArrayList<>();

    @Override
    public ConsumeConcurrentlyStatus consumeMessage(List<MessageExt> messages, ConsumeConcurrentlyContext context) {
        add(messages);
        return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
    }

    synchronized void add(Collection<MessageExt> messages) {
        received.addAll(messages);
    }

    synchronized List<MessageExt> all() {
        return new ArrayList<>(received);
    }

    synchronized int size() {
        return received.size();
    }

    List<MessageExt> await(int count) throws InterruptedException {
        try {
            Support.until(count + " messages", () -> size() >= count);
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + ", got " + size() + ": " + sorted(all(), Support::text), e);
        }
        return all();
    }

    /** These messages and no others, each once. */
    void expect(Collection<? extends Message> sent) throws InterruptedException {
        expect(sent, Support::line);
    }

    void expect(Collection<? extends Message> sent, Function<Message, String> shown) throws InterruptedException {
        await(sent.size());
        Support.equal("received", sorted(sent, shown), sorted(all(), shown));
    }

    /** The bodies, sorted. */
    List<String> bodies() {
        return sorted(all(), Support::text);
    }

    static List<String> sorted(Collection<? extends Message> messages, Function<Message, String> shown) {
        return messages.stream().map(shown).sorted().toList();
    }
}
