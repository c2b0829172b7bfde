// Blur, contrast and noise of a camera.

#include <algorithm>
#include <cmath>

#include "ebm/models/face_renderer.hpp"

namespace ebm::models {
namespace {

/// Gaussian along rows of `from` into columns of `to`: twice is a blur in both directions.
void blur_and_transpose(const std::vector<float>& weights, const GreyMap& from, GreyMap& to) {
  const int reach = static_cast<int>(weights.size()) - 1;
  for (int y = 0; y < from.height; ++y)
    for (int x = 0; x < from.width; ++x) {
      float sum = weights[0] * from.at(x, y);
      for (int k = 1; k <= reach; ++k)
        sum += weights[static_cast<std::size_t>(k)] *
               (from.at(std::max(x - k, 0), y) + from.at(std::min(x + k, from.width - 1), y));
      to.at(y, x) = sum;
    }
}

void blur(double deviation, GreyMap& picture) {
  const int reach = static_cast<int>(std::ceil(2.5 * deviation));
  std::vector<float> weights;
  double whole = 0;
  for (int k = 0; k <= reach; ++k) {
    weights.push_back(static_cast<float>(std::exp(-0.5 * k * k / (deviation * deviation))));
    whole += (k == 0 ? 1 : 2) * static_cast<double>(weights.back());
  }
  for (float& w : weights) w /= static_cast<float>(whole);
  GreyMap turned(picture.height, picture.width);
  blur_and_transpose(weights, picture, turned);
  blur_and_transpose(weights, turned, picture);
}

}  // namespace

Camera draw_camera(Rng& rng, double most) {
  Camera c;
  c.blur = rng.chance(0.25) ? 0 : rng.uniform(0, most);
  c.contrast = rng.uniform(0.8, 1.3);
  c.bright = rng.uniform(-0.08, 0.08);
  c.noise = rng.chance(0.4) ? 0.005 : 0.005 + 0.03 * rng.uniform() * rng.uniform();
  return c;
}

void expose(const Camera& camera, Rng& rng, GreyMap& picture) {
  if (camera.blur > 0.15) blur(camera.blur, picture);
  const auto contrast = static_cast<float>(camera.contrast), bright = static_cast<float>(0.5 + camera.bright),
             noise = static_cast<float>(2 * camera.noise);
  for (float& value : picture.values) {
    value = (value - 0.5F) * contrast + bright;
    // The sum of three uniform numbers has variance 1/4.
    if (noise > 0) value += noise * static_cast<float>(rng.uniform() + rng.uniform() + rng.uniform() - 1.5);
    value = std::clamp(value, 0.0F, 1.0F);
  }
}

}  // namespace ebm::models
