#include "cli/commands/forward_source.h"

#include <algorithm>
#include <utility>

#include "libstore/log/mapped_file_queue.h"

namespace mqctl {

SourceEvent event_of(const ScanEvent& scanned, std::string_view file) {
  SourceEvent event{.offset = scanned.offset, .length = scanned.length, .file = file};
  if (scanned.kind == ScanKind::kRecord) {
    event.message = &scanned.message;
    return event;
  }
  event.damage = damage_name(scanned.damage);
  event.detail = scanned.detail;
  const bool framed = scanned.damage == Damage::kBodyCrc || scanned.damage == Damage::kPropertyCrc;
  if (framed) event.message = &scanned.message;
  event.crc_ok = !framed;
  return event;
}

// True when a segment is open; false where there is none left.
Result<bool> ForwardSource::open_next() {
  const std::vector<SegmentFile>& segments = files_.list.segments;
  while (index_ < segments.size()) {
    const SegmentFile& segment = segments[index_++];
    if (segment.base >= range_.end) return false;
    const PhysicalOffset whole_end =
        segment.base + static_cast<int64_t>(std::max(files_.list.segment_bytes, segment.size_bytes));
    if (whole_end <= range_.begin) continue;
    Result<SegmentReader> reader = SegmentReader::open(files_.fs, segment);
    if (!reader) {
      if (reader.error().code() == Errc::kNotFound)
        continue;  // deleted since it was listed, as brokers do with old ones
      if (!files_.on_unreadable) return std::move(reader).error();
      files_.on_unreadable(reader.error());
      expected_.reset();
      continue;
    }
    if (expected_ && *expected_ < segment.base) {
      held_.push_back({*expected_, static_cast<uint64_t>(segment.base - *expected_),
                       offset_file_name(expected_->value()), "gap", "no segment holds these offsets"});
    }
    expected_ = segment.base + static_cast<int64_t>(files_.list.segment_bytes);
    reader_.emplace(std::move(*reader));
    scanner_.emplace(*reader_, CrcCheck::kBodyAndProperties, resync_);
    const bool inside = range_.begin > segment.base;
    between_records_ = inside && !range_.begins_at_record;
    if (inside) scanner_->seek(static_cast<uint64_t>(range_.begin - segment.base));
    return true;
  }
  return false;
}

void ForwardSource::hold_tail() {
  const bool nothing = scanned_.tail == Tail::kNeverWritten;
  if (scanned_.length == 0 || between_records_) return;
  held_.push_back({scanned_.offset, scanned_.length, reader_->segment().name,
                   std::string(nothing ? "gap" : damage_name(scanned_.damage)),
                   nothing ? "the rest of the segment was never written" : scanned_.detail});
}

bool ForwardSource::give_held(SourceEvent& event) {
  if (held_.empty()) return false;
  given_.assign(1, std::move(held_.front()));
  held_.erase(held_.begin());
  const Held& held = given_.front();
  event = SourceEvent{
      .offset = held.offset, .length = held.length, .file = held.file, .damage = held.damage, .detail = held.detail};
  return true;
}

// Up to the next record or damage, which is then in scanned_. False at the end of the range.
Result<bool> ForwardSource::read() {
  while (true) {
    if (!reader_) {
      Result<bool> opened = open_next();
      if (!opened || !*opened) return opened;
    }
    Result<bool> more = scanner_->next(scanned_);
    if (!more) {
      if (!files_.on_unreadable) return std::move(more).error();
      files_.on_unreadable(more.error());
      reader_.reset();
      continue;
    }
    const bool record = *more && scanned_.kind == ScanKind::kRecord;
    const bool damage = *more && scanned_.kind == ScanKind::kDamage;
    if (record || damage) {
      if (scanned_.offset >= range_.end) return false;
      if (!std::exchange(between_records_, false) || record) return true;
      continue;
    }
    if (*more && scanned_.kind == ScanKind::kTail) {
      if (resync_ == Resync::kStopAtDamage) return false;
      hold_tail();
    }
    reader_.reset();
  }
}

Result<bool> ForwardSource::next(SourceEvent& event) {
  if (!has_scanned_) {
    Result<bool> more = read();
    if (!more || !*more) return more;
    has_scanned_ = true;
  }
  if (give_held(event)) return true;
  has_scanned_ = false;
  event = event_of(scanned_, reader_->segment().name);
  return true;
}

std::unique_ptr<RecordSource> forward_source(SourceFiles files, LogRange range) {
  return std::make_unique<ForwardSource>(std::move(files), range, Resync::kScanOn);
}

}  // namespace mqctl
