// Puts through the library: sizes, threads, locks, flush modes, and the latency over segment rolls.
#include <fmt/format.h>

#include <map>

#include "tests/bench/apache_store.h"
#include "tests/bench/bench_store.h"
#include "tests/bench/groups.h"
#include "tests/bench/limits.h"

namespace mqctl {
namespace {

constexpr size_t kOverhead = 96;  // of a record of the topic `bench`, roughly

std::string put_directory() { return work_directory() + "/put"; }

StoreOptions options_for(PutLockKind lock, FlushMode flush, uint64_t segment_bytes = kDefaultSegmentBytes) {
  StoreOptions options;
  options.root = put_directory();
  options.put_lock = lock;
  options.flush.mode = flush;
  options.segment_bytes = segment_bytes;
  return options;
}

std::vector<std::string> java_put(const PutLoad& load, const char* flush, uint64_t segment_bytes = 1u << 30) {
  remove_all(put_directory());
  return {"put",
          put_directory(),
          std::to_string(load.messages),
          std::to_string(load.body_bytes),
          std::to_string(load.threads),
          flush,
          std::to_string(segment_bytes),
          std::to_string(kRuns)};
}

// Messages a second in each of several fresh stores; the first segment is there before time counts.
Sample put_rates(const PutLoad& load, PutLockKind lock) {
  std::vector<double> times;
  for (int i = 0; i < kRuns; ++i) {
    remove_all(put_directory());
    warm_memory();
    const auto store = open_store(options_for(lock, FlushMode::kAsync));
    put_load(*store, {.messages = 1, .body_bytes = 64});
    times.push_back(put_load(*store, load).seconds);
    check(store->shutdown());
  }
  return rates(times, load.messages / 1e3);
}

std::string size_name(size_t bytes) {
  return bytes < 1024 ? fmt::format("{} B", bytes) : fmt::format("{} KiB", bytes / 1024);
}

void async_rows(const ApacheStore& apache, Report& report) {
  const std::map<size_t, int> sizes{{64, 2000000}, {1024, 500000}, {65536, 12000}};
  for (const auto& [bytes, messages] : sizes) {
    const size_t record = bytes + kOverhead;
    const Sample limit = per(copy_into_fresh_mapping(record, record * static_cast<uint64_t>(messages)),
                             1e3 * static_cast<double>(record));
    for (const int threads : {1, 2, 4, 8}) {
      const PutLoad load{.messages = messages, .body_bytes = bytes, .threads = threads};
      const bool aimed = bytes == 1024 && threads == 1;
      const bool with_apache = threads == 1 || bytes == 1024;
      report.add(
          {.name = fmt::format("put {}, async, {} thread{}, spin", size_name(bytes), threads, threads > 1 ? "s" : ""),
           .unit = "k/s",
           .ours = put_rates(load, PutLockKind::kSpin),
           .limit = Limit{"memcpy, fresh mapping", limit},
           .apache = with_apache ? apache.figure(java_put(load, "async"), "rate", 1e-3) : std::nullopt,
           .aims = aimed ? Aims{.apache = 10, .of_limit = 0.6} : Aims{}});
    }
  }
  for (const int threads : {1, 2, 4, 8}) {
    const PutLoad load{.messages = sizes.at(1024), .threads = threads};
    report.add({.name = fmt::format("put 1 KiB, async, {} thread{}, mutex", threads, threads > 1 ? "s" : ""),
                .unit = "k/s",
                .ours = put_rates(load, PutLockKind::kMutex)});
  }
}

// How much a group commit brought to disk.
size_t group_bytes(const std::vector<double>& thousand_puts, const std::vector<double>& syncs) {
  return static_cast<size_t>(sample_of(thousand_puts).median * 1000 / sample_of(syncs).median *
                             static_cast<double>(1024 + kOverhead));
}

void sync_rows(const ApacheStore& apache, Report& report) {
  for (const int writers : {1, 16, 64}) {
    const PutLoad load{.messages = writers == 1 ? 2000 : 1500 * writers, .threads = writers};
    std::vector<double> puts, syncs;
    for (int i = 0; i < kRuns; ++i) {
      remove_all(put_directory());
      const auto store = open_store(options_for(PutLockKind::kMutex, FlushMode::kSync));
      put_load(*store, {.messages = 1});
      const uint64_t before = store->commit_log().flush_latency().snapshot().count;
      const double seconds = put_load(*store, load).seconds;
      puts.push_back(load.messages / seconds / 1e3);
      syncs.push_back(static_cast<double>(store->commit_log().flush_latency().snapshot().count - before) / seconds);
      check(store->shutdown());
    }
    report.add({.name = fmt::format("put 1 KiB, sync flush, {} writer{}", writers, writers > 1 ? "s" : ""),
                .unit = "k/s",
                .ours = sample_of(puts),
                .apache = apache.figure(java_put(load, "sync"), "rate", 1e-3),
                .aims = {.apache = writers == 64 ? 5.0 : 0}});
    report.add({.name = fmt::format("  its group commits, {} writer{}", writers, writers > 1 ? "s" : ""),
                .unit = "/s",
                .ours = sample_of(syncs),
                .limit = Limit{"bare fdatasync, as many bytes", synced_writes(group_bytes(puts, syncs), 300)},
                .aims = {.of_limit = writers == 64 ? 0.8 : 0}});
  }
}

// Segments of 256 MiB: several rolls in a run that the disk can keep up with.
void latency_rows(const ApacheStore& apache, Report& report) {
  constexpr uint64_t kSegment = 256u << 20;
  const PutLoad load{.messages = 1000000, .latency = true};
  const std::vector<std::pair<const char*, double>> shares{{"p50", 0.5}, {"p99", 0.99}, {"p999", 0.999}, {"max", 1}};
  std::map<std::string, std::vector<double>> ours;
  for (int i = 0; i < kRuns; ++i) {
    remove_all(put_directory());
    warm_memory();
    const auto store = open_store(options_for(PutLockKind::kSpin, FlushMode::kAsync, kSegment));
    const PutFigures figures = put_load(*store, load);
    for (const auto& [name, share] : shares) ours[name].push_back(percentile(figures.micros, share));
    check(store->shutdown());
  }
  const auto theirs = apache.run(java_put(load, "async", kSegment));
  for (const auto& [name, share] : shares) {
    const std::string key = name;
    Row row{.name = fmt::format("put 1 KiB over segment rolls, {}", key == "p999" ? "p99.9" : key),
            .unit = "us",
            .better = Better::kLess,
            .ours = sample_of(ours[key]),
            .apache = theirs ? std::optional(sample_of(theirs->at(key))) : std::nullopt};
    if (key == "p999") row.aims = {.apache = 20, .value = 50};
    report.add(std::move(row));
  }
}

}  // namespace

void bench_put(const BenchSetup& setup, Report& report) {
  const ApacheStore apache(setup);
  report.title("Puts through the library");
  async_rows(apache, report);
  sync_rows(apache, report);
  latency_rows(apache, report);
  remove_all(put_directory());
}

}  // namespace mqctl
