#include "cli/commands/completion_scripts.h"

#include <CLI/CLI.hpp>

#include "cli/commands/flag_listing.h"

namespace mqctl {
namespace {

// What stands where a value is expected.
enum class ValueKind { kNone, kChoice, kTopic, kFile, kDirectory, kOther };

ValueKind kind_of(const FlagInfo& flag) {
  if (flag.value.empty()) return ValueKind::kNone;
  if (!flag.choices().empty()) return ValueKind::kChoice;
  if (flag.value == "TOPIC") return ValueKind::kTopic;
  if (flag.value == "FILE") return ValueKind::kFile;
  if (flag.value == "DIR") return ValueKind::kDirectory;
  return ValueKind::kOther;
}

std::string name_of(const CommandTree::Entry& entry) { return std::string(entry.command->info().name); }

std::string join(const std::vector<std::string>& words, std::string_view separator) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : std::string(separator)) + word;
  return text;
}

std::vector<std::string> command_names(const CommandTree& tree) {
  std::vector<std::string> names;
  for (const CommandTree::Entry& entry : tree.entries()) names.push_back(name_of(entry));
  return names;
}

// In single quotes, for any of the three shells.
std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

// "append:-t|append:--topic"
std::string bash_pattern(const CommandTree::Entry& entry, const FlagInfo& flag) {
  const std::string command = name_of(entry) + ":";
  const std::string short_form = flag.short_name.empty() ? "" : command + "-" + flag.short_name + "|";
  return short_form + command + "--" + flag.long_name;
}

std::string bash_values(const CommandTree::Entry& entry) {
  std::string cases;
  for (const FlagInfo& flag : list_flags(*entry.app)) {
    const ValueKind kind = flag.positional ? ValueKind::kNone : kind_of(flag);
    if (kind == ValueKind::kNone) continue;
    std::string action = "return";
    if (kind == ValueKind::kChoice) action = "_mqctl_words " + shell_quoted(join(flag.choices(), " ")) + "; return";
    if (kind == ValueKind::kTopic) action = "_mqctl_topics; return";
    if (kind == ValueKind::kFile) action = "COMPREPLY=($(compgen -f -- \"$cur\")); return";
    if (kind == ValueKind::kDirectory) action = "COMPREPLY=($(compgen -d -- \"$cur\")); return";
    cases += "        " + bash_pattern(entry, flag) + ") " + action + " ;;\n";
  }
  return cases;
}

std::string bash_flags(const CommandTree::Entry& entry) {
  std::vector<std::string> names;
  for (const FlagInfo& flag : list_flags(*entry.app)) {
    if (!flag.positional) names.push_back("--" + flag.long_name);
  }
  return join(names, " ");
}

bool takes_location(const CommandTree::Entry& entry) {
  for (const FlagInfo& flag : list_flags(*entry.app)) {
    if (flag.positional && (flag.long_name == "LOCATION" || flag.long_name == "STORE")) return true;
  }
  return false;
}

std::string words_of(const CommandTree::Entry& entry, const CommandTree& tree) {
  for (const FlagInfo& flag : list_flags(*entry.app)) {
    if (flag.positional && flag.long_name == "COMMAND") return join(command_names(tree), " ");
    if (flag.positional && flag.long_name == "SHELL") return "bash zsh fish";
  }
  return {};
}

constexpr std::string_view kMadeBy = "# Made by `mqctl completion`; the flags are the program's own.\n";

constexpr std::string_view kBashHead = R"sh(
_mqctl_words() { COMPREPLY=($(compgen -W "$1" -- "$cur")); }

# Topics of the store that is named on the line.
_mqctl_topics() {
    local word
    for word in "${COMP_WORDS[@]:2}"; do
        if [[ $word != -* && -e $word ]]; then
            local IFS=$'\n'
            COMPREPLY=($(compgen -W "$(mqctl completion --topics "$word" 2>/dev/null)" -- "$cur"))
            return
        fi
    done
}

_mqctl() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} cmd=${COMP_WORDS[1]}
    COMPREPLY=()
)sh";

constexpr std::string_view kZshHead = R"sh(
# Topics of the store that is named on the line.
_mqctl_topics() {
  local word
  for word in $words[2,-1]; do
    if [[ $word != -* && -e $word ]]; then
      local -a topics
      topics=(${(f)"$(mqctl completion --topics $word 2>/dev/null)"})
      compadd -a topics
      return
    fi
  done
}

_mqctl() {
  local curcontext=$curcontext state line
)sh";

constexpr std::string_view kFishHead = R"sh(
# Topics of the store that is named on the line.
function __mqctl_topics
    for word in (commandline -opc)[3..-1]
        if not string match -q -- '-*' $word; and test -e $word
            mqctl completion --topics $word 2>/dev/null
            return
        end
    end
end

function __mqctl_no_command
    test (count (commandline -opc)) -eq 1
end

function __mqctl_command
    set -l words (commandline -opc)
    test (count $words) -gt 1; and test $words[2] = $argv[1]
end

complete -c mqctl -f
)sh";

// What zsh's _arguments must not take for its own.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_action(const FlagInfo& flag) {
  switch (kind_of(flag)) {
    case ValueKind::kNone:
      return "";
    case ValueKind::kChoice:
      return ":" + zsh_text(flag.long_name) + ":(" + join(flag.choices(), " ") + ")";
    case ValueKind::kTopic:
      return ":topic:_mqctl_topics";
    case ValueKind::kFile:
      return ":file:_files";
    case ValueKind::kDirectory:
      return ":directory:_files -/";
    case ValueKind::kOther:
      break;
  }
  return ":" + zsh_text(flag.value) + ": ";
}

std::string zsh_flag(const FlagInfo& flag) {
  const std::string rest = "[" + zsh_text(flag.description) + "]" + zsh_action(flag);
  const std::string lines = "        " + shell_quoted("*--" + flag.long_name + rest) + " \\\n";
  return flag.short_name.empty() ? lines : "        " + shell_quoted("*-" + flag.short_name + rest) + " \\\n" + lines;
}

std::string zsh_command(const CommandTree::Entry& entry, const CommandTree& tree) {
  std::string text = "    " + name_of(entry) + ")\n      _arguments -s -S \\\n";
  for (const FlagInfo& flag : list_flags(*entry.app)) {
    if (!flag.positional) text += zsh_flag(flag);
  }
  const std::string words = words_of(entry, tree);
  if (takes_location(entry)) text += "        '1:store:_files' \\\n";
  if (!words.empty()) text += "        '1:word:(" + words + ")' \\\n";
  text.replace(text.size() - 3, 3, "\n");
  return text + "      ;;\n";
}

std::string fish_flag(const CommandTree::Entry& entry, const FlagInfo& flag) {
  std::string line = "complete -c mqctl -n '__mqctl_command " + name_of(entry) + "'";
  if (!flag.short_name.empty()) line += " -s " + flag.short_name;
  line += " -l " + flag.long_name;
  const ValueKind kind = kind_of(flag);
  if (kind == ValueKind::kChoice) line += " -x -a " + shell_quoted(join(flag.choices(), " "));
  if (kind == ValueKind::kTopic) line += " -x -a '(__mqctl_topics)'";
  if (kind == ValueKind::kFile || kind == ValueKind::kDirectory) line += " -r -F";
  if (kind == ValueKind::kOther) line += " -x";
  return line + " -d " + shell_quoted(flag.description) + "\n";
}

}  // namespace

std::string bash_completion(const CommandTree& tree) {
  std::string text = "# bash completion for mqctl\n" + std::string(kMadeBy) + std::string(kBashHead);
  text += "    if ((COMP_CWORD == 1)); then\n        _mqctl_words " +
          shell_quoted(join(command_names(tree), " ") + " --help --version") +
          "\n        return\n    fi\n    case $cmd:$prev in\n";
  for (const CommandTree::Entry& entry : tree.entries()) text += bash_values(entry);
  text += "    esac\n    case $cmd in\n";
  for (const CommandTree::Entry& entry : tree.entries()) {
    const std::string words = words_of(entry, tree);
    text += "        " + name_of(entry) + ")\n            if [[ $cur == -* ]]; then\n                _mqctl_words " +
            shell_quoted(bash_flags(entry)) + "\n";
    if (takes_location(entry)) text += "            else\n                COMPREPLY=($(compgen -f -- \"$cur\"))\n";
    if (!words.empty()) text += "            else\n                _mqctl_words " + shell_quoted(words) + "\n";
    text += "            fi\n            ;;\n";
  }
  return text + "    esac\n}\n\ncomplete -o filenames -F _mqctl mqctl\n";
}

std::string zsh_completion(const CommandTree& tree) {
  std::string text = "#compdef mqctl\n" + std::string(kMadeBy) + std::string(kZshHead);
  text += "  if ((CURRENT == 2)); then\n    local -a commands\n    commands=(\n";
  for (const CommandTree::Entry& entry : tree.entries()) {
    text += "      " + shell_quoted(name_of(entry) + ":" + zsh_text(entry.command->info().purpose)) + "\n";
  }
  text +=
      "    )\n    _describe command commands\n    return\n  fi\n  shift words\n  ((CURRENT--))\n  case $words[1] in\n";
  for (const CommandTree::Entry& entry : tree.entries()) text += zsh_command(entry, tree);
  return text + "  esac\n}\n\n_mqctl \"$@\"\n";
}

std::string fish_completion(const CommandTree& tree) {
  std::string text = "# fish completion for mqctl\n" + std::string(kMadeBy) + std::string(kFishHead);
  for (const CommandTree::Entry& entry : tree.entries()) {
    text += "complete -c mqctl -n __mqctl_no_command -a " + name_of(entry) + " -d " +
            shell_quoted(entry.command->info().purpose) + "\n";
  }
  for (const CommandTree::Entry& entry : tree.entries()) {
    const std::string words = words_of(entry, tree);
    if (takes_location(entry)) text += "complete -c mqctl -n '__mqctl_command " + name_of(entry) + "' -F\n";
    if (!words.empty()) {
      text += "complete -c mqctl -n '__mqctl_command " + name_of(entry) + "' -a " + shell_quoted(words) + "\n";
    }
    for (const FlagInfo& flag : list_flags(*entry.app)) {
      if (!flag.positional) text += fish_flag(entry, flag);
    }
  }
  return text;
}

}  // namespace mqctl
