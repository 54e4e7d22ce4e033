#include "cli/commands/append_plan.h"

#include <algorithm>
#include <utility>

#include "libstore/log/commit_log.h"
#include "libstore/log/segment_list.h"
#include "libstore/log/segment_reader.h"
#include "libstore/log/segment_scanner.h"
#include "libstore/store/preallocate.h"

namespace mqctl {
namespace {

Status scan_end(FileSystem& fs, const SegmentFile& segment, LogEnd& end) {
  Result<SegmentReader> reader = SegmentReader::open(fs, segment);
  if (!reader) return std::move(reader).error();
  SegmentScanner scanner(*reader, CrcCheck::kNone, Resync::kStopAtDamage);
  ScanEvent event;
  for (;;) {
    Result<bool> more = scanner.next(event);
    if (!more) return std::move(more).error();
    if (!*more) break;
    end.end = event.offset;
    end.position = event.position;
    const bool torn = event.kind == ScanKind::kTail && event.tail != Tail::kNeverWritten;
    if (event.kind == ScanKind::kDamage || torn) end.damage = event.detail;
    if (event.kind == ScanKind::kDamage) break;
    if (event.kind != ScanKind::kRecord && event.kind != ScanKind::kBlank) continue;
    end.end = event.offset + static_cast<int64_t>(event.length);
    end.position = event.position + event.length;
  }
  return {};
}

std::string count_of(uint64_t count, std::string_view what) {
  return std::to_string(count) + ' ' + std::string(what) + (count == 1 ? "" : "s");
}

std::string describe_topic(const TopicChange& topic) {
  const std::string queues = count_of(static_cast<uint64_t>(topic.queues), "queue");
  if (topic.queues_before == 0) return topic.topic + " (new, " + queues + ")";
  return topic.topic + " (from " + std::to_string(topic.queues_before) + " to " + queues + ")";
}

}  // namespace

Result<LogEnd> find_log_end(FileSystem& fs, const WriteTarget& target, uint64_t segment_bytes_wanted) {
  LogEnd end;
  end.segment_bytes = target.segment_bytes;
  if (end.segment_bytes == 0)
    end.segment_bytes = segment_bytes_wanted == 0 ? kDefaultSegmentBytes : segment_bytes_wanted;
  if (target.segment_bytes == 0) return end;
  Result<SegmentList> list = list_segments(fs, target.commit_log_directories);
  if (!list) return std::move(list).error();
  Result<int> spares = count_spares(fs, list->segments);
  if (!spares) return std::move(spares).error();
  end.spare_segments = *spares;
  const auto used = list->segments.size() - static_cast<size_t>(*spares);
  if (used == 0) return end;
  if (Status status = scan_end(fs, list->segments[used - 1], end); !status.ok()) return status;
  return end;
}

std::string describe_plan(const WriteTarget& target, const LogEnd& end, const DrySink& sink,
                          const std::vector<TopicChange>& topics) {
  const AppendTotals& totals = sink.totals();
  const bool first = target.segment_bytes == 0 && totals.messages > 0;
  const uint64_t needed = sink.new_segments() + (first ? 1 : 0);
  const uint64_t spare = std::min<uint64_t>(needed, static_cast<uint64_t>(end.spare_segments));
  std::string text = "store:     " + target.root + (target.segment_bytes == 0 ? " (new)" : "") + '\n';
  text += "messages:  " + count_of(totals.messages, "message") + ", " + count_of(totals.body_bytes, "byte") +
          " of bodies, " + count_of(totals.record_bytes, "byte") + " of records\n";
  text += "log end:   " + std::to_string(end.end.value()) + (end.damage.empty() ? "" : " (" + end.damage + ")") + '\n';
  text += "segments:  " + count_of(needed - spare, "new segment") + " of " + std::to_string(end.segment_bytes) +
          " bytes" + (spare > 0 ? ", " + std::to_string(spare) + " made ahead" : "") + '\n';
  text += std::string("recovery:  ") +
          (target.abort_file ? "needed: the last writer did not stop cleanly" : "not needed") + '\n';
  text += "topics:    ";
  for (size_t i = 0; i < topics.size(); ++i) text += (i == 0 ? "" : ", ") + describe_topic(topics[i]);
  return text + (topics.empty() ? "none to add\n" : "\n");
}

}  // namespace mqctl
