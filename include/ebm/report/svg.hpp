#pragma once
/// \file
/// Pictures of lines and text, as SVG to stand in a page or in a file of its own. Colours are classes that a
/// page may restyle (for the dark), with plain attributes for when it stands alone.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ebm/io/image.hpp"

namespace ebm::report {

/// Text for HTML and SVG, content or attribute: markup becomes entities, what is no UTF-8 or no printable
/// character becomes U+FFFD.
std::string escape(std::string_view text);

/// "data:image/png;base64,..." of an image.
std::string data_uri(const io::Image& image);

/// `ink` is the text's colour, `faint` the grid's, 1 to 6 are series, the rest says what it means.
enum class Colour { ink, faint, s1, s2, s3, s4, s5, s6, good, bad };
Colour series_colour(std::size_t index);

enum class Anchor { start, middle, end };

class Svg {
 public:
  using Points = std::vector<std::pair<double, double>>;
  struct Text {
    double size = 12;
    Anchor anchor = Anchor::start;
    Colour colour = Colour::ink;
    bool bold = false;
    double turn = 0;  ///< degrees, clockwise about its point
  };
  struct Stroke {
    Colour colour = Colour::ink;
    double width = 1;
    std::string_view dash = {};  ///< e.g. "4 3"
  };

  /// \param label says in words what is seen, for those who cannot.
  Svg(double width, double height, std::string_view label);

  Svg& line(double x1, double y1, double x2, double y2, const Stroke& stroke);
  Svg& polyline(const Points& points, const Stroke& stroke);
  /// \param title shown when pointed at; may be empty.
  Svg& circle(double x, double y, double radius, Colour fill, std::string_view title = {});
  Svg& rectangle(double x, double y, double width, double height, Colour fill, double opacity = 1,
                 std::string_view title = {});
  Svg& frame(double x, double y, double width, double height, const Stroke& stroke);
  Svg& text(double x, double y, std::string_view text, const Text& style);
  /// Pixels are kept sharp.
  Svg& image(double x, double y, double width, double height, const io::Image& image);

  /// The whole element, closed.
  std::string str() const { return body_ + "</svg>\n"; }

 private:
  std::string body_;
};

}  // namespace ebm::report
