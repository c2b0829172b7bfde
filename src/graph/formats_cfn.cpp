// toulbar2's .cfn, which is JSON with freedoms: quotes, commas and colons may be left out, { } and [ ] are
// the same, fields come in one order and tags may be left out where what follows tells, a line that begins
// with # is a comment.

#include <charconv>
#include <cmath>
#include <limits>
#include <map>

#include "ebm/graph/formats.hpp"
#include "src/graph/table_room.hpp"
#include "src/io/format_error.hpp"

namespace ebm::discrete {
namespace {

class Lexer {
 public:
  struct Token {
    enum Kind { end, open, close, word } kind = end;
    std::string_view text;
  };
  Lexer(std::string_view text, std::string_view name) : text_(text), name_(name) { advance(); }

  const Token& peek() const { return token_; }
  Token next() {
    const Token out = token_;
    last_ = start_;
    advance();
    return out;
  }
  bool at_number() const {
    return token_.kind == Token::word && !token_.text.empty() &&
           std::string_view("0123456789-.+").find(token_.text[0]) != std::string_view::npos;
  }
  void open(std::string_view what) {
    if (next().kind != Token::open) fail("expected ", what, " in { } or [ ]");
  }
  bool closed() {
    if (token_.kind != Token::close) return false;
    next();
    return true;
  }
  void close(std::string_view what) {
    const Token token = next();
    if (token.kind != Token::close) fail("expected the end of ", what, ", found ", shown(token));
  }
  // Passes over a tag where there is one.
  bool tag(std::string_view name) {
    if (token_.kind != Token::word || token_.text != name) return false;
    next();
    return true;
  }
  std::string_view word(std::string_view what) {
    const Token token = next();
    if (token.kind != Token::word) fail("expected ", what, ", found ", shown(token));
    return token.text;
  }
  double number(std::string_view what) { return as_number(word(what), what); }
  double as_number(std::string_view word, std::string_view what) const {
    const std::string_view digits = word.starts_with('+') ? word.substr(1) : word;
    double value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size() || !std::isfinite(value))
      fail("expected ", what, ", a finite number, found ", shown({Token::word, word}));
    return value;
  }
  // About the token that was taken last.
  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    std::size_t line = 1;
    for (std::size_t i = 0; i < last_ && i < text_.size(); ++i) line += text_[i] == '\n';
    throw io::at_line(name_, line, parts..., ".");
  }
  static std::string shown(const Token& token) {
    if (token.kind == Token::end) return "the end of the file";
    if (token.kind == Token::open) return "'{'";
    if (token.kind == Token::close) return "'}'";
    std::string out = "'";
    for (const char c : token.text.substr(0, 24)) out += c >= ' ' && c <= '~' ? c : '?';
    return out + (token.text.size() > 24 ? "...'" : "'");
  }

 private:
  static bool blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == ',' || c == ':'; }
  static bool bracket(char c) { return c == '{' || c == '[' || c == '}' || c == ']'; }
  void advance() {
    while (at_ < text_.size()) {
      if (text_[at_] == '#' && (at_ == 0 || text_[at_ - 1] == '\n'))
        at_ = std::min(text_.find('\n', at_), text_.size());
      else if (blank(text_[at_]))
        ++at_;
      else
        break;
    }
    start_ = at_;
    if (at_ == text_.size()) {
      token_ = {Token::end, {}};
    } else if (const char c = text_[at_]; bracket(c)) {
      token_ = {c == '{' || c == '[' ? Token::open : Token::close, text_.substr(at_++, 1)};
    } else if (c == '"') {
      const std::size_t end = text_.find_first_of("\"\n", at_ + 1);
      if (end == text_.npos || text_[end] == '\n') {
        last_ = at_;
        fail("a quote is not closed on its line");
      }
      token_ = {Token::word, text_.substr(at_ + 1, end - at_ - 1)};
      at_ = end + 1;
    } else {
      while (at_ < text_.size() && !blank(text_[at_]) && !bracket(text_[at_]) && text_[at_] != '"') ++at_;
      token_ = {Token::word, text_.substr(start_, at_ - start_)};
    }
  }
  std::string_view text_, name_;
  std::size_t at_ = 0, start_ = 0, last_ = 0;
  Token token_;
};

using Names = std::map<std::string, int, std::less<>>;

struct Function {
  std::vector<int> scope;
  std::vector<double> row;  // as the file has it; empty when `same_as` names another's
  std::string_view same_as;
};

class Reader {
 public:
  Reader(std::string_view text, std::string_view name) : in_(text, name), name_(name) {}

  GraphFile read() {
    out_.format = "cfn";
    in_.open("the problem, its variables and functions");
    read_problem();
    read_variables();
    in_.tag("functions");
    in_.open("functions");
    while (!in_.closed()) read_function();
    in_.close("the file");
    if (in_.peek().kind != Lexer::Token::end) {
      const auto token = in_.next();
      in_.fail("expected the end, found ", Lexer::shown(token));
    }
    add_functions();
    out_.meaning = maximise_ ? Meaning::gains : Meaning::energies;
    return std::move(out_);
  }

 private:
  void read_problem() {
    in_.tag("problem");
    in_.open("the problem's name and bound");
    in_.tag("name");
    (void)in_.word("the problem's name");
    if (!in_.tag("mustbe") && in_.peek().kind == Lexer::Token::close) {  // without a bound
      in_.next();
      return;
    }
    const std::string_view bound = in_.word("\"mustbe\": a bound");
    if (!bound.starts_with('<') && !bound.starts_with('>'))
      in_.fail("expected \"mustbe\": < or > and a number, found ", Lexer::shown({Lexer::Token::word, bound}));
    maximise_ = bound[0] == '>';
    bound_ = energy(in_.as_number(bound.substr(1), "\"mustbe\": a bound"));
    in_.close("the problem's name and bound");
  }

  void read_variables() {
    in_.tag("variables");
    in_.open("variables");
    while (!in_.closed()) {
      std::string name;
      if (in_.peek().kind == Lexer::Token::word && !in_.at_number()) {
        name = in_.next().text;
        if (!variables_.emplace(name, out_.graph.variables()).second)
          in_.fail("variable '", name, "' is named twice");
        named_ = true;
      }
      read_domain();
      out_.names.push_back(name);
    }
    if (!named_) out_.names.clear();
    for (std::size_t v = 0; v < out_.names.size(); ++v)
      if (out_.names[v].empty()) out_.names[v] = std::to_string(v);
  }

  void read_domain() {
    Names values;
    int count = 0;
    if (in_.peek().kind == Lexer::Token::open) {
      in_.next();
      while (!in_.closed()) {
        const std::string value(in_.word("a value of a variable"));
        if (!values.emplace(value, count++).second) in_.fail("value '", value, "' is named twice");
      }
      if (count == 0) in_.fail("a variable has no values");
    } else {
      const double given = in_.number("how many values a variable has, or their names");
      const double size = std::abs(given);  // negative: an interval from 0, which is the same to us
      if (!(size >= 1 && size <= std::numeric_limits<int>::max()) || size != std::floor(size))
        in_.fail("a variable has ", given, " values, which is no number of values");
      count = static_cast<int>(size);
    }
    out_.graph.add_variables(1, Labels(count));
    values_.push_back(std::move(values));
  }

  int index(std::string_view word, const Names& names, int most, std::string_view what) const {
    if (const auto it = names.find(word); it != names.end()) return it->second;
    int value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size() || value < 0 || value >= most)
      in_.fail("expected ", what, ", a name or a number from 0 to ", most - 1, ", found ",
               Lexer::shown({Lexer::Token::word, word}));
    return value;
  }

  void read_function() {
    std::string name;
    if (in_.peek().kind == Lexer::Token::word) name = in_.next().text;
    in_.open("a function");
    Function f;
    in_.tag("scope");
    in_.open("the scope of a function");
    double entries = 1;
    while (!in_.closed()) {
      const int v = index(in_.word("a variable"), variables_, out_.graph.variables(), "a variable");
      if (std::find(f.scope.begin(), f.scope.end(), v) != f.scope.end())
        in_.fail("variable ", v, " stands twice in a scope");
      f.scope.push_back(v);
      constexpr std::size_t kMostArity = 255;
      if (f.scope.size() > kMostArity) in_.fail("a function of more than ", kMostArity, " variables");
      entries *= labels(v);
    }
    if (in_.tag("type")) {
      const std::string_view type = in_.word("the type of a function");
      in_.fail("a function is of type '", type.substr(0, 24),
               "', and only tables are read: write it as costs of its values");
    }
    const bool sparse = in_.tag("defaultcost") || in_.at_number();
    const double otherwise = sparse ? in_.number("\"defaultcost\": a number") : 0;
    in_.tag("costs");
    if (in_.peek().kind == Lexer::Token::word) {
      f.same_as = in_.next().text;
    } else if (sparse) {
      read_tuples(f, entries, otherwise);
    } else {
      read_table(f, entries);
    }
    in_.close("a function");
    if (!name.empty() && !by_name_.emplace(name, static_cast<int>(functions_.size())).second)
      in_.fail("function '", name, "' is named twice");
    functions_.push_back(std::move(f));
  }

  void read_table(Function& f, double entries) {
    in_.open("the costs of a function");
    while (!in_.closed()) f.row.push_back(energy(in_.number("a weight")));
    if (static_cast<double>(f.row.size()) != entries)
      in_.fail("a function has ", f.row.size(), " weights, and its variables ", entries, " joint values");
  }

  void read_tuples(Function& f, double entries, double otherwise) {
    if (const std::string why = room_.take(entries); !why.empty()) in_.fail(why);
    f.row.assign(static_cast<std::size_t>(entries), energy(otherwise));
    in_.open("the tuples of a function, each with its weight");
    while (!in_.closed()) {
      std::size_t at = 0;
      for (const int v : f.scope) {
        const auto u = static_cast<std::size_t>(v);
        at = at * static_cast<std::size_t>(labels(v)) +
             static_cast<std::size_t>(index(in_.word("a value"), values_[u], labels(v), "a value"));
      }
      f.row[at] = energy(in_.number("a weight"));
    }
  }

  // The function whose table is that of function i.
  int table_of(int i) const {
    int at = i;
    for (std::size_t steps = 0; !functions_[static_cast<std::size_t>(at)].same_as.empty(); ++steps) {
      const std::string_view name = functions_[static_cast<std::size_t>(at)].same_as;
      const auto it = by_name_.find(name);
      if (it == by_name_.end() || steps > functions_.size())
        throw FormatError(message(
            name_, ": a function has the costs of '", name.substr(0, 24),
            it == by_name_.end() ? "', and there is no such function" : "', which are in the end its own"));
      at = it->second;
    }
    return at;
  }

  void add_functions() {
    const int n = static_cast<int>(functions_.size());
    std::vector<std::vector<int>> users(functions_.size());
    std::vector<double> least(functions_.size());
    double sum = 0, size = std::abs(bound_);
    for (int i = 0; i < n; ++i) {
      const int t = table_of(i);
      const Function &f = functions_[static_cast<std::size_t>(i)],
                     &table = functions_[static_cast<std::size_t>(t)];
      if (!std::equal(f.scope.begin(), f.scope.end(), table.scope.begin(), table.scope.end(),
                      [&](int a, int b) { return labels(a) == labels(b); }))
        throw FormatError(message(name_, ": a function has the costs of '", f.same_as.substr(0, 24),
                                  "', and its variables have other numbers of values"));
      users[static_cast<std::size_t>(t)].push_back(i);
      if (t == i) least[static_cast<std::size_t>(t)] = *std::min_element(f.row.begin(), f.row.end());
    }
    for (std::size_t t = 0; t < users.size(); ++t) {
      sum += static_cast<double>(users[t].size()) * least[t];
      size += static_cast<double>(users[t].size()) * std::abs(least[t]);
    }
    for (std::size_t t = 0; t < users.size(); ++t) {
      if (users[t].empty()) continue;
      // Forbidden: no answer that reads the entry is below the bound; decimals are no binary fractions.
      const double most = bound_ - (sum - least[t]), slack = bound_ < kInf ? 1e-14 * size : 0;
      std::vector<double> row = std::move(functions_[t].row);
      for (double& e : row)
        if (e >= most - slack) e = kInf;
      const std::vector<int>& scope = functions_[t].scope;
      if (users[t].size() == 1 || scope.empty()) {
        for (std::size_t i = 0; i < users[t].size(); ++i) out_.graph.add(scope, row);
        continue;
      }
      Scopes scopes{static_cast<int>(scope.size()), {}};
      for (const int i : users[t])
        for (const int v : functions_[static_cast<std::size_t>(i)].scope) scopes.variables.push_back(v);
      out_.graph.add_each(std::move(row), std::move(scopes));
    }
  }

  int labels(int v) const { return out_.graph.labels()[static_cast<std::size_t>(v)]; }
  double energy(double weight) const { return maximise_ ? 0 - weight : weight; }

  Lexer in_;
  std::string_view name_;
  GraphFile out_;
  bool maximise_ = false, named_ = false;
  double bound_ = kInf;
  TableRoom room_;
  Names variables_, by_name_;
  std::vector<Names> values_;
  std::vector<Function> functions_;
};

}  // namespace

GraphFile parse_cfn(std::string_view text, std::string_view name) { return Reader(text, name).read(); }

}  // namespace ebm::discrete
