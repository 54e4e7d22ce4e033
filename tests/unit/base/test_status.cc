// Status, Result and what they say.
#include <catch2/catch.hpp>
#include <cerrno>
#include <memory>

#include "libstore/base/result.h"

using namespace mqctl;

namespace {

Status sample() { return Status::error(Errc::kIoError, "cannot read", EIO); }

}  // namespace

TEST_CASE("A status is a success unless said otherwise, and one pointer wide") {
  const Status status;
  CHECK(status.ok());
  CHECK(status.to_string() == "ok");
  CHECK(sizeof(Status) == sizeof(void*));
}

TEST_CASE("An error carries code, text and errno") {
  const Status status = sample();
  CHECK_FALSE(status.ok());
  CHECK(status.code() == Errc::kIoError);
  CHECK(status.message() == "cannot read");
  CHECK(status.sys_errno() == EIO);
  CHECK(status.path().empty());
  CHECK_FALSE(status.has_position());
  CHECK(status.to_string() == "cannot read");
}

TEST_CASE("The first place that is known stays") {
  const Status with_path = sample().at("a/b");
  CHECK(with_path.to_string() == "a/b: cannot read");
  CHECK_FALSE(with_path.has_position());
  const Status status = sample().at("a/b", 42).at("c", 7).at("d");
  CHECK(status.path() == "a/b");
  CHECK(status.position() == 42);
  CHECK(status.to_string() == "a/b at 42: cannot read");
  CHECK_FALSE(sample().at("a/b").at("c", 7).has_position());
}

TEST_CASE("Context goes before the message, the last first") {
  const Status status = sample().context("opening").context("recovery");
  CHECK(status.message() == "recovery: opening: cannot read");
  CHECK(status.code() == Errc::kIoError);
}

TEST_CASE("A success stays one, whatever is added") {
  CHECK(Status().at("a").ok());
  CHECK(Status().at("a", 1).ok());
  CHECK(Status().context("a").ok());
}

TEST_CASE("A copy is a copy, also onto itself and of a success") {
  const Status original = sample().at("a", 1);
  Status copy = original;
  copy = std::move(copy).context("more");
  CHECK(original.message() == "cannot read");
  CHECK(copy.message() == "more: cannot read");
  Status& alias = copy;
  copy = alias;
  CHECK(copy.position() == 1);
  copy = Status();
  CHECK(copy.ok());
  copy = original;
  CHECK(copy.to_string() == original.to_string());
}

TEST_CASE("errno picks the code, and its text follows what was tried") {
  const std::pair<int, Errc> known[] = {
      {ENOENT, Errc::kNotFound},   {ENOTDIR, Errc::kNotFound}, {ENOSPC, Errc::kNoSpace},   {EDQUOT, Errc::kNoSpace},
      {EACCES, Errc::kPermission}, {EPERM, Errc::kPermission}, {EROFS, Errc::kPermission}, {EEXIST, Errc::kExists},
      {EIO, Errc::kIoError},       {EMFILE, Errc::kIoError}};
  for (const auto& [number, code] : known) {
    const Status status = Status::from_errno("cannot open", number);
    CHECK(status.code() == code);
    CHECK(status.sys_errno() == number);
    CHECK(status.message().starts_with("cannot open: "));
    CHECK(status.message().size() > 13);
  }
}

TEST_CASE("Every code has a name of its own") {
  const Errc all[] = {Errc::kNotFound,        Errc::kCorruption, Errc::kTruncated, Errc::kUnsupported,
                      Errc::kInvalidArgument, Errc::kIoError,    Errc::kNoSpace,   Errc::kPermission,
                      Errc::kExists,          Errc::kBusy,       Errc::kTimedOut};
  std::vector<std::string_view> names;
  for (const Errc code : all) names.push_back(errc_name(code));
  std::sort(names.begin(), names.end());
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
  CHECK(errc_name(Errc::kInvalidArgument) == "invalid-argument");
  CHECK(std::find(names.begin(), names.end(), "unknown") == names.end());
}

TEST_CASE("A result is a value or the reason why there is none") {
  const Result<int> value = 7;
  REQUIRE(value.has_value());
  CHECK(*value == 7);
  CHECK(static_cast<bool>(value));
  const Result<int> failed = sample();
  CHECK_FALSE(failed.has_value());
  CHECK(failed.error().code() == Errc::kIoError);
}

TEST_CASE("A result gives up what can only be moved") {
  Result<std::unique_ptr<std::string>> made = std::make_unique<std::string>("text");
  CHECK(made->get()->size() == 4);
  const std::unique_ptr<std::string> taken = *std::move(made);
  CHECK(*taken == "text");
  Result<std::string> failed = sample().at("a");
  const Status reason = std::move(failed).error();
  CHECK(reason.path() == "a");
}

TEST_CASE("A result of a string is changed in place") {
  Result<std::string> text = std::string("ab");
  text->push_back('c');
  *text += "d";
  CHECK(text.value() == "abcd");
  Result<std::string> copy = text;
  copy->clear();
  CHECK(text->size() == 4);
}
