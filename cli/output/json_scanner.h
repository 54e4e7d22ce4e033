// JsonScanner: reads one JSON text once, in order, unescaping strings where they stand, without making a tree: what
// `append -i json` needs to keep up with a disk. As strict as RFC 8259 and nlohmann_json, which the tests hold it to.
//
// Strings are views into the given bytes, which are overwritten as they are read; the caller keeps them. Every method
// returns false at the first fault; error() and column() then say what and where. Not synchronised.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace mqctl {

// Text that no Unicode has: half a surrogate pair, bytes that are not UTF-8. Java's readers put a mark in its place.
enum class BadText : uint8_t { kRefuse, kReplace };

class JsonScanner {
 public:
  static constexpr int kMaxNesting = 64;

  explicit JsonScanner(std::span<char> text, BadText bad_text = BadText::kRefuse)
      : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()), bad_text_(bad_text) {}

  // Calls `member(name)` for each member of the object that comes next; it reads the value, or skips it.
  template <class Member>
  bool object(Member&& member) {
    if (!open('{')) return false;
    if (closes('}')) return true;
    do {
      std::string_view name;
      if (!string(name) || !colon() || !member(name)) return false;
    } while (comma());
    return close('}');
  }
  template <class Element>
  bool array(Element&& element) {
    if (!open('[')) return false;
    if (closes(']')) return true;
    do {
      if (!element()) return false;
    } while (comma());
    return close(']');
  }

  bool string(std::string_view& value);
  bool integer(int64_t& value);
  bool boolean(bool& value);
  // A value of any kind, checked like the others.
  bool skip();
  // The same, and its text: of a string what it says, of anything else as it stands.
  bool text_of_any(std::string_view& text);
  // Nothing but blanks is left.
  bool at_end();
  // The next byte that is no blank; 0 at the end.
  char peek() {
    const bool blank = at_ == end_ || static_cast<unsigned char>(*at_) <= ' ';
    return blank ? peek_over_blanks() : *at_;
  }

  // Refuses what was just read; the first fault stays.
  bool fail(std::string_view why);
  std::string_view error() const { return error_; }
  size_t column() const { return static_cast<size_t>(fault_ - begin_) + 1; }

 private:
  char peek_over_blanks();
  bool open(char bracket);
  bool closes(char bracket) { return peek() == bracket && close(bracket); }
  bool close(char bracket);
  bool colon() {
    if (peek() != ':') return fail("a colon is expected");
    ++at_;
    return true;
  }
  bool comma() {
    if (peek() != ',') return false;
    ++at_;
    return true;
  }
  bool word(std::string_view text);
  bool number();
  const char* plain_end(const char* from);
  void note_non_ascii(uint64_t bytes);
  bool escape(char*& to);
  bool unicode_escape(char*& to);
  bool low_surrogate(uint32_t& code);
  bool four_digits(uint32_t& value);

  char* begin_;
  char* at_;
  char* end_;
  BadText bad_text_;
  char* fault_ = nullptr;
  int depth_ = 0;
  bool non_ascii_ = false;
  std::string_view error_;
};

// Decodes padded base64 (RFC 4648, no blanks) over itself. False where it is none.
bool decode_base64_in_place(std::string_view& text);

}  // namespace mqctl
