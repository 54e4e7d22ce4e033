// Apache's own store library under the load of the benchmarks, as a single-file program on the class path of a release:
//   put DIR COUNT BODY THREADS async|sync SEGMENT RUNS   rate= of each run; p50= p99= p999= max= microseconds of the last
//   scan DIR SEGMENT                                     seconds= for each walk over the log, body CRC unchecked
//   load DIR                                             seconds= until a store is open and everything is dispatched
//   query DIR TOPIC KEY COUNT SEGMENT                    micros= a query by key, micros_time= a search by time
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.common.BrokerConfig;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.message.MessageExtBrokerInner;
import org.apache.rocketmq.common.message.MessageAccessor;
import org.apache.rocketmq.store.DefaultMessageStore;
import org.apache.rocketmq.store.DispatchRequest;
import org.apache.rocketmq.store.PutMessageStatus;
import org.apache.rocketmq.store.SelectMappedBufferResult;
import org.apache.rocketmq.store.config.FlushDiskType;
import org.apache.rocketmq.store.config.MessageStoreConfig;
import org.apache.rocketmq.store.stats.BrokerStatsManager;

public class ApacheStore {
  static final InetSocketAddress HOST = new InetSocketAddress("127.0.0.1", 10911);

  static DefaultMessageStore open(String directory, String flush, int segment) throws Exception {
    MessageStoreConfig config = new MessageStoreConfig();
    config.setStorePathRootDir(directory);
    config.setStorePathCommitLog(directory + "/commitlog");
    config.setMappedFileSizeCommitLog(segment);
    config.setFlushDiskType(flush.equals("sync") ? FlushDiskType.SYNC_FLUSH : FlushDiskType.ASYNC_FLUSH);
    config.setHaListenPort(0);
    config.setFileReservedTime(1000000);
    config.setDiskMaxUsedSpaceRatio(95);
    config.setMaxMessageSize(8 << 20);
    BrokerConfig broker = new BrokerConfig();
    DefaultMessageStore store = new DefaultMessageStore(config, new BrokerStatsManager("bench", true),
        (topic, queue, offset, tags, time, bitmap, properties) -> { }, broker, new ConcurrentHashMap<String, TopicConfig>());
    if (!store.load()) throw new IllegalStateException("load failed");
    store.start();
    return store;
  }

  static MessageExtBrokerInner message(int body, int queue) {
    MessageExtBrokerInner message = new MessageExtBrokerInner();
    message.setTopic("bench");
    message.setQueueId(queue);
    message.setBody(new byte[body]);
    message.setBornTimestamp(System.currentTimeMillis());
    message.setBornHost(HOST);
    message.setStoreHost(HOST);
    MessageAccessor.setProperties(message, new HashMap<>());
    message.setPropertiesString("");
    return message;
  }

  // Nanoseconds of each put of this thread.
  static long[] puts(DefaultMessageStore store, int count, int body, int queue) {
    long[] nanos = new long[count];
    for (int i = 0; i < count; ++i) {
      MessageExtBrokerInner message = message(body, queue);
      long start = System.nanoTime();
      PutMessageStatus status = store.putMessage(message).getPutMessageStatus();
      nanos[i] = System.nanoTime() - start;
      if (status != PutMessageStatus.PUT_OK) throw new IllegalStateException("put: " + status);
    }
    return nanos;
  }

  static long[] run(DefaultMessageStore store, int count, int body, int threads) throws Exception {
    long[][] parts = new long[threads][];
    Thread[] workers = new Thread[threads];
    for (int i = 0; i < threads; ++i) {
      int queue = i;
      workers[i] = new Thread(() -> parts[queue] = puts(store, count / threads, body, queue));
      workers[i].setUncaughtExceptionHandler((thread, error) -> end(error));
      workers[i].start();
    }
    for (Thread worker : workers) worker.join();
    return Arrays.stream(parts).flatMapToLong(Arrays::stream).sorted().toArray();
  }

  static void put(String[] args) throws Exception {
    int count = Integer.parseInt(args[2]), body = Integer.parseInt(args[3]), threads = Integer.parseInt(args[4]);
    DefaultMessageStore store = open(args[1], args[5], Integer.parseInt(args[6]));
    run(store, Math.min(count, 100000), body, threads);
    long[] nanos = null;
    for (int i = 0; i < Integer.parseInt(args[7]); ++i) {
      long start = System.nanoTime();
      nanos = run(store, count, body, threads);
      System.out.println("rate=" + nanos.length / ((System.nanoTime() - start) / 1e9));
    }
    int last = nanos.length - 1;
    System.out.println("p50=" + nanos[last / 2] / 1e3 + "\np99=" + nanos[(int) (last * 0.99)] / 1e3 + "\np999="
        + nanos[(int) (last * 0.999)] / 1e3 + "\nmax=" + nanos[last] / 1e3);
    store.shutdown();
  }

  static long walk(DefaultMessageStore store) {
    long records = 0;
    for (long offset = store.getMinPhyOffset(); offset < store.getMaxPhyOffset();) {
      SelectMappedBufferResult part = store.getCommitLogData(offset);
      ByteBuffer buffer = part.getByteBuffer();
      while (buffer.hasRemaining()) {
        DispatchRequest request = store.checkMessageAndReturnSize(buffer, false, false, false);
        if (!request.isSuccess()) throw new IllegalStateException("scan at " + offset);
        if (request.getMsgSize() == 0) {
          offset = store.getCommitLog().rollNextFile(offset);
          break;
        }
        offset += request.getMsgSize();
        ++records;
      }
      part.release();
    }
    return records;
  }

  static void scan(String[] args) throws Exception {
    DefaultMessageStore store = open(args[1], "async", Integer.parseInt(args[2]));
    for (int i = 0; i < 7; ++i) {
      long start = System.nanoTime();
      walk(store);
      if (i > 1) System.out.println("seconds=" + (System.nanoTime() - start) / 1e9);
    }
    store.shutdown();
  }

  static void load(String[] args) throws Exception {
    long start = System.nanoTime();
    DefaultMessageStore store = open(args[1], "async", 1 << 30);
    while (store.dispatchBehindBytes() > 0) Thread.sleep(1);
    System.out.println("seconds=" + (System.nanoTime() - start) / 1e9);
    store.shutdown();
  }

  static void query(String[] args) throws Exception {
    DefaultMessageStore store = open(args[1], "async", Integer.parseInt(args[5]));
    int count = Integer.parseInt(args[4]);
    long now = System.currentTimeMillis(), begin = store.getEarliestMessageTime();
    for (int round = 0; round < 6; ++round) {
      long start = System.nanoTime();
      for (int i = 0; i < count; ++i) store.queryMessage(args[2], args[3] + i, 1, 0, now).release();
      long middle = System.nanoTime();
      for (int i = 0; i < count; ++i) store.getOffsetInQueueByTime(args[2], 0, begin + i * (now - begin) / count);
      if (round == 0) continue;
      System.out.println("micros=" + (middle - start) / 1e3 / count);
      System.out.println("micros_time=" + (System.nanoTime() - middle) / 1e3 / count);
    }
    store.shutdown();
  }

  // Whatever threads of the store are left, and whatever they wait for.
  static void end(Throwable error) {
    if (error != null) error.printStackTrace();
    System.out.flush();
    Runtime.getRuntime().halt(error == null ? 0 : 1);
  }

  public static void main(String[] args) {
    try {
      switch (args[0]) {
        case "put": put(args); break;
        case "scan": scan(args); break;
        case "load": load(args); break;
        case "query": query(args); break;
        default: throw new IllegalArgumentException(args[0]);
      }
      end(null);
    } catch (Throwable error) {
      end(error);
    }
  }
}
