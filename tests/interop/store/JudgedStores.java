// What a released broker makes of stores: as its start does, BrokerController loads configuration and store and recovers, then the
// store is started and every queue is read from its minimum to its maximum. A single-file program on the class path of a release.
//
// A line of standard input is a store, its fields parted by tabs: directory, segment bytes, queue file bytes, extension file
// bytes (0: none), then each queue as TOPIC/ID. A line of JSON answers:
//   {"dir":…, "starts":true, "why":"", "log":[min,max], "delay":"{…}", "topics":[…], "offsets":"{…}",
//    "queues":{"T/0":[min, max, [[offset, "hash of the record"], …]]}}
// All stores are shut down at the end, so that what is on disk then is what the release leaves.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.rocketmq.broker.BrokerController;
import org.apache.rocketmq.common.BrokerConfig;
import org.apache.rocketmq.remoting.netty.NettyClientConfig;
import org.apache.rocketmq.remoting.netty.NettyServerConfig;
import org.apache.rocketmq.store.GetMessageResult;
import org.apache.rocketmq.store.GetMessageStatus;
import org.apache.rocketmq.store.MessageStore;
import org.apache.rocketmq.store.config.MessageStoreConfig;

public class JudgedStores {
  static final int SECONDS_A_STORE = 90;
  static final String GROUP = "G-judge";

  static BrokerController controller(String[] fields) throws Exception {
    MessageStoreConfig config = new MessageStoreConfig();
    config.setStorePathRootDir(fields[0]);
    config.setStorePathCommitLog(fields[0] + "/commitlog");
    config.setMappedFileSizeCommitLog(Integer.parseInt(fields[1]));
    config.setMappedFileSizeConsumeQueue(Integer.parseInt(fields[2]));
    config.setEnableConsumeQueueExt(!fields[3].equals("0"));
    if (!fields[3].equals("0")) config.setMappedFileSizeConsumeQueueExt(Integer.parseInt(fields[3]));
    config.setMaxHashSlotNum(100);
    config.setMaxIndexNum(400);
    config.setHaListenPort(0);
    config.setFileReservedTime(1000000);
    config.setDiskMaxUsedSpaceRatio(95);
    config.setCleanFileForciblyEnable(false);
    try {   // not in 4.9; the wheel has no part in this
      MessageStoreConfig.class.getMethod("setTimerWheelEnable", boolean.class).invoke(config, false);
    } catch (NoSuchMethodException none) {
    }
    BrokerConfig broker = new BrokerConfig();
    broker.setBrokerIP1("127.0.0.1");
    NettyServerConfig server = new NettyServerConfig();
    server.setListenPort(0);
    return new BrokerController(broker, server, new NettyClientConfig(), config);
  }

  static String hash(ByteBuffer record) throws Exception {
    byte[] bytes = new byte[record.remaining()];
    record.duplicate().get(bytes);
    byte[] digest = MessageDigest.getInstance("SHA-1").digest(bytes);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 6; ++i) text.append(String.format("%02x", digest[i] & 0xFF));
    return text.toString();
  }

  // One at a time, so that it is known at which queue offset each stands.
  static String read(MessageStore store, String topic, int queue) throws Exception {
    long min = store.getMinOffsetInQueue(topic, queue), max = store.getMaxOffsetInQueue(topic, queue);
    StringBuilder found = new StringBuilder();
    for (long offset = min; offset < max;) {
      GetMessageResult result = store.getMessage(GROUP, topic, queue, offset, 1, null);
      if (result == null) break;
      long next = result.getNextBeginOffset();
      if (result.getStatus() == GetMessageStatus.FOUND) {
        for (ByteBuffer record : result.getMessageBufferList()) {
          found.append(found.length() == 0 ? "" : ",").append("[").append(next - 1).append(",\"").append(hash(record)).append("\"]");
        }
      }
      result.release();
      if (next <= offset) break;   // a consumer would ask for the same again, for ever
      offset = next;
    }
    return "[" + min + "," + max + ",[" + found + "]]";
  }

  static String delayOffsets(BrokerController controller) throws Exception {
    Object service;
    try {
      service = BrokerController.class.getMethod("getScheduleMessageService").invoke(controller);
    } catch (NoSuchMethodException of_the_store) {
      service = controller.getMessageStore().getClass().getMethod("getScheduleMessageService").invoke(controller.getMessageStore());
    }
    return String.valueOf(service.getClass().getMethod("encode", boolean.class).invoke(service, false));
  }

  static String judge(String[] fields, List<MessageStore> opened) throws Exception {
    BrokerController controller = controller(fields);
    if (!controller.initialize()) return "{\"dir\":" + quoted(fields[0]) + ",\"starts\":false,\"why\":\"initialize() gave false\"}";
    MessageStore store = controller.getMessageStore();
    String delays = delayOffsets(controller);
    store.start();
    synchronized (opened) {
      opened.add(store);
    }
    while (store.dispatchBehindBytes() > 0) Thread.sleep(1);
    StringBuilder queues = new StringBuilder();
    for (int i = 4; i < fields.length; ++i) {
      int slash = fields[i].lastIndexOf('/');
      queues.append(i == 4 ? "" : ",").append(quoted(fields[i])).append(":")
          .append(read(store, fields[i].substring(0, slash), Integer.parseInt(fields[i].substring(slash + 1))));
    }
    StringBuilder topics = new StringBuilder();
    for (String topic : new TreeSet<>(controller.getTopicConfigManager().getTopicConfigTable().keySet())) {
      topics.append(topics.length() == 0 ? "" : ",").append(quoted(topic));
    }
    return "{\"dir\":" + quoted(fields[0]) + ",\"starts\":true,\"why\":\"\",\"log\":[" + store.getMinPhyOffset() + "," + store.getMaxPhyOffset()
        + "],\"delay\":" + quoted(delays) + ",\"topics\":[" + topics + "],\"offsets\":"
        + quoted(controller.getConsumerOffsetManager().encode(false)) + ",\"queues\":{" + queues + "}}";
  }

  static String quoted(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (char c : String.valueOf(text).toCharArray()) {
      if (c == '"' || c == '\\') out.append('\\').append(c);
      else if (c < ' ') out.append(String.format("\\u%04x", (int) c));
      else out.append(c);
    }
    return out.append('"').toString();
  }

  static String within(ExecutorService workers, String[] fields, Callable<String> work) throws Exception {
    Future<String> answer = workers.submit(work);
    String why;
    try {
      return answer.get(SECONDS_A_STORE, TimeUnit.SECONDS);
    } catch (TimeoutException late) {
      why = "hangs";
      answer.cancel(true);
    } catch (ExecutionException failed) {
      why = String.valueOf(failed.getCause());
    }
    return "{\"dir\":" + quoted(fields[0]) + ",\"starts\":false,\"why\":" + quoted(why) + "}";
  }

  public static void main(String[] args) throws Exception {
    ExecutorService workers = Executors.newCachedThreadPool();
    List<MessageStore> opened = new ArrayList<>();
    List<Future<?>> ends = new ArrayList<>();
    java.io.PrintStream out = new java.io.PrintStream(new java.io.FileOutputStream(java.io.FileDescriptor.out), true, "UTF-8");
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = lines.readLine()) != null;) {
      String[] fields = line.split("\t");
      out.println(within(workers, fields, () -> judge(fields, opened)));
      synchronized (opened) {   // the end takes seconds, and nobody waits for it
        for (MessageStore store : opened) ends.add(workers.submit(store::shutdown));
        opened.clear();
      }
    }
    for (Future<?> end : ends) {
      try {
        end.get(180, TimeUnit.SECONDS);
      } catch (ExecutionException | TimeoutException broken) {
        System.err.println("shutdown: " + broken);
      }
    }
    Runtime.getRuntime().halt(0);
  }
}
