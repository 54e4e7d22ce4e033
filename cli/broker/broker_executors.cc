#include "cli/broker/broker_executors.h"

#include <algorithm>

namespace mqctl {
namespace {

ExecutorOptions sized(Background background, int32_t threads, int32_t capacity, int32_t longest_wait_ms = 0) {
  return {.threads = background == Background::kSteps ? 0 : std::min(threads, 256),
          .capacity = static_cast<size_t>(std::max(1, capacity)),
          .longest_wait = std::chrono::milliseconds(longest_wait_ms)};
}

// Some requests wait for the disk where flush is sync: not on a connection's own thread, and several together.
int32_t threads_that_wait(const BrokerConfig& config, int32_t configured) {
  constexpr int32_t kGroupCommitThreads = 4;
  return config.sync_flush && configured == 0 ? kGroupCommitThreads : configured;
}

// These look at whole tables, save them, or read from the disk all that came after a place: not on a connection's own
// thread.
int32_t at_least_one(int32_t threads) { return std::max(1, threads); }

}  // namespace

BrokerExecutors::BrokerExecutors(const BrokerConfig& c, Background background)
    : send("send", sized(background, c.send_threads, c.send_queue_capacity, c.send_queue_wait_ms)),
      send_back("sendBack", sized(background, at_least_one(threads_that_wait(c, c.send_threads)), c.send_queue_capacity,
                                  c.send_threads == 0 ? c.admin_queue_wait_ms : c.send_queue_wait_ms)),
      pull("pull", sized(background, c.pull_threads, c.pull_queue_capacity, c.pull_queue_wait_ms)),
      lite_pull("litePull",
                sized(background, c.lite_pull_threads, c.lite_pull_queue_capacity, c.lite_pull_queue_wait_ms)),
      reply("reply", sized(background, threads_that_wait(c, c.reply_threads), c.reply_queue_capacity)),
      end_transaction("endTransaction", sized(background, at_least_one(threads_that_wait(c, c.end_transaction_threads)),
                                              c.end_transaction_queue_capacity, c.end_transaction_queue_wait_ms)),
      query("query", sized(background, at_least_one(c.query_threads), c.query_queue_capacity)),
      heartbeat("heartbeat",
                sized(background, c.heartbeat_threads, c.heartbeat_queue_capacity, c.heartbeat_queue_wait_ms)),
      client_manage("clientManage", sized(background, c.client_manage_threads, c.client_manage_queue_capacity)),
      consumer_manage("consumerManage", sized(background, c.consumer_manage_threads, c.consumer_manage_queue_capacity)),
      new_topics("newTopic", sized(background, 1, c.send_queue_capacity, c.admin_queue_wait_ms)),
      admin("admin", sized(background, at_least_one(c.admin_threads), c.admin_queue_capacity, c.admin_queue_wait_ms)) {}

}  // namespace mqctl
