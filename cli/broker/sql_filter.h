// SqlFilter: a SQL92 expression over a message's properties (Apache: SelectorParser; docs/remoting.md, SQL92).
//
// Comparisons of a property that is missing are unknown, and unknown is no match. Immutable, thread-safe.
#pragma once

#include <memory>
#include <string_view>

#include "libstore/base/result.h"

namespace mqctl {

class SqlFilter {
 public:
  // kInvalidArgument says where the expression is wrong.
  static Result<std::shared_ptr<const SqlFilter>> parse(std::string_view expression);
  ~SqlFilter();
  bool matches(std::string_view properties) const;

  struct Node;

 private:
  explicit SqlFilter(std::unique_ptr<Node> root);
  std::unique_ptr<Node> root_;
};

}  // namespace mqctl
