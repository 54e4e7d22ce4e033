// HostAddress: an IP address with port as records hold it: 4 or 16 raw bytes, then the port as a 32-bit number.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libstore/base/bytes.h"
#include "libstore/message/record_layout.h"

namespace mqctl {

struct HostAddress {
  std::array<uint8_t, 16> address{};  // the first 4 for IPv4
  int32_t port = 0;
  bool v6 = false;

  static constexpr HostAddress v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, int32_t port) {
    HostAddress host;
    host.address = {a, b, c, d};
    host.port = port;
    return host;
  }
  size_t address_bytes() const { return v6 ? 16 : 4; }
  size_t encoded_bytes() const { return v6 ? RecordLayout::kHostV6Bytes : RecordLayout::kHostV4Bytes; }
  // REQUIRES: room for encoded_bytes().
  void store(std::byte* to) const;
  static HostAddress load(const std::byte* from, bool v6);
  bool operator==(const HostAddress&) const = default;
};

// "127.0.0.1:10911", "[::1]:10911" (RFC 5952).
std::string to_string(const HostAddress& host);
// Without the port and without brackets.
std::string ip_text(const HostAddress& host);
// The reverse; numeric addresses only. Ports as records hold them: any 32-bit number.
std::optional<HostAddress> parse_host(std::string_view text);

}  // namespace mqctl
