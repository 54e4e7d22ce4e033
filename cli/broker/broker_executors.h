// BrokerExecutors: who works off which requests (Apache: BrokerController.initializeResources), sized by Apache's keys.
// 0 threads, the default of most: the connection's own thread does it, without a hand-over. With Background::kSteps
// none has threads.
#pragma once

#include <array>

#include "cli/broker/broker_config.h"
#include "cli/remoting/executor.h"
#include "libstore/base/background.h"

namespace mqctl {

struct BrokerExecutors {
  explicit BrokerExecutors(const BrokerConfig& config, Background background = Background::kThreads);

  Executor send;             // 10 310 320: with sync flush, too, no thread waits for the disk
  Executor send_back;        // 36
  Executor pull;             // 11
  Executor lite_pull;        // 361
  Executor reply;            // 324 325
  Executor end_transaction;  // 37
  Executor query;            // 12 33
  Executor heartbeat;        // 34
  Executor client_manage;    // 35 46, routes and the rest of the name server
  Executor consumer_manage;  // 14 15 38, offsets of queues, queue locks
  Executor new_topics;       // 10 310 320 324 325 where they make their topic; one thread, for their order
  Executor admin;            // everything else

  std::array<Executor*, 12> all() {
    return {&send,  &send_back, &pull,          &lite_pull,       &reply,      &end_transaction,
            &query, &heartbeat, &client_manage, &consumer_manage, &new_topics, &admin};
  }
  // What waits is worked off within the limit, or answered SYSTEM_BUSY.
  void shutdown(std::chrono::milliseconds limit) {
    const Executor::Clock::time_point until = Executor::Clock::now() + limit;
    for (Executor* const each : all()) each->stop(until);
    for (Executor* const each : all()) each->shutdown(until);
  }
};

}  // namespace mqctl
