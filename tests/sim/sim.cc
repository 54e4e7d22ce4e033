// mqctl_sim: many lives of a store, or of a broker with its clients, each from its seed. Prints what the seeds went
// through; a seed that finds something wrong is printed with the line that replays it, and the exit status is 1.
#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

#include "tests/sim/broker_simulation.h"
#include "tests/sim/failure.h"
#include "tests/sim/store_simulation.h"

using namespace mqctl::sim;

namespace {

struct Wanted {
  uint64_t first = 1, seeds = 10000;
  unsigned jobs = 2;
  bool trace = false;
};

std::string summary(const StoreCounts& counts) {
  return fmt::format(
      "{} messages, {} power cuts, {} kills, {} cuts in recovery, {} faults, {} failed starts, {} refused starts, "
      "{} flipped bits",
      counts.puts, counts.cuts_of_power, counts.kills, counts.cuts_in_recovery, counts.faults, counts.failed_opens,
      counts.refused_opens, counts.flips);
}

std::string summary(const BrokerCounts& counts) {
  return fmt::format(
      "{} messages, {} sends answered, {} unanswered, {} retried, {} transactions asked about, {} pulled, {} power "
      "cuts, {} "
      "kills, {} cuts in recovery, {} stops, {} faults, {} failed starts, {} refused starts, {} lost connections, {} "
      "client crashes, {} given up, {} segments deleted, {} consumers sent on, {} topics deleted",
      counts.messages, counts.answered, counts.unanswered, counts.retried, counts.checks, counts.pulled,
      counts.power_cuts, counts.kills, counts.cuts_in_recovery, counts.stops, counts.faults, counts.failed_opens,
      counts.refused_opens, counts.lost_connections, counts.client_crashes, counts.given_up, counts.segments_deleted,
      counts.sent_on, counts.deletions);
}

template <class Simulation, class Counts>
class Sweep {
 public:
  Sweep(const Wanted& wanted, const char* name) : wanted_(wanted), name_(name) {}

  int run() {
    std::vector<std::thread> threads;
    for (unsigned i = 1; i < wanted_.jobs; ++i) threads.emplace_back([this] { work(); });
    work();
    for (std::thread& thread : threads) thread.join();
    fmt::print("{}: {} seeds, {}, {} failures\n", name_, wanted_.seeds, summary(counts_), failures_);
    return failures_ == 0 ? 0 : 1;
  }

 private:
  void work() {
    for (uint64_t i = next_++; i < wanted_.seeds; i = next_++) one(wanted_.first + i);
  }
  void one(uint64_t seed) {
    try {
      const Counts counts = Simulation(seed, wanted_.trace).run();
      const std::lock_guard lock(mutex_);
      counts_.add(counts);
    } catch (const Failure& failure) {
      const std::lock_guard lock(mutex_);
      if (++failures_ > 20) return;
      fmt::print("seed {}: {}; replay: mqctl_sim {} --seed {} --trace\n", seed, failure.what(), name_, seed);
      std::fflush(stdout);
    }
  }

  const Wanted wanted_;
  const char* const name_;
  std::atomic<uint64_t> next_{0};
  std::mutex mutex_;
  Counts counts_;
  int failures_ = 0;
};

CLI::App* add_command(CLI::App& app, const char* name, const char* about, Wanted& wanted) {
  CLI::App* const command = app.add_subcommand(name, about);
  command->add_option("--seeds", wanted.seeds, "how many");
  CLI::Option* const from = command->add_option("--from", wanted.first, "the first");
  command->add_option("--seed", wanted.first, "only this one")->excludes(from)->each([&](const std::string&) {
    wanted.seeds = 1;
  });
  command->add_option("--jobs", wanted.jobs, "threads");
  command->add_flag("--trace", wanted.trace, "print each step");
  return command;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Simulated lives of a store, and of a broker with its clients.");
  app.require_subcommand(1);
  Wanted wanted;
  const CLI::App* const store = add_command(app, "store", "a store on a simulated disk", wanted);
  add_command(app, "broker", "a broker on a simulated disk and a simulated network, with its clients", wanted);
  CLI11_PARSE(app, argc, argv);
  if (store->parsed()) return Sweep<StoreSimulation, StoreCounts>(wanted, "store").run();
  return Sweep<BrokerSimulation, BrokerCounts>(wanted, "broker").run();
}
