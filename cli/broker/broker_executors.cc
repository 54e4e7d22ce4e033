#include "cli/broker/broker_executors.h"

#include <algorithm>

namespace mqctl {
namespace {

ExecutorOptions sized(int32_t threads, int32_t capacity, int32_t longest_wait_ms = 0) {
  return {std::min(threads, 256), static_cast<size_t>(std::max(1, capacity)),
          std::chrono::milliseconds(longest_wait_ms)};
}

int32_t threads_for_send(const BrokerConfig& config) {
  // With sync flush a send waits for the disk: several of them wait together.
  constexpr int32_t kGroupCommitThreads = 16;
  return config.sync_flush && config.send_threads == 0 ? kGroupCommitThreads : config.send_threads;
}

// These look at whole tables and at the disk: never on a connection's own thread.
int32_t at_least_one(int32_t threads) { return std::max(1, threads); }

}  // namespace

BrokerExecutors::BrokerExecutors(const BrokerConfig& c)
    : send("send", sized(threads_for_send(c), c.send_queue_capacity, c.send_queue_wait_ms)),
      pull("pull", sized(c.pull_threads, c.pull_queue_capacity, c.pull_queue_wait_ms)),
      lite_pull("litePull", sized(c.lite_pull_threads, c.lite_pull_queue_capacity, c.lite_pull_queue_wait_ms)),
      reply("reply", sized(c.reply_threads, c.reply_queue_capacity)),
      end_transaction("endTransaction", sized(c.end_transaction_threads, c.end_transaction_queue_capacity,
                                              c.end_transaction_queue_wait_ms)),
      query("query", sized(at_least_one(c.query_threads), c.query_queue_capacity)),
      heartbeat("heartbeat", sized(c.heartbeat_threads, c.heartbeat_queue_capacity, c.heartbeat_queue_wait_ms)),
      client_manage("clientManage", sized(c.client_manage_threads, c.client_manage_queue_capacity)),
      consumer_manage("consumerManage", sized(c.consumer_manage_threads, c.consumer_manage_queue_capacity)),
      admin("admin", sized(at_least_one(c.admin_threads), c.admin_queue_capacity, c.admin_queue_wait_ms)) {}

}  // namespace mqctl
