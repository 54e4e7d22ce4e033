// ForwardSource: a range of the log from its beginning to its end. See record_source.h.
#pragma once

#include <optional>
#include <string>

#include "cli/commands/record_source.h"

namespace mqctl {

class ForwardSource final : public RecordSource {
 public:
  ForwardSource(SourceFiles files, LogRange range, Resync resync)
      : files_(std::move(files)), range_(range), resync_(resync) {}
  Result<bool> next(SourceEvent& event) override;

 private:
  Result<bool> open_next();
  Result<bool> read();
  void hold_tail();
  bool give_held(SourceEvent& event);

  const SourceFiles files_;
  const LogRange range_;
  const Resync resync_;
  size_t index_ = 0;  // of the segment to be opened next
  std::optional<SegmentReader> reader_;
  std::optional<SegmentScanner> scanner_;
  ScanEvent scanned_;
  bool between_records_ = false;            // the range began somewhere, perhaps inside a record
  std::optional<PhysicalOffset> expected_;  // where the next segment should begin
  // Damage at the end of a segment is only that if something follows in another one.
  struct Held {
    PhysicalOffset offset;
    uint64_t length;
    std::string file, damage, detail;
  };
  std::vector<Held> held_;
  std::vector<Held> given_;   // keeps the texts of what was given out
  bool has_scanned_ = false;  // scanned_ waits behind what is held
};

}  // namespace mqctl
