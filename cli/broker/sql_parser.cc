// The grammar of SQL92 filters (Apache: SelectorParser.jj), by recursive descent.
#include <strings.h>

#include <cstdlib>
#include <string>
#include <utility>

#include "cli/broker/sql_node.h"

namespace mqctl {
namespace {

constexpr int kMaxNesting = 64;
constexpr size_t kMaxExpressionBytes = 64u << 10;

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
  static NodePtr literal(SqlValue value) {
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

Result<std::unique_ptr<SqlFilter::Node>> parse_sql(std::string_view expression) { return Parser(expression).parse(); }

}  // namespace mqctl
