// StoreSimulation: one seed's life of a store on a simulated disk: puts, flushes, rolls, retention, configuration
// files, restarts, cuts and faults, all by chance, and after each restart everything is compared with the model.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "libstore/store/verifier.h"
#include "tests/sim/simulated_disk.h"
#include "tests/sim/store_model.h"

namespace mqctl::sim {

// What the seeds went through, summed up.
struct StoreCounts {
  uint64_t puts = 0, cuts_of_power = 0, kills = 0, cuts_in_recovery = 0, faults = 0, refused_opens = 0,
           failed_opens = 0, flips = 0;
  void add(const StoreCounts& other);
};

class StoreSimulation {
 public:
  // `trace`: each step is printed to stderr.
  StoreSimulation(uint64_t seed, bool trace);
  // Throws Failure.
  StoreCounts run();

 private:
  void step();
  void put();
  void settle_put(uint64_t first, uint64_t count, const PutMessageResult& result);
  void locate_run(uint64_t first, uint64_t count, const PutMessageResult& result);
  void flush();
  void checkpoint();
  void delete_expired();
  void write_config();
  void check_config(Kept kept);
  bool may_fail() const;
  void arm();
  // A stop of some kind, and all that comes after it.
  void restart();
  void crash(Cut cut);
  void restart_after(Cut cut);
  void close_cleanly();
  void open(Kept kept);
  // `kept` kDurable: the power was lost before it.
  void open_otherwise(const Status& status, Kept kept);
  Result<VerifyReport> verified();
  Status try_open();
  void finish();
  void flip_and_look();
  template <class... Args>
  void say(const char* format, Args... args);

  Random random_;
  const bool trace_;
  ManualClock clock_{EpochMs(1700000000000)};
  StoreOptions options_;
  std::unique_ptr<SimulatedDisk> disk_;
  std::unique_ptr<DefaultMessageStore> store_;
  StoreModel model_;
  std::optional<Cut> armed_;
  int config_safe_ = 0, config_last_ = 0;
  StoreCounts counts_;
};

}  // namespace mqctl::sim
