#include "cli/broker/broker_metrics.h"

#include "cli/broker/broker_controller.h"
#include "cli/broker/metrics_text.h"
#include "libstore/index/consume_queue_store.h"

namespace mqctl {
namespace {

constexpr std::string_view kCounter = "counter", kGauge = "gauge", kHistogram = "histogram";

class Gathering {
 public:
  explicit Gathering(BrokerController& broker)
      : broker_(broker),
        text_({{"cluster", broker.config().cluster_name},
               {"node_type", "broker"},
               {"node_id", broker.config().broker_name}}) {}

  std::string run() {
    traffic();
    latencies();
    clients();
    queues();
    lag();
    executors();
    storage();
    return text_.take();
  }

 private:
  void single(std::string_view name, std::string_view type, std::string_view help, uint64_t value) {
    text_.family(name, type, help);
    text_.sample({}, value);
  }

  static MetricLabels put_labels(const std::string& key) { return {{"topic", key}}; }
  static MetricLabels get_labels(const std::string& key) {
    const size_t at = key.find('@');
    return {{"topic", key.substr(0, at)}, {"consumer_group", key.substr(at + 1)}};
  }

  void traffic_of(BrokerStats::Table table, std::string_view messages, std::string_view bytes, std::string_view what,
                  MetricLabels (*labels_of)(const std::string&)) {
    const BrokerStats::Entries entries = broker_.stats().entries(table);
    text_.family(messages, kCounter, "Messages " + std::string(what));
    for (const auto& [key, count] : entries) text_.sample(labels_of(key), count.messages.total());
    text_.family(bytes, kCounter, "Bytes of records " + std::string(what));
    for (const auto& [key, count] : entries) text_.sample(labels_of(key), count.bytes.total());
  }

  void traffic() {
    traffic_of(BrokerStats::Table::kTopicPut, "rocketmq_messages_in_total", "rocketmq_throughput_in_total", "put",
               &put_labels);
    traffic_of(BrokerStats::Table::kGroupGet, "rocketmq_messages_out_total", "rocketmq_throughput_out_total", "pulled",
               &get_labels);
    const RemotingCounters wire = broker_.server().counters();
    single("rocketmq_frames_in_total", kCounter, "Frames read", wire.frames_in);
    single("rocketmq_frames_out_total", kCounter, "Frames written", wire.frames_out);
    single("rocketmq_bytes_in_total", kCounter, "Bytes read from connections", wire.bytes_in);
    single("rocketmq_bytes_out_total", kCounter, "Bytes written to connections", wire.bytes_out);
    single("rocketmq_connections", kGauge, "Open connections", wire.connections);
  }

  void latencies() {
    text_.family("rocketmq_put_latency_seconds", kHistogram, "Time of a put, or of a batch of them");
    text_.histogram(broker_.stats().put_latency().snapshot());
    text_.family("rocketmq_flush_latency_seconds", kHistogram, "Time to bring the commit log to disk");
    text_.histogram(broker_.store().commit_log().flush_latency().snapshot());
  }

  void clients() {
    text_.family("rocketmq_producer_connections", kGauge, "Producers online");
    for (const auto& [group, clients] : broker_.producers().all()) {
      text_.sample({{"producer_group", group}}, uint64_t{clients.size()});
    }
    text_.family("rocketmq_consumer_connections", kGauge, "Consumers online");
    for (const std::string& group : broker_.consumers().groups()) {
      text_.sample({{"consumer_group", group}}, uint64_t{broker_.consumers().client_ids(group).size()});
    }
    single("rocketmq_parked_pulls", kGauge, "Pulls that wait for a message", broker_.hold().parked());
  }

  void queues() {
    const std::vector<ConsumeQueue*> all = broker_.store().consume_queues().all();
    const auto each = [&](std::string_view name, std::string_view help, auto&& offset_of) {
      text_.family(name, kGauge, help);
      for (const ConsumeQueue* queue : all)
        text_.sample(queue_labels(queue->topic(), queue->queue_id()), offset_of(*queue));
    };
    each("rocketmq_queue_min_offset", "First offset of a queue",
         [](const ConsumeQueue& queue) { return queue.min_offset().value(); });
    each("rocketmq_queue_max_offset", "Offset behind the last message of a queue",
         [](const ConsumeQueue& queue) { return queue.max_offset().value(); });
  }

  static MetricLabels queue_labels(const std::string& topic, QueueId queue) {
    return {{"topic", topic}, {"queue_id", std::to_string(queue.value())}};
  }

  void lag() {
    text_.family("rocketmq_consumer_lag_messages", kGauge, "Messages that a group has not consumed yet");
    broker_.offsets().for_each([&](const std::string& topic, const std::string& group, int32_t queue, int64_t offset) {
      const int64_t max = broker_.store().max_queue_offset(topic, QueueId(queue)).value();
      MetricLabels all = queue_labels(topic, QueueId(queue));
      all.emplace_back("consumer_group", group);
      text_.sample(all, std::max<int64_t>(0, max - offset));
    });
  }

  void executors() {
    text_.family("rocketmq_processor_watermark", kGauge, "Requests that wait for an executor");
    for (const Executor* each : broker_.executors().all())
      text_.sample({{"processor", each->name()}}, uint64_t{each->queued()});
    text_.family("rocketmq_processor_capacity", kGauge, "Requests that may wait for an executor");
    for (const Executor* each : broker_.executors().all())
      text_.sample({{"processor", each->name()}}, uint64_t{each->capacity()});
  }

  void storage() {
    DefaultMessageStore& store = broker_.store();
    const int64_t min = store.min_offset().value(), max = store.max_offset().value();
    const auto segment = static_cast<int64_t>(store.commit_log().segment_bytes());
    single("rocketmq_storage_size", kGauge, "Bytes of messages in the commit log", static_cast<uint64_t>(max - min));
    single("rocketmq_storage_segments", kGauge, "Files of the commit log",
           static_cast<uint64_t>((max + segment - 1) / segment - min / segment));
    single("rocketmq_storage_max_offset", kGauge, "End of the commit log", static_cast<uint64_t>(max));
    single("rocketmq_storage_flush_behind_bytes", kGauge, "Bytes that are not on disk yet",
           static_cast<uint64_t>(std::max<int64_t>(0, max - store.commit_log().flushed_where().value())));
    single("rocketmq_storage_dispatch_behind_bytes", kGauge, "Bytes that are not in the queues yet",
           static_cast<uint64_t>(std::max<int64_t>(0, store.dispatch_behind_bytes())));
    if (const Result<SpaceInfo> space = broker_.fs().space(broker_.options().root)) {
      single("rocketmq_storage_free_bytes", kGauge, "Free space of the store's file system", space->available_bytes);
    }
    single("rocketmq_boot_time_milliseconds", kGauge, "When the broker started",
           static_cast<uint64_t>(broker_.boot_time().value()));
  }

  BrokerController& broker_;
  MetricsText text_;
};

}  // namespace

std::string broker_metrics(BrokerController& broker) { return Gathering(broker).run(); }

}  // namespace mqctl
