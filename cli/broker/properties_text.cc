#include "cli/broker/properties_text.h"

#include <algorithm>

namespace mqctl {
namespace {

constexpr std::string_view kBlanks = " \t\f\r";

std::string_view without_leading_blanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text;
}

std::string_view without_trailing_blanks(std::string_view text) {
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

std::string_view take_line(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return without_leading_blanks(line);
}

// An odd number of backslashes at the end: the last one is none of the text.
bool goes_on(std::string_view line) {
  const size_t last = line.find_last_not_of('\\');
  return (line.size() - (last == line.npos ? 0 : last + 1)) % 2 == 1;
}

// With the lines that it goes on in.
std::string take_logical_line(std::string_view& text) {
  std::string_view line = take_line(text);
  if (line.empty() || line.front() == '#' || line.front() == '!') return {};
  std::string whole;
  for (; goes_on(line) && !text.empty(); line = take_line(text)) whole += line.substr(0, line.size() - 1);
  return whole += line;
}

char unescaped(char letter) {
  switch (letter) {
    case 't':
      return '\t';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 'f':
      return '\f';
    default:
      return letter;
  }
}

std::string plain(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && i + 1 < text.size();
    out += escape ? unescaped(text[++i]) : text[i];
  }
  return out;
}

size_t end_of_key(std::string_view line) {
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\') {
      ++i;
    } else if (line[i] == '=' || line[i] == ':' || kBlanks.find(line[i]) != kBlanks.npos) {
      return i;
    }
  }
  return line.size();
}

}  // namespace

std::vector<std::pair<std::string, std::string>> parse_properties_text(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> entries;
  while (!text.empty()) {
    const std::string line = take_logical_line(text);
    if (line.empty()) continue;
    const size_t key_end = end_of_key(line);
    std::string_view value = without_leading_blanks(std::string_view(line).substr(key_end));
    if (value.starts_with('=') || value.starts_with(':')) value = without_leading_blanks(value.substr(1));
    entries.emplace_back(plain(std::string_view(line).substr(0, key_end)), plain(without_trailing_blanks(value)));
  }
  return entries;
}

}  // namespace mqctl
