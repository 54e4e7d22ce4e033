// Starts: of the process, of a store that was closed or not, of queues and index that must be made again.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "libstore/log/log_walk.h"
#include "tests/bench/apache_store.h"
#include "tests/bench/bench_store.h"
#include "tests/bench/groups.h"
#include "tests/bench/limits.h"

namespace mqctl {
namespace {

constexpr int kSlowRuns = 3;

std::string start_directory() { return work_directory() + "/start"; }

enum class Left { kClosed, kCrashed, kCrashedWithoutIndexes };

// The store as such a stop leaves it.
void leave(Left how) {
  const std::string store = start_directory();
  if (how == Left::kClosed) return;
  const int fd = ::open((store + "/abort").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0 || ::close(fd) != 0) fail("abort");
  if (how != Left::kCrashedWithoutIndexes) return;
  for (const char* part : {"/consumequeue", "/index", "/checkpoint"}) remove_all(store + part);
}

// Seconds until everything put is in the queues.
std::vector<double> opens(Left how, int runs) {
  std::vector<double> times;
  for (int i = 0; i < runs; ++i) {
    leave(how);
    StoreOptions options;
    options.root = start_directory();
    std::unique_ptr<DefaultMessageStore> store;
    times.push_back(seconds_of([&] { store = open_store(std::move(options)); }));
    check(store->shutdown());
  }
  return times;
}

std::optional<std::vector<double>> apache_opens(const ApacheStore& apache, Left how, int runs) {
  std::vector<double> times;
  for (int i = 0; i < runs; ++i) {
    leave(how);
    const auto figures = apache.run({"load", start_directory()});
    if (!figures || !figures->contains("seconds")) return std::nullopt;
    times.push_back(figures->at("seconds").front());
  }
  return times;
}

// Every record of the log parsed where it lies, nothing kept.
std::vector<double> plain_scans(CrcCheck crc) {
  CommitLogOptions options;
  options.directories = {start_directory() + "/commitlog"};
  CommitLog log(posix_file_system(), system_clock(), options);
  check(log.load());
  return timed_runs(
      kRuns, [] {},
      [&] { value_of(walk_log(log.files(), PhysicalOffset(0), crc, [](const MessageView&) { return Status(); })); });
}

void program_rows(const std::string& mqctl, Report& report) {
  constexpr int kStarts = 40;
  const auto starts = [&](const std::vector<std::string>& words) {
    std::vector<double> times;
    for (int i = 0; i < kStarts; ++i) times.push_back(run_program(words));
    return scaled(times, 1e3);
  };
  report.add({.name = "process start, mqctl --version",
              .unit = "ms",
              .better = Better::kLess,
              .ours = starts({mqctl, "--version"}),
              .limit = Limit{"/bin/true", starts({"/bin/true"})}});
  constexpr uint64_t kSegment = 256u << 20;
  const std::string store = work_directory() + "/laid-out";
  const std::vector<double> times = timed_runs(
      kRuns, [&] { remove_all(store); },
      [&] {
        run_program({mqctl, "preallocate", store, "--count", "4", "--size", "256MiB", "-q"});
      });
  report.add({.name = "mqctl preallocate, 4 segments of 256 MiB",
              .unit = "GB/s",
              .ours = rates(times, 4.0 * kSegment / 1e9),
              .limit = Limit{"fallocate and fsync", per(allocation(kSegment), 1e9)}});
  remove_all(store);
}

void start_row(const ApacheStore& apache, Left how, Row row, Report& report) {
  const auto theirs = apache_opens(apache, how, how == Left::kCrashedWithoutIndexes ? 1 : kSlowRuns);
  row.unit = "ms";
  row.better = Better::kLess;
  row.ours = scaled(opens(how, kRuns), 1e3);
  if (theirs) row.apache = scaled(*theirs, 1e3);
  report.add(std::move(row));
}

void recovery_rows(const ApacheStore& apache, Report& report) {
  make_store(start_directory(), {.messages = 3700000});
  const Limit scan{"plain scan, body CRC", scaled(plain_scans(CrcCheck::kBody), 1e3)};
  start_row(apache, Left::kClosed, {.name = "open a store of 4 GiB, cleanly closed"}, report);
  start_row(apache, Left::kCrashed, {.name = "recover 4 GiB after a crash"}, report);
  start_row(
      apache, Left::kCrashedWithoutIndexes,
      {.name = "recover 4 GiB, crashed, no queues, no index", .limit = scan, .aims = {.apache = 20, .of_limit = 2}},
      report);
  remove_all(start_directory());
}

void rebuild_row(const ApacheStore& apache, Report& report) {
  constexpr double kMillions = 10;
  make_store(start_directory(), {.messages = static_cast<int>(kMillions * 1e6), .body_bytes = 64, .keys = true});
  const auto theirs = apache_opens(apache, Left::kCrashedWithoutIndexes, 1);
  const std::vector<double> scans = plain_scans(CrcCheck::kBody);
  report.add({.name = "queues and index rebuilt, 10 million messages",
              .unit = "M/s",
              .ours = rates(opens(Left::kCrashedWithoutIndexes, kSlowRuns), kMillions),
              .limit = Limit{"plain scan, body CRC", rates(scans, kMillions)},
              .apache = theirs ? std::optional(rates(*theirs, kMillions)) : std::nullopt});
  remove_all(start_directory());
}

}  // namespace

void bench_start(const BenchSetup& setup, Report& report) {
  report.title("Starts and recovery");
  const ApacheStore apache(setup);
  if (!setup.mqctl.empty()) program_rows(setup.mqctl, report);
  recovery_rows(apache, report);
  rebuild_row(apache, report);
}

}  // namespace mqctl
