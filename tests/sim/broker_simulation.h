// BrokerSimulation: one seed's life of a broker on a simulated disk and a simulated network: clients that send, pull,
// commit, lose their connections, crash; kills, power cuts and faults, also while the broker starts. After each start,
// and at the end, everything is compared with the model. In the end the chaos stops: then everything that was promised
// must arrive.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <vector>

#include "cli/broker/broker_controller.h"
#include "tests/sim/broker_model.h"
#include "tests/sim/dated_disk.h"
#include "tests/sim/simulated_admin.h"
#include "tests/sim/simulated_consumer.h"
#include "tests/sim/simulated_disk.h"
#include "tests/sim/simulated_network.h"
#include "tests/sim/simulated_producer.h"

namespace mqctl::sim {

// What the seeds went through, summed up.
struct BrokerCounts {
  uint64_t messages = 0, answered = 0, unanswered = 0, retried = 0, checks = 0, pulled = 0, power_cuts = 0, kills = 0,
           cuts_in_recovery = 0, faults = 0, refused_opens = 0, failed_opens = 0, stops = 0, lost_connections = 0,
           given_up = 0, segments_deleted = 0, sent_on = 0, deletions = 0, client_crashes = 0;
  void add(const BrokerCounts& other);
};

class BrokerSimulation {
 public:
  // `trace`: each step is printed to stderr.
  BrokerSimulation(uint64_t seed, bool trace);
  ~BrokerSimulation();
  // Throws Failure.
  BrokerCounts run();

 private:
  BrokerOptions options_for();
  BrokerRules rules() const;
  // What consumers read.
  std::vector<QueueKey> queues() const;
  void turn();
  void client_turn();
  void broker_turn();
  void trouble();
  void arm();
  void restart();
  void restart_after(Cut cut);
  void stop_in_order();
  void let_go_of_broker();
  void start(Stop after);
  void start_otherwise(const Status& status, Stop after);
  Status try_start();
  void examine(Stop after);
  void read_log();
  void date_segments();
  void watch_log();
  void let_hours_pass();
  std::string segment_path(int64_t offset) const;
  void judge_queues();
  void judge_queue(const QueueKey& key, const LoggedQueue& expected);
  void judge_queue_of_deleted(const QueueKey& key, const LoggedQueue& logged);
  void judge_offsets(Stop after);
  void wind_up();
  void count_clients();
  void finish();
  void judge_soundness();
  template <class... Args>
  void say(const char* format, Args... args) const {
    if (!trace_) return;
    std::fprintf(stderr, "turn %d, %lld ms: ", static_cast<int>(model_.turn),
                 static_cast<long long>(clock_.now() - kBegin));
    std::fprintf(stderr, format, args...);  // NOLINT: the formats are ours
    std::fputc('\n', stderr);
  }

  Random random_;
  const bool trace_;
  const EventLog log_;
  const bool gives_up_;  // transactions that nobody ends
  const bool retains_;   // for an hour, and hours pass
  const bool deletes_;   // a topic
  static constexpr EpochMs kBegin{1700000000000};
  ManualClock clock_{kBegin};
  std::unique_ptr<SimulatedDisk> disk_;
  DatedDisk dated_disk_{disk_};
  int64_t log_begin_ = 0, log_end_ = 0;  // as it was looked at last
  SimulatedNetwork network_;
  BrokerOptions options_;
  BrokerModel model_;
  std::unique_ptr<BrokerController> broker_;
  std::vector<std::unique_ptr<SimulatedProducer>> producers_;
  std::vector<std::unique_ptr<SimulatedConsumer>> consumers_;
  std::unique_ptr<SimulatedAdmin> admin_;
  std::optional<Cut> armed_;
  BrokerCounts counts_;
};

}  // namespace mqctl::sim
