#include "libstore/index/consume_queue_store.h"

#include <algorithm>
#include <charconv>

#include "libstore/message/system_flag.h"

namespace mqctl {
namespace {

std::optional<QueueId> queue_id_of(std::string_view name) {
  int32_t id = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return QueueId(id);
}

// CURRENT names the manifest of every RocksDB database.
bool is_rocksdb(const std::vector<DirectoryEntry>& entries) {
  return std::any_of(entries.begin(), entries.end(), [](const DirectoryEntry& entry) {
    return entry.kind == FileKind::kRegular && entry.name == "CURRENT";
  });
}

}  // namespace

ConsumeQueueStore::ConsumeQueueStore(FileSystem& fs, ConsumeQueueStoreOptions options)
    : fs_(fs), options_(std::move(options)), segment_bytes_(options_.segment_bytes) {}

Status ConsumeQueueStore::load() {
  Result<std::vector<DirectoryEntry>> topics = fs_.list(options_.directory);
  if (topics) {
    if (is_rocksdb(*topics)) {
      return Status::error(Errc::kUnsupported, "the consume queues are a RocksDB database, which mqctl cannot write")
          .at(options_.directory);
    }
    for (const DirectoryEntry& topic : *topics) {
      if (topic.kind != FileKind::kDirectory) continue;
      if (Status status = load_topic(topic.name); !status.ok()) return status;
    }
  } else if (topics.error().code() != Errc::kNotFound) {
    return std::move(topics).error();
  }
  if (segment_bytes_ == 0) segment_bytes_ = kDefaultConsumeQueueSegmentBytes;
  return for_each([](ConsumeQueue& queue) { return queue.load(); });
}

Status ConsumeQueueStore::load_topic(const std::string& topic) {
  Result<std::vector<DirectoryEntry>> queues = fs_.list(join_path(options_.directory, topic));
  if (!queues) return std::move(queues).error();
  for (const DirectoryEntry& entry : *queues) {
    const std::optional<QueueId> queue_id = queue_id_of(entry.name);
    if (entry.kind != FileKind::kDirectory || !queue_id) continue;
    Result<uint64_t> bytes = size_of_first_segment(queue_directory(topic, *queue_id));
    if (!bytes) return std::move(bytes).error();
    if (*bytes == 0) continue;  // made and never written
    if (segment_bytes_ == 0) segment_bytes_ = *bytes;
    add(topic, *queue_id);
  }
  return {};
}

Result<uint64_t> ConsumeQueueStore::size_of_first_segment(const std::string& directory) {
  Result<std::vector<DirectoryEntry>> files = fs_.list(directory);
  if (!files) return std::move(files).error();
  for (const DirectoryEntry& file : *files) {
    if (file.kind != FileKind::kRegular) continue;
    Result<FileStat> stat = fs_.stat(join_path(directory, file.name));
    if (!stat) return std::move(stat).error();
    return stat->size_bytes;
  }
  return uint64_t{0};
}

template <class Action>
Status ConsumeQueueStore::for_each(const Action& action) const {
  for (ConsumeQueue* queue : all()) {
    if (Status status = action(*queue); !status.ok()) return status;
  }
  return {};
}

Status ConsumeQueueStore::recover() {
  return for_each([](ConsumeQueue& queue) { return queue.recover(); });
}

Status ConsumeQueueStore::put(const DispatchRequest& request) {
  if (!enters_consume_queue(request.sys_flag)) return {};
  if (last_used_ == nullptr || last_used_->queue_id() != request.queue_id || last_used_->topic() != request.topic) {
    last_used_ = &find_or_create(request.topic, request.queue_id);
  }
  return last_used_->put(request);
}

Status ConsumeQueueStore::truncate(PhysicalOffset log_end) {
  return for_each([&](ConsumeQueue& queue) { return queue.truncate(log_end); });
}

void ConsumeQueueStore::correct_min_offsets(PhysicalOffset log_min) {
  for (ConsumeQueue* queue : all()) queue->correct_min_offset(log_min);
}

Result<int> ConsumeQueueStore::delete_expired(PhysicalOffset log_min) {
  int deleted = 0;
  for (ConsumeQueue* queue : all()) {
    Result<int> of_queue = queue->delete_expired(log_min);
    if (!of_queue) return of_queue;
    deleted += *of_queue;
  }
  return deleted;
}

Status ConsumeQueueStore::flush() {
  return for_each([](ConsumeQueue& queue) { return queue.flush(); });
}

Status ConsumeQueueStore::destroy_all() {
  return for_each([](ConsumeQueue& queue) { return queue.destroy(); });
}

ConsumeQueue* ConsumeQueueStore::find(std::string_view topic, QueueId queue_id) const {
  MutexLock lock(mutex_);
  const auto found = queues_.find(KeyView(topic, queue_id.value()));
  return found == queues_.end() ? nullptr : found->second.get();
}

ConsumeQueue& ConsumeQueueStore::find_or_create(std::string_view topic, QueueId queue_id) {
  ConsumeQueue* queue = find(topic, queue_id);
  return queue != nullptr ? *queue : add(std::string(topic), queue_id);
}

ConsumeQueue& ConsumeQueueStore::add(const std::string& topic, QueueId queue_id) {
  auto queue =
      std::make_unique<ConsumeQueue>(fs_, topic, queue_id, queue_directory(topic, queue_id), segment_bytes_);
  MutexLock lock(mutex_);
  return *queues_.emplace(Key(topic, queue_id.value()), std::move(queue)).first->second;
}

std::string ConsumeQueueStore::queue_directory(std::string_view topic, QueueId queue_id) const {
  return join_path(join_path(options_.directory, topic), std::to_string(queue_id.value()));
}

std::vector<ConsumeQueue*> ConsumeQueueStore::all() const {
  MutexLock lock(mutex_);
  std::vector<ConsumeQueue*> queues;
  queues.reserve(queues_.size());
  for (const auto& [key, queue] : queues_) queues.push_back(queue.get());
  return queues;
}

std::optional<ConsumeQueueUnit> ConsumeQueueStore::last_unit() const {
  std::optional<ConsumeQueueUnit> last;
  for (const ConsumeQueue* queue : all()) {
    const std::optional<ConsumeQueueUnit> unit = queue->last_unit();
    if (unit && (!last || unit->physical_offset > last->physical_offset)) last = unit;
  }
  return last;
}

}  // namespace mqctl
