#include <catch2/catch.hpp>
#include <vector>

#include "libstore/message/host_address.h"

using namespace mqctl;

namespace {

HostAddress v6(std::array<uint8_t, 16> address, int32_t port) {
  HostAddress host;
  host.v6 = true;
  host.address = address;
  host.port = port;
  return host;
}

}  // namespace

TEST_CASE("Addresses are written as RFC 5952 has them, and read back") {
  const std::pair<HostAddress, const char*> known[] = {
      {HostAddress::v4(127, 0, 0, 1, 10911), "127.0.0.1:10911"},
      {HostAddress::v4(255, 255, 255, 255, 0), "255.255.255.255:0"},
      {HostAddress::v4(1, 2, 3, 4, -1), "1.2.3.4:-1"},
      {v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 29911), "[::1]:29911"},
      {v6({}, 1), "[::]:1"},
      {v6({0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xff}, 80), "[2001:db8:0:1::ff]:80"},
      {v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4}, 5), "[::ffff:1.2.3.4]:5"}};
  for (const auto& [host, text] : known) {
    CHECK(to_string(host) == text);
    const std::optional<HostAddress> parsed = parse_host(text);
    REQUIRE(parsed.has_value());
    CHECK(*parsed == host);
  }
}

TEST_CASE("Texts that are no numeric address with a port are refused") {
  using namespace std::string_view_literals;
  for (const std::string_view text :
       {""sv, ":"sv, ":80"sv, "127.0.0.1"sv, "127.0.0.1:"sv, "127.0.0.1:x"sv, "127.0.0.1:80x"sv, "127.0.0.1: 80"sv,
        "localhost:80"sv, "::1:80"sv, "[::1]"sv, "[::1:80"sv, "[]:80"sv, "[127.0.0.1]:80"sv, "1.2.3:80"sv,
        "1.2.3.4:99999999999"sv, "1.2.3.4.5:80"sv, "[:80"sv, "1.2.3.4\0x:80"sv}) {
    INFO(text);
    CHECK_FALSE(parse_host(text).has_value());
  }
}

TEST_CASE("Addresses are stored as raw bytes and a 32-bit port") {
  for (const HostAddress& host : {HostAddress::v4(10, 0, 0, 2, 10911), v6({1, 2, 3}, -5)}) {
    std::vector<std::byte> bytes(host.encoded_bytes());
    host.store(bytes.data());
    CHECK(bytes.size() == (host.v6 ? 20 : 8));
    CHECK(load_be<int32_t>(bytes.data() + bytes.size() - 4) == host.port);
    CHECK(HostAddress::load(bytes.data(), host.v6) == host);
  }
}
