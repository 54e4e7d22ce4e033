#include "cli/broker/broker_controller.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>

#include "cli/broker/processors.h"
#include "cli/broker/property_list.h"
#include "cli/broker/schedule_message_service.h"
#include "cli/broker/topic_validator.h"
#include "cli/broker/transactional_message_service.h"
#include "libstore/index/consume_queue_store.h"
#include "libstore/message/system_flag.h"

namespace mqctl {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kCloseLimit{500}, kAnswerLimit{5000}, kQueueLimit{2000};

DelayLevelTable levels_of(const BrokerConfig& config) {
  Result<DelayLevelTable> levels = DelayLevelTable::parse(config.delay_levels);
  return levels ? *levels : DelayLevelTable::defaults();
}

// A crowd of clients leaves descriptors for the store's files.
size_t most_connections() {
  constexpr rlim_t kMost = 50000, kForFiles = 512;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kMost;
  return std::min(kMost, limit.rlim_cur - std::min(limit.rlim_cur / 4, kForFiles));
}

// Counts how long a put took.
class TimedPut {
 public:
  explicit TimedPut(LatencyHistogram& histogram) : histogram_(histogram) {}
  ~TimedPut() { histogram_.add(std::chrono::steady_clock::now() - begin_); }

 private:
  LatencyHistogram& histogram_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace

BrokerController::BrokerController(FileSystem& fs, const Clock& clock, const EventLog& log, BrokerOptions options)
    : fs_(fs),
      clock_(clock),
      log_(log),
      options_(std::move(options)),
      delay_levels_(levels_of(options_.config)),
      config_(&options_.config),
      boot_time_(clock.now()),
      topics_(fs, clock, config_file("topics.json")),
      groups_(fs, clock, config_file("subscriptionGroup.json")),
      offsets_(fs, clock, config_file("consumerOffset.json")),
      kv_config_(fs, config_file("kvConfig.json")),
      locks_(clock, milliseconds(options_.config.lock_max_live_ms)),
      hold_(clock),
      stats_(clock, options_.config.cluster_name),
      pending_sends_(static_cast<size_t>(std::max(1, options_.config.send_queue_capacity))),
      executors_(options_.config, options_.store.background),
      services_(clock),
      checkpoints_(clock) {}

BrokerController::~BrokerController() { (void)shutdown(); }

std::string BrokerController::config_file(const char* name) const {
  return join_path(join_path(options_.root, "config"), name);
}

HostAddress BrokerController::address_for(const Channel& channel) const {
  return advertised_.value_or(channel.local());
}

HostAddress BrokerController::own_address() const { return advertised_.value_or(HostAddress::v4(127, 0, 0, 1, port_)); }

Status BrokerController::start() {
  if (Status status = open_store(); !status.ok()) return status;
  if (Status status = load_tables(); !status.ok()) return status;
  if (!by_steps()) {
    if (Status status = listen(); !status.ok()) return status;
  }
  unique_keys_ = std::make_unique<UniqueKeyGenerator>(own_address(), static_cast<uint32_t>(process_id()),
                                                      static_cast<uint32_t>(boot_time_.value()));
  register_processors();
  consumers_.on_change(
      [this](const std::string& group, const ConsumerGroup& now) { notify_consumer_ids_changed(group, now); });
  accepting_.store(true);
  started_ = true;
  add_services();
  if (by_steps()) return {};
  schedule_->start();
  hold_.start();
  services_.start();
  checkpoints_.start();
  server_->start();
  return {};
}

void BrokerController::step(Service service) {
  switch (service) {
    case Service::kPullRequestHold:
      return hold_.release_due();
    case Service::kScheduleMessage:
      return (void)schedule_->deliver_all_due();
    case Service::kTimed:
      services_.run_due();
      return checkpoints_.run_due();
  }
}

RemotingHooks BrokerController::hooks() {
  RemotingHooks hooks;
  hooks.closed = [this](const ChannelPtr& channel) { channel_closed(channel); };
  hooks.batch_begins = [this] { store_->defer_dispatch(); };
  hooks.batch_ends = [this] { store_->dispatch_deferred(); };
  if (!options_.access_log) return hooks;
  hooks.access = [this](const Request& request, int32_t answer, int64_t micros) {
    const ReceivedCommand& command = request.command;
    log_.info("access " + to_string(request.channel->remote()) + " " + std::to_string(command.code) + " " +
              std::string(request_code_name(command.code)) + " body=" + std::to_string(command.body.size()) +
              " answer=" + std::to_string(answer) + " us=" + std::to_string(micros));
  };
  return hooks;
}

Status BrokerController::open_store() {
  const BrokerConfig& config = options_.config;
  StoreOptions store = options_.store;
  store.root = options_.root;
  store.segment_bytes = static_cast<uint64_t>(config.segment_bytes);
  store.consume_queue_segment_bytes = static_cast<uint64_t>(config.queue_segment_bytes);
  store.flush.mode = config.sync_flush ? FlushMode::kSync : FlushMode::kAsync;
  // maxMessageSize can be changed, and is for what clients send: what is stored already must find its way on.
  store.limits.max_body_bytes = INT32_MAX;
  store.delay_levels = delay_levels_;
  store.on_damage = options_.on_damage;
  store.on_arrival = [this](const DispatchRequest& message) {
    hold_.arrived(message);
    if (message.topic == kScheduleTopic && schedule_ != nullptr) schedule_->wake();
  };
  schedule_ = std::make_unique<ScheduleMessageService>(*this);
  transactions_ = std::make_unique<TransactionalMessageService>(*this);
  Result<std::unique_ptr<DefaultMessageStore>> opened = DefaultMessageStore::open(fs_, clock_, std::move(store));
  if (!opened) return std::move(opened).error();
  store_ = std::move(*opened);
  retention_ = std::make_unique<CleanCommitLogService>(
      fs_, clock_, retention_options(config), std::vector<std::string>{join_path(options_.root, "commitlog")},
      [this](EpochMs modified_at_most, int limit) { return store_->delete_expired_segments(modified_at_most, limit); });
  return {};
}

Status BrokerController::load_tables() {
  if (Status status = topics_.load(options_.config); !status.ok()) return status;
  if (Status status = groups_.load(); !status.ok()) return status;
  if (Status status = offsets_.load(); !status.ok()) return status;
  if (Status status = kv_config_.load(); !status.ok()) return status;
  if (Status status = schedule_->load(); !status.ok()) return status;
  return limit_offsets();
}

// A power cut takes messages whose consumers' progress is on disk already. What is put in their place must not be
// passed over: also not when the next crash comes before the tables would have been written again. Whatever the last
// exit was: a start that failed behind the recovery has closed the store cleanly.
Status BrokerController::limit_offsets() {
  offsets_.limit([this](const std::string& topic, int32_t queue) {
    return store_->max_queue_offset(topic, QueueId(queue)).value();
  });
  if (Status status = offsets_.persist(); !status.ok()) return status;
  return schedule_->persist();
}

// The port, and the fast one two below, where old clients send to; without it the broker works all the same.
Status BrokerController::listen() {
  server_ = std::make_unique<RemotingServer>(
      processors_, log_, RemotingServerOptions{options_.io_threads, options_.config.idle_seconds, most_connections()},
      hooks());
  Result<int> port = server_->listen(options_.listen_address, options_.port);
  if (!port) return std::move(port).error();
  port_ = *port;
  advertised_ = options_.advertise;
  if (advertised_ && advertised_->port == 0) advertised_->port = port_;
  constexpr int kLeastPort = 3;
  if (options_.port != 0 && port_ >= kLeastPort) {
    if (const Result<int> fast = server_->listen(options_.listen_address, port_ - 2); !fast) {
      log_.info("no fast port: " + fast.error().message());
    }
  }
  return {};
}

void BrokerController::register_processors() {
  register_send_processors(processors_, executors_, *this);
  register_send_back_processor(processors_, executors_, *this);
  register_transaction_processors(processors_, executors_, *this);
  register_reply_processors(processors_, executors_, *this);
  register_pull_processors(processors_, executors_, *this);
  register_client_processors(processors_, executors_, *this);
  register_offset_processors(processors_, executors_, *this);
  register_name_server_processors(processors_, executors_, *this);
  register_query_processors(processors_, executors_, *this);
  register_topic_admin_processors(processors_, executors_, *this);
  register_group_admin_processors(processors_, executors_, *this);
  register_offset_admin_processors(processors_, executors_, *this);
  register_stats_admin_processors(processors_, executors_, *this);
  register_queue_admin_processors(processors_, executors_, *this);
  register_broker_admin_processors(processors_, executors_, *this);
}

Status BrokerController::shutdown() {
  if (!started_) return store_ == nullptr ? Status() : store_->shutdown();
  started_ = false;
  accepting_.store(false);
  hold_.stop();
  hold_.release_all();
  schedule_->stop();
  services_.stop();
  checkpoints_.stop();
  executors_.shutdown(kQueueLimit);
  pending_sends_.wait_for_none(kAnswerLimit);
  if (server_ != nullptr) server_->stop(kCloseLimit);
  persist_groups();
  persist_offsets();
  Status outcome = schedule_->persist();
  if (Status status = store_->shutdown(); outcome.ok()) outcome = std::move(status);
  return outcome;
}

void BrokerController::channel_closed(const ChannelPtr& channel) {
  producers_.remove_channel(channel->id());
  consumers_.remove_channel(channel->id());
  hold_.remove_channel(channel->id());
}

void BrokerController::notify_consumer_ids_changed(const std::string& group, const ConsumerGroup& now) {
  if (!accepting() || now.model.broadcasting() || !config().notify_consumer_ids_changed) return;
  const std::optional<SubscriptionGroup> settings = groups_.known(group);
  if (settings && !settings->notify_enable()) return;
  for (const ClientInfo& client : now.clients) {
    RemotingCommand command;
    command.code = request_code::kNotifyConsumerIdsChanged;
    command.set("consumerGroup", group);
    client.channel->send_oneway(std::move(command));
  }
}

std::optional<SubscriptionGroup> BrokerController::group(std::string_view name) {
  return groups_.find(name, config().auto_create_group);
}

bool BrokerController::has_groups(const std::vector<std::string>& names) const {
  return groups_.missing(names, config().auto_create_group).empty() && missing_retry_topics(names).empty();
}

// A table is saved once, however many are new: to save it for each takes minutes. But a stop waits for it.
bool BrokerController::ensure_groups(const std::vector<std::string>& names) {
  constexpr size_t kMostAtOnce = 1000;
  if (!accepting()) return true;
  const bool auto_create = config().auto_create_group;
  std::vector<std::string> made = groups_.missing(names, auto_create);
  const bool all = made.size() <= kMostAtOnce;
  if (!all) {
    log_.warning("a heartbeat brings " + std::to_string(made.size()) + " new groups: makes " +
                 std::to_string(kMostAtOnce) + " of them");
    made.resize(kMostAtOnce);
  }
  if (Status status = groups_.ensure(made, auto_create); !status.ok())
    log_.error("subscription groups: " + status.to_string());
  if (Status status = topics_.ensure(missing_retry_topics(names)); !status.ok())
    log_.error("retry topics: " + status.to_string());
  return all;
}

NamedTopics BrokerController::missing_retry_topics(const std::vector<std::string>& group_names) const {
  NamedTopics missing;
  for (const std::string& name : group_names) {
    std::string topic_name = retry_topic(name);
    if (topics_.find(topic_name) != nullptr) continue;
    const std::optional<SubscriptionGroup> group = groups_.known(name);
    if (!group) continue;
    Topic topic;
    topic.read_queues = topic.write_queues = std::max(1, group->retry_queues());
    missing.emplace(std::move(topic_name), std::move(topic));
  }
  return missing;
}

bool BrokerController::too_large(Bytes body) const {
  return body.size() > static_cast<size_t>(config().max_message_bytes);
}

// What asks for a delay is stored for the time being where delayed messages are; `delayed` has it then.
const BrokerMessage& BrokerController::scheduled(const BrokerMessage& message,
                                                 std::optional<BrokerMessage>& delayed) const {
  const int32_t transaction = message.sys_flag & sys_flag::kTransactionMask;
  const bool may_wait = transaction == 0 || transaction == sys_flag::kCommit;
  const std::optional<std::string_view> delay =
      may_wait && message.topic != kScheduleTopic ? find_property(message.properties, property::kDelay) : std::nullopt;
  const int level = delay ? std::atoi(std::string(*delay).c_str()) : 0;
  if (level <= 0) return message;
  PropertyList properties(message.properties);
  const int known = delay_levels_.clamp(level);
  properties.set(property::kDelay, std::to_string(known));
  properties.set(property::kRealTopic, message.topic);
  properties.set(property::kRealQueueId, std::to_string(message.queue));
  delayed = message;
  delayed->properties = properties.encoded();
  delayed->topic = kScheduleTopic;
  delayed->queue = known - 1;
  return *delayed;
}

PutMessageResult BrokerController::put(const BrokerMessage& message) {
  const TimedPut timed(stats_.put_latency());
  std::optional<BrokerMessage> delayed;
  return put_faults_.note(store_->put_message(scheduled(message, delayed).draft()));
}

void BrokerController::put(const BrokerMessage& message, DefaultMessageStore::PutDone done) {
  std::optional<BrokerMessage> delayed;
  const MessageDraft draft = scheduled(message, delayed).draft();
  store_->put_messages({&draft, 1}, noted(std::move(done)));
}

PutMessageResult BrokerController::put_batch(std::span<const MessageDraft> drafts) {
  const TimedPut timed(stats_.put_latency());
  return put_faults_.note(store_->put_messages(drafts));
}

void BrokerController::put_batch(std::span<const MessageDraft> drafts, DefaultMessageStore::PutDone done) {
  store_->put_messages(drafts, noted(std::move(done)));
}

DefaultMessageStore::PutDone BrokerController::noted(DefaultMessageStore::PutDone done) {
  return [this, begin = std::chrono::steady_clock::now(), done = std::move(done)](PutMessageResult result) {
    stats_.put_latency().add(std::chrono::steady_clock::now() - begin);
    done(put_faults_.note(std::move(result)));
  };
}

}  // namespace mqctl
