#include "tests/sim/store_model.h"

#include <charconv>
#include <map>

#include "libstore/log/log_walk.h"
#include "libstore/message/record_parser.h"
#include "tests/sim/failure.h"

namespace mqctl::sim {

struct StoreModel::Found {
  uint64_t number;
  int64_t offset, queue_offset;
};

ModelMessage& StoreModel::add(std::string topic, int queue, bool prepared, size_t body_bytes) {
  ModelMessage message;
  message.number = messages_.size();
  message.topic = std::move(topic);
  message.queue = queue;
  message.prepared = prepared;
  message.body = std::to_string(message.number) + ":";
  while (message.body.size() < body_bytes)
    message.body += static_cast<char>('a' + (message.number * 7 + message.body.size()) % 26);
  message.properties = "KEYS\1" + message.key() + "\2";
  messages_.push_back(std::move(message));
  return messages_.back();
}

void StoreModel::all_durable() {
  for (uint64_t i = first_live_; i < messages_.size(); ++i) {
    if (messages_[i].promise == Promise::kAnswered) messages_[i].promise = Promise::kDurable;
  }
}

const ModelMessage& StoreModel::recognise_body(std::string_view body) const {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), number);
  require(error == std::errc() && number < messages_.size(), "a message that was never put");
  require(messages_[number].body == body, "message {} has another body", number);
  return messages_[number];
}

// A record that no put made, or one that must not be there.
ModelMessage& StoreModel::recognise(const MessageView& view) {
  const uint64_t number = recognise_body(as_text(view.body)).number;
  ModelMessage& message = messages_[number];
  message.torn |= may_tear_ && message.promise != Promise::kDurable && message.properties != view.properties;
  require(message.topic == view.topic && message.queue == view.queue_id.value() &&
              (message.torn || message.properties == view.properties),
          "offset {}: message {} is not as it was put", view.physical_offset.value(), number);
  require(message.promise != Promise::kRefused, "message {} was refused and is there", number);
  require(message.promise != Promise::kGone, "message {} was gone and came back", number);
  require(message.offset < 0 || message.offset == view.physical_offset.value(), "message {} was at {} and is at {}",
          number, message.offset, view.physical_offset.value());
  require(message.queue_offset < 0 || message.queue_offset == view.queue_offset.value(),
          "message {} was number {} of its queue and is number {}", number, message.queue_offset,
          view.queue_offset.value());
  return message;
}

std::vector<StoreModel::Found> StoreModel::read_log(DefaultMessageStore& store) {
  std::vector<Found> found;
  const auto visit = [&](const MessageView& view) {
    // A deletion that was never synced may be undone by a power cut.
    const ModelMessage& known = recognise_body(as_text(view.body));
    if (known.promise == Promise::kGone && known.offset >= 0 && known.offset < highest_minimum_) return Status();
    const ModelMessage& message = recognise(view);
    require(found.empty() || found.back().number < message.number, "message {} comes behind message {}", message.number,
            found.empty() ? 0 : found.back().number);
    found.push_back({message.number, view.physical_offset.value(), view.queue_offset.value()});
    return Status();
  };
  const CommitLog& log = store.commit_log();
  if (log.files().first() == nullptr) return found;
  const Result<LogWalk> walk = walk_log(log.files(), log.min_offset(), CrcCheck::kBodyAndProperties, visit);
  require(walk.has_value() && walk->stopped_by.empty(), "the log is broken at {}: {}", walk ? walk->end.value() : -1,
          walk ? walk->stopped_by : walk.error().to_string());
  // A segment that ends with its blank is full, and the next may not be there yet.
  const MappedFile* const file = log.files().find(walk->end.value());
  require(walk->end == log.max_offset() || (file != nullptr && file->end_offset() == log.max_offset().value()),
          "the log ends at {} and its records at {}", log.max_offset().value(), walk->end.value());
  return found;
}

// What is found must be a beginning: nothing is missing before the last message that is there.
void StoreModel::judge_missing(const std::vector<Found>& found, Kept kept, int64_t log_min) {
  require(log_min <= highest_minimum_, "the log begins at {}, nothing before {} was deleted", log_min,
          highest_minimum_);
  size_t next = 0;
  for (uint64_t i = first_live_; i < messages_.size(); ++i) {
    ModelMessage& message = messages_[i];
    if (next < found.size() && found[next].number == i) {
      message.offset = found[next].offset;
      message.queue_offset = found[next].queue_offset;
      message.promise = std::max(Promise::kAnswered, message.promise);
      ++next;
      continue;
    }
    if (message.promise == Promise::kRefused || message.promise == Promise::kGone) continue;
    const bool deleted = message.offset >= 0 && message.offset < log_min;
    const bool promised =
        message.promise == Promise::kDurable || (kept == Kept::kAnswered && message.promise == Promise::kAnswered);
    require(deleted || !promised, "message {} at offset {} was {} and is lost", i, message.offset,
            message.promise == Promise::kDurable ? "durable" : "answered");
    require(deleted || next == found.size(), "message {} is missing before message {}", i,
            next < found.size() ? found[next].number : 0);
    message.promise = Promise::kGone;
  }
  while (first_live_ < messages_.size() && messages_[first_live_].promise >= Promise::kRefused) ++first_live_;
}

void StoreModel::judge_queues(DefaultMessageStore& store) const {
  std::map<std::pair<std::string, int>, std::vector<const ModelMessage*>> queues;
  for (uint64_t i = first_live_; i < messages_.size(); ++i) {
    const ModelMessage& message = messages_[i];
    if (message.promise <= Promise::kDurable && !message.prepared)
      queues[{message.topic, message.queue}].push_back(&message);
  }
  for (const auto& [name, expected] : queues) {
    const auto& [topic, queue] = name;
    const QueueOffset first(expected.front()->queue_offset);
    const GetMessageResult got = store.get_message(topic, QueueId(queue), first, INT32_MAX, SIZE_MAX);
    require(got.messages.size() == expected.size(), "queue {}/{} from {} on has {} messages, not {}", topic, queue,
            first.value(), got.messages.size(), expected.size());
    require(got.min_offset <= first && got.max_offset.value() == expected.back()->queue_offset + 1,
            "queue {}/{} reaches from {} to {}, its messages from {} to {}", topic, queue, got.min_offset.value(),
            got.max_offset.value(), first.value(), expected.back()->queue_offset + 1);
    for (size_t i = 0; i < expected.size(); ++i) {
      MessageView view;
      const RecordStatus status = parse_record(got.messages[i].bytes(), CrcCheck::kBody, view);
      require(status == RecordStatus::kRecord && as_text(view.body) == expected[i]->body &&
                  expected[i]->queue_offset == first.value() + static_cast<int64_t>(i),
              "queue {}/{} has another message at {} than message {}", topic, queue,
              first.value() + static_cast<int64_t>(i), expected[i]->number);
    }
  }
}

void StoreModel::judge_index(DefaultMessageStore& store) const {
  if (store.index() == nullptr) return;
  for (uint64_t i = first_live_; i < messages_.size(); ++i) {
    const ModelMessage& message = messages_[i];
    if (message.promise > Promise::kDurable || message.torn) continue;
    const auto found = store.query_message(message.topic, message.key(), 32, EpochMs(0), EpochMs(INT64_MAX / 2));
    require(found.has_value() && found->size() == 1 && found->front().value() == message.offset,
            "the index has message {} {} times", i, found ? found->size() : 0);
  }
}

uint64_t StoreModel::missing_from_queues(DefaultMessageStore& store) const {
  const auto given = [&](const ModelMessage& message) {
    const GetMessageResult got =
        store.get_message(message.topic, QueueId(message.queue), QueueOffset(message.queue_offset), 1, SIZE_MAX);
    MessageView view;
    return got.messages.size() == 1 &&
           parse_record(got.messages[0].bytes(), CrcCheck::kBody, view) == RecordStatus::kRecord &&
           as_text(view.body) == message.body;
  };
  uint64_t missing = 0;
  for (uint64_t i = first_live_; i < messages_.size(); ++i) {
    const ModelMessage& message = messages_[i];
    if (message.promise == Promise::kDurable && !message.prepared && !given(message)) ++missing;
  }
  return missing;
}

void StoreModel::examine(DefaultMessageStore& store, Kept kept) {
  may_tear_ = kept == Kept::kDurable;
  store.await_dispatch(std::chrono::seconds(1));
  judge_missing(read_log(store), kept, store.min_offset().value());
  judge_queues(store);
  judge_index(store);
}

}  // namespace mqctl::sim
