// SegmentScanner: the records of one segment in order, damage between them named and stepped over.
//
// After damage it finds the next place whose bytes are a sound record that claims to stand exactly there (magic,
// lengths, stored physical offset, body CRC), so nothing is invented out of stale bytes. Speed is that of memory.
// The scan of a segment stops at its blank record: what follows in the file is undefined. Beside a writer that appends,
// a record seen half-written is looked at again before it is called damaged.
#pragma once

#include <cstdint>
#include <string>

#include "libstore/log/segment_reader.h"
#include "libstore/message/record_parser.h"

namespace mqctl {

enum class ScanKind : uint8_t {
  kRecord,  // sound, and where it says it is
  kDamage,  // [position, position + length) holds no sound record; scanning goes on behind it
  kBlank,   // the end-of-segment record; the segment is done
  kTail,    // nothing sound from here to the end of the file; the segment is done
};

enum class Damage : uint8_t {
  kNone,
  kBadMagic,
  kBadSize,
  kBodyCrc,      // the view is filled: everything but the body can be trusted as far as its lengths agree
  kPropertyCrc,  // the view is filled
  kWrongOffset,  // a sound record that claims another physical offset; the view is filled
  kZeros,        // zero bytes between records
};

enum class Tail : uint8_t {
  kNeverWritten,  // zeros only, or no byte at all
  kTorn,          // begins like a record that is incomplete: its writer died, or is writing
  kStale,         // other bytes: what a truncation left, or damage that reaches to the end
};

struct ScanEvent {
  ScanKind kind = ScanKind::kTail;
  uint64_t position = 0;          // in the file
  PhysicalOffset offset;          // in the log
  uint64_t length = 0;            // kTail: to the end of the file
  MessageView message;            // kRecord, and where Damage says so; views live until the next call
  Damage damage = Damage::kNone;  // kTail: what the bytes would be called if sound records followed
  Tail tail = Tail::kNeverWritten;
  uint64_t nonzero_bytes_end = 0;  // kTail: position behind the last byte that is not zero, or `position`
  std::string detail;              // kDamage, kTail: "bad magic 0x41414141", ...
};

// kStopAtDamage: whatever is not a sound record is the tail, nothing behind it is read (nonzero_bytes_end is unknown
// and equals position): for followers, who come back.
enum class Resync : uint8_t { kScanOn, kStopAtDamage };

class SegmentScanner {
 public:
  SegmentScanner(SegmentReader& reader, CrcCheck check, Resync resync);
  // Starts at a position that is a record's, or resyncs from there on.
  void seek(uint64_t position) {
    position_ = position;
    done_ = false;
  }
  uint64_t position() const { return position_; }
  // False when the segment is done (after kBlank or kTail). An error is the operating system's, never the content's.
  Result<bool> next(ScanEvent& event);

 private:
  bool accept(ScanEvent& event);
  Result<bool> settle(RecordStatus status, ScanEvent& event);
  Result<bool> framed_damage(Damage damage, ScanEvent& event);
  Result<bool> resync(RecordStatus status, ScanEvent& event);
  Result<bool> written_meanwhile(ScanEvent& event);
  Result<bool> end_with_tail(RecordStatus status, ScanEvent& event);
  Result<std::string> explain(RecordStatus status);

  SegmentReader& reader_;
  CrcCheck check_;
  Resync resync_;
  uint64_t position_ = 0;
  bool done_ = false;
};

std::string_view damage_name(Damage damage);  // the finding class of the CLI contract: "bad-magic", "body-crc", ...

}  // namespace mqctl
