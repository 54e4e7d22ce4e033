// The strong numbers: what they allow, and what does not compile.
#include <catch2/catch.hpp>
#include <set>
#include <type_traits>
#include <unordered_set>

#include "libstore/base/types.h"

using namespace mqctl;

static_assert(!std::is_convertible_v<int64_t, PhysicalOffset>);
static_assert(!std::is_convertible_v<PhysicalOffset, int64_t>);
static_assert(!std::is_constructible_v<QueueOffset, PhysicalOffset>);
static_assert(!std::is_assignable_v<PhysicalOffset&, QueueOffset>);
static_assert(!std::is_invocable_v<std::less<>, PhysicalOffset, QueueOffset>);
static_assert(!std::is_invocable_v<std::minus<>, PhysicalOffset, QueueOffset>);
static_assert(sizeof(PhysicalOffset) == 8 && sizeof(QueueId) == 4);
static_assert(std::is_trivially_copyable_v<EpochMs>);

TEST_CASE("Zero unless told otherwise") {
  CHECK(PhysicalOffset().value() == 0);
  CHECK(QueueId(-3).value() == -3);
}

TEST_CASE("An offset moves by a number; two of them are a number apart") {
  const PhysicalOffset at(100);
  CHECK(at + 20 == PhysicalOffset(120));
  CHECK(at - 20 == PhysicalOffset(80));
  CHECK(at - PhysicalOffset(30) == 70);
  PhysicalOffset moving(5);
  moving += 10;
  CHECK(++moving == PhysicalOffset(16));
}

TEST_CASE("They order and hash as their numbers do") {
  CHECK(QueueOffset(-1) < QueueOffset(0));
  CHECK(EpochMs(INT64_MAX) > EpochMs(INT64_MIN));
  CHECK(QueueOffset(3) != QueueOffset(4));
  CHECK(std::max(PhysicalOffset(3), PhysicalOffset(9)) == PhysicalOffset(9));
  const std::set<QueueId> sorted{QueueId(7), QueueId(1), QueueId(7)};
  CHECK(sorted.size() == 2);
  const std::unordered_set<PhysicalOffset> hashed{PhysicalOffset(1), PhysicalOffset(2), PhysicalOffset(1)};
  CHECK(hashed.count(PhysicalOffset(2)) == 1);
  CHECK(hashed.size() == 2);
}

TEST_CASE("Narrow numbers stay narrow") {
  const QueueId id = QueueId(INT32_MAX) - 1;
  CHECK(id.value() == INT32_MAX - 1);
}
