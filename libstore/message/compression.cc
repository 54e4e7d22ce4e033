#include "libstore/message/compression.h"

#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "libstore/message/system_flag.h"

namespace mqctl {
namespace {

constexpr size_t kStepBytes = 64u << 10;
constexpr size_t kLargestPlain = INT32_MAX;  // no body in a Java process is longer

Status broken(CompressionType type) {
  return Status::error(Errc::kCorruption, "the " + std::string(compression_name(type)) + " body is broken");
}

// Output that grows in steps, never beyond the limit, whatever the data claims about its size.
class BoundedOutput {
 public:
  explicit BoundedOutput(size_t limit) : limit_(std::min(limit, kLargestPlain)) {}
  // Room for the next piece; empty when the limit is reached.
  MutableBytes room() {
    const size_t step = std::min(std::max(kStepBytes, used_), limit_ + 1 - used_);
    text_.resize(used_ + step);
    return {reinterpret_cast<std::byte*>(text_.data()) + used_, step};
  }
  void took(size_t bytes) { used_ += bytes; }
  bool over() const { return used_ > limit_; }
  std::string finish() && {
    text_.resize(used_);
    return std::move(text_);
  }
  Status too_large() const {
    return Status::error(Errc::kUnsupported, "the plain body is larger than " + std::to_string(limit_) + " bytes");
  }

 private:
  const size_t limit_;
  size_t used_ = 0;
  std::string text_;
};

Result<std::string> inflate_zlib(Bytes compressed, size_t limit) {
  if (compressed.size() > UINT32_MAX) return broken(CompressionType::kZlib);  // more than zlib takes at a time
  z_stream stream{};
  if (::inflateInit(&stream) != Z_OK) return Status::error(Errc::kIoError, "zlib does not start");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, ::inflateEnd);
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  BoundedOutput output(limit);
  int outcome = Z_OK;
  while (outcome == Z_OK) {
    const MutableBytes room = output.room();
    stream.next_out = reinterpret_cast<Bytef*>(room.data());
    stream.avail_out = static_cast<uInt>(room.size());
    outcome = ::inflate(&stream, Z_NO_FLUSH);
    output.took(room.size() - stream.avail_out);
    if (output.over()) return output.too_large();
  }
  if (outcome != Z_STREAM_END) return broken(CompressionType::kZlib);
  return std::move(output).finish();
}

Result<std::string> inflate_lz4(Bytes compressed, size_t limit) {
  LZ4F_dctx* context = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)) != 0) {
    return Status::error(Errc::kIoError, "lz4 does not start");
  }
  const std::unique_ptr<LZ4F_dctx, LZ4F_errorCode_t (*)(LZ4F_dctx*)> owner(context, LZ4F_freeDecompressionContext);
  BoundedOutput output(limit);
  size_t expected = 1;
  while (expected != 0) {
    const MutableBytes room = output.room();
    size_t wrote = room.size(), read = compressed.size();
    expected = LZ4F_decompress(context, room.data(), &wrote, compressed.data(), &read, nullptr);
    if (LZ4F_isError(expected) != 0 || (expected != 0 && wrote == 0 && read == 0)) {
      return broken(CompressionType::kLz4);
    }
    output.took(wrote);
    compressed = compressed.subspan(read);
    if (output.over()) return output.too_large();
    if (expected == 0 && !compressed.empty()) expected = 1;  // another frame follows
  }
  return std::move(output).finish();
}

Result<std::string> inflate_zstd(Bytes compressed, size_t limit) {
  const std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  if (context == nullptr) return Status::error(Errc::kIoError, "zstd does not start");
  BoundedOutput output(limit);
  ZSTD_inBuffer in{compressed.data(), compressed.size(), 0};
  size_t expected = 1;
  while (expected != 0 || in.pos < in.size) {
    const MutableBytes room = output.room();
    ZSTD_outBuffer out{room.data(), room.size(), 0};
    const size_t read_before = in.pos;
    expected = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(expected) != 0 || (expected != 0 && out.pos == 0 && in.pos == read_before)) {
      return broken(CompressionType::kZstd);
    }
    output.took(out.pos);
    if (output.over()) return output.too_large();
  }
  return std::move(output).finish();
}

template <class Compress>
Result<std::string> compress_into(size_t bound, const Compress& compress) {
  std::string out(bound, '\0');
  const std::optional<size_t> used = compress(out);
  if (!used) return Status::error(Errc::kIoError, "compression failed");
  out.resize(*used);
  return out;
}

std::optional<size_t> deflate_zlib(Bytes plain, std::string& out) {
  auto length = static_cast<uLongf>(out.size());
  const int outcome = ::compress(reinterpret_cast<Bytef*>(out.data()), &length,
                                 reinterpret_cast<const Bytef*>(plain.data()), static_cast<uLong>(plain.size()));
  return outcome == Z_OK ? std::optional<size_t>(length) : std::nullopt;
}

}  // namespace

Result<CompressionType> compression_of(int32_t flags) {
  if ((flags & sys_flag::kCompressed) == 0) return CompressionType::kNone;
  switch ((flags & sys_flag::kCompressionTypeMask) >> sys_flag::kCompressionTypeShift) {
    case 0:
    case 3:
      return CompressionType::kZlib;
    case 1:
      return CompressionType::kLz4;
    case 2:
      return CompressionType::kZstd;
    default:
      return Status::error(Errc::kUnsupported, "unknown compression type in sysFlag " + std::to_string(flags));
  }
}

int32_t with_compression(int32_t flags, CompressionType type) {
  flags &= ~(sys_flag::kCompressed | sys_flag::kCompressionTypeMask);
  switch (type) {
    case CompressionType::kNone:
      return flags;
    case CompressionType::kZlib:
      return flags | sys_flag::kCompressed | 3 << sys_flag::kCompressionTypeShift;
    case CompressionType::kLz4:
      return flags | sys_flag::kCompressed | 1 << sys_flag::kCompressionTypeShift;
    case CompressionType::kZstd:
      return flags | sys_flag::kCompressed | 2 << sys_flag::kCompressionTypeShift;
  }
  return flags;
}

std::string_view compression_name(CompressionType type) {
  switch (type) {
    case CompressionType::kNone:
      return "none";
    case CompressionType::kZlib:
      return "zlib";
    case CompressionType::kLz4:
      return "lz4";
    case CompressionType::kZstd:
      return "zstd";
  }
  return "unknown";
}

Result<std::string> decompress(CompressionType type, Bytes compressed, size_t limit_bytes) {
  switch (type) {
    case CompressionType::kZlib:
      return inflate_zlib(compressed, limit_bytes);
    case CompressionType::kLz4:
      return inflate_lz4(compressed, limit_bytes);
    case CompressionType::kZstd:
      return inflate_zstd(compressed, limit_bytes);
    case CompressionType::kNone:
      break;
  }
  return std::string(as_text(compressed));
}

Result<std::string> compress(CompressionType type, Bytes plain) {
  switch (type) {
    case CompressionType::kZlib:
      return compress_into(::compressBound(static_cast<uLong>(plain.size())),
                           [&](std::string& out) { return deflate_zlib(plain, out); });
    case CompressionType::kLz4:
      return compress_into(LZ4F_compressFrameBound(plain.size(), nullptr), [&](std::string& out) {
        const size_t used = LZ4F_compressFrame(out.data(), out.size(), plain.data(), plain.size(), nullptr);
        return LZ4F_isError(used) != 0 ? std::nullopt : std::optional<size_t>(used);
      });
    case CompressionType::kZstd:
      return compress_into(ZSTD_compressBound(plain.size()), [&](std::string& out) {
        const size_t used = ZSTD_compress(out.data(), out.size(), plain.data(), plain.size(), ZSTD_CLEVEL_DEFAULT);
        return ZSTD_isError(used) != 0 ? std::nullopt : std::optional<size_t>(used);
      });
    case CompressionType::kNone:
      break;
  }
  return std::string(as_text(plain));
}

}  // namespace mqctl
