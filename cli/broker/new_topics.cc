#include "cli/broker/new_topics.h"

#include <utility>

#include "cli/broker/broker_controller.h"
#include "cli/broker/send_check.h"

namespace mqctl {

bool NewTopics::takes(const SendHeader& header, const TopicPtr& topic) const {
  if (executor_.runs_inline()) return false;
  if (any_.load(std::memory_order_acquire) && awaited(header.topic)) return true;
  return topic == nullptr && wanted_topic(broker_, header).has_value();
}

std::optional<Response> NewTopics::take(const RequestPtr& request, const SendHeader& header, Processor send) {
  std::string topic(header.topic);
  enter(topic, wanted_topic(broker_, header));
  const bool taken =
      executor_.submit({[this, request, topic, send = std::move(send)] { work_off(request, topic, send); },
                        [this, request, topic](std::chrono::milliseconds, size_t) {
                          request->respond(Response::busy());
                          leave(topic);
                        },
                        request->command.storage_bytes});
  if (taken) return std::nullopt;
  leave(topic);
  return Response::busy();
}

bool NewTopics::awaited(std::string_view topic) const {
  MutexLock lock(mutex_);
  return waiting_.find(topic) != waiting_.end();
}

void NewTopics::enter(const std::string& topic, std::optional<Topic> wanted) {
  MutexLock lock(mutex_);
  Waiting& waiting = waiting_[topic];
  if (waiting.sends++ == 0) waiting.wanted = std::move(wanted);
  any_.store(true, std::memory_order_release);
}

void NewTopics::leave(const std::string& topic) {
  MutexLock lock(mutex_);
  const auto found = waiting_.find(topic);
  if (--found->second.sends == 0) waiting_.erase(found);
  if (waiting_.empty()) any_.store(false, std::memory_order_release);
}

NamedTopics NewTopics::take_wanted() {
  MutexLock lock(mutex_);
  NamedTopics wanted;
  for (auto& [name, waiting] : waiting_) {
    if (waiting.wanted) wanted.emplace(name, *std::exchange(waiting.wanted, std::nullopt));
  }
  return wanted;
}

// All that are wanted by now. Where they cannot be saved together, each send tries it alone, and says why it failed.
void NewTopics::make(const std::string& topic) {
  if (broker_.topics().find(topic) != nullptr) return;
  if (Status status = broker_.topics().ensure(take_wanted()); !status.ok())
    broker_.log().error("topics of sends: " + status.to_string());
}

void NewTopics::work_off(const RequestPtr& request, const std::string& topic, const Processor& send) {
  try {
    make(topic);
    if (std::optional<Response> response = send(request)) request->respond(std::move(*response));
  } catch (const std::exception& error) {
    broker_.log().error("send to " + topic + ": " + error.what());
    request->respond(Response::of(response_code::kSystemError, error.what()));
  }
  leave(topic);
}

}  // namespace mqctl
