// Any bytes as a record: what is read lies within them, and the head's judgement agrees with the parser's.
#include <algorithm>

#include "libstore/message/record_layout.h"
#include "libstore/message/record_parser.h"
#include "tests/fuzz/require.h"

using namespace mqctl;

namespace {

bool is_framed(RecordStatus status) {
  return status == RecordStatus::kRecord || status == RecordStatus::kBadBodyCrc ||
         status == RecordStatus::kBadPropertyCrc;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  const Bytes head = bytes.first(std::min(size, RecordLayout::kMaxHeadBytes));
  for (const CrcCheck check : {CrcCheck::kNone, CrcCheck::kBody, CrcCheck::kBodyAndProperties}) {
    MessageView view;
    const RecordStatus status = parse_record(bytes, check, view);
    REQUIRE(check != CrcCheck::kNone || status == RecordStatus::kRecord || !is_framed(status));
    if (!is_framed(status)) continue;
    REQUIRE(view.record.data() == bytes.data() && view.record.size() <= size);
    REQUIRE(view.properties.data() + view.properties.size() == as_text(view.record).data() + view.record.size());
    REQUIRE(view.body.size() + view.topic.size() + view.properties.size() < view.record.size());
    REQUIRE(plausible_head(head, size));
  }
  return 0;
}
