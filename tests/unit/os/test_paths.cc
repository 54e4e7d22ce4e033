#include <catch2/catch.hpp>

#include "libstore/os/file_system.h"

using namespace mqctl;

TEST_CASE("Joined with one slash between") {
  CHECK(join_path("a", "b") == "a/b");
  CHECK(join_path("a/", "b") == "a/b");
  CHECK(join_path("/", "b") == "/b");
  CHECK(join_path("", "b") == "b");
  CHECK(join_path("a/b", "c/d") == "a/b/c/d");
}

TEST_CASE("The last part, and what stands before it") {
  CHECK(base_name("/a/b") == "b");
  CHECK(base_name("b") == "b");
  CHECK(base_name("a/").empty());
  CHECK(base_name("").empty());
  CHECK(parent_path("/a/b") == "/a");
  CHECK(parent_path("/a") == "/");
  CHECK(parent_path("/") == "/");
  CHECK(parent_path("a/b/c") == "a/b");
  CHECK(parent_path("a") == ".");
  CHECK(parent_path("") == ".");
}

TEST_CASE("Names that stand for an entry of a directory, and those that lead elsewhere") {
  for (const char* name : {"T", "%RETRY%g", "...", ".hidden", "a b", "\xFF"}) CHECK(is_entry_name(name));
  for (const char* name : {"", ".", "..", "/", "a/b", "../x", "a/"}) CHECK_FALSE(is_entry_name(name));
  CHECK_FALSE(is_entry_name(std::string_view("a\0b", 3)));
  CHECK(is_entry_name(std::string(255, 'a')));
  CHECK_FALSE(is_entry_name(std::string(256, 'a')));
}
