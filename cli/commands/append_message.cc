#include "cli/commands/append_message.h"

#include <algorithm>
#include <utility>

#include "cli/commands/append_record.h"
#include "libstore/message/delay_level.h"
#include "libstore/message/properties.h"

namespace mqctl {
namespace {

Status wrong(std::string why) { return Status::error(Errc::kInvalidArgument, std::move(why)); }

// What clients and brokers accept (Apache: TopicValidator, KeyBuilder). Records may hold others, a name typed need not.
Status check_typed_topic(std::string_view topic) {
  if (Status status = check_topic_name(topic); !status.ok()) return status;
  if (topic == kScheduleTopic) return wrong("messages get into " + std::string(topic) + " by --delay LEVEL");
  const bool retry = topic.starts_with("%RETRY%");
  for (const char c : topic) {
    const bool known = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       std::string_view("%|-_").find(c) != std::string_view::npos || (retry && c == '+');
    if (!known) return wrong("topic `" + std::string(topic) + "`: allowed are letters, digits and % | - _");
  }
  const size_t limit = retry ? kMaxRetryTopicBytes : kMaxTopicBytesV1;
  return topic.size() <= limit ? Status() : wrong("the topic is longer than " + std::to_string(limit) + " bytes");
}

// Names whose meaning is a flag's or the store's.
Status check_typed_property(std::string_view name) {
  if (name == property::kDelay) return wrong("-p DELAY: use --delay LEVEL, which parks the message as a broker does");
  if (name == property::kRecordCrc) return wrong("-p " + std::string(name) + ": a checksum, not a property");
  return {};
}

std::string join_keys(const std::vector<std::string>& keys) {
  std::string joined;
  for (const std::string& key : keys) joined.append(joined.empty() ? "" : " ").append(key);
  return joined;
}

}  // namespace

AppendMessages::AppendMessages(const AppendOptions& options, const HostAddress& store_host, UniqueKeyGenerator& keys,
                               const Clock& clock)
    : fixed_born_(options.born.has_value()),
      delay_level_(options.delay_level),
      topic_(options.topic),
      queues_(options),
      keys_(keys),
      clock_(clock) {
  draft_.flag = options.flag;
  draft_.born = options.born.value_or(EpochMs(0));
  draft_.born_host = options.born_host;
  draft_.store_host = store_host;
}

Result<AppendMessages> AppendMessages::create(const AppendOptions& options, const HostAddress& store_host,
                                              UniqueKeyGenerator& keys, const Clock& clock) {
  if (Status status = check_typed_topic(options.topic); !status.ok()) return status;
  const int max_level = DelayLevelTable::defaults().max_level();
  if (options.delay_level < 0 || options.delay_level > max_level) {
    return wrong("--delay: levels are 1 to " + std::to_string(max_level));
  }
  AppendMessages messages(options, store_host, keys, clock);
  if (Status status = messages.build_properties(options); !status.ok()) return status;
  return messages;
}

Status AppendMessages::build_properties(const AppendOptions& options) {
  std::vector<std::pair<std::string, std::string>> items;
  if (!options.tags.empty()) items.emplace_back(property::kTags, options.tags);
  if (!options.keys.empty()) items.emplace_back(property::kKeys, join_keys(options.keys));
  items.insert(items.end(), options.properties.begin(), options.properties.end());
  for (size_t i = 0; i < items.size(); ++i) {
    const auto& [name, value] = items[i];
    if (Status status = check_typed_property(name); !status.ok()) return status;
    const auto same = [&name](const auto& item) { return item.first == name; };
    if (std::any_of(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(i), same)) {
      return wrong("property " + name + " is given twice");
    }
    if (Status status = append_property(properties_, name, value); !status.ok()) return status;
    if (name == property::kUniqKey) makes_unique_key_ = false;
  }
  if (delay_level_ > 0) {
    const std::string level = std::to_string(delay_level_);
    if (Status status = append_property(properties_, property::kDelay, level); !status.ok()) return status;
    if (Status status = append_property(properties_, property::kRealTopic, topic_); !status.ok()) return status;
  }
  shared_bytes_ = properties_.size();
  return check_numbers(topic_, properties_);
}

void AppendMessages::end_properties(QueueId real_queue) {
  properties_.resize(shared_bytes_);
  const auto append = [this](std::string_view name, std::string_view value) {
    properties_.append(name).push_back(kNameValueSeparator);
    properties_.append(value).push_back(kPropertySeparator);
  };
  if (delay_level_ > 0) append(property::kRealQueueId, std::to_string(real_queue.value()));
  if (makes_unique_key_) append(property::kUniqKey, keys_.next(draft_.born));
}

const MessageDraft& AppendMessages::next(Bytes body) {
  const QueueId queue = queues_.next();
  if (!fixed_born_) draft_.born = clock_.now();
  end_properties(queue);
  draft_.topic = delay_level_ > 0 ? kScheduleTopic : std::string_view(topic_);
  draft_.queue_id = delay_level_ > 0 ? QueueId(delay_level_ - 1) : queue;
  draft_.body = body;
  draft_.properties = properties_;
  return draft_;
}

}  // namespace mqctl
