#include <CLI/CLI.hpp>
#include <charconv>

#include "cli/broker/topic_validator.h"
#include "cli/commands/command.h"
#include "cli/commands/serve_run.h"
#include "cli/output/exit_status.h"
#include "cli/output/units.h"
#include "libstore/os/replace_file.h"

namespace mqctl {
namespace {

constexpr std::string_view kNotes =
    "One port answers for name server and broker. When a send would be accepted, a JSON line says so:\n"
    "{\"ready\":true,\"namesrv\":\"127.0.0.1:9876\",\"store\":\"...\",\"pid\":...}. Without --advertise each client is "
    "told the\n"
    "address that it dialled. SIGINT, SIGTERM, SIGHUP and SIGQUIT end cleanly with status 0. With `-- CMD` the command "
    "gets\n"
    "NAMESRV_ADDR, and its status is returned.";

constexpr const char* kMetricsAddress = "127.0.0.1:5557";  // the port of Apache's exporter

Status wrong(std::string_view flag, std::string_view why) {
  return Status::error(Errc::kInvalidArgument, std::string(flag) + ": " + std::string(why));
}

std::optional<HostAddress> parse_endpoint(std::string_view text) {
  const std::optional<HostAddress> host = parse_host(text);
  return host && host->port >= 0 && host->port <= 65535 ? host : std::nullopt;
}

class ServeCommand final : public Command {
 public:
  CommandInfo info() const override {
    return {"serve",
            "be a local broker and name server for RocketMQ clients",
            {{"For a test suite: a broker of its own, gone afterwards",
              "mqctl serve --ephemeral --listen 127.0.0.1:0 -- printenv NAMESRV_ADDR"},
             {"With a topic and messages to begin with",
              "mqctl dump ./store -o json > seed.json; mqctl serve --ephemeral --listen 127.0.0.1:0 --topic jobs:2 "
              "--seed seed.json -- true"},
             {"On a laptop, until Ctrl-C", "timeout --preserve-status 1 mqctl serve ./store --listen 127.0.0.1:0"}},
            kNotes};
  }

  void add_flags(CLI::App& app) override {
    app.add_option("STORE", options_.broker.root, "Store directory; made if it is not there");
    app.add_option("--listen", listen_, "ADDRESS:PORT; port 0: any free one; default 127.0.0.1:9876")
        ->type_name("HOST");
    app.add_option("--advertise", advertise_, "ADDRESS:PORT that clients are told; default: the one they dialled")
        ->type_name("HOST");
    app.add_flag("--ephemeral", options_.ephemeral, "A temporary store of small segments, removed at the end");
    app.add_option("--topic", topics_, "Topic to be there, with so many queues (4); repeatable")
        ->type_name("NAME[:QUEUES]")
        ->allow_extra_args(false);
    app.add_option("--seed", options_.seed_file, "Records of `dump -o json` to begin with")->type_name("FILE");
    app.add_option("--ready-file", options_.ready_file, "Written when a send would be accepted")->type_name("FILE");
    app.add_option("--port-file", options_.port_file, "Gets the port")->type_name("FILE");
    app.add_option("--flush", flush_, "sync: a send is answered when it is on disk; default async")
        ->type_name("async|sync")
        ->check(CLI::IsMember({"async", "sync"}));
    app.add_option("--segment-size", segment_size_, "Size of the segments of a new store")->type_name("SIZE");
    app.add_option("-c,--config", config_file_, "broker.conf with RocketMQ's keys")->type_name("FILE");
    app.add_option("--io-threads", options_.broker.io_threads,
                   "Threads for connections; default: one a processor, 4 at most")
        ->type_name("N")
        ->check(CLI::Range(1, 64));
    app.add_option("--metrics", metrics_, "Prometheus metrics, /healthz and /readyz by HTTP; default 127.0.0.1:5557")
        ->type_name("[HOST]")
        ->expected(0, 1);
    metrics_flag_ = app.get_option("--metrics");
    app.add_flag("--access-log", options_.broker.access_log, "A line for each request");
    app.add_option("--log-format", log_format_, "Form of the log on standard error")
        ->type_name("text|json")
        ->check(CLI::IsMember({"text", "json"}));
    app.add_flag("--force", force_, "Cut the log at damage, with the messages that lie behind it");
    app.add_option("CMD", misplaced_, "Behind `--`: a program to run against the broker");
    add_common_flags(app, common_);
  }
  Console::Options console() const override { return console_options("serve", common_); }
  bool take_behind_dashes(const std::vector<std::string>& words) override {
    options_.command = words;
    return true;
  }

  int run(Console& console) override {
    take_store();
    const LogLevel least = common_.quiet ? LogLevel::kError : common_.verbose ? LogLevel::kDebug : LogLevel::kInfo;
    const EventLog log({least, log_format_ == "json"});
    if (Status status = fill_options(console, log); !status.ok()) {
      complain(status, console, log);
      return exit_status::kUsage;
    }
    return run_serve(options_, console, log);
  }

 private:
  // Where STORE follows --metrics, it was taken for an address.
  void take_store() {
    if (!options_.ephemeral && options_.broker.root.empty() && !parse_host(metrics_))
      options_.broker.root = std::exchange(metrics_, {});
  }

  Status fill_options(Console& console, const EventLog& log) {
    if (!misplaced_.empty()) return wrong("CMD", "`" + misplaced_.front() + "`: a program to run stands behind `--`");
    if (options_.ephemeral && !options_.broker.root.empty())
      return wrong("--ephemeral", "it has a store of its own, `" + options_.broker.root + "` is not needed");
    options_.quiet = common_.quiet;
    options_.broker.on_damage = force_ ? OnDamage::kTruncate : OnDamage::kRefuse;
    if (!options_.ephemeral && options_.broker.root.empty()) return wrong("STORE", "name a store, or --ephemeral");
    if (Status status = read_config(console, log); !status.ok()) return status;
    BrokerConfig& config = options_.broker.config;
    if (!flush_.empty()) config.sync_flush = flush_ == "sync";
    if (Status status = fill_segment_size(config); !status.ok()) return status;
    if (Status status = fill_addresses(config); !status.ok()) return status;
    if (Status status = fill_metrics(); !status.ok()) return status;
    return fill_topics();
  }

  Status read_config(Console& console, const EventLog& log) {
    if (config_file_.empty()) return {};
    constexpr uint64_t kLargest = 1u << 20;
    Result<std::string> text = read_whole_file(posix_file_system(), config_file_, kLargest);
    if (!text) return std::move(text).error();
    Result<std::vector<std::string>> ignored = read_broker_config(options_.broker.config, *text);
    if (!ignored) return std::move(ignored).error().at(config_file_);
    for (const std::string& key : *ignored) {
      const std::string note = config_file_ + ": " + key + " has no meaning here";
      if (log.json()) {
        log.info(note);
      } else {
        console.note(note);
      }
    }
    return {};
  }

  Status fill_segment_size(BrokerConfig& config) {
    if (!segment_size_.empty()) {
      Result<uint64_t> size = parse_size(segment_size_);
      if (!size) return std::move(size).error().context("--segment-size");
      if (*size < 1024 || *size > INT32_MAX)
        return wrong("--segment-size", "segments have from 1 KiB to 2 GiB less one byte");
      config.segment_bytes = static_cast<int64_t>(*size);
    } else if (options_.ephemeral && config.segment_bytes == 0) {
      config.segment_bytes = 16 << 20;
    }
    return {};
  }

  Status fill_addresses(const BrokerConfig& config) {
    if (!listen_.empty()) {
      const std::optional<HostAddress> host = parse_endpoint(listen_);
      if (!host) return wrong("--listen", "`" + listen_ + "` is no ADDRESS:PORT of numbers");
      options_.broker.listen_address = ip_text(*host);
      options_.broker.port = host->port;
    } else if (config.listen_port > 0) {
      options_.broker.port = config.listen_port;
    }
    if (!advertise_.empty()) {
      options_.broker.advertise = parse_endpoint(advertise_);
      if (!options_.broker.advertise) return wrong("--advertise", "`" + advertise_ + "` is no ADDRESS:PORT of numbers");
    } else if (!config.listen_address.empty()) {
      const bool bare_v6 = config.listen_address.find(':') != std::string::npos && config.listen_address.front() != '[';
      const std::string ip = bare_v6 ? "[" + config.listen_address + "]" : config.listen_address;
      options_.broker.advertise = parse_endpoint(ip + ":" + std::to_string(options_.broker.port));
      if (!options_.broker.advertise)
        return wrong("brokerIP1", "`" + config.listen_address + "` is no numeric address").at(config_file_);
    }
    return {};
  }

  Status fill_metrics() {
    if (metrics_flag_->count() == 0) return {};
    options_.metrics = parse_endpoint(metrics_.empty() ? kMetricsAddress : metrics_);
    return options_.metrics ? Status() : wrong("--metrics", "`" + metrics_ + "` is no ADDRESS:PORT of numbers");
  }

  Status fill_topics() {
    for (const std::string& typed : topics_) {
      const size_t colon = typed.rfind(':');
      SeedTopic topic{typed.substr(0, colon)};
      if (colon != typed.npos) {
        const char* const end = typed.data() + typed.size();
        const auto [stop, error] = std::from_chars(typed.data() + colon + 1, end, topic.queues);
        if (error != std::errc() || stop != end || topic.queues < 1 || topic.queues > 65536) {
          return wrong("--topic", "`" + typed + "` has no number of queues");
        }
      }
      if (const std::string fault = topic_fault(topic.name); !fault.empty()) return wrong("--topic", fault);
      options_.topics.push_back(std::move(topic));
    }
    return {};
  }

  ServeOptions options_;
  CommonFlags common_;
  std::vector<std::string> topics_, misplaced_;
  CLI::Option* metrics_flag_ = nullptr;
  std::string metrics_, listen_, advertise_, flush_, segment_size_, config_file_, log_format_ = "text";
  bool force_ = false;
};

}  // namespace

std::unique_ptr<Command> make_serve_command() { return std::make_unique<ServeCommand>(); }

}  // namespace mqctl
