#pragma once
/// \file
/// Dual numbers: v + sum_i d[i] eps_i with eps_i eps_j = 0, so that f(v + d eps) = f(v) + f'(v) d eps carries
/// N derivatives through any formula (Clifford 1873; forward mode, Wengert 1964; Griewank and Walther 2008,
/// section 3.1). N is fixed: a function of more numbers is evaluated once for every N of them.
///
/// A generic functor is written once, with the functions of cmath called unqualified after `using
/// std::cos;` and the like, and runs for numbers and for duals. Nothing allocates or throws; NaN and
/// infinities pass as they do through cmath. At a kink (abs, min, max) the derivative is that of the side
/// that was taken.

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <type_traits>

namespace ebm {

template <std::floating_point T, int N>
struct Dual {
  T v = 0;
  std::array<T, static_cast<std::size_t>(N)> d{};

  Dual() = default;
  /// A constant. Any number: literals of a functor are ints and doubles.
  template <class U>
  requires std::is_arithmetic_v<U> Dual(U value) : v(static_cast<T>(value)) {}  // NOLINT: a number is a dual
  /// The i-th of the numbers that are differentiated by.
  static Dual variable(T value, int i) {
    Dual out(value);
    out.d[static_cast<std::size_t>(i)] = 1;
    return out;
  }

  Dual& operator+=(const Dual& b) { return *this = *this + b; }
  Dual& operator-=(const Dual& b) { return *this = *this - b; }
  Dual& operator*=(const Dual& b) { return *this = *this * b; }
  Dual& operator/=(const Dual& b) { return *this = *this / b; }

  /// f(a), given f at a and its slope there.
  static Dual chain(T value, T slope, const Dual& a) {
    Dual out(value);
    for (std::size_t i = 0; i < N; ++i) out.d[i] = slope * a.d[i];
    return out;
  }
  static Dual chain(T value, T slope_a, const Dual& a, T slope_b, const Dual& b) {
    Dual out(value);
    for (std::size_t i = 0; i < N; ++i) out.d[i] = slope_a * a.d[i] + slope_b * b.d[i];
    return out;
  }

  friend Dual operator+(const Dual& a) { return a; }
  friend Dual operator-(const Dual& a) { return chain(-a.v, T(-1), a); }
  friend Dual operator+(const Dual& a, const Dual& b) { return chain(a.v + b.v, T(1), a, T(1), b); }
  friend Dual operator-(const Dual& a, const Dual& b) { return chain(a.v - b.v, T(1), a, T(-1), b); }
  friend Dual operator*(const Dual& a, const Dual& b) { return chain(a.v * b.v, b.v, a, a.v, b); }
  friend Dual operator/(const Dual& a, const Dual& b) {
    const T inverse = 1 / b.v, value = a.v / b.v;
    return chain(value, inverse, a, -value * inverse, b);
  }
  // With a plain number on one side nothing is multiplied by its zero derivatives.
  template <class U>
  requires std::is_arithmetic_v<U>
  friend Dual operator+(Dual a, U b) {
    a.v += static_cast<T>(b);
    return a;
  }
  template <class U>
  requires std::is_arithmetic_v<U>
  friend Dual operator+(U a, const Dual& b) { return b + a; }
  template <class U>
  requires std::is_arithmetic_v<U>
  friend Dual operator-(Dual a, U b) {
    a.v -= static_cast<T>(b);
    return a;
  }
  template <class U>
  requires std::is_arithmetic_v<U>
  friend Dual operator-(U a, const Dual& b) { return chain(static_cast<T>(a) - b.v, T(-1), b); }
  template <class U>
  requires std::is_arithmetic_v<U>
  friend Dual operator*(const Dual& a, U b) { return chain(a.v * static_cast<T>(b), static_cast<T>(b), a); }
  template <class U>
  requires std::is_arithmetic_v<U>
  friend Dual operator*(U a, const Dual& b) { return b * a; }
  template <class U>
  requires std::is_arithmetic_v<U>
  friend Dual operator/(const Dual& a, U b) {
    return chain(a.v / static_cast<T>(b), 1 / static_cast<T>(b), a);
  }
  template <class U>
  requires std::is_arithmetic_v<U>
  friend Dual operator/(U a, const Dual& b) {
    const T inverse = 1 / b.v, value = static_cast<T>(a) / b.v;
    return chain(value, -value * inverse, b);
  }

  /// \name Order, by value alone
  ///@{
  friend bool operator==(const Dual& a, const Dual& b) { return a.v == b.v; }
  friend auto operator<=>(const Dual& a, const Dual& b) { return a.v <=> b.v; }
  ///@}

  friend Dual sqrt(const Dual& a) {
    const T root = std::sqrt(a.v);
    return chain(root, 1 / (2 * root), a);
  }
  friend Dual exp(const Dual& a) {
    const T e = std::exp(a.v);
    return chain(e, e, a);
  }
  friend Dual expm1(const Dual& a) { return chain(std::expm1(a.v), std::exp(a.v), a); }
  friend Dual log(const Dual& a) { return chain(std::log(a.v), 1 / a.v, a); }
  friend Dual log1p(const Dual& a) { return chain(std::log1p(a.v), 1 / (1 + a.v), a); }
  friend Dual sin(const Dual& a) { return chain(std::sin(a.v), std::cos(a.v), a); }
  friend Dual cos(const Dual& a) { return chain(std::cos(a.v), -std::sin(a.v), a); }
  friend Dual tan(const Dual& a) {
    const T t = std::tan(a.v);
    return chain(t, 1 + t * t, a);
  }
  friend Dual asin(const Dual& a) { return chain(std::asin(a.v), 1 / std::sqrt(1 - a.v * a.v), a); }
  friend Dual acos(const Dual& a) { return chain(std::acos(a.v), -1 / std::sqrt(1 - a.v * a.v), a); }
  friend Dual atan(const Dual& a) { return chain(std::atan(a.v), 1 / (1 + a.v * a.v), a); }
  friend Dual atan2(const Dual& y, const Dual& x) {
    const T inverse = 1 / (x.v * x.v + y.v * y.v);
    return chain(std::atan2(y.v, x.v), x.v * inverse, y, -y.v * inverse, x);
  }
  friend Dual hypot(const Dual& x, const Dual& y) {
    const T h = std::hypot(x.v, y.v);
    return chain(h, x.v / h, x, y.v / h, y);
  }
  friend Dual sinh(const Dual& a) { return chain(std::sinh(a.v), std::cosh(a.v), a); }
  friend Dual cosh(const Dual& a) { return chain(std::cosh(a.v), std::sinh(a.v), a); }
  friend Dual tanh(const Dual& a) {
    const T t = std::tanh(a.v);
    return chain(t, 1 - t * t, a);
  }
  /// a^p for a constant p. At a = 0 the slope is 0 for p > 1, and 1 for p = 1.
  template <class U>
  requires std::is_arithmetic_v<U>
  friend Dual pow(const Dual& a, U p) {
    const T power = static_cast<T>(p);
    return chain(std::pow(a.v, power), power == 0 ? T(0) : power * std::pow(a.v, power - 1), a);
  }
  /// a^p for a > 0; at a = 0 the slope by p is 0.
  friend Dual pow(const Dual& a, const Dual& p) {
    const T value = std::pow(a.v, p.v);
    return chain(value, p.v == 0 ? T(0) : p.v * std::pow(a.v, p.v - 1), a,
                 a.v == 0 ? T(0) : value * std::log(a.v), p);
  }
  friend Dual abs(const Dual& a) { return a.v < 0 ? -a : a; }
  friend Dual fabs(const Dual& a) { return abs(a); }
  friend Dual min(const Dual& a, const Dual& b) { return b.v < a.v ? b : a; }
  friend Dual max(const Dual& a, const Dual& b) { return a.v < b.v ? b : a; }
  friend bool isnan(const Dual& a) { return std::isnan(a.v); }
  friend bool isfinite(const Dual& a) { return std::isfinite(a.v); }
};

}  // namespace ebm
