#include "src/models/face_raster.hpp"

namespace ebm::models::face {
namespace {

struct Triangle {
  Vec3 a, b, c;  ///< pixels and depth
};

/// Calls visit(pixel index, depth, weight of b, weight of c) for the pixel centres inside.
template <class Visit>
void cover(const Triangle& t, float area, int width, int height, const Visit& visit) {
  const auto [least_x, most_x] = std::minmax({t.a.x, t.b.x, t.c.x});
  const auto [least_y, most_y] = std::minmax({t.a.y, t.b.y, t.c.y});
  const int x0 = std::max(0, static_cast<int>(std::ceil(least_x - 0.5F)));
  const int x1 = std::min(width - 1, static_cast<int>(std::floor(most_x - 0.5F)));
  const int y0 = std::max(0, static_cast<int>(std::ceil(least_y - 0.5F)));
  const int y1 = std::min(height - 1, static_cast<int>(std::floor(most_y - 0.5F)));
  const float over = 1 / area;
  const float bx = (t.c.y - t.a.y) * over, by = (t.a.x - t.c.x) * over;
  const float cx = (t.a.y - t.b.y) * over, cy = (t.b.x - t.a.x) * over;
  for (int y = y0; y <= y1; ++y) {
    const float py = static_cast<float>(y) + 0.5F - t.a.y;
    for (int x = x0; x <= x1; ++x) {
      const float px = static_cast<float>(x) + 0.5F - t.a.x;
      const float b = px * bx + py * by, c = px * cx + py * cy;
      if (b < 0 || c < 0 || b + c > 1) continue;
      visit(static_cast<std::size_t>(y * width + x), t.a.z + b * (t.b.z - t.a.z) + c * (t.c.z - t.a.z), b, c);
    }
  }
}

}  // namespace

std::vector<std::vector<Vec3>> project_all(const std::vector<Surface>& surfaces,
                                           const Projection& projection) {
  std::vector<std::vector<Vec3>> all(surfaces.size());
  for (std::size_t k = 0; k < surfaces.size(); ++k) {
    all[k].reserve(surfaces[k].seen.size());
    for (const Vec3& p : surfaces[k].seen) all[k].push_back(projection(p));
  }
  return all;
}

Buffer rasterise(const std::vector<Surface>& surfaces, const std::vector<std::vector<Vec3>>& projected,
                 int width, int height, bool fragments) {
  Buffer out{width, height, {}, {}};
  const std::size_t pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  out.depth.assign(pixels, -1e9F);
  if (fragments) out.fragments.resize(pixels);
  for (std::size_t k = 0; k < surfaces.size(); ++k) {
    const Surface& surface = surfaces[k];
    const std::vector<Vec3>& points = projected[k];
    const bool cull = surface.closed && fragments;
    for (int j = 0; j < surface.down; ++j)
      for (int i = 0; i < surface.across; ++i) {
        const std::array<std::size_t, 4> at{surface.at(i, j), surface.at(i, j + 1), surface.at(i + 1, j + 1),
                                            surface.at(i + 1, j)};
        for (const std::size_t half : {std::size_t{1}, std::size_t{2}}) {
          const std::size_t a = at[0], b = at[half], c = at[half + 1];
          const Triangle t{points[a], points[b], points[c]};
          // Left, down, right: anticlockwise where y grows downwards has a negative area.
          const float area = (t.b.x - t.a.x) * (t.c.y - t.a.y) - (t.b.y - t.a.y) * (t.c.x - t.a.x);
          if (area == 0 || (cull && area > 0)) continue;
          cover(t, area, width, height, [&](std::size_t pixel, float depth, float u, float v) {
            if (depth <= out.depth[pixel]) return;
            out.depth[pixel] = depth;
            if (fragments)
              out.fragments[pixel] = {
                  static_cast<std::int16_t>(k),
                  {static_cast<std::int32_t>(a), static_cast<std::int32_t>(b), static_cast<std::int32_t>(c)},
                  u,
                  v};
          });
        }
      }
  }
  return out;
}

}  // namespace ebm::models::face
