// BrokerConfig: how a broker behaves; read from a broker.conf with RocketMQ's own keys (Apache: BrokerConfig,
// MessageStoreConfig, NettyServerConfig). Keys without a meaning here are named, never silently taken.
//
// A plain value; whoever changes one while the broker runs holds it behind his own lock.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "libstore/base/result.h"

namespace mqctl {

struct BrokerConfig {
  std::string broker_name = "broker-a";
  std::string cluster_name = "DefaultCluster";
  int64_t broker_id = 0;
  std::string region_id = "DefaultRegion";
  int32_t permission = 6;

  bool auto_create_topic = true;
  int32_t default_topic_queues = 8;
  bool auto_create_group = true;
  bool cluster_topic = true;
  bool broker_topic = true;
  bool trace_topic = false;
  bool trace_on = true;
  bool notify_consumer_ids_changed = true;

  int32_t max_message_bytes = 4 << 20;
  bool sync_flush = false;
  int64_t segment_bytes = 0;        // 0: as the files have it, else 1 GiB
  int64_t queue_segment_bytes = 0;  // 0: as the files have it, else 6,000,000
  std::string delay_levels = "1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h";

  bool long_polling = true;
  int32_t short_polling_ms = 1000;
  bool property_filter = true;  // Apache: off
  int32_t max_transfer_bytes = 256 << 10;
  int32_t max_transfer_count = 32;
  int32_t max_query_messages = 32;

  int32_t transaction_timeout_ms = 6000;
  int32_t transaction_check_max = 15;
  int32_t transaction_check_interval_ms = 30000;
  bool reject_transactions = false;
  bool store_reply_messages = true;

  std::string delete_when = "04";
  int32_t reserved_hours = 72;
  int32_t disk_max_used_percent = 75;
  bool clean_forcibly = true;

  int32_t offset_flush_interval_ms = 5000;
  int32_t delay_offset_flush_interval_ms = 10000;
  int32_t checkpoint_interval_ms = 60000;
  int32_t channel_expired_ms = 120000;
  int32_t lock_max_live_ms = 60000;
  // Threads, 0: the connection's own; requests that may wait for them; how long one may wait, 0: any time.
  int32_t send_threads = 0, send_queue_capacity = 10000, send_queue_wait_ms = 200;
  int32_t pull_threads = 0, pull_queue_capacity = 100000, pull_queue_wait_ms = 5000;
  int32_t lite_pull_threads = 0, lite_pull_queue_capacity = 100000, lite_pull_queue_wait_ms = 5000;
  int32_t reply_threads = 0, reply_queue_capacity = 10000;
  int32_t end_transaction_threads = 0, end_transaction_queue_capacity = 100000, end_transaction_queue_wait_ms = 3000;
  int32_t query_threads = 1, query_queue_capacity = 20000;
  int32_t heartbeat_threads = 0, heartbeat_queue_capacity = 50000, heartbeat_queue_wait_ms = 31000;
  int32_t client_manage_threads = 0, client_manage_queue_capacity = 1000000;
  int32_t consumer_manage_threads = 0, consumer_manage_queue_capacity = 1000000;
  int32_t admin_threads = 1, admin_queue_capacity = 10000, admin_queue_wait_ms = 5000;
  int32_t idle_seconds = 120;

  std::string listen_address;  // brokerIP1: what clients are told
  int32_t listen_port = 0;
};

// Sets one key. False where it has no meaning here; kInvalidArgument for a value that is none.
Result<bool> set_broker_config(BrokerConfig& config, std::string_view key, std::string_view value);
// The same while the broker runs. kUnsupported: the key counts only when it starts.
Result<bool> change_broker_config(BrokerConfig& config, std::string_view key, std::string_view value);

// `key=value` lines, `#` and `!` comments. The keys that have no meaning here, in order.
Result<std::vector<std::string>> read_broker_config(BrokerConfig& config, std::string_view text);

// Every key that has a meaning, as GET_BROKER_CONFIG gives it.
std::vector<std::pair<std::string, std::string>> broker_config_entries(const BrokerConfig& config);

}  // namespace mqctl
