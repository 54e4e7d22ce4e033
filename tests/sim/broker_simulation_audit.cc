// What the simulated broker's store holds, compared with the model; after each start and at the end.
#include <algorithm>

#include "libstore/log/log_walk.h"
#include "libstore/message/record_parser.h"
#include "libstore/store/verifier.h"
#include "tests/sim/broker_simulation.h"
#include "tests/sim/failure.h"

namespace mqctl::sim {

void BrokerSimulation::examine(Stop after) {
  broker_->store().await_dispatch(std::chrono::seconds(1));
  model_.begin_audit(after);
  read_log();
  model_.end_audit(broker_->store().max_offset().value());
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

void BrokerSimulation::judge_queues() {
  for (const auto& [key, expected] : model_.queues()) {
    const auto& [topic, queue] = key;
    const GetMessageResult got =
        broker_->store().get_message(topic, QueueId(queue), QueueOffset(0), INT32_MAX, SIZE_MAX);
    require(got.messages.size() == expected.size(), "queue {}/{} has {} messages, the log {}", topic, queue,
            got.messages.size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      MessageView view;
      const RecordStatus status = parse_record(got.messages[i].bytes(), CrcCheck::kBody, view);
      require(status == RecordStatus::kRecord && as_text(view.body) == model_.at(expected[i]).body,
              "queue {}/{} has another message at {} than message {}", topic, queue, i, expected[i]);
    }
  }
}

void BrokerSimulation::judge_offsets(Stop after) {
  const bool may_be_cut = after == Stop::kPower && !options_.config.sync_flush;
  for (const std::string& group : model_.groups()) {
    for (const auto& [topic, queue] : queues()) {
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
  const Result<StoreLocation> location = locate_store(*disk_, options_.root);
  require(location.has_value(), "the store cannot be located");
  VerifyOptions verify_options;
  verify_options.level = VerifyLevel::kIndex;
  const Result<VerifyReport> report = verify(*disk_, *location, verify_options);
  require(report.has_value() && report->complete, "verify failed");
  for (const Finding& finding : report->findings) {
    throw Failure(fmt::format("verify: {} {} at {}: {}", finding_name(finding.kind), finding.file, finding.position,
                              finding.detail));
  }
}

}  // namespace mqctl::sim
