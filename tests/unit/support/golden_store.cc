#include "tests/unit/support/golden_store.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "libstore/message/message_encoder.h"
#include "libstore/message/record_layout.h"

namespace mqctl::test {
namespace fs = std::filesystem;
namespace {

GoldenRecord record_of(const nlohmann::json& line) {
  GoldenRecord record;
  record.offset = line.at("pos");
  record.file = line.at("file");
  record.size = line.at("size");
  record.blank = line.value("blank", false);
  if (record.blank) return record;
  record.topic = line.at("topic");
  record.queue = line.at("queue");
  record.queue_offset = line.at("qoff");
  record.tags_code = line.at("tags_code");
  record.body_size = line.at("body_size");
  record.has_keys = line.contains("keys");
  return record;
}

std::string digits20(int64_t number) {
  const std::string digits = std::to_string(number);
  return std::string(20 - digits.size(), '0') + digits;
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (fs::temp_directory_path() / "mqctl-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

uint64_t GoldenRecord::position() const { return static_cast<uint64_t>(offset - std::stoll(file)); }

std::string golden_path(std::string_view file) {
  return std::string(MQCTL_SOURCE_DIR) + "/tests/golden/" + std::string(file);
}

GoldenStore::GoldenStore(std::string_view name) : root_(directory_.path() + "/" + std::string(name)) {
  const std::string packed = golden_path(std::string(name) + ".tar.zst");
  const std::string command = "zstd -dcq '" + packed + "' | tar -xf - -C '" + directory_.path() + "'";
  if (std::system(command.c_str()) != 0) throw std::runtime_error("cannot unpack " + packed);
  std::ifstream listing(golden_path(std::string(name) + ".expected.jsonl"));
  for (std::string text; std::getline(listing, text);) {
    const auto line = nlohmann::json::parse(text);
    if (line.contains("end")) {
      end_ = line.at("end");
    } else {
      records_.push_back(record_of(line));
    }
  }
}

std::string GoldenStore::path(std::string_view below) const { return root_ + "/" + std::string(below); }

const GoldenRecord& GoldenStore::record(std::string_view topic, int32_t queue, int64_t queue_offset) const {
  for (const GoldenRecord& record : records_) {
    if (record.topic == topic && record.queue == queue && record.queue_offset == queue_offset) return record;
  }
  throw std::out_of_range("no such record");
}

std::vector<std::byte> GoldenStore::read(std::string_view below) const { return read_file(path(below)); }

void GoldenStore::write(std::string_view below, uint64_t position, Bytes bytes) const {
  std::fstream file(path(below), std::ios::in | std::ios::out | std::ios::binary);
  if (!file) throw std::runtime_error("no " + path(below));
  file.seekp(static_cast<std::streamoff>(position));
  file.write(as_text(bytes).data(), static_cast<std::streamsize>(bytes.size()));
}

void GoldenStore::write(std::string_view below, uint64_t position, std::initializer_list<int> bytes) const {
  std::vector<std::byte> raw;
  for (const int byte : bytes) raw.push_back(static_cast<std::byte>(byte));
  write(below, position, raw);
}

void GoldenStore::flip(std::string_view below, uint64_t position) const {
  const std::vector<std::byte> all = read(below);
  write(below, position, {static_cast<int>(all.at(position)) ^ 1});
}

void GoldenStore::zero(std::string_view below, uint64_t position, size_t length) const {
  write(below, position, std::vector<std::byte>(length));
}

void GoldenStore::resize(std::string_view below, uint64_t size) const { fs::resize_file(path(below), size); }
void GoldenStore::remove(std::string_view below) const { fs::remove_all(path(below)); }
void GoldenStore::rename(std::string_view from, std::string_view to) const { fs::rename(path(from), path(to)); }
void GoldenStore::create(std::string_view below, std::string_view content) const {
  write_file(path(below), as_bytes(content));
}

std::string queue_file(std::string_view topic, int32_t queue, int64_t base) {
  return "consumequeue/" + std::string(topic) + "/" + std::to_string(queue) + "/" + digits20(base);
}

void write_file(const std::string& path, Bytes content) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(as_text(content).data(), static_cast<std::streamsize>(content.size()));
  if (!file) throw std::runtime_error("cannot write " + path);
}

std::vector<std::byte> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("no " + path);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const Bytes bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> make_record(const RecordSpec& spec) {
  const std::string filler(spec.body_bytes, 'x');
  MessageDraft draft;
  draft.topic = spec.topic;
  draft.queue_id = QueueId(spec.queue);
  draft.born = EpochMs(spec.stored);
  draft.born_host = HostAddress::v4(127, 0, 0, 1, 5000);
  draft.store_host = HostAddress::v4(127, 0, 0, 1, 10911);
  draft.body = as_bytes(spec.body.empty() ? std::string_view(filler) : spec.body);
  draft.properties = spec.properties;
  EncoderLimits limits;
  limits.max_body_bytes = 64u << 20;
  limits.append_property_crc = spec.property_crc;
  Result<EncodedMessage> encoded = EncodedMessage::encode(draft, limits);
  if (!encoded) throw std::invalid_argument(encoded.error().to_string());
  std::vector<std::byte> bytes(encoded->size());
  encoded->write_to(bytes.data(), QueueOffset(spec.queue_offset), PhysicalOffset(spec.offset), EpochMs(spec.stored));
  return bytes;
}

void append(std::vector<std::byte>& to, const std::vector<std::byte>& bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

void append_blank(std::vector<std::byte>& to, size_t segment_bytes) {
  const size_t at = to.size();
  to.resize(segment_bytes);
  store_be(to.data() + at, static_cast<int32_t>(segment_bytes - at));
  store_be(to.data() + at + 4, kMagicBlank);
}

}  // namespace mqctl::test
