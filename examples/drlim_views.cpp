// The cylinder of views (Hadsell, Chopra, LeCun 2006, section 3.4): an object seen from all round, from nine
// heights and under six lights. All that is told is which views are next to one another, whatever the light;
// the map finds a cylinder, azimuth around it and elevation along it, and forgets the light.
//
//   example_drlim_views                              a rendered airplane, 660 views to train and 312 to judge
//   example_drlim_views --data DIR [--out map.html]  also the turntable of DIR/coil20_pose_pgm.tar.gz, 0 to
//   245 degrees
#include <cmath>
#include <ebm/ebm.hpp>
#include <ebm/io/archive.hpp>
#include <ebm/io/image.hpp>
#include <iostream>
#include <map>
#include <numbers>

#include "pictures.hpp"
using namespace ebm;

namespace {

constexpr int kAzimuths = 18, kElevations = 9, kSide = 48;
constexpr double kDegree = std::numbers::pi / 180;

// A map of rows [n, side * side] into `outputs` dimensions, learned from `pairs` of the rows in `train`.
Tensor learn(const Tensor& images, const std::vector<int>& train, const std::vector<models::Pair>& pairs,
             int outputs, int passes) {
  const int inputs = images.shape()[1];
  Tensor seen(Shape{static_cast<int>(train.size()), inputs});
  std::map<int, int> row;
  for (const int i : train) {
    const auto to = static_cast<int>(row.size());
    std::copy_n(images.data() + static_cast<std::ptrdiff_t>(i) * inputs, inputs,
                seen.data() + static_cast<std::ptrdiff_t>(to) * inputs);
    row[i] = to;
  }
  std::vector<models::Pair> near;
  for (const models::Pair& p : pairs)
    if (row.contains(p.a) && row.contains(p.b)) near.push_back({row[p.a], row[p.b], true});
  // A map may settle folded over; its loss then stays high, so the best of a few starts is kept.
  double lowest = kInf;
  Tensor best;
  for (std::uint64_t start = 1; start <= 3; ++start) {
    Params W(Params::Options{.seed = start});
    const Net G = net::mlp(W, "G", {inputs, 20, outputs});
    Model<models::Pair> model = models::drlim(W, G, seen);
    const History history = models::train_pairs(model, models::pair_set(seen.shape()[0], near),
                                                loss::ContrastiveMargin{.margin = 1},
                                                optim::Adam{.rate = Schedule::cosine(2e-3, passes)},
                                                {.passes = passes, .pairs = 10000, .seed = start});
    if (history.train.back().loss >= lowest) continue;
    lowest = history.train.back().loss;
    best = models::embed(W, G, images);
  }
  return best;
}

bool airplane() {
  const auto views = models::all_views(kAzimuths, kElevations, 30 * kDegree, 5 * kDegree);
  const int n = static_cast<int>(views.size());
  Tensor images(Shape{n, kSide * kSide});
  parallel_for(views.size(), [&](std::size_t i) {
    const Tensor view = models::render_airplane(views[i], kSide);
    for (std::size_t p = 0; p < view.size(); ++p) images[i * view.size() + p] = 2 * view[p] - 1;
  });
  const auto azimuth = [](int i) { return i % kAzimuths; };
  const auto elevation = [](int i) { return i / kAzimuths % kElevations; };
  std::vector<models::Pair> pairs;
  for (int i = 0; i < n; ++i)
    for (int j = i + 1; j < n; ++j) {
      const int round = std::abs(azimuth(i) - azimuth(j)), up = std::abs(elevation(i) - elevation(j));
      if (std::min(round, kAzimuths - round) + up <= 1) pairs.push_back({i, j, true});
    }
  std::vector<int> train(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) train[static_cast<std::size_t>(i)] = i;
  Rng(4).shuffle(std::span(train));
  train.resize(660);
  std::vector<char> trained(static_cast<std::size_t>(n), 0);
  for (const int i : train) trained[static_cast<std::size_t>(i)] = 1;
  const Tensor map = learn(images, train, pairs, 3, 60);

  std::vector<double> angle, height;
  Tensor fresh(Shape{n - 660, 3});
  for (int i = 0, to = 0; i < n; ++i) {
    if (trained[static_cast<std::size_t>(i)]) continue;
    angle.push_back(views[static_cast<std::size_t>(i)].azimuth);
    height.push_back(views[static_cast<std::size_t>(i)].elevation);
    for (std::size_t k = 0; k < 3; ++k)
      fresh[static_cast<std::size_t>(3 * to) + k] = map[static_cast<std::size_t>(3 * i) + k];
    ++to;
  }
  const models::Cylinder cylinder = models::as_cylinder(fresh, angle, height);
  // How far lights move a view, against a step round the object.
  const auto distance = [&](int i, int j) {
    double sum = 0;
    for (int k = 0; k < 3; ++k)
      sum += std::pow(static_cast<double>(map[static_cast<std::size_t>(3 * i + k)] -
                                          map[static_cast<std::size_t>(3 * j + k)]),
                      2);
    return std::sqrt(sum);
  };
  double lights = 0, steps = 0, of_lights = 0, of_steps = 0;
  for (int i = 0; i < n; ++i)
    for (int j = i + 1; j < n; ++j) {
      if (elevation(i) != elevation(j)) continue;
      const int round = std::abs(azimuth(i) - azimuth(j));
      if (round == 0) lights += distance(i, j), ++of_lights;
      if (std::min(round, kAzimuths - round) == 1 &&
          views[static_cast<std::size_t>(i)].lighting == views[static_cast<std::size_t>(j)].lighting)
        steps += distance(i, j), ++of_steps;
    }
  const double ratio = lights / of_lights / (steps / of_steps);
  std::cout << "airplane, 312 unseen views: angle follows azimuth " << cylinder.angle_correlation
            << ", axis follows elevation " << cylinder.height_correlation << "; lights move a view "
            << 100 * ratio << " % of a step of azimuth\n";
  return cylinder.angle_correlation > 0.95 && cylinder.height_correlation > 0.9 && ratio < 0.2;
}

// 50 views of each object, one every 5 degrees; every third one is kept apart, to be placed by one pass.
void turntable(const examples::Arguments& arguments) {
  std::map<std::string, std::map<int, io::Image>> objects;
  for (const auto& [name, bytes] :
       io::read_archive(std::filesystem::path(arguments.data) / "coil20_pose_pgm.tar.gz")) {
    const std::size_t at = name.rfind("obj");
    if (at == std::string::npos || !name.ends_with(".pgm")) continue;
    objects[name.substr(at, 5)][std::stoi(name.substr(at + 6, 2))] = io::decode_image(bytes, name);
  }
  report::Page page("Turntables",
                    "views 0 to 245 degrees of objects, drawn by a map that knows which are neighbours");
  for (const auto& [name, views] : objects) {
    const int n = static_cast<int>(views.size()),
              size = views.begin()->second.width * views.begin()->second.height;
    Tensor images(Shape{n, size});
    std::vector<models::Pair> pairs;
    std::vector<int> train, held;
    for (const auto& [view, image] : views) {
      for (int p = 0; p < size; ++p)
        images[static_cast<std::size_t>(view * size + p)] =
            static_cast<Real>(image.pixels[static_cast<std::size_t>(p)] / 127.5 - 1);
      (view % 3 == 1 ? held : train).push_back(view);
      for (int back = 1; back <= 2 && view >= back; ++back) pairs.push_back({view - back, view, true});
    }
    const Tensor map = learn(images, train, pairs, 2, 20);
    // The place on the arc of a view that was never seen: the trained view nearest to it on the map.
    double error = 0;
    for (const int i : held) {
      int best = train[0];
      double least = kInf;
      for (const int j : train) {
        const double d =
            std::hypot(map[2 * static_cast<std::size_t>(i)] - map[2 * static_cast<std::size_t>(j)],
                       map[2 * static_cast<std::size_t>(i) + 1] - map[2 * static_cast<std::size_t>(j) + 1]);
        if (d < least) least = d, best = j;
      }
      error += 5.0 * std::abs(best - i) / static_cast<double>(held.size());
    }
    std::cout << name << ": unseen views lie " << error << " degrees from where they belong, on average\n";
    examples::write_map(page, name, map, {{"trained", train}, {"unseen", held}});
  }
  if (!arguments.out.empty()) page.save(arguments.out);
}

}  // namespace

int main(int argc, char** argv) {
  const examples::Arguments arguments(argc, argv);
  const bool right = airplane();
  if (!arguments.data.empty()) turntable(arguments);
  return right ? 0 : 1;
}
