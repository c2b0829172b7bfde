#pragma once
/// \file
/// A report as one HTML file that needs nothing else: styles and pictures are inside, nothing is fetched.
/// Readable on a phone, on paper and in the dark.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "ebm/io/image.hpp"
#include "ebm/report/table.hpp"

namespace ebm::report {

/// A figure that matters, large.
struct Tile {
  std::string label, value, note;
};

/// One picture of a gallery with what there is to say of it.
struct Card {
  enum class Tone { plain, good, bad };
  std::string picture;  ///< SVG
  std::string title;
  std::vector<std::string> lines;
  Tone tone = Tone::plain;
};

/// Builds a page from top to bottom. All text is escaped; pictures are taken as they are.
class Page {
 public:
  explicit Page(std::string_view title, std::string_view subtitle = {});

  Page& section(std::string_view title, std::string_view introduction = {});
  Page& paragraph(std::string_view text);
  Page& tiles(const std::vector<Tile>& tiles);
  Page& table(const Table& table, std::string_view caption = {});
  /// Figures in a row of calls stand side by side where there is room. \param svg as of Svg, line_chart or
  /// histogram
  Page& figure(std::string_view svg, std::string_view caption = {});
  /// The pixels enlarged `scale` times, sharp.
  Page& figure(const io::Image& image, std::string_view caption = {}, double scale = 1);
  Page& gallery(const std::vector<Card>& cards);
  /// Text as it is, in a box that scrolls: a command, a configuration.
  Page& listing(std::string_view text);

  std::string html() const;
  /// Written whole or not at all. \throws DataError
  void save(const std::filesystem::path& path) const;

 private:
  void close_figures();
  std::string title_, body_;
  bool in_section_ = false, in_figures_ = false;
};

}  // namespace ebm::report
