// FollowingSource: the log up to its end, and what is written behind it from then on.
//
// The first pass reads as any reader does. After that the end is looked at again and again, a few bytes each time: what
// is no whole record yet is left for later. Only when a later segment has records, and this one still goes on with
// none, is what stands here damage.
#include "cli/commands/forward_source.h"
#include "libstore/log/segment_search.h"

namespace mqctl {
namespace {

class FollowingSource final : public RecordSource {
 public:
  FollowingSource(FileSystem& fs, FollowHooks hooks, LogRange range)
      : fs_(fs), hooks_(std::move(hooks)), range_(range) {}

  Result<bool> next(SourceEvent& event) override {
    Resync resync = Resync::kScanOn;
    while (true) {
      if (!source_) {
        if (Status status = look_again(resync); !status.ok()) return status;
      }
      Result<bool> more = source_->next(event);
      if (!more) return more;
      if (*more) {
        range_.begin = event.offset + static_cast<int64_t>(event.length);
        range_.begins_at_record = true;
        return true;
      }
      if (range_.begin >= range_.end) return false;
      source_.reset();
      if (!hooks_.wait()) return false;
      resync = Resync::kStopAtDamage;
    }
  }

 private:
  Status look_again(Resync resync) {
    Result<SegmentList> list = hooks_.list();
    if (!list) return std::move(list).error();
    list_ = std::move(*list);
    if (resync == Resync::kStopAtDamage && left_behind()) resync = Resync::kScanOn;
    source_ = std::make_unique<ForwardSource>(SourceFiles{fs_, list_, nullptr}, range_, resync);
    return {};
  }

  // Whether the segment after the one we are in has a record.
  bool left_behind() {
    for (const SegmentFile& segment : list_.segments) {
      if (segment.base <= range_.begin) continue;
      Result<SegmentReader> reader = SegmentReader::open(fs_, segment);
      if (!reader) return false;
      MessageView message;
      Result<RecordStatus> status = parse_record_at(*reader, 0, CrcCheck::kNone, message);
      return status && *status == RecordStatus::kRecord;
    }
    return false;
  }

  FileSystem& fs_;
  const FollowHooks hooks_;
  LogRange range_;
  SegmentList list_;
  std::unique_ptr<ForwardSource> source_;
};

}  // namespace

std::unique_ptr<RecordSource> following_source(FileSystem& fs, FollowHooks hooks, LogRange range) {
  return std::make_unique<FollowingSource>(fs, std::move(hooks), range);
}

}  // namespace mqctl
