#include "cli/commands/append_run.h"

#include <chrono>
#include <memory>
#include <utility>

#include "cli/commands/append_feed.h"
#include "cli/commands/append_message.h"
#include "cli/commands/append_plan.h"
#include "cli/commands/append_sink.h"
#include "cli/commands/stop_signals.h"
#include "cli/commands/write_target.h"
#include "cli/output/exit_status.h"
#include "libstore/os/unsynced_file_system.h"
#include "libstore/store/default_message_store.h"

namespace mqctl {
namespace {

constexpr HostAddress kDefaultStoreHost = HostAddress::v4(127, 0, 0, 1, 10911);

StoreOptions store_options(const AppendOptions& options, const WriteTarget& target) {
  StoreOptions store;
  store.root = target.root;
  if (target.commit_log_directories.size() > 1) store.commit_log_directories = target.commit_log_directories;
  store.segment_bytes = options.segment_bytes;
  store.limits.max_body_bytes = options.max_body_bytes;
  store.on_damage = options.force ? OnDamage::kTruncate : OnDamage::kRefuse;
  store.flush.sync_limit = std::chrono::hours(1);  // a receipt waits for the disk, however slow it is
  return store;
}

// The one that the store's records have, so that ids stay of one kind: of the last segment's first record.
HostAddress store_host_of(const DefaultMessageStore& store, const AppendOptions& options) {
  if (options.store_host) return *options.store_host;
  const PhysicalOffset end = store.max_offset();
  if (end == store.min_offset()) return kDefaultStoreHost;
  const auto bytes = static_cast<int64_t>(store.commit_log().segment_bytes());
  MessageView first;
  const PhysicalOffset last_segment((end.value() - 1) / bytes * bytes);
  return store.message_at(last_segment, first) ? first.store_host : kDefaultStoreHost;
}

std::string number(uint64_t value) { return std::to_string(value); }

void tell_recovery(const RecoveryReport& report, const AppendTalk& talk) {
  if (report.after_crash) {
    talk.note("the last writer did not stop cleanly; recovered " + number(report.records_scanned) +
              " messages from commit-log offset " + number(static_cast<uint64_t>(report.scanned_from.value())) + " on");
  }
  // After a clean stop the last message is looked at again: nothing to tell.
  if (report.after_crash || report.records_dispatched > 1) {
    talk.note(number(report.records_dispatched) + " messages entered into queues and index again");
  }
  if (report.bytes_cut > 0) {
    talk.warn("cut " + number(report.bytes_cut) + " bytes off the log at commit-log offset " +
              number(static_cast<uint64_t>(report.log_end.value())) + ": " + report.cut_reason);
  }
  for (const std::string& stray : report.strays) {
    talk.warn(stray + ": does not belong there; an Apache broker will not start over it");
  }
  for (const std::string& note : report.notes) talk.note(note);
}

void tell_topics(const std::vector<TopicChange>& topics, const AppendTalk& talk) {
  for (const TopicChange& topic : topics) {
    talk.note((topic.queues_before == 0 ? "topic added to topics.json: " : "queues raised in topics.json: ") +
              topic.topic + ", " + std::to_string(topic.queues) + " queues");
  }
}

void tell_findings(uint64_t skipped, const AppendTalk& talk) {
  if (skipped > 0) talk.warn(number(skipped) + " lines tell of damage (\"finding\"), not of messages: passed over");
}

class AppendRun {
 public:
  AppendRun(const AppendOptions& options, const Clock& clock, const AppendTalk& talk)
      : options_(options), clock_(clock), talk_(talk), started_(std::chrono::steady_clock::now()) {}

  AppendOutcome run() {
    Result<WriteTarget> target = find_write_target(fs_, options_.location);
    if (!target) return failed(std::move(target).error());
    if (options_.segment_bytes != 0) {
      if (Status status = check_segment_bytes(options_.segment_bytes); !status.ok()) return failed(std::move(status));
    }
    if (Status status = check_message_flags(); !status.ok()) return failed(std::move(status));
    AppendOutcome outcome = options_.dry_run ? plan(*target) : append(*target);
    outcome.root = target->root;
    return outcome;
  }

 private:
  // Before anything is made: a store is not there because a flag was wrong.
  Status check_message_flags() const {
    if (options_.input == InputForm::kJson) return {};
    UniqueKeyGenerator keys(kDefaultStoreHost, 0, 0);
    Result<AppendMessages> messages = AppendMessages::create(options_, kDefaultStoreHost, keys, clock_);
    return messages ? Status() : std::move(messages).error();
  }

  static AppendOutcome failed(Status status) { return {.status = std::move(status)}; }

  AppendOutcome plan(const WriteTarget& target) {
    Result<LogEnd> end = find_log_end(fs_, target, options_.segment_bytes);
    if (!end) return failed(std::move(end).error());
    DrySink sink(options_, end->segment_bytes, end->position);
    const StopSignals signals;
    FeedOutcome fed = feed_messages(
        {options_, options_.store_host.value_or(kDefaultStoreHost), clock_, signals, talk_.progress}, sink);
    tell_findings(fed.findings_skipped, talk_);
    Result<std::vector<TopicChange>> topics = plan_topics(fs_, target.root, sink.topics());
    if (!topics) return failed(std::move(topics).error());
    talk_.print(describe_plan(target, *end, sink, *topics));
    return {.status = std::move(fed.status), .stopped_by = signals.caught()};
  }

  AppendOutcome append(const WriteTarget& target) {
    UnsyncedFileSystem unsynced(fs_);
    FileSystem& fs = options_.sync == SyncMode::kNone ? static_cast<FileSystem&>(unsynced) : fs_;
    Result<std::unique_ptr<DefaultMessageStore>> store =
        DefaultMessageStore::open(fs, clock_, store_options(options_, target));
    if (!store) return not_opened(std::move(store).error());
    tell_recovery((*store)->recovery(), talk_);
    const StopSignals signals;
    StoreSink sink(**store, options_, clock_);
    FeedOutcome fed =
        feed_messages({options_, store_host_of(**store, options_), clock_, signals, talk_.progress}, sink);
    if (Status status = (*store)->shutdown(); fed.status.ok()) fed.status = std::move(status);
    tell_findings(fed.findings_skipped, talk_);
    if (options_.verbose) tell_topics(sink.topic_changes(), talk_);
    tell_summary(sink.totals());
    return {.status = std::move(fed.status), .stopped_by = signals.caught()};
  }

  // Damage is not cut off unasked.
  AppendOutcome not_opened(Status status) const {
    const bool would_cut = would_cut_log(status);
    if (would_cut) talk_.note("`mqctl verify` lists the damage; --force cuts the log there");
    return {.status = std::move(status), .refused = would_cut};
  }

  void tell_summary(const AppendTotals& totals) const {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started_;
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.3f", took.count());
    talk_.note(number(totals.messages) + " messages, " + number(totals.body_bytes) + " bytes appended in " + seconds +
               " s");
  }

  const AppendOptions& options_;
  const Clock& clock_;
  const AppendTalk& talk_;
  FileSystem& fs_ = posix_file_system();
  const std::chrono::steady_clock::time_point started_;
};

}  // namespace

AppendOutcome run_append(const AppendOptions& options, const Clock& clock, const AppendTalk& talk) {
  return AppendRun(options, clock, talk).run();
}

}  // namespace mqctl
