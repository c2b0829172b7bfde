#include "ebm/report/page.hpp"

#include <fmt/format.h>

#include "ebm/report/svg.hpp"

namespace ebm::report {
namespace {

constexpr std::string_view kStyle = R"css(
:root{color-scheme:light dark;--paper:#fbfcfd;--card:#fff;--ink:#1d2733;--soft:#5b6876;--faint:#d8dee6;--accent:#1f6fc4;
--good:#1c8a4a;--bad:#c62f2f;--s1:#1f6fc4;--s2:#d9660a;--s3:#23916b;--s4:#8a55c9;--s5:#c2385f;--s6:#6c7a89}
@media(prefers-color-scheme:dark){:root{--paper:#12171d;--card:#1a2129;--ink:#e4eaf0;--soft:#9aa7b4;--faint:#35404c;
--accent:#6cb0f5;--good:#5ac98a;--bad:#f07f7f;--s1:#6cb0f5;--s2:#f5a04c;--s3:#57c99d;--s4:#bd95ee;--s5:#f0809f;--s6:#a3b0bd}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:1080px;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 .3rem;text-wrap:balance}
h2{font-size:1.3rem;line-height:1.25;margin:2.6rem 0 .5rem;padding-top:1.1rem;border-top:1px solid var(--faint)}
p{margin:.5rem 0 .9rem;max-width:46rem}
.soft,figcaption,caption{color:var(--soft)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,9.5rem),1fr));gap:.8rem;margin:1.2rem 0}
.tile,figure,.card{background:var(--card);border:1px solid var(--faint);border-radius:10px}
.tile{padding:.8rem 1rem}
.tile b{display:block;font-size:1.65rem;font-weight:650;line-height:1.25;font-variant-numeric:tabular-nums}
.tile span{display:block;font-size:.85rem;color:var(--soft)}
.scroll{overflow-x:auto;margin:1rem 0}
table{border-collapse:collapse;font-size:.93rem;font-variant-numeric:tabular-nums}
caption{text-align:left;font-size:.88rem;padding-bottom:.4rem}
th,td{padding:.4rem .9rem;text-align:left;border-bottom:1px solid var(--faint);white-space:nowrap}
th{font-weight:600;color:var(--soft)}
tr>:first-child{padding-left:.2rem}
.number{text-align:right}
@media(max-width:34rem){th{white-space:normal;vertical-align:bottom}th,td{padding:.4rem .5rem}}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1rem;margin:1rem 0}
figure{margin:0;padding:.8rem}
figure svg{display:block;width:100%;height:auto;max-width:640px;margin:0 auto}
figure img{display:block;max-width:100%;height:auto;image-rendering:pixelated;margin:0 auto}
figcaption{font-size:.88rem;margin-top:.5rem}
.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,19rem),1fr));gap:.9rem;margin:1rem 0}
.card{padding:.8rem;border-left-width:5px;overflow-wrap:anywhere}
.card.good{border-left-color:var(--good)}.card.bad{border-left-color:var(--bad)}
.card svg{display:block;max-width:100%;height:auto;margin-bottom:.5rem}
.card b{display:block}.card span{display:block;font-size:.88rem;color:var(--soft);font-variant-numeric:tabular-nums}
pre{overflow-x:auto;background:var(--card);border:1px solid var(--faint);border-radius:10px;padding:.8rem 1rem;font-size:.85rem}
.paper{fill:none}
)css";

/// Every colour of a picture follows the page's.
std::string colour_rules() {
  std::string out;
  for (const char* name : {"ink", "faint", "s1", "s2", "s3", "s4", "s5", "s6", "good", "bad"})
    out += fmt::format(".f-{0}{{fill:var(--{0})}}.k-{0}{{stroke:var(--{0})}}\n", name);
  return out;
}

/// In a page an SVG element needs no name space, and a page without any address plainly fetches nothing.
std::string inlined(std::string_view svg) {
  constexpr std::string_view kSpace = R"( xmlns="http://www.w3.org/2000/svg")";
  std::string out(svg);
  for (std::size_t at = out.find(kSpace); at != out.npos; at = out.find(kSpace, at))
    out.erase(at, kSpace.size());
  return out;
}

std::string caption_element(std::string_view tag, std::string_view caption) {
  return caption.empty() ? "" : fmt::format("<{0}>{1}</{0}>\n", tag, escape(caption));
}

}  // namespace

Page::Page(std::string_view title, std::string_view subtitle) : title_(escape(title)) {
  body_ = fmt::format("<header>\n<h1>{}</h1>\n", title_);
  if (!subtitle.empty()) body_ += fmt::format("<p class=\"soft\">{}</p>\n", escape(subtitle));
  body_ += "</header>\n";
}

Page& Page::section(std::string_view title, std::string_view introduction) {
  close_figures();
  if (in_section_) body_ += "</section>\n";
  in_section_ = true;
  body_ += fmt::format("<section>\n<h2>{}</h2>\n", escape(title));
  return introduction.empty() ? *this : paragraph(introduction);
}

Page& Page::paragraph(std::string_view text) {
  close_figures();
  body_ += fmt::format("<p>{}</p>\n", escape(text));
  return *this;
}

Page& Page::tiles(const std::vector<Tile>& tiles) {
  close_figures();
  body_ += "<div class=\"tiles\">\n";
  for (const Tile& tile : tiles)
    body_ += fmt::format("<div class=\"tile\"><span>{}</span><b>{}</b><span>{}</span></div>\n",
                         escape(tile.label), escape(tile.value), escape(tile.note));
  body_ += "</div>\n";
  return *this;
}

Page& Page::table(const Table& table, std::string_view caption) {
  close_figures();
  const auto row = [&](const std::vector<std::string>& cells, std::string_view tag) {
    body_ += "<tr>";
    for (std::size_t c = 0; c < cells.size(); ++c)
      body_ += fmt::format("<{0}{1}>{2}</{0}>", tag, table.is_numeric(c) ? " class=\"number\"" : "",
                           escape(cells[c]));
    body_ += "</tr>\n";
  };
  body_ += "<div class=\"scroll\"><table>\n" + caption_element("caption", caption) + "<thead>\n";
  row(table.header(), "th");
  body_ += "</thead>\n<tbody>\n";
  for (const auto& cells : table.rows()) row(cells, "td");
  body_ += "</tbody>\n</table></div>\n";
  return *this;
}

Page& Page::figure(std::string_view svg, std::string_view caption) {
  if (!in_figures_) body_ += "<div class=\"figures\">\n";
  in_figures_ = true;
  body_ += "<figure>\n" + inlined(svg) + caption_element("figcaption", caption) + "</figure>\n";
  return *this;
}

Page& Page::figure(const io::Image& image, std::string_view caption, double scale) {
  return figure(fmt::format(R"(<img src="{}" alt="{}" width="{:.0f}" height="{:.0f}">)", data_uri(image),
                            escape(caption), scale * image.width, scale * image.height),
                caption);
}

Page& Page::gallery(const std::vector<Card>& cards) {
  close_figures();
  body_ += "<div class=\"gallery\">\n";
  for (const Card& card : cards) {
    const char* tone = card.tone == Card::Tone::good ? " good" : card.tone == Card::Tone::bad ? " bad" : "";
    body_ +=
        fmt::format("<div class=\"card{}\">\n{}<b>{}</b>\n", tone, inlined(card.picture), escape(card.title));
    for (const std::string& line : card.lines) body_ += fmt::format("<span>{}</span>\n", escape(line));
    body_ += "</div>\n";
  }
  body_ += "</div>\n";
  return *this;
}

Page& Page::listing(std::string_view text) {
  close_figures();
  body_ += fmt::format("<pre>{}</pre>\n", escape(text));
  return *this;
}

void Page::close_figures() {
  if (in_figures_) body_ += "</div>\n";
  in_figures_ = false;
}

std::string Page::html() const {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n"
      "<style>{}{}</style>\n</head>\n<body>\n<main>\n{}{}{}</main>\n</body>\n</html>\n",
      title_, kStyle, colour_rules(), body_, in_figures_ ? "</div>\n" : "",
      in_section_ ? "</section>\n" : "");
}

void Page::save(const std::filesystem::path& path) const { io::write_file(path, html()); }

}  // namespace ebm::report
