#include "cli/output/escape.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "libstore/base/utf8.h"

namespace mqctl {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// 1: a byte that stops the copying of a run. 0xC2 begins the C1 controls, and much else.
constexpr std::array<uint8_t, 256> kStops = [] {
  std::array<uint8_t, 256> stops{};
  for (size_t i = 0; i < 0x20; ++i) stops[i] = 1;
  stops['"'] = stops['\\'] = stops[0x7F] = stops[0xC2] = 1;
  return stops;
}();

// Eight bytes at once: the top bit of each that stops. A byte b below n: (b - n) & ~b has its top bit set. The lowest
// is right; one above it may be there by its borrow.
uint64_t stops_in_word(uint64_t word) {
  constexpr uint64_t kOnes = 0x0101010101010101, kTops = 0x8080808080808080;
  const auto equals = [word](uint8_t byte) {
    const uint64_t x = word ^ (kOnes * byte);
    return (x - kOnes) & ~x;
  };
  const uint64_t below_blank = (word - kOnes * 0x20) & ~word;
  return (below_blank | equals('"') | equals('\\') | equals(0x7F) | equals(0xC2)) & kTops;
}

size_t plain_run(std::string_view text, size_t from) {
  size_t at = from;
  for (uint64_t word = 0; at + sizeof word <= text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    if (const uint64_t stops = stops_in_word(word); stops != 0)
      return at + static_cast<size_t>(std::countr_zero(stops)) / 8;
  }
  while (at < text.size() && kStops[static_cast<uint8_t>(text[at])] == 0) ++at;
  return at;
}

void append_unicode_escape(std::string& out, unsigned value) {
  out.append("\\u00");
  out += kHexDigits[value >> 4];
  out += kHexDigits[value & 15];
}

// Escapes what begins at `at`; how many bytes that took.
size_t append_json_escape(std::string& out, std::string_view text, size_t at) {
  const auto byte = static_cast<uint8_t>(text[at]);
  switch (byte) {
    case '"':
      out += "\\\"";
      return 1;
    case '\\':
      out += "\\\\";
      return 1;
    case '\n':
      out += "\\n";
      return 1;
    case '\r':
      out += "\\r";
      return 1;
    case '\t':
      out += "\\t";
      return 1;
    case 0xC2: {
      const auto next = at + 1 < text.size() ? static_cast<uint8_t>(text[at + 1]) : uint8_t{0xBF};
      if (next >= 0xA0) {
        out += text[at];
        return 1;
      }
      append_unicode_escape(out, next);
      return 2;
    }
    default:
      append_unicode_escape(out, byte);
      return 1;
  }
}

void append_byte_escape(std::string& out, uint8_t byte) {
  if (byte == '\n') {
    out += "\\n";
  } else if (byte == '\t') {
    out += "\\t";
  } else if (byte == '\r') {
    out += "\\r";
  } else {
    out += "\\x";
    out += kHexDigits[byte >> 4];
    out += kHexDigits[byte & 15];
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (size_t at = 0; at < text.size();) {
    const size_t end = plain_run(text, at);
    out.append(text.substr(at, end - at));
    at = end;
    if (at < text.size()) at += append_json_escape(out, text, at);
  }
  out += '"';
}

void append_printable(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const auto* const stop = std::find_if(text.begin(), text.end(),
                                          [](char c) { return static_cast<unsigned char>(c - 0x20) > 0x7E - 0x20; });
    out.append(text.begin(), stop);
    text.remove_prefix(static_cast<size_t>(stop - text.begin()));
    if (text.empty()) return;
    const CodePoint point = next_code_point(text);
    const bool control = point.value < 0x20 || (point.value >= 0x7F && point.value < 0xA0);
    // Marks that change the direction of what follows could make a line say something else.
    const bool direction =
        (point.value >= 0x202A && point.value <= 0x202E) || (point.value >= 0x2066 && point.value <= 0x2069);
    if (point.well_formed && !control && !direction) {
      out.append(text.substr(0, point.length));
    } else {
      for (const char byte : text.substr(0, point.length)) append_byte_escape(out, static_cast<uint8_t>(byte));
    }
    text.remove_prefix(point.length);
  }
}

std::string printable(std::string_view text) {
  std::string out;
  append_printable(out, text);
  return out;
}

void append_hex(std::string& out, std::string_view bytes) {
  const size_t start = out.size();
  out.resize(start + 2 * bytes.size());
  char* to = out.data() + start;
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    *to++ = kHexDigits[byte >> 4];
    *to++ = kHexDigits[byte & 15];
  }
}

void append_base64(std::string& out, std::string_view bytes) {
  const size_t start = out.size();
  out.resize(start + (bytes.size() + 2) / 3 * 4);
  char* to = out.data() + start;
  const auto byte_at = [bytes](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(bytes[i])); };
  size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const uint32_t three = byte_at(i) << 16 | byte_at(i + 1) << 8 | byte_at(i + 2);
    *to++ = kBase64[three >> 18];
    *to++ = kBase64[three >> 12 & 63];
    *to++ = kBase64[three >> 6 & 63];
    *to++ = kBase64[three & 63];
  }
  const size_t left = bytes.size() - i;
  if (left == 0) return;
  const uint32_t last = byte_at(i) << 16 | (left == 2 ? byte_at(i + 1) << 8 : 0);
  *to++ = kBase64[last >> 18];
  *to++ = kBase64[last >> 12 & 63];
  *to++ = left == 2 ? kBase64[last >> 6 & 63] : '=';
  *to++ = '=';
}

}  // namespace mqctl
