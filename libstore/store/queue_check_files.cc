// The part of QueueCheck that lists files, before any record is seen.
#include <algorithm>
#include <charconv>
#include <map>

#include "libstore/store/queue_check.h"

namespace mqctl {
namespace {

constexpr size_t kAllWindowsBytes = 16u << 20;
constexpr size_t kMaxWindowUnits = 4096;
constexpr size_t kMinWindowUnits = 16;
constexpr std::string_view kMultiDispatchPrefix = "%LMQ%";

}  // namespace

void QueueCheck::queue_path(std::string& path, std::string_view topic, QueueId queue_id) {
  path.assign(topic).push_back('/');
  char digits[16];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, queue_id.value());
  path.append(digits, end);
}

Status QueueCheck::open() {
  Result<std::vector<DirectoryEntry>> batch = fs_.list(join_path(location_.root, "batchconsumequeue"));
  if (batch) {
    for (const DirectoryEntry& topic : *batch) batch_topics_.insert(topic.name);
  }
  if (!batch_topics_.empty()) notes_.push_back(counted(batch_topics_.size(), "batch topic") + ": queues not checked");
  load_topic_names();
  Result<QueueListing> listing = list_queues(fs_, location_.consume_queue_directory());
  if (!listing && listing.error().code() == Errc::kNotFound) return {};
  if (!listing) return std::move(listing).error();
  for (const StrayFile& stray : listing->strays) {
    notes_.push_back(shown_path(location_, stray.path) + ": " + stray.reason + "; brokers pass over it");
  }
  std::map<uint64_t, uint64_t> sizes;
  for (const QueueKey& key : listing->queues) {
    uint64_t size = 0;
    if (Status status = add_queue(key, size); !status.ok()) return status;
    if (size > 0) ++sizes[size];
  }
  for (const auto& [size, votes] : sizes) {
    if (segment_bytes_ == 0 || votes >= sizes[segment_bytes_]) segment_bytes_ = size;
  }
  judge_files();
  const size_t units = kAllWindowsBytes / ConsumeQueueUnit::kEncodedBytes / std::max<size_t>(1, queues_.size());
  for (const auto& queue : queues_) queue->files.set_window_units(std::clamp(units, kMinWindowUnits, kMaxWindowUnits));
  return {};
}

Status QueueCheck::add_queue(const QueueKey& key, uint64_t& votes_of_size) {
  std::string name;
  queue_path(name, key.topic, key.queue_id);
  const std::string directory = join_path(location_.consume_queue_directory(), name);
  Result<SegmentList> files = list_segments(fs_, {directory});
  if (!files && files.error().code() != Errc::kNotFound) return std::move(files).error();
  std::vector<QueueFiles::Piece> pieces;
  if (files) {
    votes_of_size = files->segment_bytes;
    for (const SegmentFile& file : files->segments) pieces.push_back({file.base.value(), file.size_bytes});
    // A writer that was killed had just made it; the next start takes it away (Apache: MappedFileQueue.doLoad).
    const bool was_killed = location_.abort_file && !location_.locked;
    if (was_killed && !pieces.empty() && pieces.back().size_bytes == 0) pieces.pop_back();
    for (const StrayFile& stray : files->strays) {
      if (stray.reason == "directory") continue;  // brokers pass over it
      Finding finding;
      finding.kind = FindingClass::kStrayFile;
      finding.file = shown_path(location_, stray.path);
      finding.queue = key;
      finding.detail = stray.reason;
      finding.impact = "brokers refuse to start while it is there";
      found_.add(std::move(finding));
    }
  }
  queues_.push_back(std::make_unique<Queue>(QueueFiles(fs_, directory, key, std::move(pieces))));
  queues_.back()->multi_dispatch = key.topic.starts_with(kMultiDispatchPrefix);
  any_multi_dispatch_ = any_multi_dispatch_ || queues_.back()->multi_dispatch;
  by_name_.emplace(std::move(name), queues_.back().get());
  return {};
}

void QueueCheck::judge_files() {
  for (const auto& queue : queues_) {
    for (const QueueFiles::Piece& piece : queue->files.pieces()) {
      const bool newest = &piece == &queue->files.pieces().back();
      if (piece.size_bytes == segment_bytes_ || (newest && location_.locked)) continue;
      const uint64_t from = std::min(piece.size_bytes, segment_bytes_), to = std::max(piece.size_bytes, segment_bytes_);
      Finding finding;
      finding.kind = piece.size_bytes < segment_bytes_ ? FindingClass::kShortFile : FindingClass::kOversizedFile;
      finding.queue = queue->files.key();
      const int64_t unit = piece.base / static_cast<int64_t>(ConsumeQueueUnit::kEncodedBytes);
      finding.file = shown_path(location_, queue->files.path_of(unit));
      finding.position = from;
      finding.length = to - from;
      finding.detail = std::to_string(piece.size_bytes) + " bytes where others have " + std::to_string(segment_bytes_);
      finding.impact = "brokers refuse to start over a queue file of another size";
      found_.add(std::move(finding));
    }
  }
}

Result<std::optional<PhysicalOffset>> QueueCheck::queues_end() {
  std::optional<PhysicalOffset> end;
  for (const auto& queue : queues_) {
    int64_t low = queue->files.first_unit(), high = queue->files.end_unit();
    while (low < high) {  // the first unit not written, if the written ones have no hole
      const int64_t middle = low + (high - low) / 2;
      Result<std::optional<ConsumeQueueUnit>> unit = queue->files.unit(middle);
      if (!unit) return std::move(unit).error();
      const bool there = unit->has_value() && (*unit)->valid() && (*unit)->size > 0;
      (there ? low : high) = there ? middle + 1 : middle;
    }
    Result<std::optional<ConsumeQueueUnit>> last = queue->files.unit(low - 1);
    if (!last) return std::move(last).error();
    if (!last->has_value() || !(*last)->valid() || (*last)->pre_blank()) continue;
    if ((*last)->physical_offset.value() > INT64_MAX / 2) continue;
    const PhysicalOffset behind = (*last)->physical_offset + (*last)->size;
    if (!end || behind > *end) end = behind;
  }
  return end;
}

}  // namespace mqctl
