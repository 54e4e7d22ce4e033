#include <catch2/catch.hpp>
#include <cstdlib>
#include <ctime>
#include <set>
#include <thread>
#include <vector>

#include "libstore/message/message_id.h"

using namespace mqctl;

namespace {

// Sets the zone of the process for a test.
class Zone {
 public:
  explicit Zone(const char* name) {
    const char* old = std::getenv("TZ");
    if (old != nullptr) old_ = old;
    use(name);
  }
  ~Zone() { use(old_ ? old_->c_str() : nullptr); }
  Zone(const Zone&) = delete;
  Zone& operator=(const Zone&) = delete;

 private:
  static void use(const char* name) {
    if (name != nullptr) {
      ::setenv("TZ", name, 1);
    } else {
      ::unsetenv("TZ");
    }
    ::tzset();
  }
  std::optional<std::string> old_;
};

constexpr int64_t kHourMs = 3600 * 1000, kDayMs = 24 * kHourMs;
constexpr int64_t kFeb2023 = 1675209600000;  // 2023-02-01T00:00:00Z
constexpr int64_t kMarch2023 = kFeb2023 + 28 * kDayMs;

UniqueKeyGenerator& generator() {
  static UniqueKeyGenerator made(HostAddress::v4(10, 0, 0, 1, 0), 0x12345, 0xAABBCCDD);
  return made;
}

int64_t since_month_start(UniqueKeyGenerator& keys, int64_t now) {
  return std::stoll(keys.next(EpochMs(now)).substr(20, 8), nullptr, 16);
}

HostAddress host_v6() {
  HostAddress host;
  host.v6 = true;
  host.address = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  host.port = 10911;
  return host;
}

}  // namespace

TEST_CASE("An offset id is the store host and the physical offset") {
  CHECK(offset_message_id(HostAddress::v4(10, 0, 0, 2, 10911), PhysicalOffset(4096)) ==
        "0A00000200002A9F0000000000001000");
  CHECK(offset_message_id(host_v6(), PhysicalOffset(1)) == "20010DB800000000000000000000000100002A9F0000000000000001");
}

TEST_CASE("Offset ids come back, in either case of digits") {
  for (const HostAddress& host : {HostAddress::v4(255, 0, 1, 2, -1), host_v6()}) {
    for (const int64_t offset : {int64_t{0}, INT64_MAX, int64_t{-1}, int64_t{0x1122334455667788}}) {
      std::string id = offset_message_id(host, PhysicalOffset(offset));
      for (int round = 0; round < 2; ++round) {
        const std::optional<OffsetMessageId> found = parse_offset_message_id(id);
        REQUIRE(found.has_value());
        CHECK(found->store_host == host);
        CHECK(found->physical_offset == PhysicalOffset(offset));
        for (char& c : id) c = static_cast<char>(std::tolower(c));
      }
    }
  }
}

TEST_CASE("Texts of another length or with other digits are no offset ids") {
  const std::string id = offset_message_id(HostAddress::v4(1, 2, 3, 4, 5), PhysicalOffset(6));
  for (size_t length = 0; length < 60; ++length) {
    const std::string text(length, '0');
    CHECK(parse_offset_message_id(text).has_value() == (length == 32 || length == 56));
  }
  for (size_t at = 0; at < id.size(); ++at) {
    for (const char bad : {'G', 'g', ' ', '/', ':', '@', '`', '\0', '\xFF'}) {
      std::string text = id;
      text[at] = bad;
      CHECK_FALSE(parse_offset_message_id(text).has_value());
    }
  }
}

TEST_CASE("A unique key is host, process id, discriminator, time in the month, counter") {
  const Zone zone("UTC");
  UniqueKeyGenerator keys(HostAddress::v4(10, 0, 0, 1, 999), 0x12345, 0xAABBCCDD);
  CHECK(keys.next(EpochMs(kFeb2023 + 0x1234)) == "0A0000012345AABBCCDD000012340000");
  CHECK(keys.next(EpochMs(kFeb2023 + 0x1235)) == "0A0000012345AABBCCDD000012350001");
}

TEST_CASE("With an IPv6 host a unique key has 56 digits") {
  const Zone zone("UTC");
  UniqueKeyGenerator keys(host_v6(), 1, 2);
  CHECK(keys.next(EpochMs(kFeb2023)) ==
        "20010DB8000000000000000000000001"
        "0001"
        "00000002"
        "00000000"
        "0000");
}

TEST_CASE("The month changes after 28 days as after 31, and back") {
  const Zone zone("UTC");
  CHECK(since_month_start(generator(), kFeb2023) == 0);
  CHECK(since_month_start(generator(), kMarch2023 - 1) == 28 * kDayMs - 1);
  CHECK(since_month_start(generator(), kMarch2023) == 0);
  CHECK(since_month_start(generator(), kMarch2023 + 5) == 5);
  CHECK(since_month_start(generator(), kFeb2023 + 7) == 7);
  CHECK(since_month_start(generator(), kFeb2023 - 1) == 31 * kDayMs - 1);
  CHECK(since_month_start(generator(), kFeb2023 + 365 * kDayMs) == 0);
}

TEST_CASE("The month begins at local midnight") {
  const Zone zone("<+08>-8");
  UniqueKeyGenerator keys(HostAddress::v4(1, 1, 1, 1, 0), 1, 1);
  CHECK(since_month_start(keys, kFeb2023) == 8 * kHourMs);
  CHECK(since_month_start(keys, kFeb2023 - 8 * kHourMs) == 0);
  CHECK(since_month_start(keys, kFeb2023 - 8 * kHourMs - 1) == 31 * kDayMs - 1);
}

TEST_CASE("A month with a change of summer time is an hour shorter") {
  const Zone zone("CET-1CEST,M3.5.0,M10.5.0/3");
  UniqueKeyGenerator keys(HostAddress::v4(1, 1, 1, 1, 0), 1, 1);
  const int64_t april = kMarch2023 - kHourMs + 31 * kDayMs - kHourMs;
  CHECK(since_month_start(keys, april - 1) == 31 * kDayMs - kHourMs - 1);
  CHECK(since_month_start(keys, april) == 0);
}

TEST_CASE("The counter wraps after 65536 keys") {
  UniqueKeyGenerator keys(HostAddress::v4(1, 1, 1, 1, 0), 1, 1);
  const std::string first = keys.next(EpochMs(kFeb2023));
  for (int i = 1; i < 65536; ++i) keys.next(EpochMs(kFeb2023));
  CHECK(keys.next(EpochMs(kFeb2023)) == first);
}

TEST_CASE("Threads never get the same key") {
  UniqueKeyGenerator keys(HostAddress::v4(1, 1, 1, 1, 0), 1, 1);
  std::vector<std::vector<std::string>> made(4);
  std::vector<std::thread> threads;
  for (std::vector<std::string>& mine : made) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10000; ++i) mine.push_back(keys.next(EpochMs(i % 2 == 0 ? kFeb2023 : kMarch2023)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> all;
  for (const std::vector<std::string>& mine : made) all.insert(mine.begin(), mine.end());
  CHECK(all.size() == 40000);
}
