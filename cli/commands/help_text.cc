#include "cli/commands/help_text.h"

#include <CLI/CLI.hpp>

namespace mqctl {
namespace {

constexpr size_t kWidth = 100;
constexpr size_t kFlagColumn = 28;

// Breaks at blanks so that lines end before kWidth; the first line begins where the cursor is.
std::string wrapped(const std::string& text, size_t indent) {
  std::string out;
  size_t column = indent;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    if (column > indent && column + 1 + word.size() > kWidth) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    at = end + 1;
  }
  return out;
}

std::string flag_head(const FlagInfo& flag) {
  if (flag.positional) return flag.long_name;
  std::string head = flag.short_name.empty() ? "    " : "-" + flag.short_name;
  if (!flag.long_name.empty()) head += std::string(flag.short_name.empty() ? "" : ", ") + "--" + flag.long_name;
  if (!flag.value.empty()) head += " " + flag.value;
  return head;
}

std::string flag_lines(const FlagInfo& flag) {
  std::string line = "  " + flag_head(flag);
  if (line.size() + 2 > kFlagColumn) {
    line += "\n" + std::string(kFlagColumn, ' ');
  } else {
    line.resize(kFlagColumn, ' ');
  }
  return line + wrapped(flag.description, kFlagColumn) + "\n";
}

std::string usage_line(const CommandTree::Entry& entry) {
  std::string line = "mqctl " + std::string(entry.command->info().name);
  for (const FlagInfo& flag : list_flags(*entry.app)) {
    if (flag.positional) line += flag.required ? " " + flag.long_name : " [" + flag.long_name + "]";
  }
  return line + " [FLAGS]";
}

std::string variable_note() {
  return "A long flag can also be set by a variable MQCTL_NAME (--segment-size: MQCTL_SEGMENT_SIZE); the flag wins. "
         "Not so --help, --dry-run and --force.";
}

std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (c == '\'' || c == '.') {
      out += std::string("\\&") + c;
    } else {
      out += c;
    }
  }
  return out;
}

std::string man_head(std::string_view name, std::string_view purpose) {
  std::string upper(name);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return ".TH " + roff(upper) + " 1 \"\" \"mqctl " MQCTL_VERSION "\" \"mqctl\"\n.ad l\n.SH NAME\n" + roff(name) +
         " \\- " + roff(purpose) + "\n";
}

std::string man_statuses() {
  std::string page = ".SH EXIT STATUS\n";
  for (const StatusMeaning& each : status_meanings()) {
    page += ".TP\n.B " + roff(each.status) + "\n" + roff(each.meaning) + "\n";
  }
  return page;
}

std::string man_flag(const FlagInfo& flag) {
  std::string head;
  if (!flag.short_name.empty()) head += "\\fB\\-" + flag.short_name + "\\fR, ";
  head += flag.positional ? "\\fI" + roff(flag.long_name) + "\\fR" : "\\fB\\-\\-" + roff(flag.long_name) + "\\fR";
  if (!flag.value.empty()) head += " \\fI" + roff(flag.value) + "\\fR";
  return ".TP\n" + head + "\n" + roff(flag.description) + "\n";
}

std::string paragraphs(std::string_view notes, const char* separator) {
  std::string out;
  while (!notes.empty()) {
    const size_t end = std::min(notes.find("\n\n"), notes.size());
    out += separator + roff(notes.substr(0, end)) + "\n";
    notes.remove_prefix(std::min(end + 2, notes.size()));
  }
  return out;
}

}  // namespace

const std::vector<StatusMeaning>& status_meanings() {
  static const std::vector<StatusMeaning> meanings = {
      {"0", "done; the answer is yes"},
      {"1", "done; the answer is no: damage found, nothing matched"},
      {"2", "wrong use: flags, ranges, input"},
      {"3", "could not: unreadable, not a store, disk full"},
      {"4", "refused for safety: store in use, damage that would be cut"},
      {"5", "timed out"},
      {"128+n", "ended by signal n"},
  };
  return meanings;
}

std::string overview_text(const CommandTree& tree) {
  std::string text =
      "mqctl - commit-log files of Apache RocketMQ: look inside, prove sound, append, lay out\n\nUsage: mqctl COMMAND "
      "[ARGUMENTS]\n\nCommands:\n";
  for (const CommandTree::Entry& entry : tree.entries()) {
    std::string line = "  " + std::string(entry.command->info().name);
    line.resize(16, ' ');
    text += line + std::string(entry.command->info().purpose) + "\n";
  }
  text += "\nExamples:\n";
  for (const CommandTree::Entry& entry : tree.entries()) {
    if (text.ends_with("\n\n") || entry.command->info().examples.empty()) continue;
    text += "  " + std::string(entry.command->info().examples.front().shell) + "\n";
    if (entry.command->info().name == "verify") break;
  }
  return text + "\nFlags:\n" + flag_lines({"h", "help", "", "Show this help", "", false, false}) +
         flag_lines({"V", "version", "", "Show the version", "", false, false}) +
         "\n`mqctl help COMMAND` shows its flags.\n";
}

std::string help_text(const CommandTree::Entry& entry) {
  const CommandInfo info = entry.command->info();
  std::string text = "mqctl " + std::string(info.name) + " - " + std::string(info.purpose) + "\n\n";
  if (!info.examples.empty()) text += "Examples:\n";
  for (const Example& example : info.examples) {
    text += "  # " + std::string(example.says) + "\n  " + std::string(example.shell) + "\n";
  }
  text += std::string(info.examples.empty() ? "" : "\n") + "Usage: " + usage_line(entry) + "\n\n";
  for (const FlagInfo& flag : list_flags(*entry.app)) text += flag_lines(flag);
  if (!info.notes.empty()) text += "\n" + std::string(info.notes) + "\n";
  text += "\n" + wrapped(variable_note(), 0) + "\n\nExit status:\n";
  for (const StatusMeaning& each : status_meanings()) {
    std::string line = std::string("  ") + each.status;
    line.resize(9, ' ');
    text += line + each.meaning + "\n";
  }
  return text;
}

std::string overview_man_page(const CommandTree& tree) {
  std::string page =
      man_head("mqctl", "commit-log files of Apache RocketMQ: look inside, prove sound, append, lay out");
  page += ".SH SYNOPSIS\n.B mqctl\n\\fICOMMAND\\fR [\\fIARGUMENTS\\fR]\n.SH COMMANDS\n";
  for (const CommandTree::Entry& entry : tree.entries()) {
    const std::string name = roff(entry.command->info().name);
    page += ".TP\n\\fBmqctl\\-" + name + "\\fR(1)\n" + roff(entry.command->info().purpose) + "\n";
  }
  return page + ".SH ENVIRONMENT\n" + roff(variable_note()) + "\n" + man_statuses();
}

std::string man_page(const CommandTree::Entry& entry) {
  const CommandInfo info = entry.command->info();
  std::string page = man_head("mqctl-" + std::string(info.name), info.purpose);
  page += ".SH SYNOPSIS\n" + roff(usage_line(entry)) + "\n";
  if (!info.examples.empty()) page += ".SH EXAMPLES\n";
  for (const Example& example : info.examples) {
    page += ".PP\n" + roff(example.says) + "\n.PP\n.nf\n.RS\n" + roff(example.shell) + "\n.RE\n.fi\n";
  }
  page += ".SH OPTIONS\n";
  for (const FlagInfo& flag : list_flags(*entry.app)) page += man_flag(flag);
  if (!info.notes.empty()) page += ".SH NOTES\n" + paragraphs(info.notes, ".PP\n");
  return page + ".SH ENVIRONMENT\n" + roff(variable_note()) + "\n" + man_statuses() +
         ".SH SEE ALSO\n\\fBmqctl\\fR(1)\n";
}

}  // namespace mqctl
