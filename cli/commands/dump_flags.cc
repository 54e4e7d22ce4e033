#include "cli/commands/dump_flags.h"

#include <CLI/CLI.hpp>
#include <limits>

namespace mqctl {
namespace {

void add_filter_flags(CLI::App& app, DumpFlags& flags) {
  DumpOptions& options = flags.options;
  app.add_option_function<std::string>(
         "-t,--topic", [&options](const std::string& name) { options.topic = name; }, "Only this topic")
      ->type_name("TOPIC");
  app.add_option_function<int32_t>(
         "--queue", [&options](int32_t id) { options.queue = id; }, "Only this queue id")
      ->type_name("N")
      ->check(CLI::Range(0, std::numeric_limits<int32_t>::max()));
  app.add_option("--tags", options.tags, "Only messages with this tag; repeatable, and `A||B` is either")
      ->type_name("TAG")
      ->allow_extra_args(false);
  app.add_option("--keys", options.keys, "Only messages with this key; repeatable: any of them")
      ->type_name("KEY")
      ->allow_extra_args(false);
  app.add_option("--msgid", options.message_id, "The message with this offset id or unique key")->type_name("ID");
  app.add_option("--uniq", options.unique_key, "The message with this unique key")->type_name("KEY");
  app.add_option("--grep", options.pattern, "Only bodies in which this regular expression (RE2) is found")
      ->type_name("RE");
  app.add_option("--time", flags.time, "Stored in A..B; seeks. Times: RFC 3339, epoch ms, -1h")->type_name("A..B");
  app.add_option("--pos", flags.positions, "At commit-log offsets A..B; seeks")->type_name("A..B");
  app.add_option("--qoff", flags.queue_offsets, "At queue offsets A..B; with --topic it seeks")->type_name("A..B");
  app.add_flag("!--no-index", options.use_index, "Read the log itself, not queues and key index, to find messages");
}

void add_order_flags(CLI::App& app, DumpFlags& flags) {
  DumpOptions& options = flags.options;
  app.add_option_function<uint64_t>(
         "--count", [&options](uint64_t count) { options.count = count; }, "End after so many messages")
      ->type_name("N");
  CLI::Option* reverse = app.add_flag("--reverse", options.reverse, "Newest first");
  CLI::Option* follow =
      app.add_flag("-F,--follow", options.follow, "Wait for more at the end of the log")->excludes(reverse);
  app.add_option("--timeout", flags.timeout, "End following after so long, with status 5")
      ->type_name("DURATION")
      ->needs(follow);
}

void add_form_flags(CLI::App& app, DumpFlags& flags) {
  CLI::Option* form = app.add_option("-o,--output", flags.form, "text: a line each; json: records; raw: bodies only")
                          ->type_name("text|json|raw")
                          ->check(CLI::IsMember({"text", "json", "raw"}));
  app.add_option_function<std::string>(
         "-f,--format", [&flags](const std::string& format) { flags.options.format = format; },
         "%topic %queue %qoff %pos %tags %keys %msgid %uniq %born %stored %body %size %prop{NAME}, \\t, \\n")
      ->type_name("FORMAT")
      ->excludes(form);
  app.add_option("--body", flags.body, "How bodies are shown; auto: text, else hex (json: base64)")
      ->type_name("auto|hex|base64|none")
      ->check(CLI::IsMember({"auto", "hex", "base64", "none"}));
  app.add_option("--max-body", flags.max_body, "Show so much of each body; what is cut is marked")->type_name("SIZE");
  app.add_flag("--decompress,!--no-decompress", flags.options.body.decompress,
               "Unpack compressed bodies (default); --no-decompress shows them as stored");
  app.add_flag("--local", flags.local, "Times in the local zone");
  app.add_flag("--keep-going", flags.options.keep_going,
               "Also show records whose CRC is wrong, marked, and go on behind files that cannot be read");
}

template <class Value, class Parsed>
Status fill(const char* flag, const std::string& typed, Value& value, Parsed&& parse) {
  if (typed.empty()) return {};
  auto parsed = parse(typed);
  if (!parsed) return std::move(parsed).error().context(flag);
  value = *parsed;
  return {};
}

BodyForm body_form(const std::string& name) {
  if (name == "hex") return BodyForm::kHex;
  if (name == "base64") return BodyForm::kBase64;
  return name == "none" ? BodyForm::kNone : BodyForm::kAuto;
}

}  // namespace

void add_dump_flags(CLI::App& app, DumpFlags& flags) {
  app.add_option("LOCATION", flags.options.location, "Store, commitlog directory, or segment file")->required();
  add_filter_flags(app, flags);
  add_order_flags(app, flags);
  add_form_flags(app, flags);
}

Result<DumpOptions> dump_options(const DumpFlags& flags, EpochMs now) {
  DumpOptions options = flags.options;
  const auto time_range = [now](const std::string& text) { return parse_time_range(text, now); };
  Status status = fill("--time", flags.time, options.time, time_range);
  if (status.ok()) status = fill("--pos", flags.positions, options.positions, parse_number_range);
  if (status.ok()) status = fill("--qoff", flags.queue_offsets, options.queue_offsets, parse_number_range);
  if (status.ok()) status = fill("--max-body", flags.max_body, options.body.max_bytes, parse_size);
  if (status.ok()) status = fill("--timeout", flags.timeout, options.timeout, parse_duration);
  if (!status.ok()) return status;
  options.form = flags.form == "json" ? DumpForm::kJson : flags.form == "raw" ? DumpForm::kRaw : DumpForm::kText;
  options.body.form = body_form(flags.body);
  options.zone = flags.local ? Zone::kLocal : Zone::kUtc;
  return options;
}

}  // namespace mqctl
