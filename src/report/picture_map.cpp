#include "ebm/report/picture_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ebm/core/real.hpp"
#include "ebm/report/svg.hpp"

namespace ebm::report {
namespace {

// Neighbouring groups get hues far apart: steps of the golden angle around the circle.
std::string colour(int group) {
  return fmt::format("hsl({:.0f} 65% {}%)", std::fmod(group * 137.508, 360.0), group % 2 ? 40 : 55);
}

// What is pointed at is drawn last, so that nothing covers its picture.
constexpr std::string_view kStyle =
    "<style>.dot .shown{visibility:hidden;pointer-events:none}.dot:hover .shown,.dot:focus .shown"
    "{visibility:visible}.dot{outline:none}</style>\n";
constexpr std::string_view kRaise = "if(this.nextSibling)this.parentNode.appendChild(this)";

}  // namespace

std::string picture_map(const PictureMap& map) {
  double left = kInf, right = -kInf, low = kInf, high = -kInf;
  const auto drawn = [](const MapPoint& p) { return std::isfinite(p.x) && std::isfinite(p.y); };
  for (const MapPoint& p : map.points) {
    if (!drawn(p)) continue;
    left = std::min(left, p.x), right = std::max(right, p.x);
    low = std::min(low, p.y), high = std::max(high, p.y);
  }
  Svg svg(map.width, map.height, map.label);
  if (left > right) {
    svg.text(map.width / 2, map.height / 2, "nothing to show", {.anchor = Anchor::middle});
    return svg.str();
  }
  constexpr double kMargin = 14;
  const double scale = std::min((map.width - 2 * kMargin) / std::max(right - left, 1e-12),
                                (map.height - 2 * kMargin) / std::max(high - low, 1e-12));
  const auto place = [&](const MapPoint& p) {
    return std::pair(map.width / 2 + scale * (p.x - (left + right) / 2),
                     map.height / 2 - scale * (p.y - (low + high) / 2));
  };
  std::string dots;
  for (const MapPoint& p : map.points) {
    if (!drawn(p)) continue;
    const auto [x, y] = place(p);
    dots +=
        fmt::format(R"(<g class="dot" tabindex="-1" onmouseenter="{}"><circle cx="{:.1f}" cy="{:.1f}" r="5" )"
                    R"(fill="{}" fill-opacity="0.85"><title>{}</title></circle>)",
                    kRaise, x, y, colour(p.group), escape(p.title));
    if (!p.picture.pixels.empty()) {
      const double w = map.picture * p.picture.width / p.picture.height;
      const double px = std::clamp(x + 8, 0.0, std::max(0.0, map.width - w)),
                   py = std::clamp(y - map.picture - 8, 0.0, map.height - map.picture);
      dots += fmt::format(
          R"(<g class="shown"><image x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" href="{}"/>)"
          R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="none" stroke="{}" )"
          R"(stroke-width="2"/></g>)",
          px, py, w, map.picture, data_uri(p.picture), px, py, w, map.picture, colour(p.group));
    }
    dots += "</g>\n";
  }
  std::string out = svg.str();
  const auto end = out.rfind("</svg>");
  return out.substr(0, end) + std::string(kStyle) + "<g>\n" + dots + "</g>\n</svg>\n";
}

}  // namespace ebm::report
