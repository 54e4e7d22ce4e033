// Where append's messages go: into a store, or, for a dry run, into a reckoning of what would happen.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands/append_options.h"
#include "cli/commands/append_topics.h"
#include "libstore/store/default_message_store.h"

namespace mqctl {

struct AppendTotals {
  uint64_t messages = 0;
  uint64_t body_bytes = 0;
  uint64_t record_bytes = 0;
};

class MessageSink {
 public:
  virtual ~MessageSink() = default;
  // kInvalidArgument: the message is at fault.
  virtual Status put(const MessageDraft& draft) = 0;
  // More input will be waited for, or there is none: keeps what was promised about the messages so far.
  virtual Status settle() = 0;
  // Before the first message: the topic is to have so many queues.
  virtual Status expect_topic(std::string_view topic, int32_t queues) = 0;

  const AppendTotals& totals() const { return totals_; }

 protected:
  AppendTotals totals_;
};

// Receipts are written when what they say is true: the message survives kill -9, with SyncMode::kEach a power cut, and
// its topic is known. When nobody reads them any more, messages are stored all the same.
class StoreSink final : public MessageSink {
 public:
  StoreSink(DefaultMessageStore& store, const AppendOptions& options, const Clock& clock);
  Status put(const MessageDraft& draft) override;
  Status settle() override;
  Status expect_topic(std::string_view topic, int32_t queues) override { return topics_.expect(topic, queues); }

  const std::vector<TopicChange>& topic_changes() const { return topic_changes_; }

 private:
  void add_receipt(const MessageDraft& draft, const PutMessageResult& result);
  Status write_receipts();

  DefaultMessageStore& store_;
  const bool sync_each_;
  const bool receipt_;
  std::vector<TopicChange> topic_changes_;
  TopicLedger topics_;
  PhysicalOffset end_;     // behind the last message put
  uint64_t unsynced_ = 0;  // record bytes since the last settle
  std::string receipts_;
  bool receipts_wanted_ = true;
};

// Encodes each message as the store would, and lays it out behind the log's end.
class DrySink final : public MessageSink {
 public:
  DrySink(const AppendOptions& options, uint64_t segment_bytes, uint64_t position_in_segment);
  Status put(const MessageDraft& draft) override;
  Status settle() override { return {}; }
  Status expect_topic(std::string_view topic, int32_t queues) override { return topics_.expect(topic, queues); }

  uint64_t new_segments() const { return new_segments_; }
  std::vector<TopicNeed> topics() const;

 private:
  const EncoderLimits limits_;
  const uint64_t segment_bytes_;
  uint64_t position_;
  uint64_t new_segments_ = 0;
  std::map<std::string, int32_t> needs_;
  TopicLedger topics_;
};

}  // namespace mqctl
