// StoreModel: what a store was given and what it answered, and so what must, may and must not be in it.
//
// Each message has a number, in the order of the puts, that its body begins with. The log is one sequence: whatever is
// found must be the beginning of what was put, everything that was promised among it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libstore/store/default_message_store.h"

namespace mqctl::sim {

enum class Promise : uint8_t {
  kUnanswered,  // the machine went away meanwhile, or the answer was "perhaps": may be there
  kAnswered,    // survives the process
  kDurable,     // survives the machine
  kRefused,     // must not be there
  kGone,        // was not there after a restart, or was deleted with its segment: must not come back
};

struct ModelMessage {
  uint64_t number = 0;
  std::string topic;
  int queue = 0;
  bool prepared = false;  // a transaction's half: in no queue
  bool torn = false;      // of one never confirmed a power cut may take the properties, which no CRC covers
  std::string body, properties;
  Promise promise = Promise::kUnanswered;
  int64_t offset = -1, queue_offset = -1;  // where known

  std::string key() const { return "k" + std::to_string(number); }
};

// What a restart must have kept.
enum class Kept : uint8_t { kAnswered, kDurable };

class StoreModel {
 public:
  // The next message, not yet put.
  ModelMessage& add(std::string topic, int queue, bool prepared, size_t body_bytes);
  ModelMessage& at(uint64_t number) { return messages_[number]; }
  uint64_t size() const { return messages_.size(); }
  // Everything answered is on disk now.
  void all_durable();
  // Retention may have deleted what lies before.
  void allow_minimum(int64_t offset) { highest_minimum_ = std::max(highest_minimum_, offset); }

  // A body that some put had. Throws Failure.
  const ModelMessage& recognise_body(std::string_view body) const;
  // Compares the whole store with what was promised; what is there is taken over. Throws Failure.
  void examine(DefaultMessageStore& store, Kept kept);
  // Of a store in which a bit has flipped: durable messages that their queue does not give.
  uint64_t missing_from_queues(DefaultMessageStore& store) const;
  // What is there counts as being on disk: after a power cut nothing else can be there.
  void examine_after_power_cut(DefaultMessageStore& store) {
    examine(store, Kept::kDurable);
    all_durable();
  }

 private:
  struct Found;
  std::vector<Found> read_log(DefaultMessageStore& store);
  ModelMessage& recognise(const MessageView& view);
  void judge_missing(const std::vector<Found>& found, Kept kept, int64_t log_min);
  void judge_queues(DefaultMessageStore& store) const;
  void judge_index(DefaultMessageStore& store) const;

  std::vector<ModelMessage> messages_;
  uint64_t first_live_ = 0;  // all before it are gone
  int64_t highest_minimum_ = 0;
  bool may_tear_ = false;  // a power cut came before what is looked at
};

}  // namespace mqctl::sim
