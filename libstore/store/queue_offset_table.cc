#include "libstore/store/queue_offset_table.h"

namespace mqctl {

size_t QueueOffsetTable::Hash::operator()(KeyView key) const {
  return std::hash<std::string_view>()(key.topic) ^ (static_cast<size_t>(key.queue_id) * 0x9E3779B97F4A7C15u);
}

QueueCursor& QueueOffsetTable::cursor(std::string_view topic, QueueId queue_id) {
  const KeyView key{topic, queue_id.value()};
  Shard& shard = shards_[Hash()(key) % shards_.size()];
  MutexLock lock(shard.mutex);
  auto found = shard.cursors.find(key);
  if (found == shard.cursors.end()) {
    const QueueCursor fresh{initial_(topic, queue_id).value()};
    found = shard.cursors.emplace(Key{std::string(topic), queue_id.value()}, fresh).first;
  }
  return found->second;
}

}  // namespace mqctl
