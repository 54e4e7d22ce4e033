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

}  // namespace

PropertyCrcState check_property_crc(Bytes record) {
  if (record.size() <= kPropertyCrcBytes) return PropertyCrcState::kAbsent;
  const Bytes covered = record.first(record.size() - kPropertyCrcBytes);
  const Bytes found = record.last(kPropertyCrcBytes);
  const bool there = as_text(found).starts_with(property::kRecordCrc) &&
                     found[kDigitsAt - 1] == static_cast<std::byte>(kNameValueSeparator) &&
                     found.back() == static_cast<std::byte>(kPropertySeparator);
  if (!there) return PropertyCrcState::kAbsent;
  const Appendix expected = appendix_of(masked_crc32(covered));
  const bool same = std::memcmp(found.data(), expected.data(), expected.size()) == 0;
  return same ? PropertyCrcState::kMatches : PropertyCrcState::kMismatch;
}

void write_property_crc(MutableBytes record) {
  const MutableBytes place = record.last(kPropertyCrcBytes);
  const Appendix bytes = appendix_of(masked_crc32(record.first(record.size() - kPropertyCrcBytes)));
  std::memcpy(place.data(), bytes.data(), bytes.size());
}

}  // namespace mqctl
