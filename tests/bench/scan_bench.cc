// Reading what is there: scan, verify, dump, append from other forms, queries.
#include <fmt/format.h>

#include <filesystem>

#include "libstore/store/verifier.h"
#include "tests/bench/apache_store.h"
#include "tests/bench/bench_store.h"
#include "tests/bench/groups.h"
#include "tests/bench/limits.h"

namespace mqctl {
namespace {

constexpr int kMessages = 900000;
constexpr uint64_t kSegment = 256u << 20;  // several, for several jobs

std::string store_directory() { return work_directory() + "/scan"; }
std::string segment() { return store_directory() + "/commitlog/00000000000000000000"; }

double log_bytes() {
  const StoreLocation location = value_of(locate_store(posix_file_system(), store_directory()));
  VerifyOptions options;
  options.level = VerifyLevel::kFrame;
  return static_cast<double>(value_of(verify(posix_file_system(), location, options)).bytes);
}

Sample verify_rate(VerifyLevel level, unsigned jobs) {
  uint64_t bytes = 0;
  VerifyOptions options;
  options.level = level;
  options.jobs = jobs;
  const std::vector<double> times = timed_runs(
      kRuns, [] {},
      [&] {
        const StoreLocation location = value_of(locate_store(posix_file_system(), store_directory()));
        bytes = value_of(verify(posix_file_system(), location, options)).bytes;
      });
  return rates(times, static_cast<double>(bytes) / 1e9);
}

void verify_rows(const ApacheStore& apache, Report& report) {
  const double bytes = log_bytes();
  const auto scan = apache.run({"scan", store_directory(), std::to_string(kSegment)});
  const std::optional<Sample> theirs = scan ? std::optional(rates(scan->at("seconds"), bytes / 1e9)) : std::nullopt;
  const Sample read = per(read_of_file(segment()), 1e9), crc = per(crc_of_file(segment()), 1e9);
  const struct {
    VerifyLevel level;
    const char* name;
  } levels[] = {{VerifyLevel::kFrame, "frame"}, {VerifyLevel::kCrc, "crc"}, {VerifyLevel::kIndex, "index"}};
  for (const auto& level : levels) {
    const bool frame = level.level == VerifyLevel::kFrame, aimed = level.level == VerifyLevel::kCrc;
    for (const unsigned jobs : {1u, 2u}) {
      report.add({.name = fmt::format("verify --level {}, {} job{}, warm", level.name, jobs, jobs > 1 ? "s" : ""),
                  .unit = "GB/s",
                  .ours = verify_rate(level.level, jobs),
                  .limit = frame ? Limit{"pread of the segment", read} : Limit{"the CRC library alone", crc},
                  .apache = theirs,
                  .aims = aimed && jobs == 2 ? Aims{.apache = 5, .of_limit = 0.7} : Aims{},
                  .note = jobs == 1 && frame ? "Apache: its walk without CRC" : ""});
    }
  }
}

void program_row(Report& report, const std::string& name, double bytes, const std::vector<double>& times,
                 const Limit& limit) {
  report.add({.name = name, .unit = "MB/s", .ours = rates(times, bytes / 1e6), .limit = limit});
}

void dump_rows(const std::string& mqctl, const std::string& json, Report& report) {
  const double bytes = log_bytes();
  const Sample read = per(read_of_file(segment()), 1e6);
  for (const std::string form : {"raw", "text", "json"}) {
    const std::vector<double> times = timed_runs(
        kRuns, [] {},
        [&] {
          run_program({mqctl, "dump", store_directory(), "-o", form}, "/dev/null", json);
        });
    program_row(report, "mqctl dump -o " + form + ", of log", bytes, times, {"pread of the segment", read});
  }
}

void append_rows(const std::string& mqctl, const std::string& json, Report& report) {
  const std::string lines = work_directory() + "/lines", copy = work_directory() + "/copy";
  run_program({"/bin/sh", "-c", "yes \"$(head -c 1023 /dev/zero | tr '\\0' l)\" | head -n 500000"}, "/dev/null", lines);
  const Sample limit = per(copy_into_fresh_mapping(1024 + 96, 512u << 20), 1e6);
  const auto append = [&](const char* form, const std::string& input) {
    const std::vector<double> times = timed_runs(
        kRuns,
        [&] {
          remove_all(copy);
          warm_memory();
        },
        [&] {
          run_program({mqctl, "append", copy, "-t", "lines", "-i", form, "-q"}, input);
        });
    program_row(report, std::string("mqctl append -i ") + form + ", of input",
                static_cast<double>(std::filesystem::file_size(input)), times, {"memcpy, fresh mapping", limit});
  };
  append("lines", lines);
  append("json", json);
  const std::string one = work_directory() + "/one";
  run_program({"/bin/sh", "-c", "head -c 4000000 /dev/zero"}, "/dev/null", one);
  append("raw", one);
  for (const std::string& path : {lines, copy, one}) remove_all(path);
}

void query_rows(const ApacheStore& apache, Report& report) {
  constexpr int kQueries = 20000;
  const auto theirs =
      apache.run({"query", store_directory(), "bench", "k", std::to_string(kQueries), std::to_string(kSegment)});
  StoreOptions options;
  options.root = store_directory();
  const auto store = open_store(std::move(options));
  const EpochMs now = system_clock().now();
  const std::vector<double> by_key = timed_runs(
      kRuns, [] {},
      [&] {
        for (int i = 0; i < kQueries; ++i) {
          if (value_of(store->query_message("bench", fmt::format("k{}", i), 1, EpochMs(0), now)).size() != 1) {
            fail("query");
          }
        }
      });
  MessageView first;
  const HeldBytes held = value_of(store->message_at(store->min_offset(), first));
  const int64_t span = now.value() - first.stored.value();
  const std::vector<double> by_time = timed_runs(
      kRuns, [] {},
      [&] {
        for (int i = 0; i < kQueries; ++i) {
          (void)store->offset_by_time("bench", QueueId(0), EpochMs(first.stored.value() + i * span / kQueries));
        }
      });
  const auto row = [&](const char* name, const std::vector<double>& times, const char* figure) {
    report.add({.name = name,
                .unit = "us",
                .better = Better::kLess,
                .ours = scaled(times, 1e6 / kQueries),
                .apache = theirs ? std::optional(sample_of(theirs->at(figure))) : std::nullopt});
  };
  row("query by key, of 900,000", by_key, "micros");
  row("seek by time, of 900,000", by_time, "micros_time");
  check(store->shutdown());
}

}  // namespace

void bench_scan(const BenchSetup& setup, Report& report) {
  report.title("Reading what is there");
  make_store(store_directory(), {.messages = kMessages, .keys = true}, kSegment);
  const ApacheStore apache(setup);
  verify_rows(apache, report);
  query_rows(apache, report);
  if (!setup.mqctl.empty()) {
    const std::string json = work_directory() + "/records.json";
    dump_rows(setup.mqctl, json, report);
    append_rows(setup.mqctl, json, report);
    remove_all(json);
  }
  remove_all(store_directory());
}

}  // namespace mqctl
