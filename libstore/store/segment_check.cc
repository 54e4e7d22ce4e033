#include "libstore/store/segment_check.h"

#include <algorithm>

namespace mqctl {
namespace {

constexpr size_t kMaxUsageRanges = 256;
constexpr uint64_t kProgressBytes = 16u << 20;

void add_usage(std::vector<UsageRange>& ranges, Usage usage, uint64_t begin, uint64_t end) {
  if (begin >= end) return;
  const bool joins = !ranges.empty() && ranges.back().end == begin &&
                     (ranges.back().usage == usage || ranges.size() >= kMaxUsageRanges);
  if (!joins) {
    ranges.push_back({usage, begin, end});
    return;
  }
  ranges.back().end = end;
  if (usage == Usage::kDamaged) ranges.back().usage = usage;
}

// Claimed minus true offset; a claim can be any number, so modulo 2^64.
uint64_t shift_of(const ScanEvent& event) {
  return static_cast<uint64_t>(event.message.physical_offset.value()) - static_cast<uint64_t>(event.offset.value());
}

std::string name_message(const ScanEvent& event) {
  const MessageView& message = event.message;
  return event.detail + " (" + std::string(message.topic) + " queue " + std::to_string(message.queue_id.value()) +
         ", queue offset " + std::to_string(message.queue_offset.value()) + ")";
}

class SegmentCheck {
 public:
  SegmentCheck(SegmentReader& reader, const SegmentCheckOptions& options)
      : reader_(reader), options_(options), scanner_(reader, options.check, Resync::kScanOn) {}

  Result<SegmentOutcome> run() {
    ScanEvent event;
    while (true) {
      Result<bool> more = scanner_.next(event);
      if (!more) return std::move(more).error();
      if (!*more) break;
      if (event.kind == ScanKind::kRecord) {
        on_record(event);
      } else {
        on_other(event);
      }
      if (scanner_.position() - reported_ >= kProgressBytes && !report_progress()) break;
    }
    finish_used();
    report_progress();
    out_.size_bytes = reader_.end();
    return std::move(out_);
  }

 private:
  void on_record(const ScanEvent& event) {
    if (out_.records == 0 && event.position == 0) {
      out_.first_record_sound = true;
      out_.first_stored = event.message.stored;
    }
    const EpochMs stored = event.message.stored;
    if (behind_damage_) judge_age(stored);
    if (out_.stale && stored >= newest_) out_.stale.reset();
    newest_ = std::max(newest_, stored);
    ++out_.records;
    used_end_ = event.position + event.length;
  }

  // A record behind damage that is older than what stands before it.
  void judge_age(EpochMs stored) {
    behind_damage_ = false;
    if (out_.stale || stored >= newest_ || out_.records == 0) return;
    const auto first = std::find_if(out_.damages.begin(), out_.damages.end(),
                                    [&](const SegmentDamage& d) { return d.records_before == out_.records; });
    if (first == out_.damages.end()) return;
    out_.stale = {first->position, out_.records, static_cast<size_t>(first - out_.damages.begin())};
  }

  void on_other(const ScanEvent& event) {
    finish_used();
    used_begin_ = used_end_ = event.position + event.length;
    if (event.kind == ScanKind::kDamage) {
      add_usage(out_.usage, Usage::kDamaged, event.position, event.position + event.length);
      add_damage(event);
      behind_damage_ = true;
      return;
    }
    out_.end_position = event.position;
    out_.blank = event.kind == ScanKind::kBlank;
    if (out_.blank) {
      Result<Bytes> head = reader_.view(event.position, 4);
      if (head && head->size() >= 4) out_.blank_claim = load_be<int32_t>(*head, 0);
      add_usage(out_.usage, Usage::kBlank, event.position, event.position + event.length);
      return;
    }
    out_.tail = event.tail;
    out_.tail_damage = event.damage;
    out_.tail_detail = event.detail;
    out_.nonzero_end = event.nonzero_bytes_end;
    add_usage(out_.usage, Usage::kDamaged, event.position, event.nonzero_bytes_end);
    add_usage(out_.usage, Usage::kNeverWritten, event.nonzero_bytes_end, event.position + event.length);
  }

  void add_damage(const ScanEvent& event) {
    const bool framed = event.damage == Damage::kBodyCrc || event.damage == Damage::kPropertyCrc ||
                        event.damage == Damage::kWrongOffset;
    const uint64_t shift = event.damage == Damage::kWrongOffset ? shift_of(event) : 0;
    if (!out_.damages.empty()) {
      SegmentDamage& last = out_.damages.back();
      if (event.damage == Damage::kWrongOffset && last.damage == event.damage && last.shift == shift &&
          last.position + last.length == event.position) {
        last.length += event.length;
        ++last.count;
        return;
      }
    }
    if (out_.damages.size() >= options_.max_damages) {
      ++out_.damages_omitted;
      return;
    }
    out_.damages.push_back({event.damage, event.position, event.length, out_.records, 1, shift,
                            framed ? name_message(event) : event.detail});
  }

  void finish_used() { add_usage(out_.usage, Usage::kUsed, used_begin_, used_end_); }

  bool report_progress() {
    const uint64_t now = scanner_.position();
    if (options_.on_progress) options_.on_progress(now - reported_);
    reported_ = now;
    if (options_.cancel == nullptr || !options_.cancel->load(std::memory_order_relaxed)) return true;
    out_.cancelled = true;
    return false;
  }

  SegmentReader& reader_;
  const SegmentCheckOptions& options_;
  SegmentScanner scanner_;
  SegmentOutcome out_;
  bool behind_damage_ = false;
  EpochMs newest_;
  uint64_t used_begin_ = 0, used_end_ = 0, reported_ = 0;
};

}  // namespace

Result<SegmentOutcome> check_segment(FileSystem& fs, const SegmentFile& segment, const SegmentCheckOptions& options) {
  Result<SegmentReader> reader = SegmentReader::open(fs, segment);
  if (!reader) return std::move(reader).error();
  return SegmentCheck(*reader, options).run();
}

}  // namespace mqctl
