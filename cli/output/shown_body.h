// ShownBody: a message's body as it is to be shown: decompressed, cut, told to be text or not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "libstore/message/compression.h"
#include "libstore/message/message_view.h"

namespace mqctl {

enum class BodyForm : uint8_t { kAuto, kHex, kBase64, kNone };

struct BodyOptions {
  BodyForm form = BodyForm::kAuto;
  uint64_t max_bytes = UINT64_MAX;  // shown of each body
  bool decompress = true;
};

// Bodies that unpack to more are shown as they are stored: memory is bounded.
inline constexpr size_t kLargestPlainBody = 32u << 20;

// The body of one record at a time; views live until the next one.
class BodyReader {
 public:
  explicit BodyReader(const BodyOptions& options) : options_(options) {}

  void read(const MessageView& message);
  const BodyOptions& options() const { return options_; }
  // Unpacked as the options say, not cut: what filters look at.
  std::string_view whole() const { return whole_; }
  // Cut to max_bytes; between characters where it is text.
  std::string_view shown() const { return whole_.substr(0, shown_bytes_); }
  bool truncated() const {
    return shown_bytes_ < whole_.size() || (options_.form == BodyForm::kNone && !whole_.empty());
  }
  bool is_text() const { return text_; }
  // What whole() is still compressed with.
  CompressionType compressed() const { return compressed_; }

 private:
  void cut();

  const BodyOptions options_;
  std::string plain_;
  std::string_view whole_;
  size_t shown_bytes_ = 0;
  bool text_ = false;
  CompressionType compressed_ = CompressionType::kNone;
};

}  // namespace mqctl
