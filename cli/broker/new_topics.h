// NewTopics: sends that make their topic. To save the table of topics is not for a connection's own thread: one of its
// own saves it, once for all that wait by then, and does these sends behind that. Later ones to such a topic wait
// behind them, so that a producer's messages keep their order. Thread-safe.
#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "cli/broker/send_header.h"
#include "cli/broker/topic_config_manager.h"
#include "cli/remoting/processor_table.h"

namespace mqctl {

class BrokerController;

class NewTopics {
 public:
  // The executor has one thread, or none: then there is nothing to wait for, and sends make their topics themselves.
  NewTopics(BrokerController& broker, Executor& executor) : broker_(broker), executor_(executor) {}

  // Whether a send to this topic, which may be null, is to be taken here. Looks at nothing else where no send waits.
  bool takes(const SendHeader& header, const TopicPtr& topic) const EXCLUDES(mutex_);
  // Its answer comes later, from `send`. SYSTEM_BUSY where too many wait.
  std::optional<Response> take(const RequestPtr& request, const SendHeader& header, Processor send) EXCLUDES(mutex_);

 private:
  struct Waiting {
    std::optional<Topic> wanted;  // until it was tried to make it
    size_t sends = 0;
  };
  bool awaited(std::string_view topic) const EXCLUDES(mutex_);
  void enter(const std::string& topic, std::optional<Topic> wanted) EXCLUDES(mutex_);
  void leave(const std::string& topic) EXCLUDES(mutex_);
  void make(const std::string& topic) EXCLUDES(mutex_);
  NamedTopics take_wanted() EXCLUDES(mutex_);
  void work_off(const RequestPtr& request, const std::string& topic, const Processor& send) EXCLUDES(mutex_);

  BrokerController& broker_;
  Executor& executor_;
  mutable Mutex mutex_;
  std::map<std::string, Waiting, std::less<>> waiting_ GUARDED_BY(mutex_);
  std::atomic<bool> any_{false};  // whether there is one in waiting_; release: what came before it is put
};

}  // namespace mqctl
