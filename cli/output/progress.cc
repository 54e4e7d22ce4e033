#include "cli/output/progress.h"

#include <unistd.h>

#include <string>

#include "cli/output/terminal.h"
#include "cli/output/units.h"

namespace mqctl {
namespace {

using namespace std::chrono_literals;

void write_error(const std::string& text) {
  [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace

Progress::Progress(bool wanted)
    : active_(wanted && is_terminal(STDERR_FILENO)), started_(std::chrono::steady_clock::now()), next_(started_ + 1s) {}

void Progress::update(uint64_t done, uint64_t total) {
  if (!active_) return;
  const SteadyTime now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + 100ms;
  const double seconds = std::chrono::duration<double>(now - started_).count();
  const double rate = static_cast<double>(done) / seconds;
  std::string line = "\r\x1b[K" + size_text(static_cast<double>(done));
  if (total > 0) line += " of " + size_text(static_cast<double>(total));
  line += ", " + size_text(rate) + "/s";
  if (total > done && rate > 0) {
    const double left = static_cast<double>(total - done) / rate;
    line += ", " + duration_text(std::chrono::seconds(static_cast<int64_t>(left))) + " left";
  }
  write_error(line);
  shown_ = true;
}

void Progress::clear() {
  if (shown_) write_error("\r\x1b[K");
  shown_ = false;
}

}  // namespace mqctl
