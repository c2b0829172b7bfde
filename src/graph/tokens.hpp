#pragma once
// Numbers between blanks, as the formats of discrete graphs have them. A message counts the lines up to its
// place, which costs nothing while all is well.

#include <charconv>
#include <cmath>
#include <cstdint>
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
    double plain;
    if (plain_number(plain)) return plain;
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
  // Digits with a point and an exponent that make a whole number below 2^53 times or over a power of ten that
  // a double holds: one rounding, as exact as it can be (Clinger 1990). Anything else is left to from_chars.
  bool plain_number(double& out) {
    skip();
    constexpr double kTens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const char *at = text_.data() + at_, *const end = text_.data() + text_.size();
    const bool negative = at < end && *at == '-';
    at += negative;
    std::uint64_t whole = 0;
    const char* const first = at;
    const auto digits = [&] {
      for (; at < end && *at >= '0' && *at <= '9'; ++at)
        whole = whole * 10 + static_cast<std::uint64_t>(*at - '0');
    };
    digits();
    long count = at - first;
    int tens = 0;
    if (at < end && *at == '.') {
      const char* const point = ++at;
      digits();
      count += at - point;
      tens -= static_cast<int>(at - point);
    }
    if (count == 0 || count > 18 || whole >> 53 != 0) return false;
    if (at < end && (*at == 'e' || *at == 'E')) {
      ++at;
      const bool below = at < end && *at == '-';
      at += below || (at < end && *at == '+');
      int power = 0;
      const char* const from = at;
      for (; at < end && *at >= '0' && *at <= '9' && power < 1000; ++at) power = power * 10 + (*at - '0');
      if (at == from) return false;
      tens += below ? -power : power;
    }
    if ((at < end && !blank(*at)) || tens < -22 || tens > 22) return false;
    out = static_cast<double>(whole);
    out = tens < 0 ? out / kTens[-tens] : out * kTens[tens];
    if (negative) out = -out;
    before_ = at_;
    at_ = static_cast<std::size_t>(at - text_.data());
    return true;
  }
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
