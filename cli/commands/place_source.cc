// PlaceSource: records at places that a consume queue or the key index named; and sources one after the other.
#include <utility>

#include "cli/commands/record_source.h"
#include "libstore/log/segment_search.h"

namespace mqctl {
namespace {

std::string_view class_of(RecordStatus status) {
  switch (status) {
    case RecordStatus::kBadBodyCrc:
      return damage_name(Damage::kBodyCrc);
    case RecordStatus::kBadPropertyCrc:
      return damage_name(Damage::kPropertyCrc);
    case RecordStatus::kRecord:
      return damage_name(Damage::kWrongOffset);
    case RecordStatus::kBadSize:
    case RecordStatus::kTruncated:
      return damage_name(Damage::kBadSize);
    default:
      return damage_name(Damage::kBadMagic);
  }
}

class PlaceSource final : public RecordSource {
 public:
  PlaceSource(SourceFiles files, PlaceFeed places) : files_(std::move(files)), places_(std::move(places)) {}

  Result<bool> next(SourceEvent& event) override {
    while (true) {
      Result<std::optional<PhysicalOffset>> place = places_();
      if (!place) return std::move(place).error();
      if (!*place) return false;
      const SegmentFile* segment = files_.list.find(**place);
      if (segment == nullptr) continue;  // older than the log, by now
      Status status = open(*segment);
      Result<bool> read = status.ok() ? read_at(*segment, **place, event) : Result<bool>(std::move(status));
      if (read) return read;
      if (!files_.on_unreadable) return read;
      files_.on_unreadable(read.error());
    }
  }

 private:
  Status open(const SegmentFile& segment) {
    if (reader_ && reader_->segment().path == segment.path) return {};
    reader_.reset();
    Result<SegmentReader> reader = SegmentReader::open(files_.fs, segment);
    if (!reader) return std::move(reader).error();
    reader_.emplace(std::move(*reader));
    return {};
  }

  Result<bool> read_at(const SegmentFile& segment, PhysicalOffset place, SourceEvent& event) {
    const auto position = static_cast<uint64_t>(place - segment.base);
    Result<RecordStatus> status = parse_record_at(*reader_, position, CrcCheck::kBodyAndProperties, message_);
    if (!status) return std::move(status).error();
    event = SourceEvent{.message = &message_, .offset = place, .file = reader_->segment().name};
    const bool framed = *status == RecordStatus::kRecord || *status == RecordStatus::kBadBodyCrc ||
                        *status == RecordStatus::kBadPropertyCrc;
    if (framed) event.length = message_.record.size();
    if (*status == RecordStatus::kRecord && message_.physical_offset == place) return true;
    event.damage = class_of(*status);
    event.detail = describe(*status);
    event.crc_ok = !framed || *status == RecordStatus::kRecord;
    if (!framed || event.crc_ok) event.message = nullptr;
    return true;
  }

  const SourceFiles files_;
  const PlaceFeed places_;
  std::optional<SegmentReader> reader_;
  MessageView message_;
};

class ChainSource final : public RecordSource {
 public:
  explicit ChainSource(std::vector<std::unique_ptr<RecordSource>> sources) : sources_(std::move(sources)) {}
  Result<bool> next(SourceEvent& event) override {
    for (; at_ < sources_.size(); ++at_) {
      Result<bool> more = sources_[at_]->next(event);
      if (!more || *more) return more;
    }
    return false;
  }

 private:
  const std::vector<std::unique_ptr<RecordSource>> sources_;
  size_t at_ = 0;
};

}  // namespace

std::unique_ptr<RecordSource> place_source(SourceFiles files, PlaceFeed places) {
  return std::make_unique<PlaceSource>(std::move(files), std::move(places));
}

std::unique_ptr<RecordSource> chain_sources(std::vector<std::unique_ptr<RecordSource>> sources) {
  return std::make_unique<ChainSource>(std::move(sources));
}

}  // namespace mqctl
