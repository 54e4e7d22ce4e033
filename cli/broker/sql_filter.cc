#include "cli/broker/sql_filter.h"

#include <strings.h>

#include <cmath>
#include <cstdlib>
#include <optional>

#include "cli/broker/sql_node.h"
#include "libstore/message/properties.h"

namespace mqctl {
namespace {

using Truth = SqlTruth;
using Value = SqlValue;

Truth truth_of(bool value) { return value ? Truth::kTrue : Truth::kFalse; }
Truth negated(Truth truth) {
  if (truth == Truth::kUnknown) return truth;
  return truth == Truth::kTrue ? Truth::kFalse : Truth::kTrue;
}

// A property is a text; against a number it is one where it can be read as one.
std::optional<double> number_of(const Value& value) {
  if (const double* number = std::get_if<double>(&value)) return *number;
  const std::string* text = std::get_if<std::string>(&value);
  if (text == nullptr || text->empty()) return std::nullopt;
  char* end = nullptr;
  const double number = std::strtod(text->c_str(), &end);
  return *end == '\0' && std::isfinite(number) ? std::optional(number) : std::nullopt;
}

std::optional<bool> bool_of(const Value& value) {
  if (const bool* truth = std::get_if<bool>(&value)) return *truth;
  const std::string* text = std::get_if<std::string>(&value);
  if (text == nullptr) return std::nullopt;
  if (::strcasecmp(text->c_str(), "true") == 0) return true;
  if (::strcasecmp(text->c_str(), "false") == 0) return false;
  return std::nullopt;
}

bool is_null(const Value& value) { return std::holds_alternative<std::monostate>(value); }

}  // namespace

SqlValue SqlFilter::Node::value(std::string_view properties) const {
  if (kind == Kind::kLiteral) return literal;
  const std::optional<std::string_view> found = find_property(properties, name);
  return found ? Value(std::string(*found)) : Value();
}

SqlTruth SqlFilter::Node::truth(std::string_view properties) const {
  switch (kind) {
    case Kind::kLiteral:
    case Kind::kProperty: {
      const std::optional<bool> flag = bool_of(value(properties));
      return flag ? truth_of(*flag) : Truth::kUnknown;
    }
    case Kind::kAnd:
      return both(properties);
    case Kind::kOr:
      return either(properties);
    case Kind::kNot:
      return negated(children[0]->truth(properties));
    case Kind::kIsNull:
      return truth_of(is_null(children[0]->value(properties)));
    case Kind::kIn:
      return is_in(properties);
    case Kind::kBetween:
      return between(properties);
    default:
      return compared(children[0]->value(properties), children[1]->value(properties));
  }
}

SqlTruth SqlFilter::Node::both(std::string_view properties) const {
  const Truth left = children[0]->truth(properties);
  if (left == Truth::kFalse) return left;
  const Truth right = children[1]->truth(properties);
  if (right == Truth::kFalse) return right;
  return left == Truth::kTrue ? right : left;
}

SqlTruth SqlFilter::Node::either(std::string_view properties) const {
  const Truth left = children[0]->truth(properties);
  if (left == Truth::kTrue) return left;
  const Truth right = children[1]->truth(properties);
  if (right == Truth::kTrue) return right;
  return left == Truth::kFalse ? right : left;
}

SqlTruth SqlFilter::Node::is_in(std::string_view properties) const {
  const Value value = children[0]->value(properties);
  if (is_null(value)) return Truth::kUnknown;
  for (size_t i = 1; i < children.size(); ++i) {
    if (std::get<std::string>(children[i]->literal) == std::get<std::string>(value)) return Truth::kTrue;
  }
  return Truth::kFalse;
}

SqlTruth SqlFilter::Node::between(std::string_view properties) const {
  const std::optional<double> value = number_of(children[0]->value(properties));
  const std::optional<double> low = number_of(children[1]->value(properties)),
                              high = number_of(children[2]->value(properties));
  return value && low && high ? truth_of(*value >= *low && *value <= *high) : Truth::kUnknown;
}

SqlTruth SqlFilter::Node::compared(const Value& left, const Value& right) const {
  if (is_null(left) || is_null(right)) return Truth::kUnknown;
  if (kind == Kind::kContains || kind == Kind::kStartsWith || kind == Kind::kEndsWith) return text_test(left, right);
  const bool boolean = std::holds_alternative<bool>(left) || std::holds_alternative<bool>(right);
  const bool numeric = std::holds_alternative<double>(left) || std::holds_alternative<double>(right);
  if (boolean) return equality(bool_of(left), bool_of(right));
  const bool orders = kind != Kind::kEqual && kind != Kind::kNotEqual;
  if (numeric || orders) return ordering(number_of(left), number_of(right));
  return equality(std::optional(std::get<std::string>(left)), std::optional(std::get<std::string>(right)));
}

template <class T>
SqlTruth SqlFilter::Node::equality(const std::optional<T>& left, const std::optional<T>& right) const {
  if (!left || !right || (kind != Kind::kEqual && kind != Kind::kNotEqual)) return Truth::kUnknown;
  return truth_of((*left == *right) == (kind == Kind::kEqual));
}

SqlTruth SqlFilter::Node::ordering(std::optional<double> left, std::optional<double> right) const {
  if (!left || !right) return Truth::kUnknown;
  switch (kind) {
    case Kind::kEqual:
      return truth_of(*left == *right);
    case Kind::kNotEqual:
      return truth_of(*left != *right);
    case Kind::kLess:
      return truth_of(*left < *right);
    case Kind::kLessEqual:
      return truth_of(*left <= *right);
    case Kind::kGreater:
      return truth_of(*left > *right);
    default:
      return truth_of(*left >= *right);
  }
}

SqlTruth SqlFilter::Node::text_test(const Value& left, const Value& right) const {
  const std::string* text = std::get_if<std::string>(&left);
  const std::string* part = std::get_if<std::string>(&right);
  if (text == nullptr || part == nullptr) return Truth::kUnknown;
  if (kind == Kind::kContains) return truth_of(text->find(*part) != text->npos);
  return truth_of(kind == Kind::kStartsWith ? text->starts_with(*part) : text->ends_with(*part));
}
SqlFilter::SqlFilter(std::unique_ptr<Node> root) : root_(std::move(root)) {}
SqlFilter::~SqlFilter() = default;

Result<std::shared_ptr<const SqlFilter>> SqlFilter::parse(std::string_view expression) {
  Result<std::unique_ptr<Node>> root = parse_sql(expression);
  if (!root) return std::move(root).error();
  return std::shared_ptr<const SqlFilter>(new SqlFilter(std::move(*root)));
}

bool SqlFilter::matches(std::string_view properties) const { return root_->truth(properties) == SqlTruth::kTrue; }

}  // namespace mqctl
