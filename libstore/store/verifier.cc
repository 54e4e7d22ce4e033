#include "libstore/store/verifier.h"

#include <algorithm>

#include "libstore/base/mutex.h"
#include "libstore/store/index_check.h"
#include "libstore/store/queue_check.h"
#include "libstore/store/store_checkpoint.h"

namespace mqctl {
namespace {

class Verification {
 public:
  Verification(FileSystem& fs, const StoreLocation& location, const VerifyOptions& options)
      : fs_(fs), location_(location), options_(options) {}

  Result<VerifyReport> run() {
    if (Status status = prepare(); !status.ok()) return status;
    LogCheck check(fs_, location_, log_options(), settled());
    Result<LogVerdict> log = check.run();
    if (!log) return std::move(log).error();
    FindingList findings(options_.max_findings);
    if (Status status = explain(*log, findings); !status.ok()) return status;
    if (log->complete) {
      add_strays(findings);
      if (Status status = finish_parts(*log, findings); !status.ok()) return status;
    }
    return report(std::move(*log), std::move(findings));
  }

 private:
  bool tail_may_lag() const { return options_.tail == TailPolicy::kOk && (location_.locked || location_.abort_file); }
  bool foreign(ForeignPart part) const {
    return std::find(location_.foreign.begin(), location_.foreign.end(), part) != location_.foreign.end();
  }
  bool index_level() const { return report_.level == VerifyLevel::kIndex; }

  Status prepare() {
    report_.level = options_.level;
    if (index_level() && !location_.has_root()) {
      report_.level = VerifyLevel::kCrc;
      report_.notes.push_back("no store around this log: queues and index not checked");
    }
    for (const SegmentFile& segment : location_.segments.segments) total_bytes_ += segment.size_bytes;
    if (index_level()) total_bytes_ *= 2;
    if (!location_.has_root()) return {};
    if (foreign(ForeignPart::kRocksDbConsumeQueue)) {
      report_.notes.push_back("consume queues are a RocksDB database: not checked");
    } else {
      queues_.emplace(fs_, location_, QueueCheckOptions{tail_may_lag(), options_.max_findings});
      if (Status status = queues_->open(); !status.ok()) return status;
    }
    if (!index_level()) return {};
    index_.emplace(fs_, location_, IndexCheckOptions{tail_may_lag(), options_.max_findings});
    return index_->open();
  }

  LogCheckOptions log_options() {
    LogCheckOptions log;
    log.check = options_.level == VerifyLevel::kFrame ? CrcCheck::kNone : CrcCheck::kBodyAndProperties;
    log.jobs = options_.jobs;
    log.strict_tail = options_.tail == TailPolicy::kStrict;
    log.stop_at_first = options_.stop_at_first;
    log.max_findings = options_.max_findings;
    log.cancel = options_.cancel;
    if (queues_) {
      Result<std::optional<PhysicalOffset>> end = queues_->queues_end();
      if (end) queues_end_ = *end;
    }
    log.queues_end = queues_end_;
    if (options_.on_progress) log.on_progress = [this](uint64_t bytes) { progress(bytes); };
    return log;
  }

  void progress(uint64_t bytes) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    done_bytes_ += bytes;
    options_.on_progress(std::min(done_bytes_, total_bytes_), total_bytes_);
  }

  LogCheck::Settled settled() {
    if (!index_level()) return {};
    return [this](const SegmentFile& segment, uint64_t limit, const LogVerdict& so_far) {
      return follow(segment, limit, so_far);
    };
  }

  // The segment once more, still in the page cache: what its records should have in queues and index. Bodies were
  // judged before; a record with a damaged one still has its entries.
  Status follow(const SegmentFile& segment, uint64_t limit, const LogVerdict& so_far) {
    Result<SegmentReader> reader = SegmentReader::open(fs_, segment);
    if (!reader && reader.error().code() == Errc::kNotFound) return {};
    if (!reader) return std::move(reader).error();
    SegmentScanner scanner(*reader, CrcCheck::kNone, Resync::kScanOn);
    uint64_t told = 0;
    for (ScanEvent event; scanner.position() < limit;) {
      Result<bool> more = scanner.next(event);
      if (!more) return std::move(more).error();
      if (!*more) break;
      if (event.kind != ScanKind::kRecord) continue;
      if (Status status = on_record(event.message, so_far.damaged); !status.ok()) return status;
      if (scanner.position() - told < kToldBytes) continue;
      if (options_.on_progress) progress(scanner.position() - told);
      told = scanner.position();
      if (options_.cancel != nullptr && options_.cancel->load(std::memory_order_relaxed)) return {};
    }
    if (options_.on_progress) progress(segment.size_bytes - std::min(told, segment.size_bytes));
    return {};
  }

  Status on_record(const MessageView& message, const std::vector<DamagedRange>& damaged) {
    const DispatchProperties properties = dispatch_properties(message.properties);
    if (queues_) {
      if (Status status = queues_->on_record(message, properties, damaged); !status.ok()) return status;
    }
    return index_->on_record(message, properties, damaged);
  }

  RecoveryFacts facts_of(const LogVerdict& log) {
    RecoveryFacts facts;
    facts.after_crash = location_.abort_file;
    facts.queues_end = queues_end_;
    facts.segments = log.facts;
    if (location_.has_root()) {
      Result<StoreCheckpoint> checkpoint = StoreCheckpoint::load(fs_, join_path(location_.root, "checkpoint"));
      if (checkpoint) facts.checkpoint = *checkpoint;
    }
    return facts;
  }

  // What no broker's next start reads, none enters into a queue. A broker that is at work will.
  PhysicalOffset dispatched_from(const LogVerdict& log) {
    if (location_.locked || log.facts.empty()) return PhysicalOffset(0);
    const RecoveryFacts facts = facts_of(log);
    size_t first = log.facts.size() - 1;
    for (const BrokerRelease release : kBrokerReleases) first = std::min(first, first_segment_read(release, facts));
    return log.facts[first].base;
  }

  // What each finding of the log means, now that everything behind it has been counted.
  Status explain(LogVerdict& log, FindingList& findings) {
    const RecoveryFacts facts = facts_of(log);
    for (size_t i = 0; i < log.findings.kept().size(); ++i) {
      Finding& finding = log.findings.kept()[i];
      if (finding.impact.empty()) {
        LogStop stop;
        stop.segment = log.segment_of[i];
        if (log.complete) stop.messages_behind = log.messages - std::min(log.messages, log.messages_before[i]);
        if (finding.kind == FindingClass::kBodyCrc) stop.unread = "consumers get the message with another body";
        finding.impact = impact_of_stop(facts, stop);
      }
      findings.add(std::move(finding));
    }
    findings.add_omitted(log.findings.total() - log.findings.kept().size());
    return {};
  }

  void add_strays(FindingList& findings) {
    for (const StrayFile& stray : location_.segments.strays) {
      if (stray.reason == "directory") {
        report_.notes.push_back(shown_path(location_, stray.path) +
                                ": a directory; brokers of 5.x pass over it, 4.9 does not start");
        continue;
      }
      Finding finding;
      finding.kind = FindingClass::kStrayFile;
      finding.file = shown_path(location_, stray.path);
      Result<FileStat> stat = fs_.stat(stray.path);
      if (stat) finding.length = stat->size_bytes;
      finding.detail = stray.reason;
      finding.impact = "brokers refuse to start while it is there";
      findings.add(std::move(finding));
    }
  }

  Status finish_parts(const LogVerdict& log, FindingList& findings) {
    if (!index_level()) return {};
    if (queues_) {
      if (Status status = queues_->finish(log, dispatched_from(log), findings); !status.ok()) return status;
    }
    return index_->finish(log, findings);
  }

  Result<VerifyReport> report(LogVerdict log, FindingList findings) {
    report_.complete = log.complete;
    report_.findings_total = findings.total();
    report_.findings = std::move(findings.kept());
    if (options_.stop_at_first && report_.findings_total > 0) {
      report_.complete = false;
      report_.findings.resize(std::min<size_t>(1, report_.findings.size()));
      report_.findings_total = 1;
    }
    report_.segments = log.segments;
    report_.messages = log.messages;
    report_.bytes = log.bytes;
    report_.log_begin = location_.segments.min_offset();
    report_.log_end = log.log_end;
    report_.usage = std::move(log.usage);
    take_notes(log.notes);
    if (queues_ && index_level()) take_notes(queues_->notes());
    if (index_) take_notes(index_->notes());
    return std::move(report_);
  }

  void take_notes(std::vector<std::string>& notes) {
    std::move(notes.begin(), notes.end(), std::back_inserter(report_.notes));
  }

  static constexpr uint64_t kToldBytes = 16u << 20;
  FileSystem& fs_;
  const StoreLocation& location_;
  const VerifyOptions& options_;
  VerifyReport report_;
  std::optional<QueueCheck> queues_;
  std::optional<IndexCheck> index_;
  std::optional<PhysicalOffset> queues_end_;
  uint64_t total_bytes_ = 0;
  Mutex mutex_;
  uint64_t done_bytes_ GUARDED_BY(mutex_) = 0;
};

}  // namespace

Result<VerifyReport> verify(FileSystem& fs, const StoreLocation& location, const VerifyOptions& options) {
  return Verification(fs, location, options).run();
}

}  // namespace mqctl
