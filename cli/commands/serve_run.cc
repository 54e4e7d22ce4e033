#include "cli/commands/serve_run.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/broker/broker_metrics.h"
#include "cli/broker/metrics_server.h"
#include "cli/broker/topic_validator.h"
#include "cli/commands/append_record.h"
#include "cli/commands/line_reader.h"
#include "cli/commands/serve_child.h"
#include "cli/commands/serve_exposure.h"
#include "cli/commands/stop_signals.h"
#include "cli/output/exit_status.h"
#include "libstore/os/replace_file.h"
#include "libstore/os/store_lock.h"

namespace mqctl {
namespace {

constexpr std::chrono::seconds kGrace{10};  // for a command that was told to stop

// A server of thousands of clients needs as many descriptors. Gives what the limit was, for programs that we run: some
// go over all numbers, or cannot use large ones.
rlimit raise_descriptor_limit() {
  rlimit before{};
  if (::getrlimit(RLIMIT_NOFILE, &before) != 0) return before;
  rlimit raised = before;
  raised.rlim_cur = raised.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &raised);
  return before;
}

// Removed with all it holds.
class TemporaryStore {
 public:
  Status make() {
    const char* base = std::getenv("TMPDIR");
    std::string name = std::string(base != nullptr && *base != '\0' ? base : "/tmp") + "/mqctl-serve-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) return Status::from_errno("cannot make a temporary store", errno).at(name);
    path_ = name;
    return {};
  }
  ~TemporaryStore() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class Serve {
 public:
  Serve(const ServeOptions& options, Console& console, const EventLog& log)
      : options_(options), console_(console), log_(log) {}

  int run() {
    BrokerOptions broker_options = options_.broker;
    if (options_.ephemeral) {
      if (Status status = temporary_.make(); !status.ok()) return failed(status);
      broker_options.root = temporary_.path();
    }
    const StopSignals signals{SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    if (!in_use(broker_options.root)) forget_announcement();  // an earlier run's
    broker_ = std::make_unique<BrokerController>(posix_file_system(), system_clock(), log_, std::move(broker_options));
    Status status = start_metrics();
    if (status.ok()) status = broker_->start();
    if (status.ok()) status = prepare();
    if (status.ok()) status = announce();
    if (!status.ok()) {
      metrics_.reset();
      (void)broker_->shutdown();
      return not_started(status, broker_->options().root);
    }
    const int outcome = options_.command.empty() ? wait(signals) : run_command(signals);
    forget_announcement();
    metrics_.reset();
    status = broker_->shutdown();
    if (!status.ok()) complain(status, console_, log_);
    return status.ok() ? outcome : exit_status::kCouldNot;
  }

 private:
  int failed(const Status& status) {
    complain(status, console_, log_);
    return exit_status_of(status);
  }

  // Damage is not cut off unasked, as append has it.
  int not_started(const Status& status, const std::string& root) {
    complain(status, console_, log_);
    if (!would_cut_log(status)) return exit_status_of(status, root);
    log_.info("`mqctl verify` lists the damage; --force cuts the log there");
    return exit_status::kRefused;
  }

  // By another, who may have announced himself in the same files.
  static bool in_use(const std::string& root) {
    return StoreLock::probe(posix_file_system(), root) == LockProbe::kHeld;
  }

  // The files would say that we are ready.
  void forget_announcement() const {
    for (const std::string& file : {options_.ready_file, options_.port_file}) {
      std::error_code ignored;
      if (std::filesystem::symlink_status(file, ignored).type() == std::filesystem::file_type::regular)
        ::unlink(file.c_str());
    }
  }

  // A file is replaced whole. What is none, a pipe or a device, also behind a link, is written to.
  static Status tell(const std::string& path, const std::string& text) {
    if (path.empty()) return {};
    std::error_code ignored;
    const std::filesystem::file_type type = std::filesystem::symlink_status(path, ignored).type();
    if (type == std::filesystem::file_type::regular || type == std::filesystem::file_type::not_found)
      return replace_file(posix_file_system(), path, text, Backup::kNone);
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
    if (file.get() < 0) return Status::from_errno("cannot be opened", errno).at(path);
    const bool written = ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
    return written ? Status() : Status::from_errno("cannot be written", errno).at(path);
  }

  Status prepare() {
    tell_recovery();
    for (const SeedTopic& topic : options_.topics) {
      const Result<Topic> made =
          broker_->topics().ensure(topic.name, topic.queues, permission::kRead | permission::kWrite);
      if (!made) return made.error();
    }
    return options_.seed_file.empty() ? Status() : seed();
  }

  // From before the store is opened: /readyz tells how far we are.
  Status start_metrics() {
    if (!options_.metrics) return {};
    const auto not_ready = [this]() -> std::string {
      if (!ready_.load(std::memory_order_acquire)) return "starting";
      return broker_->retention().disk_full() ? "the disk is full" : "";
    };
    Result<std::unique_ptr<MetricsServer>> started = MetricsServer::start(
        ip_text(*options_.metrics), options_.metrics->port, {[this] { return broker_metrics(*broker_); }, not_ready});
    if (!started) return std::move(started).error();
    metrics_ = std::move(*started);
    return {};
  }

  std::string metrics_address() const {
    HostAddress host = *options_.metrics;
    host.port = metrics_->port();
    return to_string(host);
  }

  void tell_recovery() const {
    const RecoveryReport& report = broker_->recovery();
    if (report.after_crash) {
      log_.info("the last writer did not stop cleanly; recovered " + std::to_string(report.records_scanned) +
                " messages from commit-log offset " + std::to_string(report.scanned_from.value()) + " on");
    }
    if (report.bytes_cut > 0)
      log_.warning("cut " + std::to_string(report.bytes_cut) + " bytes off the log: " + report.cut_reason);
    for (const std::string& note : report.notes) log_.info(note);
  }

  // Records of dump, before anybody can connect for long.
  Status seed() {
    const int fd = ::open(options_.seed_file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return Status::from_errno("cannot read the seed", errno).at(options_.seed_file);
    if (std::error_code ignored; std::filesystem::is_directory(options_.seed_file, ignored)) {
      ::close(fd);
      return Status::error(Errc::kInvalidArgument, "is a directory").at(options_.seed_file);
    }
    const HostAddress own = broker_->own_address();
    RecordReader reader({"", own, own}, broker_->unique_keys(), system_clock());
    LineReader lines({.fd = fd, .longest_line = 64u << 20, .signals = nullptr, .before_read = nullptr});
    Status status = feed(reader, lines);
    ::close(fd);
    return status;
  }

  Status feed(RecordReader& reader, LineReader& lines) {
    const auto at_line = [&](Status status) {
      return std::move(status).context("line " + std::to_string(lines.line_number())).at(options_.seed_file);
    };
    MessageDraft draft;
    std::span<char> line;
    while (true) {
      Result<bool> more = lines.next(line);
      if (!more) return at_line(std::move(more).error());
      if (!*more) return broker_->store().flush();
      Result<RecordLine> kind = reader.read(line, draft);
      if (!kind) return at_line(std::move(kind).error());
      if (*kind != RecordLine::kMessage) continue;
      if (Status status = make_seed_topic(draft); !status.ok()) return at_line(std::move(status));
      const PutMessageResult result = broker_->store().put_message(draft);
      if (!stored(result.status)) return at_line(Status::error(Errc::kInvalidArgument, result.reason));
    }
  }

  Status make_seed_topic(const MessageDraft& draft) {
    constexpr int32_t kUsualQueues = 4, kMostQueues = 65536;
    const std::string topic(draft.topic);
    if (std::string fault = topic_fault(topic); !fault.empty())
      return Status::error(Errc::kInvalidArgument, std::move(fault));
    if (draft.queue_id.value() >= kMostQueues) {
      return Status::error(Errc::kInvalidArgument, "queue " + std::to_string(draft.queue_id.value()) +
                                                       ": a topic has " + std::to_string(kMostQueues) +
                                                       " queues at most");
    }
    const Result<Topic> made = broker_->topics().ensure(topic, std::max(kUsualQueues, draft.queue_id.value() + 1),
                                                        permission::kRead | permission::kWrite);
    return made ? Status() : made.error();
  }

  std::string address() const {
    HostAddress host = broker_->own_address();
    if (!broker_->advertised()) {
      const std::optional<HostAddress> listened = parse_host(
          (options_.broker.listen_address.find(':') == std::string::npos ? options_.broker.listen_address
                                                                         : "[" + options_.broker.listen_address + "]") +
          ":" + std::to_string(broker_->port()));
      const bool any = options_.broker.listen_address == "0.0.0.0" || options_.broker.listen_address == "::";
      if (listened && !any) host = *listened;
    }
    return to_string(host);
  }

  // Everything else is there when the files are.
  Status announce() {
    ready_.store(true, std::memory_order_release);
    nlohmann::ordered_json line{
        {"ready", true}, {"namesrv", address()}, {"store", broker_->options().root}, {"pid", process_id()}};
    if (metrics_) line["metrics"] = metrics_address();
    const std::string text = line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
    if (Status status = tell(options_.port_file, std::to_string(broker_->port()) + "\n"); !status.ok()) return status;
    if (Status status = tell(options_.ready_file, text); !status.ok()) return status;
    // With a command the answer on standard output is the command's.
    if (options_.command.empty() && !options_.quiet) {
      console_.out().write(text);
      console_.out().flush();
    }
    log_.info("ready on " + address() + ", store " + broker_->options().root +
              (metrics_ ? ", metrics on http://" + metrics_address() + "/metrics" : ""));
    warn_of_strangers(options_, log_);
    return {};
  }

  static int wait(const StopSignals& signals) {
    while (signals.sleep(std::chrono::hours(1))) {
    }
    return exit_status::kYes;
  }

  int run_command(const StopSignals& signals) {
    Result<ServeChild> child = ServeChild::start(
        options_.command,
        {{"NAMESRV_ADDR", address()}, {"ROCKETMQ_NAMESRV_ADDR", address()}, {"MQCTL_STORE", broker_->options().root}},
        descriptors_before_);
    if (!child) return failed(child.error());
    (void)signals.wait_readable(child->descriptor());
    if (signals.caught() != 0 && !child->ended_within(std::chrono::milliseconds(0))) {
      child->signal(signals.caught());
      if (!child->ended_within(kGrace)) child->signal(SIGKILL);
    }
    return child->wait();
  }

  const ServeOptions& options_;
  Console& console_;
  const EventLog& log_;
  const rlimit descriptors_before_ = raise_descriptor_limit();
  TemporaryStore temporary_;
  std::unique_ptr<BrokerController> broker_;
  std::atomic<bool> ready_{false};          // release: all is there
  std::unique_ptr<MetricsServer> metrics_;  // gone before the broker stops
};

}  // namespace

void complain(const Status& status, Console& console, const EventLog& log) {
  if (log.json()) return log.error(status.to_string());
  console.error(status);
}

int run_serve(const ServeOptions& options, Console& console, const EventLog& log) {
  return Serve(options, console, log).run();
}

}  // namespace mqctl
