#include "cli/broker/subscription_data.h"

#include "cli/broker/config_table.h"
#include "libstore/message/tags_code.h"

namespace mqctl {
namespace {

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(' ');
  return first == text.npos ? std::string_view() : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

void add_tags(SubscriptionData& data, std::string_view expression) {
  while (!expression.empty()) {
    const size_t bars = std::min(expression.find("||"), expression.size());
    const std::string_view tag = trimmed(expression.substr(0, bars));
    if (!tag.empty()) {
      data.tags.emplace(tag);
      data.codes.insert(tags_code_of(tag));
    }
    expression.remove_prefix(std::min(bars + 2, expression.size()));
  }
}

}  // namespace

Result<SubscriptionData> make_subscription(std::string topic, std::string_view expression, std::string_view type) {
  SubscriptionData data;
  data.topic = std::move(topic);
  data.type = type.empty() ? "TAG" : type;
  data.expression = expression.empty() ? "*" : expression;
  if (data.is_tag()) {
    if (data.expression != "*") add_tags(data, data.expression);
    return data;
  }
  if (data.type != "SQL92")
    return Status::error(Errc::kInvalidArgument, "expression type " + data.type + " is unknown");
  Result<std::shared_ptr<const SqlFilter>> sql = SqlFilter::parse(data.expression);
  if (!sql) return std::move(sql).error();
  data.sql = *sql;
  return data;
}

Result<SubscriptionData> subscription_from_json(const ConfigJson& json) {
  Result<SubscriptionData> data = make_subscription(text_in(json, "topic", ""), text_in(json, "subString", "*"),
                                                    text_in(json, "expressionType", "TAG"));
  if (data) data->version = number_in(json, "subVersion", 0);
  return data;
}

ConfigJson subscription_json(const SubscriptionData& data) {
  ConfigJson codes = ConfigJson::array();
  for (const int64_t code : data.codes) codes.push_back(code);
  return ConfigJson{{"classFilterMode", false},     {"codeSet", codes},           {"expressionType", data.type},
                    {"subString", data.expression}, {"subVersion", data.version}, {"tagsSet", data.tags},
                    {"topic", data.topic}};
}

}  // namespace mqctl
