// mqctl_sim: many lives of a store on a simulated disk, each from its seed. Prints what the seeds went through; a seed
// that finds something wrong is printed with the line that replays it, and the exit status is 1.
#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

#include "tests/sim/failure.h"
#include "tests/sim/store_simulation.h"

using namespace mqctl::sim;

namespace {

struct Wanted {
  uint64_t first = 1, seeds = 10000;
  unsigned jobs = 2;
  bool trace = false;
};

class Sweep {
 public:
  explicit Sweep(const Wanted& wanted) : wanted_(wanted) {}

  int run() {
    std::vector<std::thread> threads;
    for (unsigned i = 1; i < wanted_.jobs; ++i) threads.emplace_back([this] { work(); });
    work();
    for (std::thread& thread : threads) thread.join();
    std::printf(
        "store: %llu seeds, %llu messages, %llu power cuts, %llu kills, %llu cuts in recovery, %llu faults, "
        "%llu refused starts, %llu flipped bits, %d failures\n",
        number(wanted_.seeds), number(counts_.puts), number(counts_.cuts_of_power), number(counts_.kills),
        number(counts_.cuts_in_recovery), number(counts_.faults), number(counts_.refused_opens), number(counts_.flips),
        failures_);
    return failures_ == 0 ? 0 : 1;
  }

 private:
  static unsigned long long number(uint64_t value) { return value; }

  void work() {
    for (uint64_t i = next_++; i < wanted_.seeds; i = next_++) one(wanted_.first + i);
  }
  void one(uint64_t seed) {
    try {
      const StoreCounts counts = StoreSimulation(seed, wanted_.trace).run();
      const std::lock_guard lock(mutex_);
      counts_.add(counts);
    } catch (const Failure& failure) {
      const std::lock_guard lock(mutex_);
      if (++failures_ > 20) return;
      std::printf("seed %llu: %s; replay: mqctl_sim store --seed %llu --trace\n", number(seed), failure.what(),
                  number(seed));
      std::fflush(stdout);
    }
  }

  const Wanted wanted_;
  std::atomic<uint64_t> next_{0};
  std::mutex mutex_;
  StoreCounts counts_;
  int failures_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Simulated lives of a store.");
  app.require_subcommand(1);
  Wanted wanted;
  CLI::App* const store = app.add_subcommand("store", "a store on a simulated disk");
  store->add_option("--seeds", wanted.seeds, "how many");
  CLI::Option* const from = store->add_option("--from", wanted.first, "the first");
  store->add_option("--seed", wanted.first, "only this one")->excludes(from)->each([&](const std::string&) {
    wanted.seeds = 1;
  });
  store->add_option("--jobs", wanted.jobs, "threads");
  store->add_flag("--trace", wanted.trace, "print each step");
  CLI11_PARSE(app, argc, argv);
  return Sweep(wanted).run();
}
