#pragma once
// Pictures with a label for every pixel, for examples of grids: made ones, horses and their masks, or
// photographs cut to black and white with noise over them.

#include <cmath>
#include <ebm/ebm.hpp>
#include <ebm/io/archive.hpp>
#include <ebm/io/image.hpp>
#include <ebm/models/grey_map.hpp>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace examples {

// What is seen of a picture is its light and where a pixel is; beyond the edge the edge goes on.
struct LabelledPicture {
  int height = 0, width = 0;
  std::vector<int> labels;  // [height * width]
  ebm::Tensor seen;         // [3, height + 2 edge, width + 2 edge]: light, row and column from -1 to 1
  ebm::Tensor contrast;     // [pairs, 2]: 1, and exp(-difference of light squared / its mean)
};

inline LabelledPicture labelled(const ebm::models::GreyMap& light, std::vector<int> labels, int edge) {
  using ebm::Real;
  LabelledPicture p{light.height, light.width, std::move(labels), {}, {}};
  const int H = p.height + 2 * edge, W = p.width + 2 * edge;
  double mean = 0, square = 0;
  for (const float v : light.values) mean += v, square += static_cast<double>(v) * v;
  const auto n = static_cast<double>(light.values.size());
  mean /= n;
  const double deviation = std::sqrt(std::max(1e-6, square / n - mean * mean));
  p.seen = ebm::Tensor(ebm::Shape{3, H, W});
  Real* to = p.seen.data();
  const auto area = static_cast<std::size_t>(H) * static_cast<std::size_t>(W);
  for (int y = 0; y < H; ++y)
    for (int x = 0; x < W; ++x, ++to) {
      const int py = std::clamp(y - edge, 0, p.height - 1), px = std::clamp(x - edge, 0, p.width - 1);
      to[0] = static_cast<Real>((light.at(px, py) - mean) / deviation);
      to[area] = static_cast<Real>(2.0 * py / std::max(1, p.height - 1) - 1);
      to[2 * area] = static_cast<Real>(2.0 * px / std::max(1, p.width - 1) - 1);
    }
  // Pairs in the order of Variables::grid_pairs.
  std::vector<double> difference;
  for (int y = 0; y < p.height; ++y)
    for (int x = 0; x + 1 < p.width; ++x)
      difference.push_back(std::pow(light.at(x, y) - light.at(x + 1, y), 2));
  for (int y = 0; y + 1 < p.height; ++y)
    for (int x = 0; x < p.width; ++x) difference.push_back(std::pow(light.at(x, y) - light.at(x, y + 1), 2));
  double usual = 1e-9;
  for (const double d : difference) usual += d / static_cast<double>(difference.size());
  p.contrast = ebm::Tensor(ebm::Shape{static_cast<int>(difference.size()), 2});
  for (std::size_t e = 0; e < difference.size(); ++e) {
    p.contrast[2 * e] = 1;
    p.contrast[2 * e + 1] = static_cast<Real>(std::exp(-difference[e] / (2 * usual)));
  }
  return p;
}

// Two or three discs and bars a little brighter than what is around them, in noise.
inline std::vector<LabelledPicture> made_pictures(int count, int side, int edge, std::uint64_t stream) {
  std::vector<LabelledPicture> out;
  for (int i = 0; i < count; ++i) {
    ebm::Rng rng = ebm::Rng(11, stream).fork(static_cast<std::uint64_t>(i));
    ebm::models::GreyMap light(side, side);
    std::vector<int> labels(light.values.size(), 0);
    for (int shape = 2 + rng.below(2); shape > 0; --shape) {
      const double cx = rng.uniform(0.2, 0.8) * side, cy = rng.uniform(0.2, 0.8) * side;
      const double a = rng.uniform(0.12, 0.3) * side, b = rng.uniform(0.12, 0.3) * side;
      const bool disc = rng.chance(0.5);
      for (int y = 0; y < side; ++y)
        for (int x = 0; x < side; ++x) {
          const double u = (x - cx) / a, v = (y - cy) / b;
          if (disc ? u * u + v * v < 1 : std::abs(u) < 0.8 && std::abs(v) < 0.8)
            labels[light.index(x, y)] = 1;
        }
    }
    for (std::size_t k = 0; k < labels.size(); ++k)
      light.values[k] = static_cast<float>(0.4 + 0.2 * labels[k] + 0.25 * rng.normal());
    out.push_back(labelled(light, std::move(labels), edge));
  }
  return out;
}

// NAME.pgm with NAME_mask.pbm, black where the label is 1, `width` pixels wide; in the order of their names.
inline std::vector<LabelledPicture> masked_pictures(const std::filesystem::path& archive, int width,
                                                    int edge) {
  std::map<std::string, ebm::io::Image> pictures, masks;
  ebm::io::each_entry(archive, [&](std::string_view name, std::span<const std::byte> content) {
    const std::string file = std::filesystem::path(name).filename().string();
    if (file.ends_with("_mask.pbm"))
      masks[file.substr(0, file.size() - 9)] = ebm::io::decode_image(content, name);
    else if (file.ends_with(".pgm"))
      pictures[file.substr(0, file.size() - 4)] = ebm::io::decode_image(content, name);
  });
  std::vector<LabelledPicture> out;
  for (const auto& [name, picture] : pictures) {
    const auto mask = masks.find(name);
    if (mask == masks.end()) continue;
    const int height = std::max(8, width * picture.height / picture.width);
    const auto light = ebm::models::resample(ebm::models::to_light(picture), width, height),
               white = ebm::models::resample(ebm::models::to_light(mask->second), width, height);
    std::vector<int> labels;
    for (const float v : white.values) labels.push_back(v < 0.5F);
    out.push_back(labelled(light, std::move(labels), edge));
  }
  return out;
}

// Photographs cut at their mean light, with noise over the two levels: what is to be restored is known.
inline std::vector<LabelledPicture> noisy_photographs(const std::filesystem::path& archive, int side,
                                                      int edge, double noise) {
  std::map<std::string, ebm::io::Image> pictures;
  ebm::io::each_entry(archive, [&](std::string_view name, std::span<const std::byte> content) {
    if (name.ends_with(".pgm")) pictures[std::string(name)] = ebm::io::decode_image(content, name);
  });
  std::vector<LabelledPicture> out;
  for (const auto& [name, picture] : pictures) {
    ebm::Rng rng(13, out.size());
    auto light = ebm::models::resample(ebm::models::to_light(picture), side, side);
    double mean = 0;
    for (const float v : light.values) mean += v / static_cast<double>(light.values.size());
    std::vector<int> labels;
    for (float& v : light.values) {
      labels.push_back(v > mean);
      v = static_cast<float>(labels.back() + noise * rng.normal());
    }
    out.push_back(labelled(light, std::move(labels), edge));
  }
  return out;
}

}  // namespace examples
