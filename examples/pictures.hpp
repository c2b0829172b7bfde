#pragma once
// Pictures that several examples learn from: made by the built-in generators, or read from a folder.

#include <ebm/ebm.hpp>
#include <ebm/io/idx.hpp>
#include <ebm/models/map_quality.hpp>
#include <ebm/models/object_views.hpp>
#include <ebm/models/piece.hpp>
#include <ebm/models/siamese.hpp>
#include <ebm/report/page.hpp>
#include <ebm/report/plot.hpp>
#include <iostream>
#include <string>
#include <vector>

namespace examples {

// --data DIR and --out FILE, both optional.
struct Arguments {
  std::string data, out;
  Arguments(int argc, char** argv) {
    for (int i = 1; i < argc; i += 2) {
      const std::string name = argv[i];
      std::string* const value = name == "--data" ? &data : name == "--out" ? &out : nullptr;
      if (!value || i + 1 == argc) {
        std::cerr << "usage: " << argv[0] << " [--data DIR] [--out page.html]\n";
        std::exit(2);
      }
      *value = argv[i + 1];
    }
  }
};

struct Digits {
  ebm::Tensor images;       // [n, 1, 32, 32]
  std::vector<int> labels;  // [n]
};

// `each` digits of every label in turn, of the built-in writers.
inline Digits made_digits(const std::vector<int>& labels, int each, std::uint64_t seed) {
  const ebm::models::AmountGenerator writer({.seed = seed});
  const ebm::models::Alphabet alphabet;
  Digits out{ebm::Tensor(ebm::Shape{each * static_cast<int>(labels.size()), 1, 32, 32}), {}};
  std::vector<int> left(10, 0);
  for (const int label : labels) left[static_cast<std::size_t>(label)] = each;
  ebm::Tensor image({1, 32, 32});
  for (std::uint64_t i = 0; out.labels.size() < static_cast<std::size_t>(out.images.shape()[0]); ++i) {
    const int label = writer.character(i, alphabet, 0, image.span());
    if (label > 9 || left[static_cast<std::size_t>(label)]-- <= 0) continue;
    std::ranges::copy(image.span(), out.images.data() + 1024 * out.labels.size());
    out.labels.push_back(label);
  }
  return out;
}

// The first `each` of every label in a folder of MNIST.
inline Digits mnist_digits(const std::string& folder, ebm::io::MnistPart part, const std::vector<int>& labels,
                           int each) {
  const ebm::io::Mnist mnist = ebm::io::read_mnist(folder, part);
  std::vector<int> left(10, 0), chosen;
  for (const int label : labels) left[static_cast<std::size_t>(label)] = each;
  for (int i = 0; i < mnist.images.count; ++i)
    if (left[mnist.labels[static_cast<std::size_t>(i)]]-- > 0) chosen.push_back(i);
  Digits out{ebm::Tensor(ebm::Shape{static_cast<int>(chosen.size()), 1, 32, 32}), {}};
  for (const int i : chosen) {
    ebm::models::pad_mnist(mnist.images.image(i), out.images.span().subspan(1024 * out.labels.size(), 1024));
    out.labels.push_back(mnist.labels[static_cast<std::size_t>(i)]);
  }
  return out;
}

// A digit of 32 x 32 moved by whole pixels; what comes in repeats the border, which is paper.
inline void shift(const ebm::Real* from, int right, int down, ebm::Real* to) {
  for (int y = 0; y < 32; ++y)
    for (int x = 0; x < 32; ++x)
      to[32 * y + x] = from[32 * std::clamp(y - down, 0, 31) + std::clamp(x - right, 0, 31)];
}

// A page with one map of two dimensions a section: points, one series a group.
inline void write_map(ebm::report::Page& page, const std::string& title, const ebm::Tensor& map,
                      const std::vector<std::pair<std::string, std::vector<int>>>& groups) {
  ebm::report::Chart chart;
  chart.label = title;
  chart.x.title = "output 1";
  chart.y.title = "output 2";
  for (const auto& [name, rows] : groups) {
    ebm::report::Series points;
    points.name = name;
    points.line = false;
    points.points = true;
    for (const int i : rows) {
      points.x.push_back(static_cast<double>(map[2 * static_cast<std::size_t>(i)]));
      points.y.push_back(static_cast<double>(map[2 * static_cast<std::size_t>(i) + 1]));
    }
    chart.series.push_back(std::move(points));
  }
  page.section(title).figure(ebm::report::line_chart(chart));
}

}  // namespace examples
