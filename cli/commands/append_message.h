// AppendMessages: makes drafts out of bodies, everything else being the same for all: what lines, raw input and -b are.
//
// Every message gets a unique key as a client would make it, unless the flags give one. With a delay level messages go
// to the schedule topic as a broker would put them there (docs/store-format.md, delay levels).
#pragma once

#include <string>

#include "cli/commands/append_options.h"
#include "libstore/base/clock.h"
#include "libstore/base/result.h"
#include "libstore/message/message_encoder.h"
#include "libstore/message/message_id.h"

namespace mqctl {

// Hands out queue ids: always the same, or each of `queues` in turn.
class QueuePicker {
 public:
  explicit QueuePicker(const AppendOptions& options)
      : next_(options.queue.value_or(0)), queues_(options.queue ? 0 : options.queues) {}
  QueueId next() {
    const QueueId queue(next_);
    if (queues_ > 0) next_ = next_ + 1 == queues_ ? 0 : next_ + 1;
    return queue;
  }

 private:
  int32_t next_;
  const int32_t queues_;  // 0: the queue stays
};

class AppendMessages {
 public:
  // kInvalidArgument for flags that make no message: bad topic, property, level.
  static Result<AppendMessages> create(const AppendOptions& options, const HostAddress& store_host,
                                       UniqueKeyGenerator& keys, const Clock& clock);

  // Views live until the next call.
  const MessageDraft& next(Bytes body);

 private:
  AppendMessages(const AppendOptions& options, const HostAddress& store_host, UniqueKeyGenerator& keys,
                 const Clock& clock);
  Status build_properties(const AppendOptions& options);
  void end_properties(QueueId real_queue);

  const bool fixed_born_;
  const int delay_level_;
  const std::string topic_;
  QueuePicker queues_;
  UniqueKeyGenerator& keys_;
  const Clock& clock_;
  std::string properties_;
  size_t shared_bytes_ = 0;  // of the properties: the same for every message
  bool makes_unique_key_ = true;
  MessageDraft draft_;
};

}  // namespace mqctl
