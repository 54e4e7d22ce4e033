// Any bytes as a checkpoint: what is read is written again, and what was not read stays.
#include <algorithm>

#include "libstore/store/store_checkpoint.h"
#include "tests/fuzz/memory_file_system.h"
#include "tests/fuzz/require.h"

using namespace mqctl;

namespace {

constexpr const char* kPath = "/s/checkpoint";

std::string as_found(Bytes bytes) {
  std::string text(as_text(bytes));
  if (text.size() < StoreCheckpoint::kEncodedBytes) text.resize(text.size() / 8 * 8);
  if (text.size() < StoreCheckpoint::kFileBytes) text.resize(StoreCheckpoint::kFileBytes);
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  test::MemoryFileSystem fs;
  fs.put(kPath, bytes);
  const Result<StoreCheckpoint> checkpoint = StoreCheckpoint::load(fs, kPath);
  REQUIRE(checkpoint.has_value());
  REQUIRE(checkpoint->min_timestamp().value() >= 0);
  REQUIRE(checkpoint->save(fs, kPath).ok());
  REQUIRE(fs.files().at(kPath) == as_found(bytes));
  return 0;
}
