#include "cli/output/console.h"

#include <unistd.h>

#include "cli/output/escape.h"
#include "cli/output/exit_status.h"

namespace mqctl {

Console::Console(Options options)
    : options_(std::move(options)),
      colour_out_(use_colour(options_.colour, STDOUT_FILENO)),
      colour_err_(use_colour(options_.colour, STDERR_FILENO)),
      terminal_out_(is_terminal(STDOUT_FILENO)),
      out_(STDOUT_FILENO),
      progress_(!options_.quiet) {}

void Console::say(std::string_view colour, std::string_view kind, std::string_view line) {
  // On a terminal both streams are one: what was answered before comes first.
  if (terminal_out_) out_.flush();
  progress_.clear();
  std::string text = options_.command.empty() ? "mqctl: " : "mqctl " + options_.command + ": ";
  if (!kind.empty()) {
    text += colour_err_ ? std::string(colour) + std::string(kind) + "\x1b[0m" : std::string(kind);
    text += ": ";
  }
  append_printable(text, line);
  text += '\n';
  [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, text.data(), text.size());
}

void Console::note(std::string_view line) {
  if (!options_.quiet) say("", "", line);
}

void Console::warning(std::string_view line) { say("\x1b[33m", "warning", line); }

void Console::error(std::string_view line) { say("", "", line); }

void Console::error(const Status& status) { error(status.to_string()); }

int Console::finish(int status) {
  out_.flush();
  progress_.clear();
  if (out_.status().ok()) return status;
  error(out_.status());
  return exit_status::kCouldNot;
}

}  // namespace mqctl
