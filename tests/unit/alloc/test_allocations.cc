// The hot paths of the store take no memory a message: counted, in a program of its own whose operator new counts.
#include <atomic>
#include <cstdlib>
#include <new>

#include "tests/unit/store/store_support.h"

namespace {

std::atomic<bool> counting{false};
std::atomic<int> allocations{0};

void* take(std::size_t size) {
  if (counting.load(std::memory_order_relaxed)) allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

// Of all threads, while `work` runs.
template <typename Work>
int count(const Work& work) {
  allocations = 0;
  counting = true;
  work();
  counting = false;
  return allocations;
}

}  // namespace

void* operator new(std::size_t size) { return take(size); }
void* operator new[](std::size_t size) { return take(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return take(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return take(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

using namespace mqctl;
using namespace mqctl::test;

namespace {

constexpr int kMessages = 2000;

StoreOptions one_segment() {
  StoreOptions options;
  options.segment_bytes = 64 << 20;  // no roll while it counts
  return options;
}

void put_many(TestStore& store, const MessageDraft& draft) {
  for (int i = 0; i < kMessages; ++i) REQUIRE(store->put_message(draft).status == PutMessageStatus::kPutOk);
  store->await_dispatch(std::chrono::seconds(30));
}

}  // namespace

TEST_CASE("the counter counts", "[alloc]") {
  CHECK(count([] { delete new int(1); }) == 1);
}

TEST_CASE("a put, its queue unit and its index entries take no memory", "[alloc]") {
  TestStore store(one_segment());
  const std::string body(1024, 'b');
  MessageDraft draft = draft_of(body);
  draft.properties =
      "KEYS\1k1 k2\2UNIQ_KEY\1"
      "0123456789ABCDEF0123456789ABCDEF\2TAGS\1t\2";
  put_many(store, draft);  // files and tables are there now
  // Catch counts assertions without memory of its own; what is left is none a message.
  CHECK(count([&] { put_many(store, draft); }) < kMessages / 100);
}

TEST_CASE("a message found and read takes no memory but its place in the answer", "[alloc]") {
  TestStore store(one_segment());
  const std::string body(1024, 'b');
  put_many(store, draft_of(body));
  int found = 0;
  const int taken = count([&] {
    for (int from = 0; from < kMessages; from += 32) {
      found += static_cast<int>(store->get_message("T", QueueId(0), QueueOffset(from), 32, 1 << 20).messages.size());
    }
  });
  CHECK(found == kMessages);
  CHECK(taken < kMessages / 16);
}
