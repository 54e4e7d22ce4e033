// BrokerController: the broker: store, tables, clients, services, and the start and the end of them all (Apache:
// BrokerController). Processors get what they need from here. Thread-safe after start().
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>

#include "cli/broker/broker_config.h"
#include "cli/broker/broker_executors.h"
#include "cli/broker/broker_message.h"
#include "cli/broker/broker_stats.h"
#include "cli/broker/consumer_manager.h"
#include "cli/broker/consumer_offset_manager.h"
#include "cli/broker/kv_config_manager.h"
#include "cli/broker/name_server_config.h"
#include "cli/broker/new_topics.h"
#include "cli/broker/pending_sends.h"
#include "cli/broker/producer_manager.h"
#include "cli/broker/pull_request_hold.h"
#include "cli/broker/put_faults.h"
#include "cli/broker/rebalance_lock_manager.h"
#include "cli/broker/subscription_group_manager.h"
#include "cli/broker/timed_services.h"
#include "cli/broker/topic_config_manager.h"
#include "cli/remoting/remoting_server.h"
#include "libstore/message/message_id.h"
#include "libstore/store/default_message_store.h"
#include "libstore/store/retention.h"

namespace mqctl {

class ScheduleMessageService;
class TransactionalMessageService;

// One a processor, but more than a few bring nothing.
inline int usual_io_threads() { return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, 4); }

struct BrokerOptions {
  BrokerConfig config;
  std::string root;
  std::string listen_address = "127.0.0.1";
  int port = 9876;                       // 0: any free one
  std::optional<HostAddress> advertise;  // port 0: the one that is listened on
  int io_threads = usual_io_threads();
  OnDamage on_damage = OnDamage::kRefuse;
  bool access_log = false;
  // What no key of the configuration sets. With Background::kSteps the broker listens to nobody and has no threads; see
  // BrokerController::step.
  StoreOptions store;
};

RetentionOptions retention_options(const BrokerConfig& config);

class BrokerController {
 public:
  BrokerController(FileSystem& fs, const Clock& clock, const EventLog& log, BrokerOptions options);
  ~BrokerController();

  // Opens and recovers the store, listens, starts everything. When it returns, sends are accepted.
  Status start();
  // Refuses new work, answers what was promised, flushes, closes the store cleanly. Idempotent.
  Status shutdown();

  // --- With Background::kSteps, for who has a network and a clock of his own (tests/sim) ---
  // Requests go to processors(), with hooks() around them as RemotingServer has them; the steps do what threads would
  // have done by now.
  const ProcessorTable& processors() const { return processors_; }
  RemotingHooks hooks();
  enum class Service : uint8_t { kPullRequestHold, kScheduleMessage, kTimed };
  void step(Service service);

  int port() const { return port_; }
  const BrokerOptions& options() const { return options_; }
  const RecoveryReport& recovery() const { return store_->recovery(); }

  // --- For processors ---
  // As it is now: some keys can be changed while the broker runs. Valid as long as the broker.
  const BrokerConfig& config() const { return *config_.load(std::memory_order_acquire); }
  Result<bool> set_config(std::string_view key, std::string_view value) EXCLUDES(config_mutex_);
  bool accepting() const { return accepting_.load(std::memory_order_acquire); }

  FileSystem& fs() { return fs_; }
  const Clock& clock() const { return clock_; }
  const EventLog& log() const { return log_; }
  DefaultMessageStore& store() { return *store_; }
  TopicConfigManager& topics() { return topics_; }
  SubscriptionGroupManager& groups() { return groups_; }
  ConsumerOffsetManager& offsets() { return offsets_; }
  ConsumerManager& consumers() { return consumers_; }
  ProducerManager& producers() { return producers_; }
  RebalanceLockManager& locks() { return locks_; }
  KvConfigManager& kv_config() { return kv_config_; }
  NameServerConfig& name_server_config() { return name_server_config_; }
  PullRequestHold& hold() { return hold_; }
  BrokerStats& stats() { return stats_; }
  BrokerExecutors& executors() { return executors_; }
  NewTopics& new_topics() { return new_topics_; }
  RemotingServer& server() { return *server_; }
  ScheduleMessageService& schedule() { return *schedule_; }
  TransactionalMessageService& transactions() { return *transactions_; }
  CleanCommitLogService& retention() { return *retention_; }
  UniqueKeyGenerator& unique_keys() { return *unique_keys_; }
  const DelayLevelTable& delay_levels() const { return delay_levels_; }
  EpochMs boot_time() const { return boot_time_; }

  // The address that a client is to use: the advertised one, else the one that it dialled.
  HostAddress address_for(const Channel& channel) const;
  // What all clients are told, if that is one address.
  const std::optional<HostAddress>& advertised() const { return advertised_; }
  // The address of messages that the broker makes by itself.
  HostAddress own_address() const;

  // For a client to send (maxMessageSize).
  bool too_large(Bytes body) const;
  // Stores it, delayed where its properties ask for that (Apache: HookUtils.handleScheduleMessage).
  PutMessageResult put(const BrokerMessage& message);
  PutMessageResult put_batch(std::span<const MessageDraft> drafts);
  // With sync flush who sends is answered by whoever finds the disk done, and no thread waits for it
  // (DefaultMessageStore::put_messages with `done`).
  bool answers_later() const { return options_.config.sync_flush; }
  void put(const BrokerMessage& message, DefaultMessageStore::PutDone done);
  void put_batch(std::span<const MessageDraft> drafts, DefaultMessageStore::PutDone done);
  PendingSends& pending_sends() { return pending_sends_; }
  // A group as it is, or made where groups are made by themselves.
  std::optional<SubscriptionGroup> group(std::string_view name);
  // Whether a heartbeat of these groups has nothing to make.
  bool has_groups(const std::vector<std::string>& names) const;
  // Those that there are not yet are made where groups are made by themselves, and the retry topics of all. Of very
  // many the next heartbeat makes more: false.
  bool ensure_groups(const std::vector<std::string>& names);

 private:
  Status open_store();
  Status load_tables();
  Status limit_offsets();
  Status listen();
  bool by_steps() const { return options_.store.background == Background::kSteps; }
  void register_processors();
  void add_services();
  NamedTopics missing_retry_topics(const std::vector<std::string>& group_names) const;
  void notify_consumer_ids_changed(const std::string& group, const ConsumerGroup& now);
  void channel_closed(const ChannelPtr& channel);
  const BrokerMessage& scheduled(const BrokerMessage& message, std::optional<BrokerMessage>& delayed) const;
  DefaultMessageStore::PutDone noted(DefaultMessageStore::PutDone done);
  void persist_groups();
  void persist_offsets();
  void clean_up();
  std::string config_file(const char* name) const;

  FileSystem& fs_;
  const Clock& clock_;
  const EventLog& log_;
  const BrokerOptions options_;
  const DelayLevelTable delay_levels_;
  Mutex config_mutex_;
  // Each configuration that there was: readers hold no lock, and changes are few.
  std::vector<std::unique_ptr<const BrokerConfig>> configs_ GUARDED_BY(config_mutex_);
  std::atomic<const BrokerConfig*> config_;  // release: the newest of them
  const EpochMs boot_time_;
  int port_ = 0;
  std::optional<HostAddress> advertised_;  // fixed when start() listens
  std::atomic<bool> accepting_{false};     // release: started, and not stopping
  bool started_ = false;

  TopicConfigManager topics_;
  SubscriptionGroupManager groups_;
  ConsumerOffsetManager offsets_;
  KvConfigManager kv_config_;
  NameServerConfig name_server_config_;
  ConsumerManager consumers_;
  ProducerManager producers_;
  RebalanceLockManager locks_;
  PullRequestHold hold_;
  BrokerStats stats_;
  PutFaults put_faults_{log_};
  PendingSends pending_sends_;
  std::unique_ptr<UniqueKeyGenerator> unique_keys_;
  std::unique_ptr<DefaultMessageStore> store_;
  std::unique_ptr<CleanCommitLogService> retention_;
  std::unique_ptr<ScheduleMessageService> schedule_;
  std::unique_ptr<TransactionalMessageService> transactions_;
  ProcessorTable processors_;
  BrokerExecutors executors_;
  NewTopics new_topics_{*this, executors_.new_topics};
  std::unique_ptr<RemotingServer> server_;
  TimedServices services_;
  TimedServices checkpoints_;  // a file a queue is synced: the others do not wait for that
};

}  // namespace mqctl
