#include "ebm/report/svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace ebm::report {
namespace {

struct Paint {
  const char *name, *light;
};

constexpr std::array<Paint, 10> kPaints{{{"ink", "#1d2733"},
                                         {"faint", "#d8dee6"},
                                         {"s1", "#1f6fc4"},
                                         {"s2", "#d9660a"},
                                         {"s3", "#23916b"},
                                         {"s4", "#8a55c9"},
                                         {"s5", "#c2385f"},
                                         {"s6", "#6c7a89"},
                                         {"good", "#1c8a4a"},
                                         {"bad", "#c62f2f"}}};

const Paint& paint(Colour colour) { return kPaints[static_cast<std::size_t>(colour)]; }

std::string fill(Colour colour) {
  return fmt::format(R"(class="f-{}" fill="{}")", paint(colour).name, paint(colour).light);
}

std::string stroke(const Svg::Stroke& s) {
  return fmt::format(R"(class="k-{}" stroke="{}" stroke-width="{:g}"{})", paint(s.colour).name,
                     paint(s.colour).light, s.width,
                     s.dash.empty() ? "" : fmt::format(R"( stroke-dasharray="{}")", escape(s.dash)));
}

/// A coordinate, to a tenth; far out is far out.
std::string at(double value) {
  constexpr double kFar = 1e5;
  const double tenths = std::round(10 * std::clamp(std::isnan(value) ? 0 : value, -kFar, kFar));
  return fmt::format("{:g}", tenths == 0 ? 0.0 : tenths / 10);  // no "-0"
}

std::string titled(std::string_view element, std::string_view tag, std::string_view title) {
  return title.empty() ? fmt::format("{}/>\n", element)
                       : fmt::format("{}><title>{}</title></{}>\n", element, escape(title), tag);
}

/// Length of the UTF-8 sequence at the start of the text, 0 when it is none (RFC 3629: nothing overlong, no
/// surrogate).
std::size_t sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xC2 && first < 0xE0   ? 2
                             : (first & 0xF0) == 0xE0        ? 3
                             : first >= 0xF0 && first < 0xF5 ? 4
                                                             : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  const unsigned char second = byte(1);
  if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second >= 0xA0) ||
      (first == 0xF0 && second < 0x90) || (first == 0xF4 && second >= 0x90))
    return 0;
  return length;
}

std::string base64(std::span<const std::byte> bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t here = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 3; ++k)
      three = three << 8 | (k < here ? static_cast<std::uint32_t>(bytes[i + k]) : 0);
    for (std::size_t k = 0; k < 4; ++k) out += k <= here ? kDigits[three >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = sequence(text);
    const char c = text.front();
    if (length == 0 || (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
      out += "\uFFFD";
    else if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (c == '\'')
      out += "&#39;";
    else
      out += text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::string data_uri(const io::Image& image) {
  return "data:image/png;base64," + base64(io::encode_png(image));
}

Colour series_colour(std::size_t index) {
  constexpr std::array<Colour, 6> kSeries{Colour::s1, Colour::s2, Colour::s3,
                                          Colour::s4, Colour::s5, Colour::s6};
  return kSeries[index % kSeries.size()];
}

Svg::Svg(double width, double height, std::string_view label)
    : body_(fmt::format(
          R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}" )"
          R"(role="img" aria-label="{2}" font-family="system-ui, sans-serif">)"
          "\n"
          R"(<rect class="paper" width="{0}" height="{1}" fill="#fff"/>)"
          "\n",
          at(width), at(height), escape(label))) {}

Svg& Svg::line(double x1, double y1, double x2, double y2, const Stroke& s) {
  body_ += fmt::format(R"(<line x1="{}" y1="{}" x2="{}" y2="{}" {}/>)", at(x1), at(y1), at(x2), at(y2),
                       stroke(s)) +
           '\n';
  return *this;
}

Svg& Svg::polyline(const Points& points, const Stroke& s) {
  std::string list, last;
  for (const auto& [x, y] : points) {
    std::string point = at(x) + ',' + at(y);
    if (point == last) continue;  // nothing to see, and a million samples stay a small picture
    list += (list.empty() ? "" : " ") + point;
    last = std::move(point);
  }
  body_ += fmt::format(R"(<polyline fill="none" stroke-linejoin="round" {} points="{}"/>)", stroke(s), list) +
           '\n';
  return *this;
}

Svg& Svg::circle(double x, double y, double radius, Colour colour, std::string_view title) {
  body_ += titled(fmt::format(R"(<circle cx="{}" cy="{}" r="{}" {})", at(x), at(y), at(radius), fill(colour)),
                  "circle", title);
  return *this;
}

Svg& Svg::rectangle(double x, double y, double width, double height, Colour colour, double opacity,
                    std::string_view title) {
  body_ += titled(fmt::format(R"(<rect x="{}" y="{}" width="{}" height="{}" fill-opacity="{:g}" {})", at(x),
                              at(y), at(width), at(height), opacity, fill(colour)),
                  "rect", title);
  return *this;
}

Svg& Svg::frame(double x, double y, double width, double height, const Stroke& s) {
  body_ += fmt::format(R"(<rect x="{}" y="{}" width="{}" height="{}" fill="none" {}/>)", at(x), at(y),
                       at(width), at(height), stroke(s)) +
           '\n';
  return *this;
}

Svg& Svg::text(double x, double y, std::string_view text, const Text& style) {
  constexpr std::array<const char*, 3> kAnchors{"start", "middle", "end"};
  body_ += fmt::format(R"(<text x="{}" y="{}" font-size="{:g}" text-anchor="{}"{}{} {}>{}</text>)", at(x),
                       at(y), style.size, kAnchors[static_cast<std::size_t>(style.anchor)],
                       style.bold ? R"( font-weight="600")" : "",
                       style.turn != 0
                           ? fmt::format(R"svg( transform="rotate({:g} {} {})")svg", style.turn, at(x), at(y))
                           : "",
                       fill(style.colour), escape(text)) +
           '\n';
  return *this;
}

Svg& Svg::image(double x, double y, double width, double height, const io::Image& image) {
  body_ += fmt::format(R"(<image x="{}" y="{}" width="{}" height="{}" preserveAspectRatio="none" )"
                       R"(style="image-rendering:pixelated" href="{}"/>)",
                       at(x), at(y), at(width), at(height), data_uri(image)) +
           '\n';
  return *this;
}

}  // namespace ebm::report
