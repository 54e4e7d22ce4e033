// java.util.Properties, as broker.conf and mqadmin write it.
#include <catch2/catch.hpp>

#include "cli/broker/properties_text.h"

namespace mqctl {
namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

}  // namespace

TEST_CASE("key and value are parted by a sign, a colon or a blank") {
  for (const char* line : {"key=value", "key = value", "key:value", "key : value", "key value", "key\tvalue",
                           "  key=value", "key=value  ", "key=value\r\n", "key   =value\n", "\n\nkey=value"}) {
    INFO(line);
    CHECK(parse_properties_text(line) == Entries{{"key", "value"}});
  }
  CHECK(parse_properties_text("a=b=c\nd:e=f\ng h=i") == Entries{{"a", "b=c"}, {"d", "e=f"}, {"g", "h=i"}});
}

TEST_CASE("comments and empty lines are nothing, a key alone has an empty value") {
  CHECK(parse_properties_text("# a=b\n! c=d\n   # e\n\n \t \n").empty());
  CHECK(parse_properties_text("key\nother=\n=value") == Entries{{"key", ""}, {"other", ""}, {"", "value"}});
  CHECK(parse_properties_text("").empty());
  CHECK(parse_properties_text("# goes on \\\na=b") == Entries{{"a", "b"}});
}

TEST_CASE("a backslash joins the next line, two are one") {
  CHECK(parse_properties_text("key=one,\\\n    two,\\\r\n  three\nnext=1") ==
        Entries{{"key", "one,two,three"}, {"next", "1"}});
  CHECK(parse_properties_text("key=one\\\\\nnext=1") == Entries{{"key", "one\\"}, {"next", "1"}});
  CHECK(parse_properties_text("key=one\\\\\\\n two") == Entries{{"key", "one\\two"}});
  CHECK(parse_properties_text("key=end\\") == Entries{{"key", "end\\"}});
  CHECK(parse_properties_text("k\\=e\\:y\\ x=a\\tb\\nc\\:") == Entries{{"k=e:y x", "a\tb\nc:"}});
}

}  // namespace mqctl
