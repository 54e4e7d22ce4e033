// Console: how a command talks. Answers go to standard output, everything for people to standard error, named after
// the program and the command. Not synchronised.
#pragma once

#include <string>
#include <string_view>

#include "cli/output/output_stream.h"
#include "cli/output/progress.h"
#include "cli/output/terminal.h"
#include "libstore/base/status.h"

namespace mqctl {

class Console {
 public:
  struct Options {
    std::string command;  // "dump"; empty for the program itself
    ColourMode colour = ColourMode::kAuto;
    bool quiet = false;
  };
  explicit Console(Options options);

  OutputStream& out() { return out_; }
  Progress& progress() { return progress_; }
  bool colour_out() const { return colour_out_; }
  bool terminal_out() const { return terminal_out_; }

  void note(std::string_view line);     // not when quiet
  void warning(std::string_view line);  // also when quiet
  void error(const Status& status);
  void error(std::string_view line);

  // Puts out what is buffered; the exit status is the given one, unless standard output failed.
  int finish(int status);

 private:
  void say(std::string_view colour, std::string_view kind, std::string_view line);

  const Options options_;
  const bool colour_out_, colour_err_, terminal_out_;
  OutputStream out_;
  Progress progress_;
};

}  // namespace mqctl
