// A queue's segments and its extension files, of any bytes: who reads through pread and who owns the files find the
// same end and the same units, and what the owner then enters is found where it belongs.
#include "libstore/index/consume_queue.h"
#include "libstore/index/consume_queue_reader.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/memory_file_system.h"
#include "tests/fuzz/require.h"

using namespace mqctl;

namespace {

constexpr uint64_t kUnit = ConsumeQueueUnit::kEncodedBytes, kSegmentBytes = 4 * kUnit, kExtBytes = 64;
constexpr size_t kMostUnits = 4096;
constexpr const char *kQueues = "/s/consumequeue", *kQueue = "/s/consumequeue/T/0", *kExt = "/s/consumequeue_ext/T/0";
const QueueKey kKey{"T", QueueId(0)};

std::string segment_name(uint64_t base) {
  std::string digits = std::to_string(base);
  return std::string(20 - digits.size(), '0') + digits;
}

// Cut into whole files; the last is as short as it is.
void put_files(test::MemoryFileSystem& fs, const std::string& directory, Bytes bytes, uint64_t file_bytes,
               uint64_t base) {
  for (; !bytes.empty(); base += file_bytes) {
    const Bytes part = bytes.first(std::min<size_t>(file_bytes, bytes.size()));
    fs.put(join_path(directory, segment_name(base)), part);
    bytes = bytes.subspan(part.size());
  }
}

// Ends, and with what is there.
int64_t read_through(FileSystem& fs) {
  Result<ConsumeQueueReader> reader = ConsumeQueueReader::open(fs, kQueues, kKey);
  if (!reader) return -1;
  const Result<QueueOffset> max = reader->max_offset();
  REQUIRE(max.has_value() && *max >= reader->first_in_files());
  for (const int64_t log_min : {int64_t{0}, int64_t{4096}, INT64_MAX}) {
    const Result<QueueOffset> min = reader->min_offset(PhysicalOffset(log_min));
    REQUIRE(min.has_value() && *min >= reader->first_in_files() && *min <= *max);
  }
  for (QueueOffset at = reader->first_in_files(); at < *max; ++at) REQUIRE(reader->unit(at).has_value());
  for (const int64_t nowhere : {int64_t{-1}, INT64_MIN, INT64_MAX}) REQUIRE(!reader->unit(QueueOffset(nowhere)));
  return max->value();
}

void compare_units(FileSystem& fs, const ConsumeQueue& queue) {
  Result<ConsumeQueueReader> reader = ConsumeQueueReader::open(fs, kQueues, kKey);
  for (QueueOffset at = queue.min_offset(); at < queue.max_offset(); ++at) {
    const std::optional<ConsumeQueueUnit> owned = queue.unit(at);
    REQUIRE(reader.has_value());
    const Result<ConsumeQueueUnit> read = reader->unit(at);
    REQUIRE(read.has_value() && (!owned || *owned == *read));
    if (owned) (void)queue.tags_code(*owned);
  }
}

// The next record of the queue, behind all that it names; none where damage names the end of all offsets.
std::optional<DispatchRequest> next_record(const ConsumeQueue& queue) {
  constexpr int32_t kRecord = 100;
  DispatchRequest request;
  request.topic = kKey.topic;
  request.queue_id = kKey.queue_id;
  if (queue.max_physical_offset().value() > INT64_MAX - 2 * kRecord) return std::nullopt;
  request.physical_offset = queue.max_physical_offset() + 1;
  request.queue_offset = queue.max_offset();
  request.size = kRecord;
  return request;
}

void own(FileSystem& fs, PhysicalOffset log_end) {
  ConsumeQueue queue(fs, kKey.topic, kKey.queue_id, kQueue, kSegmentBytes, kExt);
  if (!queue.load().ok()) return;
  if (!queue.recover().ok()) return;
  compare_units(fs, queue);
  if (!queue.truncate(log_end).ok()) return;
  REQUIRE(queue.min_offset() <= queue.max_offset());
  const std::optional<DispatchRequest> record = next_record(queue);
  if (!record) return;
  const Status entered = queue.put(*record);
  REQUIRE_SAYING(entered.ok(), entered.to_string());
  const std::optional<ConsumeQueueUnit> unit = queue.unit(record->queue_offset);
  REQUIRE(unit && unit->physical_offset == record->physical_offset && unit->size == record->size);
  compare_units(fs, queue);
}

void read_extensions(FileSystem& fs) {
  const Result<ConsumeQueueExt> ext = ConsumeQueueExt::open(fs, kExt);
  if (!ext) return;
  const Result<int64_t> end = ext->max_address();
  REQUIRE(end.has_value());
  for (int64_t address = extension_address(0); address < extension_address(3 * kExtBytes); ++address) {
    const Result<ConsumeQueueExtUnit> unit = ext->read(address);
    REQUIRE(!unit || unit->encoded_bytes() <= kExtBytes);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > kMostUnits * kUnit) return 0;
  test::FuzzInput input(data, size);
  const uint64_t first_segment = input.below(4);
  const PhysicalOffset log_end(input.word());
  const Bytes ext = input.bytes(input.byte());
  test::MemoryFileSystem fs;
  put_files(fs, kQueue, input.rest(), kSegmentBytes, first_segment * kSegmentBytes);
  put_files(fs, kExt, ext, kExtBytes, 0);
  read_through(fs);
  read_extensions(fs);
  own(fs, log_end);
  return 0;
}
