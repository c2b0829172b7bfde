#include "field_picture.hpp"

#include <algorithm>
#include <cmath>

#include "ebm/report/format.hpp"
#include "ebm/report/svg.hpp"

namespace ebm::app {
namespace {

using report::Colour;
using report::Svg;

constexpr double kWidth = 312, kTallest = 110, kLargest = 3;  // of a picture; and times its own size
constexpr double kRoom = 22;                                  // for the characters below it
constexpr int kStep = 4, kWindow = 32;                        // of the net that slides along the strip

// From the picture's pixels to the drawing's.
struct Place {
  double scale, width, height;

  explicit Place(const io::Image& image)
      : scale(std::min({kWidth / image.width, kTallest / image.height, kLargest})),
        width(image.width * scale),
        height(image.height * scale) {}
  std::pair<double, double> operator()(const models::Field& field, double x, double y) const {
    return {std::clamp(field.picture_x(x, y) * scale, 0.0, width),
            std::clamp(field.picture_y(y) * scale, 0.0, height)};
  }
};

// Twice the pixels it is drawn with are enough, and keep the page small.
io::Image shrunk(const io::Image& image, const Place& place) {
  const int width = static_cast<int>(std::lround(2 * place.width)),
            height = static_cast<int>(std::lround(2 * place.height));
  if (image.width <= width || width < 1 || height < 1) return image;
  models::GreyMap map(image.width, image.height);
  std::ranges::transform(image.pixels, map.values.begin(),
                         [](std::uint8_t v) { return static_cast<float>(v); });
  map = models::resample(map, width, height);
  io::Image out{width, height, std::vector<std::uint8_t>(map.values.size())};
  std::ranges::transform(map.values, out.pixels.begin(), [](float v) {
    return static_cast<std::uint8_t>(std::clamp(v + 0.5F, 0.0F, 255.0F));
  });
  return out;
}

// A cut from top to bottom, only the points where it turns.
Svg::Points line_of(const models::Cut& cut, const models::Field& field, const Place& place) {
  Svg::Points out;
  const std::size_t rows = cut.column.size();
  for (std::size_t y = 0; y < rows; ++y) {
    const bool turns = y == 0 || y + 1 == rows || 2 * cut.column[y] != cut.column[y - 1] + cut.column[y + 1];
    if (turns) out.push_back(place(field, cut.column[y], static_cast<double>(y)));
  }
  return out;
}

Svg::Points upright(double x, const models::Field& field, const Place& place) {
  return {place(field, x, 0), place(field, x, field.ink.height)};
}

const Svg::Stroke kProposed{Colour::s1, 0.6}, kChosen{Colour::s2, 2};

// Draws the cuts; gives where the middle of every stretch lies across the drawing.
std::vector<double> draw_cuts(Svg& svg, const models::Check& check, const std::vector<Stretch>& path,
                              const models::Field& field, const Place& place) {
  const models::Segmentation& s = check.segmentation;
  std::vector<bool> chosen(s.paths.size());
  std::vector<double> middles;
  for (const Stretch& stretch : path) {
    const models::Piece& piece = s.pieces[static_cast<std::size_t>(stretch.first)];
    chosen[static_cast<std::size_t>(piece.from)] = chosen[static_cast<std::size_t>(piece.to)] = true;
    middles.push_back(place.scale * (piece.picture_box.x + piece.picture_box.width / 2.0));
  }
  for (const bool now : {false, true})  // what was chosen above what was proposed
    for (std::size_t i = 0; i < s.paths.size(); ++i)
      if (chosen[i] == now) svg.polyline(line_of(s.paths[i], field, place), now ? kChosen : kProposed);
  return middles;
}

// The same for a net that slides along: a line half way between neighbouring characters.
std::vector<double> draw_columns(Svg& svg, const models::Check& check, const std::vector<Stretch>& path,
                                 const models::Field& field, const Place& place) {
  // The strip has the field's ink in its middle, at another size.
  const double strip = check.strip.shape().back(), shrink = field.text_height / models::kGlyphSide;
  const auto across = [&](double column) {
    return field.ink.width / 2.0 + (kStep * column + kWindow / 2.0 - strip / 2) * shrink;
  };
  std::vector<double> middles;
  const Stretch* before = nullptr;
  for (const Stretch& stretch : path) {
    middles.push_back(place(field, across((stretch.first + stretch.last) / 2.0), field.middle).first);
    if (stretch.character == 0) continue;
    if (before != nullptr)
      svg.polyline(upright(across((before->last + stretch.first) / 2.0), field, place), kChosen);
    before = &stretch;
  }
  return middles;
}

}  // namespace

std::vector<Stretch> stretches(const models::Reading& reading, models::Recogniser recogniser) {
  std::vector<Stretch> out;
  for (const models::Reading::Arc& arc : reading.path) {
    const bool goes_on =
        recogniser == models::Recogniser::sdnn && !out.empty() && out.back().character == arc.character;
    if (!goes_on) out.push_back({arc.piece, arc.piece, arc.character, 0});
    out.back().last = arc.piece;
    out.back().energy += arc.energy;
  }
  return out;
}

std::string path_text(const models::Reading& reading, models::Recogniser recogniser) {
  std::string out;
  for (const Stretch& s : stretches(reading, recogniser)) {
    if (!out.empty()) out += ", ";
    out += (s.character == 0 ? std::string("rubbish") : std::string(1, s.character)) + "\u00a0" +
           report::fixed(s.energy, 2);
  }
  return out;
}

std::string field_picture(const io::Image& image, const models::Check& check,
                          const models::CheckReaderConfig& config, const models::Reading* reading) {
  const Place place(image);
  const std::string seen = "The picture " + check.file + (reading ? ", read as " + reading->amount : "");
  Svg svg(kWidth, place.height + (reading ? kRoom : 0), seen);
  svg.image(0, 0, place.width, place.height, shrunk(image, place));
  if (check.empty()) return svg.str();
  models::NormaliseOptions options;
  options.ink = config.ink;
  const models::Field field = models::normalise_field(image, options);
  const bool hos = config.recogniser == models::Recogniser::hos;
  const std::vector<Stretch> path = reading ? stretches(*reading, config.recogniser) : std::vector<Stretch>{};
  const std::vector<double> middles = (hos ? draw_cuts : draw_columns)(svg, check, path, field, place);
  for (std::size_t i = 0; i < path.size(); ++i)
    if (path[i].character != 0)
      svg.text(middles[i], place.height + 17, std::string(1, path[i].character),
               {15, report::Anchor::middle, Colour::ink, true});
    else if (hos)
      svg.text(middles[i], place.height + 16, "\u00d7", {12, report::Anchor::middle, Colour::bad});
  return svg.str();
}

}  // namespace ebm::app
