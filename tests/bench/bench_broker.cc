#include "tests/bench/bench_broker.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "tests/bench/workspace.h"

namespace mqctl {
namespace {

int number_behind(const std::string& text, const std::string& mark) {
  const size_t at = text.find(mark);
  return at == text.npos ? 0 : std::atoi(text.c_str() + at + mark.size());
}

}  // namespace

// Its first line.
std::string BenchBroker::start(const std::vector<std::string>& command) {
  int ends[2];
  if (::pipe(ends) != 0) return {};
  const auto begin = std::chrono::steady_clock::now();
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    if (::freopen("/dev/null", "w", stderr) == nullptr) ::_exit(127);
    std::vector<char*> argv;
    for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  FILE* const out = ::fdopen(ends[0], "r");
  char line[4096] = "";
  if (std::fgets(line, sizeof line, out) == nullptr) line[0] = '\0';
  ready_ms_ = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  return line;
}

std::unique_ptr<BenchBroker> BenchBroker::ours(const std::string& mqctl, const std::string& store, FlushMode flush) {
  std::unique_ptr<BenchBroker> broker(new BenchBroker);
  const std::string line =
      broker->start({mqctl, "serve", store.empty() ? "--ephemeral" : store, "--listen", "127.0.0.1:0", "--segment-size",
                     "1GiB", "--flush", flush == FlushMode::kSync ? "sync" : "async"});
  broker->port_ = number_behind(line, "127.0.0.1:");
  broker->processes_ = {broker->pid_};
  return broker->port_ > 0 ? std::move(broker) : nullptr;
}

std::unique_ptr<BenchBroker> BenchBroker::genuine(const std::string& script, const std::string& version,
                                                  const std::string& store, FlushMode flush) {
  if (std::system("command -v java >/dev/null 2>&1") != 0) return nullptr;
  if (std::system((script + " fetch " + version + " >/dev/null 2>&1").c_str()) != 0) return nullptr;
  std::unique_ptr<BenchBroker> broker(new BenchBroker);
  if (store.empty()) broker->directory_ = work_directory() + "/genuine";
  broker->port_ = 20000 + ::getpid() % 10000;
  const std::string line =
      broker->start({script, "run", version, store.empty() ? broker->directory_ : store, std::to_string(broker->port_),
                     std::to_string(broker->port_ + 5), "brokerFastFailureEnable=false",
                     flush == FlushMode::kSync ? "flushDiskType=SYNC_FLUSH" : "flushDiskType=ASYNC_FLUSH"});
  broker->processes_ = {number_behind(line, "broker="), number_behind(line, "namesrv=")};
  return line.starts_with("up ") ? std::move(broker) : nullptr;
}

BenchBroker::~BenchBroker() {
  if (pid_ > 0) {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }
  if (!directory_.empty()) remove_all(directory_);
}

double BenchBroker::resident_anonymous_mib() const {
  long kib = 0;
  for (const int process : processes_) {
    std::ifstream status("/proc/" + std::to_string(process) + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("RssAnon:")) kib += std::atol(line.c_str() + 8);
    }
  }
  return static_cast<double>(kib) / 1024;
}

}  // namespace mqctl
