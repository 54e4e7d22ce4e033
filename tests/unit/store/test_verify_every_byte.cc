// Every cut and every flipped bit of the smallest golden store: verify always comes to an end, and what matters is
// found.
#include <catch2/catch.hpp>

#include "libstore/message/record_layout.h"
#include "tests/unit/store/verify_support.h"

using namespace mqctl;
using namespace mqctl::test;

namespace {

const std::string kLog = segment(0);

uint64_t count_found(const GoldenStore& store) { return verified(store, VerifyLevel::kIndex).findings_total; }

}  // namespace

TEST_CASE("every flipped byte of a record's head, body and topic is found", "[exhaustive]") {
  const GoldenStore store("tiny-5.5.0");
  const std::vector<std::byte> log = store.read(kLog);
  uint64_t silent = 0;
  for (const GoldenRecord& record : store.records()) {
    for (uint64_t at = 0; at < static_cast<uint64_t>(record.size); ++at) {
      const uint64_t position = record.position() + at;
      const uint64_t body_end = 88 + static_cast<uint64_t>(record.body_size);
      store.flip(kLog, position);
      const uint64_t findings = count_found(store);
      store.write(kLog, position, Bytes(log).subspan(position, 1));
      const bool sizes = at < RecordLayout::kQueueIdAt;
      const bool place = at >= RecordLayout::kQueueIdAt && at < RecordLayout::kFlagAt;
      const bool offsets = at >= RecordLayout::kQueueOffsetAt && at < RecordLayout::kSysFlagAt;
      const bool body = at >= 84 && at < body_end + 1 + record.topic.size() + 2;
      INFO("record at " << record.position() << " byte " << at);
      if (sizes || place || offsets || body) REQUIRE(findings > 0);
      silent += findings == 0;
    }
  }
  CHECK(silent < log.size());
}

TEST_CASE("every flipped byte of a queue's units is found", "[exhaustive]") {
  const GoldenStore store("tiny-5.5.0");
  const std::string queue = queue_file("Tiny", 0, 0);
  const std::vector<std::byte> bytes = store.read(queue);
  for (uint64_t at = 0; at < bytes.size(); ++at) {
    store.flip(queue, at);
    const uint64_t findings = count_found(store);
    store.write(queue, at, Bytes(bytes).subspan(at, 1));
    INFO("byte " << at);
    if (at < 40) REQUIRE(findings > 0);
  }
}

TEST_CASE("no flipped byte of an index file harms") {
  const GoldenStore store("tiny-5.5.0");
  const auto listing = list_index_files(posix_file_system(), store.path("index"));
  const std::string file = "index/" + base_name(listing.value().paths.at(0));
  const std::vector<std::byte> bytes = store.read(file);
  const IndexGeometry geometry{100, 400};
  const auto used = static_cast<uint32_t>(load_be<int32_t>(bytes, 36));
  for (uint64_t at = 0; at < bytes.size(); ++at) {
    store.flip(file, at);
    const uint64_t findings = count_found(store);
    store.write(file, at, Bytes(bytes).subspan(at, 1));
    const bool slots = at >= 40 && at < geometry.slot_at(100);
    // The first entry's time counts from the file before it, which may be gone.
    const bool first_time = at >= geometry.entry_at(1) + 12 && at < geometry.entry_at(1) + 16;
    const bool entries = at >= geometry.entry_at(1) && at < geometry.entry_at(used) && !first_time;
    INFO("byte " << at);
    if (slots || entries || (at >= 16 && at < 36)) REQUIRE(findings > 0);
  }
}

TEST_CASE("every cut of log, queue and index comes to an end with a finding") {
  const std::string queue = queue_file("Tiny", 1, 0);
  const GoldenStore pristine("tiny-5.5.0");
  const auto listing = list_index_files(posix_file_system(), pristine.path("index"));
  const std::string index = "index/" + base_name(listing.value().paths.at(0));
  for (const std::string& file : {kLog, queue, index}) {
    const std::vector<std::byte> bytes = pristine.read(file);
    const size_t step = file == kLog ? 1 : 7;
    const size_t used = file == kLog ? 783 : file == index ? 600 : bytes.size();
    const size_t longest = file == kLog ? 800 : bytes.size() - 1;
    for (size_t cut = 0; cut <= longest; cut += step) {
      write_file(pristine.path(file), Bytes(bytes).first(cut));
      INFO(file << " cut at " << cut);
      const uint64_t findings = count_found(pristine);
      // Cut behind its last entry, an index file looks like one made for fewer.
      if (cut < used) REQUIRE(findings > 0);
    }
    write_file(pristine.path(file), bytes);
  }
}
