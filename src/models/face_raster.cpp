#include "src/models/face_raster.hpp"

namespace ebm::models::face {
namespace {

struct Triangle {
  Vec3 a, b, c;  ///< pixels and depth
};

/// Calls visit(pixel index, depth, weight of b, weight of c) for the pixel centres inside.
template <class Visit>
void cover(const Triangle& t, float area, int width, int height, const Visit& visit) {
  // Pixels whose centres may be inside. Truncated, for that is fast; what is left of 0 does not count.
  const auto up = [](float v) { return static_cast<int>(std::clamp(v + 0.5F, 0.0F, 1e6F)); };
  const int x0 = up(std::min(std::min(t.a.x, t.b.x), t.c.x)),
            y0 = up(std::min(std::min(t.a.y, t.b.y), t.c.y));
  const int x1 = std::min(width, up(std::max(std::max(t.a.x, t.b.x), t.c.x))) - 1;
  const int y1 = std::min(height, up(std::max(std::max(t.a.y, t.b.y), t.c.y))) - 1;
  if (x0 > x1 || y0 > y1) return;  // most triangles lie between the pixels' centres
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
    // A shadow does not need the finest shape.
    const int stride = fragments || surface.across < 20 ? 1 : 2;
    const bool cull = surface.closed && fragments;
    for (int j = 0; j < surface.down; j += stride)
      for (int i = 0; i < surface.across; i += stride) {
        const int i1 = std::min(i + stride, surface.across), j1 = std::min(j + stride, surface.down);
        const std::array<std::size_t, 4> at{surface.at(i, j), surface.at(i, j1), surface.at(i1, j1),
                                            surface.at(i1, j)};
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
