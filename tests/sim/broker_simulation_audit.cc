// What the simulated broker's store holds, compared with the model; after each start and at the end.
#include <algorithm>

#include "libstore/log/log_walk.h"
#include "libstore/log/mapped_file_queue.h"
#include "libstore/message/record_parser.h"
#include "libstore/store/verifier.h"
#include "tests/sim/broker_simulation.h"
#include "tests/sim/failure.h"

namespace mqctl::sim {
namespace {

// Made again, it may begin at 0 while the log has earlier records of the same places: one of two is in no queue.
bool of_deleted_topic(const Finding& finding) {
  return finding.queue && finding.queue->topic == kDeletedTopic &&
         (finding.kind == FindingClass::kCqMissing || finding.kind == FindingClass::kCqMismatch);
}

}  // namespace

void BrokerSimulation::examine(Stop after) {
  broker_->store().await_dispatch(std::chrono::seconds(1));
  watch_log();
  model_.begin_audit(after);
  read_log();
  model_.end_audit(broker_->store().max_offset().value());
  model_.dispatched_again(broker_->recovery().scanned_from.value());
  judge_queues();
  judge_offsets(after);
}

void BrokerSimulation::read_log() {
  const CommitLog& log = broker_->store().commit_log();
  if (log.files().first() == nullptr) return;
  const auto visit = [&](const MessageView& view) {
    model_.audit(view);
    return Status();
  };
  const Result<LogWalk> walk = walk_log(log.files(), log.min_offset(), CrcCheck::kBodyAndProperties, visit);
  require(walk.has_value() && walk->stopped_by.empty(), "the log is broken at {}: {}", walk ? walk->end.value() : -1,
          walk ? walk->stopped_by : walk.error().to_string());
}

void BrokerSimulation::date_segments() {
  const int64_t end = broker_->store().max_offset().value();
  if (end == log_end_) return;
  const int64_t bytes = options_.config.segment_bytes;
  for (int64_t at = std::min(log_end_, end); at / bytes <= end / bytes; at += bytes)
    dated_disk_.written(segment_path(at), clock_.now());
  log_end_ = end;
}

// What is gone since it was looked at last.
void BrokerSimulation::watch_log() {
  date_segments();
  const int64_t begin = broker_->store().min_offset().value();
  for (int64_t at = log_begin_; at < begin; at += options_.config.segment_bytes) {
    const int64_t age = clock_.now() - dated_disk_.modified(segment_path(at));
    require(age >= rules().reserved_ms, "a segment is deleted {} ms after it was written", age);
    ++counts_.segments_deleted;
  }
  log_begin_ = begin;
  model_.log_begins_at(begin, clock_.now());
}

std::string BrokerSimulation::segment_path(int64_t offset) const {
  const int64_t first = offset - offset % options_.config.segment_bytes;
  return join_path(join_path(options_.root, "commitlog"), offset_file_name(first));
}

void BrokerSimulation::judge_queues() {
  for (const auto& [key, expected] : model_.queues()) {
    if (key.first == kDeletedTopic) {
      judge_queue_of_deleted(key, expected);
    } else {
      judge_queue(key, expected);
    }
  }
}

void BrokerSimulation::judge_queue(const QueueKey& key, const LoggedQueue& expected) {
  const auto& [topic, queue] = key;
  DefaultMessageStore& store = broker_->store();
  const int64_t min = store.min_queue_offset(topic, QueueId(queue)).value();
  const int64_t most = model_.least_minimum(expected);
  require(min >= expected.first && min <= most, "queue {}/{} begins at {}, which the log has from {}, at most {}",
          topic, queue, min, expected.first, most);
  const auto skipped = static_cast<size_t>(min - expected.first);
  const GetMessageResult got = store.get_message(topic, QueueId(queue), QueueOffset(min), INT32_MAX, SIZE_MAX);
  require(skipped + got.messages.size() == expected.messages.size(), "queue {}/{} has {} messages, the log {}", topic,
          queue, got.messages.size(), expected.messages.size() - skipped);
  for (size_t i = 0; i < got.messages.size(); ++i) {
    const uint64_t number = expected.messages[skipped + i].number;
    MessageView view;
    const RecordStatus status = parse_record(got.messages[i].bytes(), CrcCheck::kBody, view);
    require(status == RecordStatus::kRecord && as_text(view.body) == model_.at(number).body,
            "queue {}/{} has another message at {} than message {}", topic, queue, skipped + i, number);
  }
}

// It has some of what the log has, in the log's order.
void BrokerSimulation::judge_queue_of_deleted(const QueueKey& key, const LoggedQueue& logged) {
  DefaultMessageStore& store = broker_->store();
  const auto& [topic, queue] = key;
  const QueueOffset min = store.min_queue_offset(topic, QueueId(queue));
  const GetMessageResult got = store.get_message(topic, QueueId(queue), min, INT32_MAX, SIZE_MAX);
  auto next = logged.messages.begin();
  for (const HeldBytes& record : got.messages) {
    MessageView view;
    require(parse_record(record.bytes(), CrcCheck::kBody, view) == RecordStatus::kRecord,
            "queue {}/{} has something that is no message", topic, queue);
    const int64_t physical = view.physical_offset.value();
    next = std::find_if(next, logged.messages.end(), [&](const auto& each) { return each.physical == physical; });
    require(next != logged.messages.end(), "queue {}/{} has a message of {}, the log not", topic, queue, physical);
    model_.judge_deleted(model_.at(next->number), model_.turn + 1);
  }
}

void BrokerSimulation::judge_offsets(Stop after) {
  const bool may_be_cut = after == Stop::kPower && !options_.config.sync_flush;
  for (const std::string& group : model_.groups()) {
    for (const auto& [topic, queue] : queues()) {
      if (topic == kDeletedTopic) continue;
      model_.commits(group, {topic, queue})
          .restarted(broker_->offsets().query(group, topic, queue), after == Stop::kClean, may_be_cut,
                     broker_->store().max_queue_offset(topic, QueueId(queue)).value());
    }
  }
}

// At the end the broker is stopped in order; the model and verify must find nothing wrong with what it leaves.
void BrokerSimulation::finish() {
  stop_in_order();
  require(broker_->shutdown().ok(), "the last stop failed");
  let_go_of_broker();
  judge_soundness();
}

void BrokerSimulation::judge_soundness() {
  const Result<StoreLocation> location = locate_store(*disk_, options_.root);
  require(location.has_value(), "the store cannot be located");
  VerifyOptions verify_options;
  verify_options.level = VerifyLevel::kIndex;
  const Result<VerifyReport> report = verify(*disk_, *location, verify_options);
  require(report.has_value() && report->complete, "verify failed");
  for (const Finding& finding : report->findings) {
    if (of_deleted_topic(finding)) continue;
    throw Failure(fmt::format("verify: {} {} at {}: {}", finding_name(finding.kind), finding.file, finding.position,
                              finding.detail));
  }
}

}  // namespace mqctl::sim
