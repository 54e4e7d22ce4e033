#include "libstore/message/client_batch.h"

#include <string>

namespace mqctl {
namespace {

constexpr size_t kTotalSizeAt = 0;
constexpr size_t kFlagAt = 12;
constexpr size_t kBodyLengthAt = 16;
constexpr size_t kBodyAt = 20;
constexpr size_t kFixedBytes = 22;  // with the properties' length field

bool decode_item(Bytes rest, BatchItem& item, size_t& taken) {
  if (rest.size() < kFixedBytes) return false;
  const auto total = load_be<int32_t>(rest, kTotalSizeAt);
  if (total < static_cast<int32_t>(kFixedBytes) || static_cast<size_t>(total) > rest.size()) return false;
  taken = static_cast<size_t>(total);
  const auto body = load_be<int32_t>(rest, kBodyLengthAt);
  if (body < 0 || static_cast<size_t>(body) > taken - kFixedBytes) return false;
  const size_t properties_at = kBodyAt + static_cast<size_t>(body) + 2;
  const auto properties = load_be<int16_t>(rest, properties_at - 2);
  if (properties < 0 || static_cast<size_t>(properties) != taken - properties_at) return false;
  item.flag = load_be<int32_t>(rest, kFlagAt);
  item.body = rest.subspan(kBodyAt, static_cast<size_t>(body));
  item.properties = as_text(rest.subspan(properties_at, static_cast<size_t>(properties)));
  return true;
}

template <std::integral T>
void append_be(std::string& text, T value) {
  std::byte bytes[sizeof(T)];
  store_be(bytes, value);
  text.append(as_text({bytes, sizeof bytes}));
}

}  // namespace

Result<std::vector<BatchItem>> decode_client_batch(Bytes encoded) {
  std::vector<BatchItem> items;
  for (size_t at = 0; at < encoded.size();) {
    BatchItem item;
    size_t taken = 0;
    if (!decode_item(encoded.subspan(at), item, taken)) {
      return Status::error(Errc::kCorruption, "batch item " + std::to_string(items.size() + 1) + ", at byte " +
                                                  std::to_string(at) + ": lengths that contradict each other");
    }
    items.push_back(item);
    at += taken;
  }
  return items;
}

void append_batch_item(std::string& encoded, const BatchItem& item) {
  append_be(encoded, static_cast<int32_t>(kFixedBytes + item.body.size() + item.properties.size()));
  append_be(encoded, int32_t{0});  // magic
  append_be(encoded, int32_t{0});  // body CRC
  append_be(encoded, item.flag);
  append_be(encoded, static_cast<int32_t>(item.body.size()));
  encoded.append(as_text(item.body));
  append_be(encoded, static_cast<int16_t>(item.properties.size()));
  encoded.append(item.properties);
}

}  // namespace mqctl
