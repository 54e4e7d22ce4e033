#include "cli/commands/record_filter.h"

#include <re2/re2.h>
#include <strings.h>

#include <algorithm>

#include "libstore/message/message_id.h"
#include "libstore/message/properties.h"
#include "libstore/message/system_flag.h"

namespace mqctl {
namespace {

// "A || B" as consumers subscribe.
std::vector<std::string> split_tags(const std::vector<std::string>& typed) {
  std::vector<std::string> tags;
  for (const std::string& expression : typed) {
    size_t from = 0;
    while (from <= expression.size()) {
      const size_t bars = std::min(expression.find("||", from), expression.size());
      std::string tag = expression.substr(from, bars - from);
      tag.erase(0, tag.find_first_not_of(' '));
      tag.erase(tag.find_last_not_of(' ') + 1);
      tags.push_back(std::move(tag));
      from = bars + 2;
    }
  }
  if (std::find(tags.begin(), tags.end(), "*") != tags.end()) tags.clear();
  return tags;
}

bool holds_key(std::string_view keys, const std::vector<std::string>& wanted) {
  KeyCursor cursor(keys);
  std::string_view key;
  while (cursor.next(key)) {
    if (std::find(wanted.begin(), wanted.end(), key) != wanted.end()) return true;
  }
  return false;
}

bool same_id(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

RecordFilter::RecordFilter(const DumpOptions& options)
    : options_(options),
      tags_(split_tags(options.tags)),
      asks_for_properties_(!tags_.empty() || !options.keys.empty() || !options.unique_key.empty() ||
                           !options.message_id.empty()) {}
RecordFilter::RecordFilter(RecordFilter&&) noexcept = default;
RecordFilter::~RecordFilter() = default;

Result<RecordFilter> RecordFilter::create(const DumpOptions& options) {
  RecordFilter filter(options);
  if (options.pattern.empty()) return filter;
  RE2::Options settings;
  settings.set_log_errors(false);
  filter.pattern_ = std::make_unique<re2::RE2>(options.pattern, settings);
  if (filter.pattern_->ok()) return filter;
  return Status::error(Errc::kInvalidArgument, "--grep: " + filter.pattern_->error());
}

bool RecordFilter::accepts(const MessageView& message, PhysicalOffset offset) const {
  if (options_.topic && message.topic != *options_.topic) return false;
  if (options_.queue && message.queue_id.value() != *options_.queue) return false;
  if (options_.positions && !options_.positions->holds(offset.value())) return false;
  if (options_.time && !options_.time->holds(message.stored.value())) return false;
  if (options_.queue_offsets) {
    // What is in no queue has no place in one.
    if (!enters_consume_queue(message.sys_flag)) return false;
    if (!options_.queue_offsets->holds(message.queue_offset.value())) return false;
  }
  return !asks_for_properties_ || accepts_properties(message);
}

bool RecordFilter::accepts_properties(const MessageView& message) const {
  const DispatchProperties known = dispatch_properties(message.properties);
  if (!tags_.empty() && std::find(tags_.begin(), tags_.end(), known.tags) == tags_.end()) return false;
  if (!options_.keys.empty() && !holds_key(known.keys, options_.keys)) return false;
  const std::string_view unique_key = known.has_uniq_key ? known.uniq_key : "";
  if (!options_.unique_key.empty() && !same_id(unique_key, options_.unique_key)) return false;
  return options_.message_id.empty() || accepts_id(message, unique_key);
}

bool RecordFilter::accepts_id(const MessageView& message, std::string_view unique_key) const {
  if (same_id(unique_key, options_.message_id)) return true;
  const std::string id = offset_message_id(message.store_host, message.physical_offset);
  return same_id(id, options_.message_id);
}

bool RecordFilter::accepts_body(std::string_view body) const { return RE2::PartialMatch(body, *pattern_); }

}  // namespace mqctl
