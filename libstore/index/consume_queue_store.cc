#include "libstore/index/consume_queue_store.h"

#include <algorithm>
#include <charconv>

#include "libstore/log/segment_name.h"
#include "libstore/message/delay_level.h"
#include "libstore/message/properties.h"
#include "libstore/message/system_flag.h"

namespace mqctl {
namespace {

// A queue's directory is named by its id as we would write it.
std::optional<QueueId> queue_id_of(std::string_view name) {
  int32_t id = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  const bool whole = error == std::errc() && end == name.data() + name.size();
  return whole && id >= 0 && std::to_string(id) == name ? std::optional(QueueId(id)) : std::nullopt;
}

// CURRENT names the manifest of every RocksDB database.
bool is_rocksdb(const std::vector<DirectoryEntry>& entries) {
  return std::any_of(entries.begin(), entries.end(), [](const DirectoryEntry& entry) {
    return entry.kind == FileKind::kRegular && entry.name == "CURRENT";
  });
}

Result<std::vector<DirectoryEntry>> list_if_there(FileSystem& fs, const std::string& directory) {
  Result<std::vector<DirectoryEntry>> entries = fs.list(directory);
  if (!entries && entries.error().code() == Errc::kNotFound) return std::vector<DirectoryEntry>();
  return entries;
}

// Of the first file named like a segment; 0 without one.
Result<uint64_t> first_segment_bytes(FileSystem& fs, const std::string& queue_directory) {
  Result<std::vector<DirectoryEntry>> files = fs.list(queue_directory);
  if (!files) return std::move(files).error();
  for (const DirectoryEntry& file : *files) {
    if (file.kind != FileKind::kRegular || !offset_of_segment_name(file.name)) continue;
    Result<FileStat> stat = fs.stat(join_path(queue_directory, file.name));
    if (!stat) return std::move(stat).error();
    return stat->size_bytes;
  }
  return uint64_t{0};
}

size_t recent_slot(std::string_view topic, QueueId queue_id, size_t slots) {
  const auto end = static_cast<uint8_t>(topic.empty() ? 0 : topic.back());
  return (topic.size() * 7 + end * 13u + static_cast<uint32_t>(queue_id.value())) % slots;
}

bool takes_multi_dispatch(std::string_view topic) {
  return !topic.starts_with("%RETRY%") && !topic.starts_with("rmq_sys_") && topic != kScheduleTopic;
}

std::string_view take_item(std::string_view& list) {
  const size_t comma = std::min(list.find(','), list.size());
  const std::string_view item = list.substr(0, comma);
  list.remove_prefix(std::min(list.size(), comma + 1));
  return item;
}

}  // namespace

ConsumeQueueStore::ConsumeQueueStore(FileSystem& fs, ConsumeQueueStoreOptions options)
    : fs_(fs), options_(std::move(options)), segment_bytes_(options_.segment_bytes) {}

Status ConsumeQueueStore::load() {
  Result<std::vector<DirectoryEntry>> topics = list_if_there(fs_, options_.directory);
  if (!topics) return std::move(topics).error();
  if (Status status = refuse_other_kinds(*topics); !status.ok()) return status;
  Result<std::vector<Key>> queues = list_queues(*topics);
  if (!queues) return std::move(queues).error();
  Result<uint64_t> usual = usual_segment_bytes(*queues);
  if (!usual) return std::move(usual).error();
  if (*usual != 0) segment_bytes_ = *usual;
  if (segment_bytes_ == 0) segment_bytes_ = kDefaultConsumeQueueSegmentBytes;
  for (const auto& [topic, queue_id] : *queues) add(topic, QueueId(queue_id));
  return for_each([](ConsumeQueue& queue) { return queue.load(); });
}

Status ConsumeQueueStore::refuse_other_kinds(const std::vector<DirectoryEntry>& topics) const {
  if (is_rocksdb(topics)) {
    return Status::error(Errc::kUnsupported, "the consume queues are a RocksDB database, which mqctl cannot write")
        .at(options_.directory);
  }
  const std::string batch = join_path(parent_path(options_.directory), "batchconsumequeue");
  Result<std::vector<DirectoryEntry>> batch_topics = list_if_there(fs_, batch);
  if (!batch_topics) return std::move(batch_topics).error();
  for (const DirectoryEntry& topic : *batch_topics) {
    if (topic.kind != FileKind::kDirectory) continue;
    return Status::error(Errc::kUnsupported, "topic " + topic.name + " has batch queues, which mqctl cannot write")
        .at(batch);
  }
  return {};
}

Result<std::vector<ConsumeQueueStore::Key>> ConsumeQueueStore::list_queues(
    const std::vector<DirectoryEntry>& topics) const {
  std::vector<Key> keys;
  for (const DirectoryEntry& topic : topics) {
    if (topic.kind != FileKind::kDirectory) continue;
    Result<std::vector<DirectoryEntry>> queues = fs_.list(join_path(options_.directory, topic.name));
    if (!queues) return std::move(queues).error();
    for (const DirectoryEntry& entry : *queues) {
      const std::optional<QueueId> queue_id = queue_id_of(entry.name);
      if (entry.kind == FileKind::kDirectory && queue_id) keys.emplace_back(topic.name, queue_id->value());
    }
  }
  return keys;
}

// Most queues decide, so that an error names the odd one out.
Result<uint64_t> ConsumeQueueStore::usual_segment_bytes(const std::vector<Key>& queues) const {
  std::map<uint64_t, int> votes;
  for (const auto& [topic, queue_id] : queues) {
    Result<uint64_t> bytes = first_segment_bytes(fs_, queue_directory(topic, QueueId(queue_id)));
    if (!bytes) return bytes;
    if (*bytes > 0) ++votes[*bytes];
  }
  const auto most =
      std::max_element(votes.begin(), votes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == votes.end() ? uint64_t{0} : most->first;
}

template <class Action>
Status ConsumeQueueStore::for_each(const Action& action) const {
  for (ConsumeQueue* queue : all()) {
    if (Status status = action(*queue); !status.ok()) return status;
  }
  return {};
}

template <class Question>
std::optional<PhysicalOffset> ConsumeQueueStore::least(const Question& question) const {
  std::optional<PhysicalOffset> least;
  for (ConsumeQueue* queue : all()) {
    const std::optional<PhysicalOffset> from = question(*queue);
    if (from && (!least || *from < *least)) least = from;
  }
  return least;
}

std::optional<PhysicalOffset> ConsumeQueueStore::damaged_from(PhysicalOffset surely) {
  return least([&](ConsumeQueue& queue) { return queue.damaged_from(surely); });
}

std::optional<PhysicalOffset> ConsumeQueueStore::misfits_from(PhysicalOffset log_end) {
  return least([&](ConsumeQueue& queue) { return queue.misfits_from(log_end); });
}

Status ConsumeQueueStore::recover() {
  return for_each([](ConsumeQueue& queue) { return queue.recover(); });
}

Status ConsumeQueueStore::sync() const {
  if (all().empty()) return {};
  if (Status status = fs_.sync_directory(options_.directory); !status.ok()) return status;
  std::string_view topic;
  return for_each([&](ConsumeQueue& queue) {
    Status status =
        queue.topic() == topic ? Status() : fs_.sync_directory(join_path(options_.directory, queue.topic()));
    topic = queue.topic();
    if (!status.ok() && status.code() != Errc::kNotFound) return status;
    return queue.sync();
  });
}

Status ConsumeQueueStore::put(const DispatchRequest& request, Beginning beginning) {
  if (!enters_consume_queue(request.sys_flag) || !is_entry_name(request.topic)) return {};
  if (Status status = queue_for(request.topic, request.queue_id).put(request, beginning); !status.ok()) return status;
  return options_.multi_dispatch == MultiDispatch::kOff ? Status() : put_multi(request, beginning);
}

// Lists of different lengths are passed over as Apache does, and so is a name that is no directory's.
Status ConsumeQueueStore::put_multi(const DispatchRequest& request, Beginning beginning) {
  if (!takes_multi_dispatch(request.topic)) return {};
  std::string_view names = find_property(request.properties, property::kInnerMultiDispatch).value_or("");
  std::string_view offsets = find_property(request.properties, property::kInnerMultiQueueOffset).value_or("");
  if (std::count(names.begin(), names.end(), ',') != std::count(offsets.begin(), offsets.end(), ',')) return {};
  while (!names.empty()) {
    const std::string_view name = take_item(names), number = take_item(offsets);
    int64_t offset = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), offset);
    if (error != std::errc() || end != number.data() + number.size()) return {};
    if (!is_entry_name(name)) continue;
    DispatchRequest copy = request;
    copy.topic = name;
    copy.queue_offset = QueueOffset(offset);
    if (name.starts_with("%LMQ%")) copy.queue_id = QueueId(0);
    if (Status status = queue_for(name, copy.queue_id).put(copy, beginning); !status.ok()) return status;
  }
  return {};
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

ConsumeQueue& ConsumeQueueStore::queue_for(std::string_view topic, QueueId queue_id) {
  ConsumeQueue*& recent = recent_[recent_slot(topic, queue_id, recent_.size())];
  if (recent != nullptr && recent->queue_id() == queue_id && recent->topic() == topic) return *recent;
  recent = find(topic, queue_id);
  if (recent == nullptr) recent = &add(std::string(topic), queue_id);
  return *recent;
}

ConsumeQueue& ConsumeQueueStore::add(const std::string& topic, QueueId queue_id) {
  const std::string ext = join_path(parent_path(options_.directory), "consumequeue_ext");
  auto queue = std::make_unique<ConsumeQueue>(fs_, topic, queue_id, queue_directory(topic, queue_id), segment_bytes_,
                                              join_path(join_path(ext, topic), std::to_string(queue_id.value())));
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

PhysicalOffset ConsumeQueueStore::max_physical_offset() const {
  PhysicalOffset end;
  for (const ConsumeQueue* queue : all()) end = std::max(end, queue->max_physical_offset());
  return end;
}

}  // namespace mqctl
