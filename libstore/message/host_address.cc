#include "libstore/message/host_address.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>

namespace mqctl {

void HostAddress::store(std::byte* to) const {
  std::memcpy(to, address.data(), address_bytes());
  store_be(to + address_bytes(), port);
}

HostAddress HostAddress::load(const std::byte* from, bool v6) {
  HostAddress host;
  host.v6 = v6;
  std::memcpy(host.address.data(), from, host.address_bytes());
  host.port = load_be<int32_t>(from + host.address_bytes());
  return host;
}

std::string ip_text(const HostAddress& host) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(host.v6 ? AF_INET6 : AF_INET, host.address.data(), text.data(), static_cast<socklen_t>(text.size()));
  return text.data();
}

std::string to_string(const HostAddress& host) {
  const std::string port = ":" + std::to_string(host.port);
  return host.v6 ? "[" + ip_text(host) + "]" + port : ip_text(host) + port;
}

std::optional<HostAddress> parse_host(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view digits = text.substr(colon + 1);
  HostAddress host;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), host.port);
  if (error != std::errc() || end != digits.data() + digits.size() || digits.empty()) return std::nullopt;
  std::string address(text.substr(0, colon));
  if (address.find('\0') != std::string::npos) return std::nullopt;  // inet_pton would stop there
  host.v6 = !address.empty() && address.front() == '[' && address.back() == ']';
  if (host.v6) address = address.substr(1, address.size() - 2);
  if (::inet_pton(host.v6 ? AF_INET6 : AF_INET, address.c_str(), host.address.data()) != 1) return std::nullopt;
  return host;
}

}  // namespace mqctl
