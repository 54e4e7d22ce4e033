// mqctl_bench [MQCTL]: what the store and the commands do a second, on this machine, in the page cache. Each figure is
// the median of several runs. Figures are printed, never asserted.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "libstore/base/crc32.h"
#include "libstore/store/default_message_store.h"
#include "libstore/store/verifier.h"
#include "tests/bench/serve_bench.h"

using namespace mqctl;
using Seconds = std::chrono::duration<double>;

namespace {

constexpr int kRuns = 5;

std::filesystem::path work_directory() {
  static const std::filesystem::path path = [] {
    const char* base = std::getenv("TMPDIR");
    std::string name = std::string(base == nullptr ? "/tmp" : base) + "/mqctl-bench-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) std::exit(3);
    return std::filesystem::path(name);
  }();
  return path;
}

double median_seconds(const std::function<void()>& prepare, const std::function<void()>& work) {
  std::vector<double> times;
  for (int i = 0; i < kRuns; ++i) {
    prepare();
    const auto start = std::chrono::steady_clock::now();
    work();
    times.push_back(Seconds(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(times.begin(), times.end());
  return times[kRuns / 2];
}

void print(const char* what, double figure, const char* unit, const char* aim = "") {
  std::printf("%-52s %12.1f %-12s %s\n", what, figure, unit, aim);
  std::fflush(stdout);
}

void check(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "mqctl_bench: %s\n", status.to_string().c_str());
  std::exit(3);
}

void nothing() {}

// --- the library ---

void bench_memory_and_crc() {
  std::vector<char> from(64 << 20, 'x'), to(64 << 20);
  const double copy = median_seconds(nothing, [&] { std::copy(from.begin(), from.end(), to.begin()); });
  print("limit: copying memory", 64.0 * 1.048576 / copy / 1000, "GB/s");
  volatile uint32_t sink = 0;
  const double crc = median_seconds(nothing, [&] { sink = masked_crc32(as_bytes({from.data(), from.size()})); });
  print("limit: CRC-32", 64.0 * 1.048576 / crc / 1000, "GB/s");
}

MessageDraft draft_of(std::string_view body, std::string_view properties) {
  MessageDraft draft;
  draft.topic = "bench";
  draft.body = as_bytes(body);
  draft.properties = properties;
  draft.born_host = draft.store_host = HostAddress::v4(127, 0, 0, 1, 10911);
  draft.born = system_clock().now();
  return draft;
}

double put_messages(const std::filesystem::path& root, int count, size_t body_bytes, bool keys) {
  const std::string body(body_bytes, 'b');
  const std::string properties = keys ? std::string("KEYS\1k\2UNIQ_KEY\1 7F0000010\2") : std::string();
  StoreOptions options;
  options.root = root;
  Result<std::unique_ptr<DefaultMessageStore>> store =
      DefaultMessageStore::open(posix_file_system(), system_clock(), options);
  check(store ? Status() : store.error());
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) {
    MessageDraft draft = draft_of(body, properties);
    draft.queue_id = QueueId(i % 4);
    if ((*store)->put_message(draft).status != PutMessageStatus::kPutOk) std::exit(3);
  }
  const double seconds = Seconds(std::chrono::steady_clock::now() - start).count();
  check((*store)->shutdown());
  return count / seconds;
}

void bench_append() {
  for (const bool keys : {false, true}) {
    std::vector<double> rates;
    for (int i = 0; i < 3; ++i) {
      std::filesystem::remove_all(work_directory() / "put");
      rates.push_back(put_messages(work_directory() / "put", 1000000, 1024, keys));
    }
    std::sort(rates.begin(), rates.end());
    print(keys ? "append through libstore, 1 KiB, async, two keys" : "append through libstore, 1 KiB, async",
          rates[1] / 1000, "k msg/s", "aim 1000");
  }
}

void bench_verify(const std::string& store, unsigned jobs, VerifyLevel level, const char* what) {
  uint64_t bytes = 0;
  const double seconds = median_seconds(nothing, [&] {
    Result<StoreLocation> location = locate_store(posix_file_system(), store);
    check(location ? Status() : location.error());
    VerifyOptions options;
    options.level = level;
    options.jobs = jobs;
    Result<VerifyReport> report = verify(posix_file_system(), *location, options);
    check(report ? Status() : report.error());
    bytes = report->bytes;
  });
  print(what, static_cast<double>(bytes) / seconds / 1e9, "GB/s",
        level == VerifyLevel::kCrc && jobs == 1 ? "aim 5" : "");
}

// --- the commands ---

struct Ran {
  double seconds = 0;
  long peak_kib = 0;
};

Ran run_command(const std::vector<std::string>& words, const std::string& input, const std::string& output) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const auto start = std::chrono::steady_clock::now();
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(::open(input.c_str(), O_RDONLY), STDIN_FILENO);
    ::dup2(::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644), STDOUT_FILENO);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  int status = 0;
  rusage usage{};
  ::wait4(pid, &status, 0, &usage);
  if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) std::exit(3);
  return {Seconds(std::chrono::steady_clock::now() - start).count(), usage.ru_maxrss};
}

Ran median_run(const std::function<void()>& prepare, const std::function<Ran()>& work) {
  std::vector<Ran> runs;
  for (int i = 0; i < kRuns; ++i) {
    prepare();
    runs.push_back(work());
  }
  std::sort(runs.begin(), runs.end(), [](const Ran& a, const Ran& b) { return a.seconds < b.seconds; });
  return runs[kRuns / 2];
}

void print_run(const char* what, double bytes, const Ran& ran, const char* aim) {
  std::printf("%-52s %12.1f %-12s %-10s peak %ld MiB, mappings included\n", what, bytes / ran.seconds / 1e6, "MB/s",
              aim, ran.peak_kib / 1024);
  std::fflush(stdout);
}

void bench_commands(const std::string& mqctl, const std::string& store, double log_bytes) {
  const std::filesystem::path json = work_directory() / "records.json", lines = work_directory() / "lines";
  const auto dump = [&](const std::string& form) {
    return run_command({mqctl, "dump", store, "-o", form}, "/dev/null", json);
  };
  print_run("mqctl dump -o raw, of log", log_bytes, median_run(nothing, [&] { return dump("raw"); }), "");
  print_run("mqctl dump -o text, of log", log_bytes, median_run(nothing, [&] { return dump("text"); }), "");
  print_run("mqctl dump -o json, of log", log_bytes, median_run(nothing, [&] { return dump("json"); }), "aim 400");
  print_run("mqctl verify, of log", log_bytes,
            median_run(nothing,
                       [&] {
                         return run_command({mqctl, "verify", store}, "/dev/null", "/dev/null");
                       }),
            "");
  const std::string copy = work_directory() / "copy";
  const auto clear = [&] { std::filesystem::remove_all(copy); };
  const auto append = [&](const std::string& form, const std::string& input) {
    return run_command({mqctl, "append", copy, "-t", "lines", "-i", form, "-q"}, input, "/dev/null");
  };
  print_run("mqctl append -i json, of input", static_cast<double>(std::filesystem::file_size(json)),
            median_run(clear, [&] { return append("json", json); }), "aim 200");
  std::filesystem::remove(json);
  run_command({"/bin/sh", "-c", "yes \"$(head -c 1023 /dev/zero | tr '\\0' l)\" | head -n 500000"}, "/dev/null", lines);
  print_run("mqctl append -i lines, of input", static_cast<double>(std::filesystem::file_size(lines)),
            median_run(clear, [&] { return append("lines", lines); }), "aim 500");
  clear();
}

void bench_store(const std::string& mqctl) {
  bench_memory_and_crc();
  bench_append();
  const std::string store = work_directory() / "put";
  bench_verify(store, 1, VerifyLevel::kFrame, "verify --level frame, one thread");
  bench_verify(store, 1, VerifyLevel::kCrc, "verify --level crc, one thread");
  bench_verify(store, 2, VerifyLevel::kCrc, "verify --level crc, two threads");
  bench_verify(store, 1, VerifyLevel::kIndex, "verify --level index, one thread");
  const double log_bytes = 1000000.0 * 1150;
  if (!mqctl.empty()) bench_commands(mqctl, store, log_bytes);
}

}  // namespace

// mqctl_bench [store|serve] [MQCTL [SCRIPT THAT STARTS A GENUINE BROKER]]
int main(int argc, char** argv) {
  std::vector<std::string> args(argv + 1, argv + argc);
  std::string only;
  if (!args.empty() && (args[0] == "store" || args[0] == "serve")) {
    only = args[0];
    args.erase(args.begin());
  }
  for (std::string& arg : args) arg = std::filesystem::absolute(arg);
  args.resize(2);
  if (only != "serve") bench_store(args[0]);
  if (only != "store" && !args[0].empty()) bench_serve(args[0], args[1]);
  std::filesystem::remove_all(work_directory());
}
