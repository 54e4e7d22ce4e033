#include "libstore/message/message_id.h"

#include <array>
#include <ctime>

namespace mqctl {
namespace {

constexpr std::string_view kDigits = "0123456789ABCDEF";

void append_hex(std::string& text, Bytes bytes) {
  const size_t start = text.size();
  text.resize(start + 2 * bytes.size());
  char* to = text.data() + start;
  for (const std::byte byte : bytes) {
    *to++ = kDigits[std::to_integer<size_t>(byte >> 4)];
    *to++ = kDigits[std::to_integer<size_t>(byte & std::byte{0xF})];
  }
}

template <std::integral T>
void append_hex(std::string& text, T value) {
  std::array<std::byte, sizeof(T)> bytes;
  store_be(bytes.data(), value);
  append_hex(text, Bytes(bytes));
}

std::optional<uint8_t> digit_of(char c) {
  if (c >= '0' && c <= '9') return static_cast<uint8_t>(c - '0');
  if (c >= 'A' && c <= 'F') return static_cast<uint8_t>(c - 'A' + 10);
  if (c >= 'a' && c <= 'f') return static_cast<uint8_t>(c - 'a' + 10);
  return std::nullopt;
}

bool decode_hex(std::string_view hex, MutableBytes into) {
  for (size_t i = 0; i < into.size(); ++i) {
    const std::optional<uint8_t> high = digit_of(hex[2 * i]), low = digit_of(hex[2 * i + 1]);
    if (!high || !low) return false;
    into[i] = static_cast<std::byte>(*high << 4 | *low);
  }
  return true;
}

// Local midnight of the first of the month that holds `now`, or of one some months later.
EpochMs month_of(EpochMs now, int months_later) {
  const auto seconds = static_cast<time_t>(now.value() / 1000);
  struct tm local {};
  ::localtime_r(&seconds, &local);
  local.tm_mon += months_later;
  local.tm_mday = 1;
  local.tm_hour = local.tm_min = local.tm_sec = 0;
  local.tm_isdst = -1;
  return EpochMs(static_cast<int64_t>(::mktime(&local)) * 1000);
}

}  // namespace

std::string offset_message_id(const HostAddress& store_host, PhysicalOffset physical_offset) {
  std::string id;
  std::array<std::byte, RecordLayout::kHostV6Bytes> host;
  id.reserve(2 * (store_host.encoded_bytes() + sizeof physical_offset));
  store_host.store(host.data());
  append_hex(id, Bytes(host.data(), store_host.encoded_bytes()));
  append_hex(id, physical_offset.value());
  return id;
}

std::optional<OffsetMessageId> parse_offset_message_id(std::string_view hex) {
  std::array<std::byte, RecordLayout::kHostV6Bytes + 8> bytes{};
  const size_t length = hex.size() / 2;
  const bool v6 = length == bytes.size();
  if (hex.size() % 2 != 0 || (!v6 && length != RecordLayout::kHostV4Bytes + 8)) return std::nullopt;
  if (!decode_hex(hex, {bytes.data(), length})) return std::nullopt;
  return OffsetMessageId{HostAddress::load(bytes.data(), v6),
                         PhysicalOffset(load_be<int64_t>(bytes.data() + length - 8))};
}

UniqueKeyGenerator::UniqueKeyGenerator(const HostAddress& host, uint32_t process_id, uint32_t discriminator) {
  append_hex(prefix_, Bytes(reinterpret_cast<const std::byte*>(host.address.data()), host.address_bytes()));
  append_hex(prefix_, static_cast<uint16_t>(process_id));
  append_hex(prefix_, discriminator);
}

int32_t UniqueKeyGenerator::since_month_start(EpochMs now) {
  const MutexLock lock(mutex_);
  if (now < month_start_ || now >= month_end_) {
    month_start_ = month_of(now, 0);
    month_end_ = month_of(now, 1);
  }
  return static_cast<int32_t>(now - month_start_);
}

std::string UniqueKeyGenerator::next(EpochMs now) {
  std::string key = prefix_;
  key.reserve(prefix_.size() + 12);
  append_hex(key, since_month_start(now));
  append_hex(key, static_cast<uint16_t>(counter_.fetch_add(1, std::memory_order_relaxed)));
  return key;
}

}  // namespace mqctl
