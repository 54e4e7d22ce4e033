// The tree of a SQL92 expression: made by parse_sql, evaluated by SqlFilter. Internal to sql_filter.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cli/broker/sql_filter.h"

namespace mqctl {

enum class SqlTruth : uint8_t { kFalse, kTrue, kUnknown };
using SqlValue = std::variant<std::monostate, bool, double, std::string>;

struct SqlFilter::Node {
  enum class Kind : uint8_t {
    kLiteral,
    kProperty,
    kAnd,
    kOr,
    kNot,
    kEqual,
    kNotEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kBetween,
    kIn,
    kIsNull,
    kContains,
    kStartsWith,
    kEndsWith
  };
  Kind kind = Kind::kLiteral;
  SqlValue literal;
  std::string name;
  std::vector<std::unique_ptr<Node>> children;

  SqlValue value(std::string_view properties) const;
  SqlTruth truth(std::string_view properties) const;

 private:
  SqlTruth both(std::string_view properties) const;
  SqlTruth either(std::string_view properties) const;
  SqlTruth is_in(std::string_view properties) const;
  SqlTruth between(std::string_view properties) const;
  SqlTruth compared(const SqlValue& left, const SqlValue& right) const;
  template <class T>
  SqlTruth equality(const std::optional<T>& left, const std::optional<T>& right) const;
  SqlTruth ordering(std::optional<double> left, std::optional<double> right) const;
  SqlTruth text_test(const SqlValue& left, const SqlValue& right) const;
};

// kInvalidArgument says where the expression is wrong.
Result<std::unique_ptr<SqlFilter::Node>> parse_sql(std::string_view expression);

}  // namespace mqctl
