// Bytes of any kind made fit for a JSON string, a terminal, or hex and base64 text. Each appends to `out`.
#pragma once

#include <string>
#include <string_view>

namespace mqctl {

// A JSON string with its quotes. REQUIRES: valid UTF-8. DEL and the C1 controls are escaped too: a terminal that is
// shown JSON must not obey them.
void append_json_string(std::string& out, std::string_view text);

// For people: control characters and bytes that are no UTF-8 as \n, \t, \x1b, one backslash as it stands.
void append_printable(std::string& out, std::string_view text);
std::string printable(std::string_view text);

void append_hex(std::string& out, std::string_view bytes);
void append_base64(std::string& out, std::string_view bytes);  // RFC 4648, padded

}  // namespace mqctl
