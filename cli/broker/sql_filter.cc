#include "cli/broker/sql_filter.h"

#include <strings.h>

#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "libstore/message/properties.h"

namespace mqctl {
namespace {

constexpr int kMaxNesting = 64;
constexpr size_t kMaxExpressionBytes = 64u << 10;

enum class Truth : uint8_t { kFalse, kTrue, kUnknown };
Truth truth_of(bool value) { return value ? Truth::kTrue : Truth::kFalse; }
Truth negated(Truth truth) {
  if (truth == Truth::kUnknown) return truth;
  return truth == Truth::kTrue ? Truth::kFalse : Truth::kTrue;
}

using Value = std::variant<std::monostate, bool, double, std::string>;

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
  Value literal;
  std::string name;
  std::vector<std::unique_ptr<Node>> children;

  Value value(std::string_view properties) const {
    if (kind == Kind::kLiteral) return literal;
    const std::optional<std::string_view> found = find_property(properties, name);
    return found ? Value(std::string(*found)) : Value();
  }

  Truth truth(std::string_view properties) const {
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

 private:
  Truth both(std::string_view properties) const {
    const Truth left = children[0]->truth(properties);
    if (left == Truth::kFalse) return left;
    const Truth right = children[1]->truth(properties);
    if (right == Truth::kFalse) return right;
    return left == Truth::kTrue ? right : left;
  }
  Truth either(std::string_view properties) const {
    const Truth left = children[0]->truth(properties);
    if (left == Truth::kTrue) return left;
    const Truth right = children[1]->truth(properties);
    if (right == Truth::kTrue) return right;
    return left == Truth::kFalse ? right : left;
  }
  Truth is_in(std::string_view properties) const {
    const Value value = children[0]->value(properties);
    if (is_null(value)) return Truth::kUnknown;
    for (size_t i = 1; i < children.size(); ++i) {
      if (std::get<std::string>(children[i]->literal) == std::get<std::string>(value)) return Truth::kTrue;
    }
    return Truth::kFalse;
  }
  Truth between(std::string_view properties) const {
    const std::optional<double> value = number_of(children[0]->value(properties));
    const std::optional<double> low = number_of(children[1]->value(properties)),
                                high = number_of(children[2]->value(properties));
    return value && low && high ? truth_of(*value >= *low && *value <= *high) : Truth::kUnknown;
  }
  Truth compared(const Value& left, const Value& right) const {
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
  Truth equality(const std::optional<T>& left, const std::optional<T>& right) const {
    if (!left || !right || (kind != Kind::kEqual && kind != Kind::kNotEqual)) return Truth::kUnknown;
    return truth_of((*left == *right) == (kind == Kind::kEqual));
  }
  Truth ordering(std::optional<double> left, std::optional<double> right) const {
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
  Truth text_test(const Value& left, const Value& right) const {
    const std::string* text = std::get_if<std::string>(&left);
    const std::string* part = std::get_if<std::string>(&right);
    if (text == nullptr || part == nullptr) return Truth::kUnknown;
    if (kind == Kind::kContains) return truth_of(text->find(*part) != text->npos);
    return truth_of(kind == Kind::kStartsWith ? text->starts_with(*part) : text->ends_with(*part));
  }
};

namespace {

using Node = SqlFilter::Node;
using Kind = Node::Kind;
using NodePtr = std::unique_ptr<Node>;

struct Token {
  enum class Kind : uint8_t { kEnd, kWord, kNumber, kText, kSymbol } kind = Kind::kEnd;
  std::string text;
  size_t at = 0;
};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<NodePtr> parse() {
    if (text_.size() > kMaxExpressionBytes) return Status::error(Errc::kInvalidArgument, "the expression is too long");
    advance();
    NodePtr node = disjunction();
    if (fault_.empty() && token_.kind != Token::Kind::kEnd) fail("`" + token_.text + "` is not expected here");
    if (fault_.empty()) return node;
    return Status::error(Errc::kInvalidArgument, fault_);
  }

 private:
  void fail(const std::string& why) {
    if (fault_.empty()) fault_ = "column " + std::to_string(token_.at + 1) + ": " + why;
    token_ = {};
    at_ = text_.size();
  }

  static bool is_name(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
  }

  void advance() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
    token_ = {};
    token_.at = at_;
    if (at_ == text_.size()) return;
    const char c = text_[at_];
    const bool digit = (c >= '0' && c <= '9') ||
                       (c == '.' && at_ + 1 < text_.size() && text_[at_ + 1] >= '0' && text_[at_ + 1] <= '9');
    if (c == '\'') return take_text();
    if (digit) return take_number();
    if (is_name(c)) return take_word();
    static constexpr std::string_view kSymbols[] = {"<>", "<=", ">=", "=", "<", ">", "(", ")", ",", "-", "+"};
    for (const std::string_view symbol : kSymbols) {
      if (!text_.substr(at_).starts_with(symbol)) continue;
      token_.kind = Token::Kind::kSymbol;
      token_.text = symbol;
      at_ += symbol.size();
      return;
    }
    fail(std::string("`") + c + "` is not expected here");
  }
  void take_word() {
    token_.kind = Token::Kind::kWord;
    while (at_ < text_.size() && is_name(text_[at_])) token_.text += text_[at_++];
  }
  void take_number() {
    token_.kind = Token::Kind::kNumber;
    const std::string rest(text_.substr(at_, 64));
    char* end = nullptr;
    (void)std::strtod(rest.c_str(), &end);
    token_.text = rest.substr(0, static_cast<size_t>(end - rest.c_str()));
    at_ += token_.text.size();
    if (at_ < text_.size() && (text_[at_] == 'L' || text_[at_] == 'l')) ++at_;
  }
  // A quote inside is written twice.
  void take_text() {
    token_.kind = Token::Kind::kText;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] != '\'') {
        token_.text += text_[at_];
      } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '\'') {
        token_.text += text_[at_++];
      } else {
        ++at_;
        return;
      }
    }
    fail("a text does not end");
  }

  bool is_word(const char* word) const {
    return token_.kind == Token::Kind::kWord && ::strcasecmp(token_.text.c_str(), word) == 0;
  }
  bool is_symbol(std::string_view symbol) const { return token_.kind == Token::Kind::kSymbol && token_.text == symbol; }
  bool take_word(const char* word) {
    if (!is_word(word)) return false;
    advance();
    return true;
  }
  bool take_symbol(std::string_view symbol) {
    if (!is_symbol(symbol)) return false;
    advance();
    return true;
  }
  void need_symbol(std::string_view symbol) {
    if (!take_symbol(symbol)) fail("`" + std::string(symbol) + "` is expected");
  }

  static NodePtr make(Kind kind, NodePtr a = nullptr, NodePtr b = nullptr, NodePtr c = nullptr) {
    NodePtr node = std::make_unique<Node>();
    node->kind = kind;
    for (NodePtr* child : {&a, &b, &c}) {
      if (*child != nullptr) node->children.push_back(std::move(*child));
    }
    return node;
  }
  static NodePtr literal(Value value) {
    NodePtr node = make(Kind::kLiteral);
    node->literal = std::move(value);
    return node;
  }

  NodePtr disjunction() {
    NodePtr left = conjunction();
    while (take_word("OR")) left = make(Kind::kOr, std::move(left), conjunction());
    return left;
  }
  NodePtr conjunction() {
    NodePtr left = negation();
    while (take_word("AND")) left = make(Kind::kAnd, std::move(left), negation());
    return left;
  }
  NodePtr negation() {
    if (++depth_ > kMaxNesting) fail("nested too deep");
    NodePtr node = take_word("NOT") ? make(Kind::kNot, negation()) : comparison();
    --depth_;
    return node;
  }

  NodePtr comparison() {
    if (take_symbol("(")) {
      NodePtr inner = disjunction();
      need_symbol(")");
      return inner;
    }
    NodePtr left = operand();
    if (take_word("IS")) {
      const bool negative = take_word("NOT");
      if (!take_word("NULL")) fail("`NULL` is expected");
      return negate_if(negative, make(Kind::kIsNull, std::move(left)));
    }
    const bool negative = take_word("NOT");
    if (take_word("BETWEEN")) {
      NodePtr low = operand();
      if (!take_word("AND")) fail("`AND` is expected");
      NodePtr high = operand();
      return negate_if(negative, make(Kind::kBetween, std::move(left), std::move(low), std::move(high)));
    }
    if (take_word("IN")) return negate_if(negative, list(std::move(left)));
    static constexpr std::pair<const char*, Kind> kTests[] = {
        {"CONTAINS", Kind::kContains}, {"STARTSWITH", Kind::kStartsWith}, {"ENDSWITH", Kind::kEndsWith}};
    for (const auto& [word, kind] : kTests) {
      if (!take_word(word)) continue;
      NodePtr right = operand();
      if (!std::holds_alternative<std::string>(right->literal)) fail(std::string(word) + " needs a text");
      return negate_if(negative, make(kind, std::move(left), std::move(right)));
    }
    if (negative) fail("`NOT` is not expected here");
    static constexpr std::pair<const char*, Kind> kOperators[] = {{"=", Kind::kEqual},      {"<>", Kind::kNotEqual},
                                                                  {"<=", Kind::kLessEqual}, {">=", Kind::kGreaterEqual},
                                                                  {"<", Kind::kLess},       {">", Kind::kGreater}};
    for (const auto& [symbol, kind] : kOperators) {
      if (take_symbol(symbol)) return checked(make(kind, std::move(left), operand()));
    }
    const bool truth = left->kind == Kind::kProperty || std::holds_alternative<bool>(left->literal);
    if (!truth) fail("a comparison is expected");
    return left;
  }

  static NodePtr negate_if(bool negative, NodePtr node) {
    return negative ? make(Kind::kNot, std::move(node)) : std::move(node);
  }

  // Texts and truths have no order.
  NodePtr checked(NodePtr node) {
    const bool orders = node->kind != Kind::kEqual && node->kind != Kind::kNotEqual;
    for (const NodePtr& child : node->children) {
      const bool wrong = child->kind == Kind::kLiteral && !std::holds_alternative<double>(child->literal);
      if (orders && wrong) fail("only numbers are greater or less");
    }
    return node;
  }

  NodePtr list(NodePtr left) {
    if (left->kind != Kind::kProperty) fail("IN asks for a property");
    NodePtr node = make(Kind::kIn, std::move(left));
    need_symbol("(");
    do {
      if (token_.kind != Token::Kind::kText) {
        fail("a text is expected");
        break;
      }
      node->children.push_back(literal(token_.text));
      advance();
    } while (take_symbol(","));
    need_symbol(")");
    return node;
  }

  NodePtr operand() {
    const bool minus = take_symbol("-");
    if (!minus) take_symbol("+");
    const Token token = token_;
    if (token.kind == Token::Kind::kNumber) {
      advance();
      const double value = std::strtod(token.text.c_str(), nullptr);
      return literal(minus ? -value : value);
    }
    if (minus || token.kind == Token::Kind::kEnd || token.kind == Token::Kind::kSymbol) {
      fail(token.kind == Token::Kind::kEnd ? "the expression ends too early"
                                           : "`" + token.text + "` is not expected here");
      return literal(false);
    }
    if (token.kind == Token::Kind::kText) {
      advance();
      return literal(token.text);
    }
    if (is_word("TRUE") || is_word("FALSE")) {
      const bool value = is_word("TRUE");
      advance();
      return literal(value);
    }
    return property();
  }

  NodePtr property() {
    for (const char* word : {"AND", "OR", "NOT", "IN", "IS", "BETWEEN", "NULL", "CONTAINS", "STARTSWITH", "ENDSWITH"}) {
      if (is_word(word)) fail("`" + token_.text + "` is not expected here");
    }
    NodePtr node = make(Kind::kProperty);
    node->name = token_.text;
    advance();
    return node;
  }

  std::string_view text_;
  size_t at_ = 0;
  Token token_;
  int depth_ = 0;
  std::string fault_;
};

}  // namespace

SqlFilter::SqlFilter(std::unique_ptr<Node> root) : root_(std::move(root)) {}
SqlFilter::~SqlFilter() = default;

Result<std::shared_ptr<const SqlFilter>> SqlFilter::parse(std::string_view expression) {
  Result<NodePtr> root = Parser(expression).parse();
  if (!root) return std::move(root).error();
  return std::shared_ptr<const SqlFilter>(new SqlFilter(std::move(*root)));
}

bool SqlFilter::matches(std::string_view properties) const { return root_->truth(properties) == Truth::kTrue; }

}  // namespace mqctl
