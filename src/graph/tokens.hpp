#pragma once
// Numbers between blanks, as the formats of discrete graphs have them. A message counts the lines up to its
// place, which costs nothing while all is well.

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>
#include <string_view>

#include "ebm/core/error.hpp"
#include "src/io/format_error.hpp"

namespace ebm {

class Tokens {
 public:
  // `comment` begins one that ends with the line; 0: there are none.
  Tokens(std::string_view text, std::string_view name, char comment = 0)
      : text_(text), name_(name), comment_(comment) {}

  bool done() {
    skip();
    return at_ == text_.size();
  }
  std::size_t left() const { return text_.size() - at_; }
  // The next token, "" at the end.
  std::string_view next() {
    skip();
    before_ = at_;
    while (at_ < text_.size() && !blank(text_[at_])) ++at_;
    return text_.substr(before_, at_ - before_);
  }
  long long integer(std::string_view what, long long low, long long high) {
    const std::string_view token = next();
    long long value = 0;
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
    if (error != std::errc() || end != token.data() + token.size() || value < low || value > high)
      fail("expected ", what, ", a whole number from ", low, " to ", high, ", found ", shown(token));
    return value;
  }
  // A count of things that take at least `characters` each of what is left.
  long long count(std::string_view what, long long low, std::size_t characters = 2) {
    const auto most = static_cast<long long>((left() + 1) / characters);
    const long long value = integer(what, low, std::numeric_limits<long long>::max());
    if (value > most) fail(what, " is ", value, ", and the rest of the file has room for ", most);
    return value;
  }
  double number(std::string_view what) {
    std::string_view token = next();
    if (token.starts_with('+')) token.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
    if (error == std::errc::result_out_of_range && end == token.data() + token.size())
      fail("expected ", what, ", found ", shown(token), ", which is out of the range of a double");
    if (error != std::errc() || end != token.data() + token.size() || !std::isfinite(value))
      fail("expected ", what, ", a finite number, found ", shown(token));
    return value;
  }
  // -log of a probability or of any entry that is 0 or more.
  double minus_log(std::string_view what) {
    const double p = number(what);
    if (p < 0) fail("expected ", what, ", found ", p, ", which is negative");
    return p > 0 ? -std::log(p) : kInf;
  }
  // Minus a logarithm, which may be -inf.
  double minus(std::string_view what) {
    const std::size_t at = at_;
    if (const std::string_view token = next(); token == "-inf" || token == "-Inf" || token == "-INF")
      return kInf;
    at_ = at;
    return -number(what);
  }
  void end() {
    if (!done()) fail("expected the end, found ", shown(next()));
  }

  // About the token read last.
  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    std::size_t line = 1;
    for (std::size_t i = 0; i < before_ && i < text_.size(); ++i) line += text_[i] == '\n';
    throw io::at_line(name_, line, parts..., ".");
  }
  static std::string shown(std::string_view token) {
    if (token.empty()) return "the end of the file";
    std::string out = "'";
    for (const char c : token.substr(0, 24)) out += c >= ' ' && c <= '~' ? c : '?';
    return out + (token.size() > 24 ? "...'" : "'");
  }

 private:
  static bool blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
  void skip() {
    for (; at_ < text_.size(); ++at_) {
      if (comment_ != 0 && text_[at_] == comment_)
        at_ = std::min(text_.find('\n', at_), text_.size() - 1);
      else if (!blank(text_[at_]))
        return;
    }
  }
  std::string_view text_, name_;
  char comment_;
  std::size_t at_ = 0, before_ = 0;
};

}  // namespace ebm
