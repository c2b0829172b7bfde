#include "ebm/models/field_distortion.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace ebm::models {
namespace {

// Bilinear, with the border repeated outside.
double sample(const io::Image& image, double x, double y) {
  const auto at = [&](int i, int j) {
    i = std::clamp(i, 0, image.width - 1);
    j = std::clamp(j, 0, image.height - 1);
    return static_cast<double>(image.pixels[static_cast<std::size_t>(j) * image.width + i]);
  };
  const double fx = std::floor(x), fy = std::floor(y), a = x - fx, b = y - fy;
  const int i = static_cast<int>(fx), j = static_cast<int>(fy);
  return (1 - b) * ((1 - a) * at(i, j) + a * at(i + 1, j)) +
         b * ((1 - a) * at(i, j + 1) + a * at(i + 1, j + 1));
}

constexpr double kBend = 0.03;  // deviation of a displacement, in heights of the picture

// Displacements on a coarse grid, linear between its points: smooth over about a third of a character.
class Bend {
 public:
  Bend(int width, int height, Rng& rng)
      : step_(std::max(2.0, height / 4.0)),
        columns_(static_cast<int>(width / step_) + 2),
        rows_(static_cast<int>(height / step_) + 2),
        shift_(2 * static_cast<std::size_t>(columns_) * static_cast<std::size_t>(rows_)) {
    for (double& s : shift_) s = kBend * height * rng.normal();
  }
  // Of axis 0 (x) or 1 (y), at a point of the picture.
  double at(int axis, double x, double y) const {
    const double u = std::clamp(x / step_, 0.0, columns_ - 1.001),
                 v = std::clamp(y / step_, 0.0, rows_ - 1.001);
    const int i = static_cast<int>(u), j = static_cast<int>(v);
    const double a = u - i, b = v - j;
    const auto s = [&](int c, int r) {
      return shift_[2 * (static_cast<std::size_t>(r) * static_cast<std::size_t>(columns_) +
                         static_cast<std::size_t>(c)) +
                    static_cast<std::size_t>(axis)];
    };
    return (1 - b) * ((1 - a) * s(i, j) + a * s(i + 1, j)) +
           b * ((1 - a) * s(i, j + 1) + a * s(i + 1, j + 1));
  }

 private:
  double step_;
  int columns_, rows_;
  std::vector<double> shift_;
};

}  // namespace

io::Image distort_field(const io::Image& image, Rng rng, InkColour ink) {
  if (image.width < 1 || image.height < 1) return image;
  const double shear = rng.uniform(-0.25, 0.25), turn = rng.uniform(-0.052, 0.052);
  const double sx = rng.uniform(0.87, 1.15), sy = rng.uniform(0.9, 1.12);
  const double sharpen = rng.uniform(-0.6, 0.5), weaker = rng.uniform(0.85, 1.0),
               blur = rng.chance(0.3) ? rng.uniform(0.2, 0.6) : 0;
  const Bend bend(image.width, image.height, rng);
  io::Image out;
  const double margin = std::abs(shear) * image.height;
  out.width = std::max(1, static_cast<int>(std::lround(image.width * sx + margin)));
  out.height = std::max(1, static_cast<int>(std::lround(image.height * sy)));
  out.pixels.resize(static_cast<std::size_t>(out.width) * out.height);
  const double cx = image.width / 2.0, cy = image.height / 2.0;
  const double paper = ink == InkColour::dark ? 255 : 0;
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x) {
      double u = (x + 0.5 - out.width / 2.0) / sx, v = (y + 0.5 - out.height / 2.0) / sy;
      u -= shear * v;
      const double qx = cx + u * std::cos(turn) - v * std::sin(turn),
                   qy = cy + u * std::sin(turn) + v * std::cos(turn);
      const double px = qx + bend.at(0, qx, qy) - 0.5, py = qy + bend.at(1, qx, qy) - 0.5;
      double value = sample(image, px, py);
      // Against the mean around it, a pixel moves away (thicker contrast) or towards it (blur).
      const double around = (sample(image, px - 1, py) + sample(image, px + 1, py) +
                             sample(image, px, py - 1) + sample(image, px, py + 1)) /
                            4;
      value += (sharpen > 0 ? sharpen : 0) * (value - around) + blur * (around - value);
      // Thicker strokes: the darkest of the neighbours counts in part.
      if (sharpen < 0) {
        const double l = sample(image, px - 0.7, py), r = sample(image, px + 0.7, py);
        const double inkier = ink == InkColour::dark ? std::min({value, l, r}) : std::max({value, l, r});
        value += -sharpen * (inkier - value);
      }
      value = paper + weaker * (value - paper);
      out.pixels[static_cast<std::size_t>(y) * out.width + x] =
          static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L));
    }
  return out;
}

}  // namespace ebm::models
