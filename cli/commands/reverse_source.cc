// ReverseSource: a range of the log from its end to its beginning. Records can only be read forwards: a first pass over
// a segment notes a place every few MiB, then each stretch between two places is listed and given backwards.
#include <algorithm>
#include <utility>

#include "cli/commands/record_source.h"
#include "libstore/log/mapped_file_queue.h"
#include "libstore/log/segment_search.h"

namespace mqctl {
namespace {

constexpr uint64_t kStretchBytes = 4u << 20;

struct Item {
  uint64_t position = 0;
  uint64_t length = 0;
  Damage damage = Damage::kNone;
  std::string detail;
};

class ReverseSource final : public RecordSource {
 public:
  ReverseSource(SourceFiles files, LogRange range)
      : files_(std::move(files)), range_(range), index_(files_.list.segments.size()) {}

  Result<bool> next(SourceEvent& event) override {
    while (items_.empty()) {
      if (stretches_.empty()) {
        Result<bool> opened = open_previous();
        if (!opened || !*opened) return opened;
        if (give_gap(event)) return true;
        continue;
      }
      if (Status status = list_stretch(); !status.ok()) return status;
    }
    current_ = std::move(items_.back());
    items_.pop_back();
    return give(event);
  }

 private:
  Result<bool> open_previous() {
    while (index_ > 0) {
      const SegmentFile& segment = files_.list.segments[--index_];
      if (segment.base >= range_.end) continue;
      if (segment.base + static_cast<int64_t>(segment.size_bytes) <= range_.begin) return false;
      Result<SegmentReader> reader = SegmentReader::open(files_.fs, segment);
      if (!reader && reader.error().code() == Errc::kNotFound) continue;
      Status status = reader ? Status() : std::move(reader).error();
      if (status.ok()) {
        reader_.emplace(std::move(*reader));
        status = find_stretches();
      }
      if (status.ok()) return true;
      if (!files_.on_unreadable) return status;
      files_.on_unreadable(status);
      stretches_.clear();
    }
    return false;
  }

  uint64_t first_position() const {
    const int64_t inside = range_.begin - reader_->segment().base;
    return range_.begin > reader_->segment().base ? static_cast<uint64_t>(inside) : 0;
  }

  // Where the stretches of this segment begin; the end of the last one is the end of what the range holds of it.
  Status find_stretches() {
    SegmentScanner scanner(*reader_, CrcCheck::kNone, Resync::kScanOn);
    scanner.seek(first_position());
    stretches_.clear();
    stretch_end_ = first_position();
    ScanEvent event;
    while (true) {
      Result<bool> more = scanner.next(event);
      if (!more) return std::move(more).error();
      if (!*more || event.offset >= range_.end) return {};
      const bool counts = event.kind == ScanKind::kRecord || event.kind == ScanKind::kDamage || is_broken_tail(event);
      if (!counts) continue;
      if (stretches_.empty() || event.position - stretches_.back() >= kStretchBytes)
        stretches_.push_back(event.position);
      stretch_end_ = event.position + event.length;
    }
  }

  // Only something behind it makes the end of a segment damage.
  bool is_broken_tail(const ScanEvent& event) const {
    return event.kind == ScanKind::kTail && seen_ && event.length > 0;
  }

  Status list_stretch() {
    SegmentScanner scanner(*reader_, CrcCheck::kBodyAndProperties, Resync::kScanOn);
    scanner.seek(stretches_.back());
    ScanEvent event;
    while (true) {
      Result<bool> more = scanner.next(event);
      if (!more) return std::move(more).error();
      if (!*more || event.position >= stretch_end_) break;
      if (event.kind == ScanKind::kBlank || (event.kind == ScanKind::kTail && !is_broken_tail(event))) continue;
      const bool begins_inside =
          event.kind == ScanKind::kDamage && event.position == first_position() && event.position > 0;
      if (begins_inside) continue;
      items_.push_back({event.position, event.length, event.damage, event.detail});
      if (event.kind == ScanKind::kTail && event.tail == Tail::kNeverWritten) {
        items_.back().damage = Damage::kZeros;
        items_.back().detail = "the rest of the segment was never written";
      }
    }
    stretch_end_ = stretches_.back();
    stretches_.pop_back();
    return {};
  }

  // Between this segment and the one that was read before.
  bool give_gap(SourceEvent& event) {
    const SegmentFile& segment = reader_->segment();
    const PhysicalOffset end = segment.base + static_cast<int64_t>(files_.list.segment_bytes);
    const std::optional<PhysicalOffset> later = std::exchange(later_base_, segment.base);
    if (!later || !seen_ || end >= *later) return false;
    gap_name_ = offset_file_name(end.value());
    event = SourceEvent{.offset = end,
                        .length = static_cast<uint64_t>(*later - end),
                        .file = gap_name_,
                        .damage = "gap",
                        .detail = "no segment holds these offsets"};
    return true;
  }

  Result<bool> give(SourceEvent& event) {
    seen_ = true;
    scanned_.kind = current_.damage == Damage::kNone ? ScanKind::kRecord : ScanKind::kDamage;
    scanned_.position = current_.position;
    scanned_.offset = reader_->segment().base + static_cast<int64_t>(current_.position);
    scanned_.length = current_.length;
    scanned_.damage = current_.damage;
    scanned_.detail = current_.detail;
    const bool framed = current_.damage == Damage::kNone || current_.damage == Damage::kBodyCrc ||
                        current_.damage == Damage::kPropertyCrc;
    if (framed) {
      Result<RecordStatus> status = parse_record_at(*reader_, current_.position, CrcCheck::kNone, scanned_.message);
      if (!status) return std::move(status).error();
      if (*status != RecordStatus::kRecord) {  // changed since it was listed
        scanned_.kind = ScanKind::kDamage;
        scanned_.damage = Damage::kBadMagic;
      }
    }
    event = event_of(scanned_, reader_->segment().name);
    return true;
  }

  const SourceFiles files_;
  const LogRange range_;
  size_t index_;  // of the segment that was opened last
  std::optional<SegmentReader> reader_;
  std::vector<uint64_t> stretches_;
  uint64_t stretch_end_ = 0;
  std::vector<Item> items_;
  Item current_;
  ScanEvent scanned_;
  bool seen_ = false;
  std::optional<PhysicalOffset> later_base_;
  std::string gap_name_;  // of the segment that should be there
};

}  // namespace

std::unique_ptr<RecordSource> reverse_source(SourceFiles files, LogRange range) {
  return std::make_unique<ReverseSource>(std::move(files), range);
}

}  // namespace mqctl
