#include "cli/commands/append_flags.h"

#include <CLI/CLI.hpp>
#include <limits>
#include <utility>

#include "cli/output/units.h"
#include "libstore/message/delay_level.h"

namespace mqctl {
namespace {

Status wrong(std::string_view flag, std::string_view why) {
  return Status::error(Errc::kInvalidArgument, std::string(flag) + ": " + std::string(why));
}

template <class Values>
CLI::CheckedTransformer one_of(const Values& values) {
  return CLI::CheckedTransformer(values, CLI::ignore_case);
}

void add_message_flags(CLI::App& command, AppendFlags& flags) {
  AppendOptions& options = flags.options;
  command.add_option("-t,--topic", options.topic, "Topic; with -i json for records that name none")->type_name("TOPIC");
  command
      .add_option_function<std::string>(
          "-b,--body", [&options](const std::string& body) { options.body = body; },
          "Body; else standard input is read")
      ->type_name("BODY");
  command.add_option("--tags", options.tags, "Tags of every message")->type_name("TAGS");
  command.add_option("--keys", options.keys, "Key of every message, for queries; repeatable")
      ->type_name("KEY")
      ->allow_extra_args(false);
  command.add_option("-p,--property", flags.properties, "Property of every message; repeatable")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  command.add_option("--flag", options.flag, "The flag field, any 32-bit number")->type_name("N");
  command.add_option("--delay", options.delay_level, "Delay level: delivered by a broker when it is due")
      ->type_name("LEVEL")
      ->check(CLI::Range(1, DelayLevelTable::defaults().max_level()));
  command.add_option("--born", flags.born, "Born time: RFC 3339, epoch milliseconds, -1h; default: now")
      ->type_name("TIME");
  command.add_option("--born-host", flags.born_host, "ADDRESS:PORT of the sender; default 127.0.0.1:0")
      ->type_name("HOST");
  command.add_option("--count", options.count, "Append each message so many times")
      ->type_name("N")
      ->check(CLI::Range(int64_t{1}, std::numeric_limits<int64_t>::max()));
}

void add_input_flags(CLI::App& command, AppendFlags& flags) {
  const std::vector<std::pair<std::string, InputForm>> forms = {
      {"lines", InputForm::kLines}, {"json", InputForm::kJson}, {"raw", InputForm::kRaw}};
  command
      .add_option("-i,--input", flags.options.input,
                  "Form of standard input: lines (a message each; default), json (records of dump), raw (one body)")
      ->type_name("lines|json|raw")
      ->transform(one_of(forms));
  command.add_option("--max-body", flags.max_body, "Longest body taken; default 4MiB")->type_name("SIZE");
}

void add_store_flags(CLI::App& command, AppendFlags& flags) {
  AppendOptions& options = flags.options;
  constexpr int32_t kMost = std::numeric_limits<int32_t>::max();
  CLI::Option* queue = command.add_option_function<int32_t>(
      "--queue", [&options](int32_t id) { options.queue = id; }, "Queue id of every message");
  queue->type_name("N")->check(CLI::Range(int32_t{0}, kMost));
  command.add_option("--queues", options.queues, "Round robin over so many queues; default 4")
      ->type_name("K")
      ->check(CLI::Range(int32_t{1}, kMost))
      ->excludes(queue);
  command.add_option("--segment-size", flags.segment_size, "Size of the segments of a new store; default 1GiB")
      ->type_name("SIZE");
  command
      .add_option("--store-host", flags.store_host,
                  "ADDRESS:PORT written as the broker's; default: as the store has it, else 127.0.0.1:10911")
      ->type_name("HOST");
  const std::vector<std::pair<std::string, SyncMode>> modes = {
      {"each", SyncMode::kEach}, {"end", SyncMode::kEnd}, {"none", SyncMode::kNone}};
  command
      .add_option("--sync", options.sync,
                  "each: what was read is on disk before more is read; end: on return all is on disk (default); none")
      ->type_name("each|end|none")
      ->transform(one_of(modes));
  command.add_flag("--receipt", options.receipt, "One JSON line per message: pos, qoff, queue, msgid, size");
  command.add_flag("-n,--dry-run", options.dry_run, "Read and check the input, print the plan, change nothing");
  command.add_flag("--force", options.force, "Cut the log at damage, with the messages that lie behind it");
}

// A record says these things of itself.
Status check_record_flags(const AppendOptions& options, const AppendFlags& flags) {
  if (options.body) return wrong("--body", "-i json takes its records from standard input");
  const bool described = !options.tags.empty() || !options.keys.empty() || !flags.properties.empty() ||
                         options.flag != 0 || options.delay_level != 0 || !flags.born.empty();
  if (!described) return {};
  return wrong("-i json", "--tags, --keys, --property, --flag, --delay and --born stand in the records");
}

Status fill_properties(const std::vector<std::string>& typed, AppendOptions& options) {
  for (const std::string& property : typed) {
    const size_t mark = property.find('=');
    if (mark == std::string::npos || mark == 0) return wrong("--property", "`" + property + "` is no NAME=VALUE");
    options.properties.emplace_back(property.substr(0, mark), property.substr(mark + 1));
  }
  return {};
}

Status fill_host(std::string_view flag, const std::string& typed, std::optional<HostAddress>& host) {
  if (typed.empty()) return {};
  host = parse_host(typed);
  return host ? Status() : wrong(flag, "`" + typed + "` is no ADDRESS:PORT of numbers");
}

Status fill_size(std::string_view flag, const std::string& typed, uint64_t& size) {
  if (typed.empty()) return {};
  Result<uint64_t> parsed = parse_size(typed);
  if (!parsed) return wrong(flag, parsed.error().message());
  size = *parsed;
  return {};
}

Status fill_time(const std::string& typed, EpochMs now, std::optional<EpochMs>& time) {
  if (typed.empty()) return {};
  Result<EpochMs> parsed = parse_time(typed, now);
  if (!parsed) return wrong("--born", parsed.error().message());
  time = *parsed;
  return {};
}

}  // namespace

void add_append_flags(CLI::App& command, AppendFlags& flags) {
  command.add_option("LOCATION", flags.options.location, "Store directory; made if it is not there")->required();
  add_message_flags(command, flags);
  add_input_flags(command, flags);
  add_store_flags(command, flags);
}

Result<AppendOptions> append_options(const AppendFlags& flags, EpochMs now) {
  AppendOptions options = flags.options;
  const bool json = options.input == InputForm::kJson;
  Status status = json ? check_record_flags(options, flags) : Status();
  if (status.ok() && !json && options.topic.empty()) status = wrong("--topic", "is needed, except with -i json");
  if (status.ok()) status = fill_properties(flags.properties, options);
  if (status.ok()) status = fill_host("--store-host", flags.store_host, options.store_host);
  std::optional<HostAddress> born_host;
  if (status.ok()) status = fill_host("--born-host", flags.born_host, born_host);
  if (born_host) options.born_host = *born_host;
  if (status.ok()) status = fill_size("--segment-size", flags.segment_size, options.segment_bytes);
  if (status.ok()) status = fill_size("--max-body", flags.max_body, options.max_body_bytes);
  if (status.ok()) status = fill_time(flags.born, now, options.born);
  if (!status.ok()) return status;
  return options;
}

}  // namespace mqctl
