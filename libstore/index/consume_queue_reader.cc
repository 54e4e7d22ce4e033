#include "libstore/index/consume_queue_reader.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace mqctl {
namespace {

constexpr uint64_t kUnit = ConsumeQueueUnit::kEncodedBytes;
constexpr uint64_t kWindowBytes = kUnit * 1024;
constexpr size_t kRecoveredSegments = 3;  // Apache: recover looks at the last three, earlier ones are trusted

std::optional<QueueId> queue_id_of(const std::string& name) {
  int32_t id = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return QueueId(id);
}

Status list_topic(FileSystem& fs, const std::string& directory, const std::string& topic, QueueListing& listing) {
  Result<std::vector<DirectoryEntry>> entries = fs.list(directory);
  if (!entries) return std::move(entries).error();
  for (const DirectoryEntry& entry : *entries) {
    const std::optional<QueueId> id = queue_id_of(entry.name);
    if (entry.kind == FileKind::kDirectory && id) {
      listing.queues.push_back({topic, *id});
    } else {
      listing.strays.push_back({join_path(directory, entry.name), "not a queue's directory"});
    }
  }
  return {};
}

std::string queue_directory(const std::string& consume_queue_directory, const QueueKey& key) {
  return join_path(join_path(consume_queue_directory, key.topic), std::to_string(key.queue_id.value()));
}

}  // namespace

struct ConsumeQueueReader::OpenFile {
  size_t index = SIZE_MAX;
  std::unique_ptr<File> file;
  uint64_t position = 0;  // of the window
  std::vector<std::byte> window;

  Status open_file(FileSystem& fs, const SegmentList& files, size_t wanted) {
    if (index == wanted) return {};
    Result<std::unique_ptr<File>> opened = fs.open(files.segments[wanted].path, OpenMode::kRead);
    if (!opened) return std::move(opened).error();
    file = std::move(*opened);
    index = wanted;
    window.clear();
    return {};
  }

  Status fill(uint64_t at) {
    window.assign(static_cast<size_t>(kWindowBytes), std::byte{0});
    position = at / kWindowBytes * kWindowBytes;
    Result<size_t> got = file->read_at(position, window);
    if (!got) window.clear();
    return got ? Status() : std::move(got).error();
  }

  bool holds(uint64_t at) const { return at >= position && at - position + kUnit <= window.size(); }
  ConsumeQueueUnit unit(uint64_t at) const { return ConsumeQueueUnit::load(window.data() + (at - position)); }
};

Result<QueueListing> list_queues(FileSystem& fs, const std::string& consume_queue_directory) {
  QueueListing listing;
  Result<std::vector<DirectoryEntry>> topics = fs.list(consume_queue_directory);
  if (!topics) return std::move(topics).error();
  for (const DirectoryEntry& topic : *topics) {
    const std::string path = join_path(consume_queue_directory, topic.name);
    if (topic.kind != FileKind::kDirectory) {
      listing.strays.push_back({path, "not a topic's directory"});
      continue;
    }
    if (Status status = list_topic(fs, path, topic.name, listing); !status.ok()) return status;
  }
  std::sort(listing.queues.begin(), listing.queues.end());
  return listing;
}

ConsumeQueueReader::ConsumeQueueReader(FileSystem& fs, QueueKey key, SegmentList files)
    : fs_(&fs), key_(std::move(key)), files_(std::move(files)), open_(std::make_shared<OpenFile>()) {}

Result<ConsumeQueueReader> ConsumeQueueReader::open(FileSystem& fs, const std::string& consume_queue_directory,
                                                    const QueueKey& key) {
  Result<SegmentList> files = list_segments(fs, {queue_directory(consume_queue_directory, key)});
  if (!files) return std::move(files).error();
  return ConsumeQueueReader(fs, key, std::move(*files));
}

QueueOffset ConsumeQueueReader::first_in_files() const {
  return QueueOffset(files_.min_offset().value() / static_cast<int64_t>(kUnit));
}

Result<ConsumeQueueUnit> ConsumeQueueReader::unit(QueueOffset offset) {
  const auto outside = [&] {
    return Status::error(Errc::kNotFound, "no unit " + std::to_string(offset.value()) + " in the queue's files");
  };
  if (offset.value() < 0 || offset.value() > INT64_MAX / static_cast<int64_t>(kUnit)) return outside();
  const PhysicalOffset byte(offset.value() * static_cast<int64_t>(kUnit));
  const SegmentFile* segment = files_.find(byte);
  if (segment == nullptr) return outside();
  const auto index = static_cast<size_t>(segment - files_.segments.data());
  if (Status status = open_->open_file(*fs_, files_, index); !status.ok()) return status;
  const auto position = static_cast<uint64_t>(byte - segment->base);
  // What was not written when the window was read may be by now.
  if (!open_->holds(position) || !open_->unit(position).valid() || open_->unit(position).size == 0) {
    if (Status status = open_->fill(position); !status.ok()) return status;
  }
  if (!open_->holds(position)) return outside();
  return open_->unit(position);
}

Result<QueueOffset> ConsumeQueueReader::max_offset() {
  if (files_.empty()) return QueueOffset(0);
  const size_t back = std::min(files_.segments.size(), kRecoveredSegments);
  QueueOffset at(files_.segments[files_.segments.size() - back].base.value() / static_cast<int64_t>(kUnit));
  while (true) {
    Result<ConsumeQueueUnit> found = unit(at);
    if (!found && found.error().code() == Errc::kNotFound) return at;
    if (!found) return std::move(found).error();
    if (!found->valid()) return at;
    ++at;
  }
}

Result<QueueOffset> ConsumeQueueReader::min_offset(PhysicalOffset log_min) {
  Result<QueueOffset> max = max_offset();
  if (!max) return max;
  int64_t low = first_in_files().value(), high = max->value();
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    Result<ConsumeQueueUnit> found = unit(QueueOffset(middle));
    if (!found) return std::move(found).error();
    const bool in_log = found->physical_offset >= log_min && !found->pre_blank();
    (in_log ? high : low) = in_log ? middle : middle + 1;
  }
  return QueueOffset(low);
}

}  // namespace mqctl
