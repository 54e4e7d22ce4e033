// SubscriptionData: what a consumer wants of a topic (Apache: SubscriptionData, FilterAPI).
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "cli/broker/sql_filter.h"
#include "libstore/store/lenient_json.h"

namespace mqctl {

struct SubscriptionData {
  std::string topic;
  std::string expression = "*";
  std::string type = "TAG";
  int64_t version = 0;
  std::set<std::string> tags;
  std::set<int64_t> codes;  // of the tags, as consume queues have them
  std::shared_ptr<const SqlFilter> sql;

  bool is_tag() const { return type.empty() || type == "TAG"; }
  // By what a queue unit says of the message; hash collisions are the consumer's to sort out.
  bool accepts_code(int64_t tags_code) const { return !is_tag() || codes.empty() || codes.contains(tags_code); }
  bool accepts_properties(std::string_view properties) const { return sql == nullptr || sql->matches(properties); }
};

// kInvalidArgument for an expression that is none.
Result<SubscriptionData> make_subscription(std::string topic, std::string_view expression, std::string_view type);
// As a heartbeat has it.
Result<SubscriptionData> subscription_from_json(const ConfigJson& json);
ConfigJson subscription_json(const SubscriptionData& data);

}  // namespace mqctl
