// A client of the load: one connection to a broker at 127.0.0.1, blocking, frames made by who uses it, answers read as
// they come. What goes wrong ends the program.
#pragma once

#include <string>
#include <string_view>

#include "cli/remoting/frame_codec.h"
#include "cli/remoting/frame_reader.h"

namespace mqctl {

class LoadClient {
 public:
  explicit LoadClient(int port);
  ~LoadClient();
  LoadClient(const LoadClient&) = delete;
  LoadClient& operator=(const LoadClient&) = delete;

  void write(std::string_view bytes) const;
  // Waits for at least one answer and gives each to `take`; how many there were.
  template <typename Take>
  int answers(const Take& take) {
    int count = 0;
    std::string_view frame;
    while (true) {
      for (; reader_.next(frame) == FrameReader::Step::kFrame; ++count) take(frame);
      if (count > 0) return count;
      read();
    }
  }
  int answers() {
    return answers([](std::string_view) {});
  }
  // A request and its answer's header, without the body.
  ReceivedCommand ask(std::string_view frame);

 private:
  void read();

  const int fd_;
  FrameReader reader_;
};

// What is counted is the broker's work, not ours at a copy of the messages.
Result<ReceivedCommand> decode_without_body(std::string_view frame);

}  // namespace mqctl
