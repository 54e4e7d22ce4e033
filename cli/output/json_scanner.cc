#include "cli/output/json_scanner.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>

#include "libstore/base/utf8.h"

namespace mqctl {
namespace {

constexpr uint64_t kOnes = 0x0101010101010101;
constexpr uint64_t kHighs = kOnes * 0x80;

// The top bit of each of the eight bytes that is zero; below 0x20, a quote, a backslash: ends plain text. The lowest
// that is set is right, those above it may be set by its borrow.
constexpr uint64_t zero_bytes(uint64_t v) { return (v - kOnes) & ~v & kHighs; }
constexpr uint64_t special_bytes(uint64_t v) {
  return ((v - kOnes * 0x20) & ~v & kHighs) | zero_bytes(v ^ kOnes * '"') | zero_bytes(v ^ kOnes * '\\');
}

constexpr bool is_plain(char c) { return c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void put_utf8(char*& to, uint32_t code) {
  const auto put = [&to](uint32_t byte) { *to++ = static_cast<char>(static_cast<unsigned char>(byte)); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | code >> 6);
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

// In place, so each byte of it becomes a question mark.
void mark_ill_formed(char* from, const char* end) {
  while (from < end) {
    const CodePoint point = next_code_point({from, static_cast<size_t>(end - from)});
    if (!point.well_formed) std::fill_n(from, point.length, '?');
    from += point.length;
  }
}

constexpr uint8_t kNoDigit = 0xFF;

constexpr std::array<uint8_t, 256> make_base64_digits() {
  std::array<uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    digits[static_cast<unsigned char>(kAlphabet[i])] = static_cast<uint8_t>(i);
  }
  return digits;
}
constexpr std::array<uint8_t, 256> kBase64Digits = make_base64_digits();

// The values of four digits in 24 bits; more than that where one is no digit.
uint32_t base64_group(const char* from) {
  uint32_t bits = 0;
  uint32_t wrong = 0;
  for (int i = 0; i < 4; ++i) {
    const uint8_t digit = kBase64Digits[static_cast<unsigned char>(from[i])];
    wrong |= digit & 0xC0u;
    bits = bits << 6 | (digit & 0x3Fu);
  }
  return wrong == 0 ? bits : UINT32_MAX;
}

}  // namespace

char JsonScanner::peek_over_blanks() {
  while (at_ < end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
  return at_ < end_ ? *at_ : '\0';
}

bool JsonScanner::fail(std::string_view why) {
  if (error_.empty()) {
    error_ = why;
    fault_ = at_;
  }
  return false;
}

bool JsonScanner::open(char bracket) {
  if (peek() != bracket) return fail(bracket == '{' ? "an object is expected" : "an array is expected");
  if (++depth_ > kMaxNesting) return fail("nested too deep");
  ++at_;
  return true;
}

bool JsonScanner::text_of_any(std::string_view& text) {
  if (peek() == '"') return string(text);
  const char* const begin = at_;
  if (!skip()) return false;
  text = {begin, static_cast<size_t>(at_ - begin)};
  return true;
}

bool JsonScanner::close(char bracket) {
  if (peek() != bracket) return fail(at_ == end_ ? "cut off" : "a comma or a closing bracket is expected");
  ++at_;
  --depth_;
  return true;
}

bool JsonScanner::at_end() {
  (void)peek();
  return at_ == end_ || fail("something follows the value");
}

const char* JsonScanner::plain_end(const char* from) {
  uint64_t seen = 0;
  while (end_ - from >= 8) {
    uint64_t bytes;
    std::memcpy(&bytes, from, sizeof bytes);
    if (const uint64_t special = special_bytes(bytes); special != 0) {
      const int plain = std::countr_zero(special) / 8;
      note_non_ascii(seen | (bytes & ((uint64_t{1} << (8 * plain)) - 1)));
      return from + plain;
    }
    seen |= bytes;
    from += 8;
  }
  while (from < end_ && is_plain(*from)) seen |= static_cast<unsigned char>(*from++);
  note_non_ascii(seen);
  return from;
}

void JsonScanner::note_non_ascii(uint64_t bytes) { non_ascii_ |= (bytes & kHighs) != 0; }

bool JsonScanner::string(std::string_view& value) {
  if (peek() != '"') return fail("a string is expected");
  char* const start = ++at_;
  char* to = start;
  non_ascii_ = false;
  for (;;) {
    const auto length = static_cast<size_t>(plain_end(at_) - at_);
    if (to != at_) std::memmove(to, at_, length);
    to += length;
    at_ += length;
    if (at_ == end_) return fail("a string is cut off");
    if (*at_ == '"') break;
    if (*at_ != '\\') return fail("a control character in a string");
    if (!escape(to)) return false;
  }
  value = {start, static_cast<size_t>(to - start)};
  if (non_ascii_ && !is_valid_utf8(value)) {
    if (bad_text_ == BadText::kRefuse) return fail("a string that is not UTF-8");
    mark_ill_formed(start, to);
  }
  ++at_;
  return true;
}

bool JsonScanner::escape(char*& to) {
  constexpr std::string_view kNames = "\"\\/bfnrt";
  constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
  if (++at_ == end_) return fail("a string is cut off");
  if (*at_ == 'u') return unicode_escape(to);
  const size_t found = kNames.find(*at_);
  if (found == std::string_view::npos) return fail("an unknown escape");
  *to++ = kValues[found];
  ++at_;
  return true;
}

bool JsonScanner::four_digits(uint32_t& value) {
  value = 0;
  ++at_;  // the u
  for (int i = 0; i < 4; ++i, ++at_) {
    const int digit = at_ < end_ ? hex_digit(*at_) : -1;
    if (digit < 0) return fail("four hexadecimal digits are expected");
    value = value << 4 | static_cast<uint32_t>(digit);
  }
  return true;
}

bool JsonScanner::unicode_escape(char*& to) {
  uint32_t code = 0;
  if (!four_digits(code)) return false;
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (surrogate && (code >= 0xDC00 || !low_surrogate(code))) {
    if (bad_text_ == BadText::kRefuse) return fail("half a surrogate pair");
    code = kReplacementCharacter;
  }
  put_utf8(to, code);
  return true;
}

// The other half, if it follows; else nothing is taken.
bool JsonScanner::low_surrogate(uint32_t& code) {
  if (end_ - at_ < 2 || at_[0] != '\\' || at_[1] != 'u') return false;
  char* const before = at_++;
  uint32_t low = 0;
  if (four_digits(low) && low >= 0xDC00 && low <= 0xDFFF) {
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    return true;
  }
  at_ = before;
  return false;
}

bool JsonScanner::integer(int64_t& value) {
  (void)peek();
  const char* const start = at_;
  if (!number()) return false;
  const auto [behind, error] = std::from_chars(start, at_, value);
  if (error == std::errc() && behind == at_) return true;
  return fail("an integer of 64 bits is expected");
}

// The grammar of RFC 8259: no leading zeros, no plus sign, digits on both sides of a point.
bool JsonScanner::number() {
  const auto digits = [this] {
    if (at_ == end_ || !is_digit(*at_)) return fail("a number is expected");
    while (at_ < end_ && is_digit(*at_)) ++at_;
    return true;
  };
  if (at_ < end_ && *at_ == '-') ++at_;
  if (at_ < end_ && *at_ == '0') {
    ++at_;
  } else if (!digits()) {
    return false;
  }
  if (at_ < end_ && *at_ == '.') {
    ++at_;
    if (!digits()) return false;
  }
  if (at_ == end_ || (*at_ != 'e' && *at_ != 'E')) return true;
  ++at_;
  if (at_ < end_ && (*at_ == '+' || *at_ == '-')) ++at_;
  return digits();
}

bool JsonScanner::word(std::string_view text) {
  const std::string_view rest(at_, static_cast<size_t>(end_ - at_));
  if (!rest.starts_with(text)) return fail("a value is expected");
  at_ += text.size();
  return true;
}

bool JsonScanner::boolean(bool& value) {
  value = peek() == 't';
  return word(value ? "true" : "false");
}

bool JsonScanner::skip() {
  std::string_view ignored;
  switch (peek()) {
    case '{':
      return object([this](std::string_view) { return skip(); });
    case '[':
      return array([this] { return skip(); });
    case '"':
      return string(ignored);
    case 't':
      return word("true");
    case 'f':
      return word("false");
    case 'n':
      return word("null");
    default:
      return number();
  }
}

bool decode_base64_in_place(std::string_view& text) {
  if (text.size() % 4 != 0) return false;
  if (text.empty()) return true;
  char* const start = const_cast<char*>(text.data());  // the scanner's own bytes, see the header
  char* to = start;
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  const char* from = text.data();
  const char* const last = from + text.size() - 4;
  const auto put = [&to](uint32_t byte) { *to++ = static_cast<char>(static_cast<unsigned char>(byte)); };
  for (; from < last; from += 4) {
    const uint32_t bits = base64_group(from);
    if (bits == UINT32_MAX) return false;
    put(bits >> 16 & 0xFF);
    put(bits >> 8 & 0xFF);
    put(bits & 0xFF);
  }
  char group[4];
  std::memcpy(group, last, sizeof group);
  for (size_t i = 0; i < padding; ++i) group[3 - i] = 'A';
  const uint32_t bits = base64_group(group);
  // Bits that no byte takes must be zero, so that each text stands for other bytes.
  if (bits == UINT32_MAX || (bits & ((1u << (8 * padding)) - 1)) != 0) return false;
  for (size_t i = 0; i < 3 - padding; ++i) put(bits >> (16 - 8 * i) & 0xFF);
  text = {start, static_cast<size_t>(to - start)};
  return true;
}

}  // namespace mqctl
