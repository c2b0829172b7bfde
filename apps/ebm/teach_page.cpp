#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "teach.hpp"
#include "teach_script.hpp"

namespace ebm::app {
namespace {

constexpr std::string_view kStyle = R"css(
figure:has(.widget){grid-column:1/-1}
.widget{min-height:4rem}
.controls{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;margin-bottom:.8rem}
.controls label{display:flex;align-items:center;gap:.5rem;font-size:.92rem}
.controls .slide{flex:1 1 15rem;min-width:0}
.controls input[type=range]{flex:1;min-width:0;width:100%;accent-color:var(--accent)}
.controls output{min-width:4.2rem;text-align:right;font-variant-numeric:tabular-nums}
.controls button,.controls select{font:inherit;font-size:.92rem;padding:.2rem .6rem;border:1px solid var(--faint);
border-radius:6px;background:var(--paper);color:var(--ink)}
.main{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,18rem),1fr));gap:1rem;align-items:start}
.main svg{max-width:none}
canvas{display:block;width:100%;height:auto;border-radius:6px}
.scale{display:flex;justify-content:space-between;gap:.5rem;font-size:.8rem;color:var(--soft);font-variant-numeric:tabular-nums}
.scale i{flex:1;height:.7rem;margin-top:.3rem;border-radius:3px}
.say{font-size:.92rem;margin:.4rem 0;font-variant-numeric:tabular-nums}
.say b{font-weight:650}
.badge{display:inline-block;padding:0 .45rem;border-radius:5px;border:1px solid currentColor;font-size:.82rem}
.badge.learned{color:var(--good)}.badge.collapsed,.badge.trapped,.badge.not{color:var(--bad)}.badge.rough{color:var(--s2)}
.thumbs{display:grid;grid-template-columns:repeat(auto-fill,minmax(5.6rem,1fr));gap:.6rem;margin:.3rem 0 1rem}
.thumb{font:inherit;text-align:left;padding:.25rem;border:2px solid transparent;border-radius:8px;background:none;
color:var(--ink);cursor:pointer;min-width:0;display:flex;flex-direction:column;align-items:stretch;justify-content:flex-start}
.thumb .badge{align-self:flex-start;margin-top:.15rem}
.thumb[aria-pressed=true]{border-color:var(--accent)}
.thumb span{display:block;font-size:.78rem;line-height:1.25;overflow-wrap:anywhere}
.group{font-weight:600;font-size:.95rem;margin:.8rem 0 .1rem}
.widget svg text{font:11px system-ui,-apple-system,"Segoe UI",sans-serif;fill:var(--ink)}
.widget svg .soft{fill:var(--soft)}
)css";

// "</script>" in a string would end the element.
std::string embedded(const nlohmann::json& data) {
  std::string text = data.dump();
  for (std::size_t at = text.find("</"); at != text.npos; at = text.find("</", at + 3))
    text.replace(at, 2, "<\\/");
  return text;
}

}  // namespace

std::string widget(std::string_view widget, std::string_view source) {
  return fmt::format("<div class=\"widget\" data-widget=\"{}\" data-source=\"{}\"></div>\n", widget, source);
}

std::string quantised(std::span<const float> values, double low, double high) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const double unit = high > low ? 255 / (high - low) : 0;
  std::string out;
  for (std::size_t i = 0; i < values.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, values.size() - i);
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      const double v = k < n ? std::clamp((values[i + k] - low) * unit, 0.0, 255.0) : 0;
      word = word << 8 | static_cast<std::uint32_t>(std::isnan(v) ? 255 : std::lround(v));
    }
    for (std::size_t k = 0; k < 4; ++k) out += k <= n ? kDigits[word >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

std::string with_script(std::string html, const nlohmann::json& data) {
  html.insert(html.find("</head>"), fmt::format("<style>{}</style>\n", kStyle));
  html.insert(html.rfind("</body>"),
              fmt::format("<script type=\"application/json\" id=\"data\">{}</script>\n<script>{}</script>\n",
                          embedded(data), kScript));
  return html;
}

}  // namespace ebm::app
