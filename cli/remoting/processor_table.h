// ProcessorTable: request code to processor and executor (Apache: NettyRemotingAbstract.processorTable, a Pair each).
// Filled before the server starts, constant after that.
#pragma once

#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>

#include "cli/remoting/channel.h"
#include "cli/remoting/executor.h"

namespace mqctl {

// The answer; none where it comes later through Request::respond, or never.
using Processor = std::function<std::optional<Response>(const RequestPtr& request)>;

class ProcessorTable {
 public:
  struct Entry {
    Processor processor;
    Executor* executor;  // outlives the table
  };
  void add(int32_t code, Executor& executor, Processor processor) {
    entries_.insert_or_assign(code, Entry{std::move(processor), &executor});
  }
  const Entry* find(int32_t code) const {
    const auto found = entries_.find(code);
    return found == entries_.end() ? nullptr : &found->second;
  }

 private:
  std::unordered_map<int32_t, Entry> entries_;
};

}  // namespace mqctl
