// Any bytes as a client's batch: the items lie within them and, written again, decode to the same.
#include "libstore/message/client_batch.h"
#include "tests/fuzz/require.h"

using namespace mqctl;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  const Result<std::vector<BatchItem>> items = decode_client_batch(bytes);
  if (!items) return 0;
  std::string again;
  for (const BatchItem& item : *items) append_batch_item(again, item);
  REQUIRE(again.size() == size);
  const Result<std::vector<BatchItem>> same = decode_client_batch(as_bytes(again));
  REQUIRE(same.has_value() && same->size() == items->size());
  for (size_t i = 0; i < items->size(); ++i) {
    const BatchItem &a = (*items)[i], &b = (*same)[i];
    REQUIRE(a.flag == b.flag && as_text(a.body) == as_text(b.body) && a.properties == b.properties);
  }
  return 0;
}
