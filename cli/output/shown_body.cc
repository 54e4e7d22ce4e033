#include "cli/output/shown_body.h"

#include <algorithm>

#include "libstore/base/utf8.h"

namespace mqctl {

void BodyReader::read(const MessageView& message) {
  whole_ = as_text(message.body);
  const Result<CompressionType> type = compression_of(message.sys_flag);
  compressed_ = type ? *type : CompressionType::kNone;
  if (compressed_ != CompressionType::kNone && options_.decompress) {
    if (Result<std::string> plain = decompress(compressed_, message.body, kLargestPlainBody)) {
      plain_ = std::move(*plain);
      whole_ = plain_;
      compressed_ = CompressionType::kNone;
    }
  }
  text_ = is_valid_utf8(whole_);
  cut();
}

void BodyReader::cut() {
  shown_bytes_ = static_cast<size_t>(std::min<uint64_t>(whole_.size(), options_.max_bytes));
  if (!text_) return;
  const auto inside = [this](size_t at) {
    return at < whole_.size() && (static_cast<uint8_t>(whole_[at]) & 0xC0) == 0x80;
  };
  while (shown_bytes_ > 0 && inside(shown_bytes_)) --shown_bytes_;
}

}  // namespace mqctl
