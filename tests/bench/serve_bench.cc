#include "tests/bench/serve_bench.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <vector>

#include "tests/bench/bench_broker.h"
#include "tests/bench/broker_load.h"
#include "tests/bench/loopback.h"

namespace mqctl {
namespace {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// A virtual machine that hands freed memory back to its host gets each page anew from there, at a hundred times the
// price: what the host does would be measured then. Memory that was in use a moment ago is the guest's own.
void warm_memory() {
  constexpr size_t kBytes = size_t{1536} << 20;
  void* const pages = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return;
  (void)::madvise(pages, kBytes, MADV_HUGEPAGE);
  std::memset(pages, 1, kBytes);
  ::munmap(pages, kBytes);
}

struct Figures {
  double ready_ms = 0, idle_mib = 0, sends = 0, pulls = 0;
  Latency lone;
  Latency cold;  // the first sends and pulls of its life
  double cold_pulls = 0;
};

// The same load for each. A broker of a test run lives for seconds: its first sends and pulls are figures of their own;
// behind them, load that a JVM compiles itself by and that is not counted.
Figures measure(const BenchBroker& broker, int each) {
  Figures figures;
  figures.ready_ms = broker.ready_ms();
  figures.idle_mib = broker.resident_anonymous_mib();
  constexpr int kFirst = 10000, kLone = 20000;
  figures.cold = lone_sender(broker.port(), kFirst);
  figures.cold_pulls = pull_rate(broker.port(), 1, kFirst);
  (void)send_rate(broker.port(), 30000);
  warm_memory();
  figures.lone = lone_sender(broker.port(), kLone);
  std::vector<double> sends, pulls;
  for (int i = 0; i < 3; ++i) {
    warm_memory();
    sends.push_back(send_rate(broker.port(), each));
  }
  (void)pull_rate(broker.port(), 4, 20000);
  for (int i = 0; i < 3; ++i) pulls.push_back(pull_rate(broker.port(), 4, each));
  figures.sends = median(sends);
  figures.pulls = median(pulls);
  return figures;
}

void print_row(const char* name, const char* unit, double ours, const std::optional<double>& theirs,
               bool less_is_better) {
  std::printf("%-52s %10.1f %-9s", name, ours, unit);
  if (!theirs) {
    std::printf("  Apache: not run\n");
    return;
  }
  std::printf("  Apache %10.1f   %8.1f x\n", *theirs, less_is_better ? *theirs / ours : ours / *theirs);
}

}  // namespace

void print_limits() {
  const EchoLatency echo = loopback_echo(send_frame(0).size(), 220, 20000);
  std::printf("%-52s %10.1f us\n", "limit: loopback echo of a send, p50", echo.p50_us);
  std::printf("%-52s %10.1f us\n", "limit: loopback echo of a send, p99", echo.p99_us);
  std::printf("%-52s %10.2f GB/s\n", "limit: loopback copy", loopback_copy());
}

void bench_serve(const std::string& mqctl, const std::string& genuine_script) {
  print_limits();
  const std::unique_ptr<BenchBroker> own = BenchBroker::ours(mqctl);
  if (own == nullptr) {
    std::perror("serve");
    std::exit(3);
  }
  const Figures ours = measure(*own, 200000);
  std::optional<Figures> theirs;
  if (!genuine_script.empty()) {
    if (const auto genuine = BenchBroker::genuine(genuine_script, "5.5.0")) theirs = measure(*genuine, 40000);
  }
  const auto row = [&](const char* name, const char* unit, auto figure, bool less_is_better) {
    print_row(name, unit, figure(ours), theirs ? std::optional(figure(*theirs)) : std::nullopt, less_is_better);
  };
  row(
      "serve: ready on an empty store", "ms", [](const Figures& f) { return f.ready_ms; }, true);
  row(
      "serve: idle memory, mappings of files apart", "MiB", [](const Figures& f) { return f.idle_mib; }, true);
  row(
      "serve: its first 10,000 sends, one at a time, p50", "us", [](const Figures& f) { return f.cold.p50_us; }, true);
  row(
      "serve: its first 10,000 sends, one at a time, p99", "us", [](const Figures& f) { return f.cold.p99_us; }, true);
  row(
      "serve: its first 10,000 pulled, one queue", "k msg/s", [](const Figures& f) { return f.cold_pulls; }, false);
  row(
      "serve: a lone closed-loop sender, p50", "us", [](const Figures& f) { return f.lone.p50_us; }, true);
  row(
      "serve: a lone closed-loop sender, p99", "us", [](const Figures& f) { return f.lone.p99_us; }, true);
  row(
      "serve: sends of 1 KiB, 4 connections x 64 in flight", "k msg/s", [](const Figures& f) { return f.sends; },
      false);
  row(
      "serve: pulls of one consumer of 4 queues, 32 a pull", "k msg/s", [](const Figures& f) { return f.pulls; },
      false);
}

}  // namespace mqctl
