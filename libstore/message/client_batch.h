// The body of a client's batch: items one after another (Apache: MessageDecoder.encodeMessages; docs/store-format.md).
// Each item becomes an ordinary record of its own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libstore/base/bytes.h"
#include "libstore/base/result.h"

namespace mqctl {

struct BatchItem {
  int32_t flag = 0;
  Bytes body;
  std::string_view properties;
};

// Views into `encoded`. kCorruption names the item's number and position.
Result<std::vector<BatchItem>> decode_client_batch(Bytes encoded);
void append_batch_item(std::string& encoded, const BatchItem& item);

}  // namespace mqctl
