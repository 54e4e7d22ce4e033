#include "cli/commands/command_tree.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <set>

#include "cli/commands/help_text.h"
#include "cli/output/escape.h"
#include "cli/output/exit_status.h"
#include "libstore/base/bytes.h"

namespace mqctl {
namespace {

// What must be typed: the environment of a script that was written for another command must not do these.
const std::set<std::string> kTypedOnly = {"help", "version", "force", "dry-run", "topics", "man"};

void add_variables(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    if (option->get_positional() || option->get_lnames().empty()) continue;
    const std::string& name = option->get_lnames().front();
    if (kTypedOnly.contains(name)) continue;
    std::string variable = "MQCTL_" + name;
    for (char& c : variable) c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    option->envname(variable);
  }
}

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::vector<std::string> flag_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const FlagInfo& flag : list_flags(app)) {
    if (!flag.positional && !flag.long_name.empty()) names.push_back("--" + flag.long_name);
  }
  return names;
}

}  // namespace

std::string nearest(std::string_view typed, const std::vector<std::string>& candidates) {
  std::string best;
  size_t least = std::max<size_t>(2, typed.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = candidate.starts_with(typed) && typed.size() > 3 ? 1 : edit_distance(typed, candidate);
    if (distance >= least) continue;
    least = distance;
    best = candidate;
  }
  return best;
}

CommandTree::CommandTree() : root_(std::make_unique<CLI::App>()) {
  root_->name("mqctl");
  root_->set_help_flag("-h,--help", "Show this help");
  root_->add_flag_function(
      "-V,--version", [](int64_t) {}, "Show the version");
  root_->allow_extras();
  root_->require_subcommand(0, 1);  // `mqctl help dump` is one command, not two
  for (std::unique_ptr<Command>& command : make_commands()) {
    const CommandInfo info = command->info();
    CLI::App* app = root_->add_subcommand(std::string(info.name), std::string(info.purpose));
    app->set_help_flag("-h,--help", "Show this help");
    app->allow_extras(false);  // else inherited
    command->add_flags(*app);
    add_variables(*app);
    entries_.push_back({std::move(command), app});
  }
}

CommandTree::~CommandTree() = default;

const CommandTree::Entry* CommandTree::find(std::string_view name) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.command->info().name == name; });
  return found == entries_.end() ? nullptr : &*found;
}

const CommandTree::Entry* CommandTree::chosen() const {
  const auto parsed = root_->get_subcommands();
  return parsed.empty() ? nullptr : find(parsed.front()->get_name());
}

// Wrong use: names what is unknown, and what was likely meant, before anything that is only missing.
int CommandTree::explain(std::string_view what) const {
  const Entry* entry = chosen();
  const CLI::App& app = entry == nullptr ? *root_ : *entry->app;
  Console console({.command = entry == nullptr ? "" : app.get_name()});
  std::string line(what);
  const auto unknown = app.remaining();
  if (!unknown.empty()) {
    const std::string typed = unknown.front().substr(0, unknown.front().find('='));
    const bool flag = typed.starts_with('-');
    std::vector<std::string> names = flag_names(app);
    if (!flag && entry == nullptr) {
      names.clear();
      for (const Entry& each : entries_) names.emplace_back(each.command->info().name);
    }
    const std::string meant = flag || entry == nullptr ? nearest(typed, names) : "";
    line = (flag               ? "unknown flag `"
            : entry == nullptr ? "unknown command `"
                               : "one argument too many: `") +
           typed + "`";
    if (!meant.empty()) line += "; did you mean `" + meant + "`?";
  }
  console.error(line);
  console.error("`mqctl " + (entry == nullptr ? "" : app.get_name() + " ") + "--help` shows how it is used");
  return exit_status::kUsage;
}

// What stands behind `--` goes to a command that runs it; how many words are left to parse.
int CommandTree::take_behind_dashes(int argc, const char* const* argv) const {
  const char* const* const end = argv + argc;
  const char* const* const dashes = std::find(argv, end, std::string_view("--"));
  const Entry* const entry = argc > 1 ? find(argv[1]) : nullptr;
  if (dashes == end || entry == nullptr) return argc;
  return entry->command->take_behind_dashes({dashes + 1, end}) ? static_cast<int>(dashes - argv) : argc;
}

int CommandTree::run(int argc, const char* const* argv) {
  argc = take_behind_dashes(argc, argv);
  try {
    root_->parse(argc, const_cast<char**>(argv));
  } catch (const CLI::CallForHelp&) {
    Console console({});
    console.out().write(chosen() == nullptr ? overview_text(*this) : help_text(*chosen()));
    return console.finish(exit_status::kYes);
  } catch (const CLI::ParseError& error) {
    return explain(error.what());
  }
  const Entry* entry = chosen();
  if (entry != nullptr) {
    if (!root_->remaining().empty()) return explain("");
    Console console(entry->command->console());
    return console.finish(entry->command->run(console));
  }
  if (!root_->remaining().empty()) return explain("");
  Console console({});
  if (root_->count("--version") > 0) {
    console.out().write("mqctl " MQCTL_VERSION "\n");
    return console.finish(exit_status::kYes);
  }
  console.out().write(overview_text(*this));
  return console.finish(exit_status::kUsage);
}

}  // namespace mqctl
