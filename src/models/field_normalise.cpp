#include "ebm/models/field_normalise.hpp"

#include <algorithm>
#include <cmath>

#include "ebm/core/error.hpp"
#include "ebm/models/paper.hpp"
#include "ebm/models/piece.hpp"

namespace ebm::models {
namespace {

constexpr int kMostRows = 192, kMostColumns = 4096;
constexpr double kClean = 0.08;  ///< paper whose mean darkness is below this part of the ink's has no pattern
constexpr double kLeastContrast = 0.04;  ///< of ink over paper, in units of the whole range of grey

GreyMap lightness(const io::Image& image, InkColour ink) {
  GreyMap out(image.width, image.height);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    const float value = static_cast<float>(image.pixels[i]) / 255.0F;
    out.values[i] = ink == InkColour::dark ? value : 1 - value;
  }
  return out;
}

/// A small binomial blur: print patterns are finer than pen strokes and lose more of their contrast.
GreyMap blurred(const GreyMap& map) {
  GreyMap out(map.width, map.height);
  for (int y = 0; y < map.height; ++y)
    for (int x = 0; x < map.width; ++x) {
      float sum = 0, weight = 0;
      for (int v = std::max(0, y - 1); v <= std::min(map.height - 1, y + 1); ++v)
        for (int u = std::max(0, x - 1); u <= std::min(map.width - 1, x + 1); ++u) {
          const float w = static_cast<float>((2 - std::abs(u - x)) * (2 - std::abs(v - y)));
          sum += w * map.at(u, v);
          weight += w;
        }
      out.at(x, y) = sum / weight;
    }
  return out;
}

/// Contrast stretched so that paper and pattern fall to 0 and strokes rise to 1; on clean paper grey edges
/// stay grey.
GreyMap stretch(const GreyMap& contrast, const Split& split, bool clean) {
  const double from = clean ? split.low : split.threshold - 0.45 * (split.threshold - split.low);
  const double to = clean ? 1.15 * split.high : split.threshold + 0.55 * (split.high - split.threshold);
  GreyMap out(contrast.width, contrast.height);
  for (std::size_t i = 0; i < out.values.size(); ++i)
    out.values[i] = static_cast<float>(
        std::clamp((static_cast<double>(contrast.values[i]) - from) / (to - from), 0.0, 1.0));
  return out;
}

/// Height of the line of writing and its middle row, from the components; 0 when there are none.
struct TextLine {
  double height = 0, middle = 0;
};
TextLine text_line(const Components& parts) {
  std::vector<std::size_t> order;
  double total = 0;
  for (std::size_t i = 0; i < parts.boxes.size(); ++i) {
    order.push_back(i);
    total += parts.areas[i];
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return parts.boxes[a].height < parts.boxes[b].height ||
           (parts.boxes[a].height == parts.boxes[b].height && a < b);
  });
  TextLine line;
  double area = 0;
  for (const std::size_t i : order) {
    area += parts.areas[i];
    line.height = parts.boxes[i].height;
    if (area >= 0.7 * total) break;
  }
  double weight = 0;
  for (const std::size_t i : order) {
    if (parts.boxes[i].height < 0.4 * line.height) continue;
    weight += parts.areas[i];
    line.middle += parts.areas[i] * (parts.boxes[i].y + 0.5 * parts.boxes[i].height);
  }
  if (weight > 0) line.middle /= weight;
  return line;
}

/// Components that are too small, too faint, too far from the line of writing, or long and flat as a ruled
/// line, go.
void keep_writing(GreyMap& ink, const TextLine& line) {
  const Components parts = components(ink, 0.15F);
  std::vector<float> peak(parts.boxes.size());
  std::vector<int> solid(parts.boxes.size());
  for (std::size_t i = 0; i < ink.values.size(); ++i)
    if (parts.label[i] >= 0) {
      const auto part = static_cast<std::size_t>(parts.label[i]);
      peak[part] = std::max(peak[part], ink.values[i]);
      solid[part] += ink.values[i] >= kInkThreshold ? 1 : 0;
    }
  const double least = std::max(3.0, 0.005 * line.height * line.height);
  const auto kept = [&](std::size_t part) {
    const Box& box = parts.boxes[part];
    const double middle = box.y + 0.5 * box.height;
    const bool rule = box.width > 2 * line.height && box.height < 0.4 * line.height;
    return peak[part] >= 0.8F && solid[part] >= least &&
           std::abs(middle - line.middle) <= 1.1 * line.height && !rule;
  };
  std::vector<char> keep(parts.boxes.size());
  for (std::size_t part = 0; part < keep.size(); ++part) keep[part] = kept(part) ? 1 : 0;
  for (std::size_t i = 0; i < ink.values.size(); ++i)
    if (parts.label[i] < 0 || keep[static_cast<std::size_t>(parts.label[i])] == 0) ink.values[i] = 0;
}

/// The shear that makes the vertical projection sharpest: strokes that stand upright pile up in few columns.
double slant(const GreyMap& ink, double middle) {
  const int reach = ink.height;
  std::vector<double> columns(static_cast<std::size_t>(ink.width + 2 * reach + 2));
  double best = 0, sharpest = 0;
  for (int step = -8; step <= 20; ++step) {
    const double shear = 0.05 * step;
    std::fill(columns.begin(), columns.end(), 0.0);
    for (int y = 0; y < ink.height; ++y) {
      const double shift = reach + shear * (y - middle);
      const auto whole = static_cast<std::size_t>(std::max(0.0, std::floor(shift)));
      const double part = std::clamp(shift - std::floor(shift), 0.0, 1.0);
      for (int x = 0; x < ink.width; ++x) {
        const double value = ink.at(x, y);
        const std::size_t at = std::min(whole + static_cast<std::size_t>(x), columns.size() - 2);
        columns[at] += (1 - part) * value;
        columns[at + 1] += part * value;
      }
    }
    double sharp = 0;
    for (const double column : columns) sharp += column * column;
    sharp *= 1 - 0.05 * std::abs(shear);  // upright unless there is a reason
    if (sharp > sharpest) sharpest = sharp, best = shear;
  }
  return best;
}

GreyMap sheared(const GreyMap& ink, double shear, double middle, int margin) {
  GreyMap out(ink.width + 2 * margin, ink.height);
  for (int y = 0; y < ink.height; ++y) {
    const double shift = margin + shear * (y - middle);
    const int whole = static_cast<int>(std::floor(shift));
    const auto part = static_cast<float>(shift - whole);
    for (int x = 0; x < ink.width; ++x) {
      const float value = ink.at(x, y);
      if (value == 0) continue;
      out.at(x + whole, y) += (1 - part) * value;
      if (part > 0) out.at(x + whole + 1, y) += part * value;
    }
  }
  return out;
}

Field nothing(std::string reason) {
  Field field;
  field.reason = std::move(reason);
  return field;
}

}  // namespace

Field normalise_field(const io::Image& image, const NormaliseOptions& options) {
  if (image.width < 0 || image.height < 0 ||
      image.pixels.size() != static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height))
    throw ShapeError(message("[field] a picture of ", image.width, " x ", image.height, " holds ",
                             image.pixels.size(), " pixels: width x height are needed"));
  if (image.pixels.empty()) return nothing("the picture has no pixels");

  GreyMap light = lightness(image, options.ink);
  const double shrink = std::min(
      {1.0, static_cast<double>(kMostRows) / light.height, static_cast<double>(kMostColumns) / light.width});
  if (shrink < 1)
    light = resample(light, std::max(1, static_cast<int>(light.width * shrink)),
                     std::max(1, static_cast<int>(light.height * shrink)));

  GreyMap contrast = contrast_to_paper(light);
  Split split = otsu(contrast.values);
  const bool clean = split.low < kClean * split.high;
  if (!clean) contrast = blurred(contrast), split = otsu(contrast.values);
  if (split.high - split.low < kLeastContrast) return nothing("no ink: all of the picture is of one grey");
  if (options.remove_lines && remove_ruled_lines(contrast, 0.8 * split.threshold) > 0)
    split = otsu(contrast.values);

  GreyMap ink = stretch(contrast, split, clean);
  TextLine line = text_line(components(ink, kInkThreshold));
  keep_writing(ink, line);
  line = text_line(components(ink, kInkThreshold));
  Box box = ink_box(ink, 0);
  if (box.empty() || line.height < 3) return nothing("no ink: only specks are left without the paper");

  // To the wanted height; growing more than fourfold would only make the specks of tiny pictures large.
  const double scale =
      std::min({options.text_height / line.height, 4.0, kMostColumns / static_cast<double>(box.width)});
  ink = crop(ink, box);
  ink = resample(ink, std::max(1, static_cast<int>(std::lround(box.width * scale))),
                 std::max(1, static_cast<int>(std::lround(box.height * scale))));
  Field field;
  field.scale = scale * shrink;
  field.text_height = line.height * scale;
  field.middle = (line.middle - box.y) * scale;
  field.left = -box.x * scale;
  field.top = -box.y * scale;
  if (options.deslant) field.shear = slant(ink, field.middle);
  const int margin = 2 + static_cast<int>(std::ceil(std::abs(field.shear) * ink.height));
  ink = sheared(ink, field.shear, field.middle, margin);
  const Box tight = ink_box(ink, 0);
  field.ink = crop(ink, tight);
  field.left += margin - tight.x;
  field.top -= tight.y;
  field.middle -= tight.y;
  return field;
}

inline namespace EBM_PRECISION {

Tensor field_strip(const Field& field, int margin) {
  const double scale = field.empty() ? 1 : kGlyphSide / field.text_height;
  const GreyMap ink =
      field.empty() ? GreyMap(1, 1)
                    : resample(field.ink, std::max(1, static_cast<int>(std::lround(field.ink.width * scale))),
                               std::max(1, static_cast<int>(std::lround(field.ink.height * scale))));
  const int width = std::max(kPieceSide, ink.width + 2 * margin), left = (width - ink.width) / 2;
  const int top = field.empty() ? 0 : kPieceSide / 2 - static_cast<int>(std::lround(field.middle * scale));
  Tensor out(Shape{1, 1, kPieceSide, width});
  for (int y = 0; y < kPieceSide; ++y)
    for (int x = 0; x < width; ++x) {
      const bool inside = x >= left && x < left + ink.width && y >= top && y < top + ink.height;
      const double value = inside ? static_cast<double>(ink.at(x - left, y - top)) : 0;
      out[static_cast<std::size_t>(y * width + x)] = static_cast<Real>(kPaper + (kFullInk - kPaper) * value);
    }
  return out;
}

}  // namespace EBM_PRECISION
}  // namespace ebm::models
