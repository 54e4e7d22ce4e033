// RecordFilter: whether a record is one of those that were asked for. Cheap questions first, the body last.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/commands/dump_options.h"
#include "libstore/base/result.h"
#include "libstore/message/message_view.h"

namespace re2 {
class RE2;
}

namespace mqctl {

class RecordFilter {
 public:
  // kInvalidArgument for a pattern or an id that is none. The options outlive it.
  static Result<RecordFilter> create(const DumpOptions& options);
  RecordFilter(RecordFilter&&) noexcept;
  ~RecordFilter();

  // Everything but the body.
  bool accepts(const MessageView& message, PhysicalOffset offset) const;
  bool asks_for_body() const { return pattern_ != nullptr; }
  bool accepts_body(std::string_view body) const;

 private:
  explicit RecordFilter(const DumpOptions& options);
  bool accepts_properties(const MessageView& message) const;
  bool accepts_id(const MessageView& message, std::string_view unique_key) const;

  const DumpOptions& options_;
  std::vector<std::string> tags_;
  bool asks_for_properties_ = false;
  std::unique_ptr<re2::RE2> pattern_;
};

}  // namespace mqctl
