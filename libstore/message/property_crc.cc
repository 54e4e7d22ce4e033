#include "libstore/message/property_crc.h"

#include <array>
#include <cstring>

#include "libstore/base/crc32.h"
#include "libstore/message/properties.h"

namespace mqctl {
namespace {

constexpr size_t kDigits = 10;
constexpr size_t kDigitsAt = property::kRecordCrc.size() + 1;
static_assert(kDigitsAt + kDigits + 1 == kPropertyCrcBytes);

using Appendix = std::array<std::byte, kPropertyCrcBytes>;

Appendix appendix_of(uint32_t crc) {
  Appendix bytes;
  std::memcpy(bytes.data(), property::kRecordCrc.data(), property::kRecordCrc.size());
  bytes[kDigitsAt - 1] = static_cast<std::byte>(kNameValueSeparator);
  for (size_t i = 0; i < kDigits; ++i, crc /= 10) bytes[kDigitsAt + i] = static_cast<std::byte>('0' + crc % 10);
  bytes[kPropertyCrcBytes - 1] = static_cast<std::byte>(kPropertySeparator);
  return bytes;
}

// The digits are not looked at: damaged ones are a mismatch, not another property.
bool ends_with_appendix(std::string_view properties) {
  if (properties.size() < kPropertyCrcBytes) return false;
  const std::string_view item = properties.substr(properties.size() - kPropertyCrcBytes);
  const std::string_view before = properties.substr(0, properties.size() - kPropertyCrcBytes);
  return item.starts_with(property::kRecordCrc) && item[kDigitsAt - 1] == kNameValueSeparator &&
         item.back() == kPropertySeparator && (before.empty() || before.back() == kPropertySeparator);
}

}  // namespace

PropertyCrcState check_property_crc(Bytes record, std::string_view properties) {
  if (!ends_with_appendix(properties)) return PropertyCrcState::kAbsent;
  const Bytes found = record.last(kPropertyCrcBytes);
  const Appendix expected = appendix_of(masked_crc32(record.first(record.size() - kPropertyCrcBytes)));
  const bool same = std::memcmp(found.data(), expected.data(), expected.size()) == 0;
  return same ? PropertyCrcState::kMatches : PropertyCrcState::kMismatch;
}

void write_property_crc(MutableBytes record) {
  const MutableBytes place = record.last(kPropertyCrcBytes);
  const Appendix bytes = appendix_of(masked_crc32(record.first(record.size() - kPropertyCrcBytes)));
  std::memcpy(place.data(), bytes.data(), bytes.size());
}

}  // namespace mqctl
