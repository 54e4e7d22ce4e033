// GoldenStore: a copy of a store that a genuine broker wrote, in a directory that goes away again, to read, cut and
// damage; and the listing of its log by Apache's own decoder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "libstore/base/bytes.h"

namespace mqctl::test {

// A fresh directory, removed with all it holds.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct GoldenRecord {
  bool blank = false;
  int64_t offset = 0;
  std::string file;
  int64_t size = 0;
  std::string topic;
  int32_t queue = 0;
  int64_t queue_offset = 0;
  int64_t tags_code = 0;
  int64_t body_size = 0;
  bool has_keys = false;
  uint64_t position() const;  // in the file
};

class GoldenStore {
 public:
  explicit GoldenStore(std::string_view name);

  const std::string& root() const { return root_; }
  std::string path(std::string_view below) const;
  const std::vector<GoldenRecord>& records() const { return records_; }  // blanks included
  int64_t end() const { return end_; }
  // The n-th record of a topic and queue.
  const GoldenRecord& record(std::string_view topic, int32_t queue, int64_t queue_offset) const;

  std::vector<std::byte> read(std::string_view below) const;
  void write(std::string_view below, uint64_t position, Bytes bytes) const;
  void write(std::string_view below, uint64_t position, std::initializer_list<int> bytes) const;
  void flip(std::string_view below, uint64_t position) const;  // the lowest bit
  void zero(std::string_view below, uint64_t position, size_t length) const;
  void resize(std::string_view below, uint64_t size) const;
  void remove(std::string_view below) const;
  void rename(std::string_view from, std::string_view to) const;
  void create(std::string_view below, std::string_view content) const;

 private:
  TemporaryDirectory directory_;
  std::string root_;
  std::vector<GoldenRecord> records_;
  int64_t end_ = 0;
};

inline constexpr const char* kGoldenSets[] = {"tiny-5.5.0", "apache-4.9.4-clean", "apache-5.3.3-kill9",
                                              "apache-5.5.0-mixed", "apache-5.5.0-ipv6-v2"};

std::string golden_path(std::string_view file);
// "consumequeue/T/0/<20 digits>"
std::string queue_file(std::string_view topic, int32_t queue, int64_t base);

void write_file(const std::string& path, Bytes content);
std::vector<std::byte> read_file(const std::string& path);

// A record of topic "T", ready to stand at an offset.
struct RecordSpec {
  std::string_view topic = "T";
  int32_t queue = 0;
  int64_t queue_offset = 0;
  int64_t offset = 0;
  size_t body_bytes = 10;
  int64_t stored = 1700000000000;
  bool property_crc = false;
  std::string_view properties = {};
  std::string_view body = {};  // where not body_bytes times 'x'
};
std::vector<std::byte> make_record(const RecordSpec& spec);
void append(std::vector<std::byte>& to, const std::vector<std::byte>& bytes);
void append_blank(std::vector<std::byte>& to, size_t segment_bytes);  // and fills up

}  // namespace mqctl::test
