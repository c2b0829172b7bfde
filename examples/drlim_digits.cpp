// Dimensionality reduction by learning an invariant mapping (Hadsell, Chopra, LeCun 2006, sections 3.2
// and 3.3): a net draws a map of 4s and 9s on which pixel neighbours lie together. Digits shifted left and
// right fall apart into one island for every shift, until pairs say that a digit and its shifted copies are
// alike.
//
//   example_drlim_digits                              on digits of the built-in generator
//   example_drlim_digits --data DIR [--out map.html]  on MNIST, 3,000 of each to train, 1,000 to test:
//   minutes
#include <array>
#include <ebm/ebm.hpp>
#include <ebm/models/digit_reader.hpp>
#include <iostream>

#include "pictures.hpp"
using namespace ebm;

namespace {

constexpr std::array kShifts{0, -6, -3, 3, 6};  // pixels to the right

using examples::Digits;

// Every digit at every shift, all of one shift after another.
Digits shifted(const Digits& d) {
  const int n = d.images.shape()[0];
  Digits out{Tensor(Shape{n * static_cast<int>(kShifts.size()), 1, 32, 32}), {}};
  for (std::size_t s = 0; s < kShifts.size(); ++s)
    for (int i = 0; i < n; ++i) {
      const int to = static_cast<int>(s) * n + i;
      examples::shift(d.images.data() + 1024 * i, kShifts[s], 0, out.images.data() + 1024 * to);
      out.labels.push_back(d.labels[static_cast<std::size_t>(i)]);
    }
  return out;
}

struct Outcome {
  double accuracy, spread;  // of 5 nearest neighbours on unseen digits; of copies, against random digits
  Tensor map;               // [test images, 2]
};

Outcome learn(const Digits& train, const models::PairSet& pairs, const Digits& test, int digits, int passes) {
  Params W;
  const Net G = net::sequential(
      W, "G", {1, 32, 32},
      {net::Conv{.maps = 15, .kernel = net::square(6)}, net::Tanh{},
       net::AveragePool{.size = {3, 3}, .gain_and_bias = true}, net::Tanh{},
       net::Conv{.maps = 30, .kernel = net::square(9)}, net::Tanh{}, net::Linear{.outputs = 2}});
  // Every pass sees the digits sheared, scaled and moved anew, so that they are not learned by heart.
  Tensor seen = train.images;
  const auto move = [&](int pass, std::span<const int> images) {
    parallel_for(images.size(), [&](std::size_t k) {
      const auto i = static_cast<std::size_t>(images[k]);
      models::distort_digit(train.images.span().subspan(1024 * i, 1024),
                            Rng(1, 0x6d6f7665).fork(static_cast<std::uint64_t>(pass)).fork(i),
                            seen.span().subspan(1024 * i, 1024));
    });
  };
  Model<models::Pair> model = models::drlim(W, G, seen);
  models::train_pairs(
      model, pairs, loss::ContrastiveMargin{.margin = 1, .gamma = 0.02},
      optim::Adam{.rate = Schedule::cosine(5e-3, passes)},
      {.passes = passes, .pairs = std::min(20000, 4 * train.images.shape()[0]), .before_pass = move});
  const Tensor known = models::embed(W, G, train.images);
  Tensor map = models::embed(W, G, test.images);  // digits never seen: one pass each
  const double accuracy = models::neighbour_accuracy(known, train.labels, map, test.labels);
  std::vector<int> digit;  // shifted copies of one digit are one group
  for (int i = 0; i < map.shape()[0]; ++i) digit.push_back(i % digits);
  const bool copies = map.shape()[0] > digits;
  return {accuracy, copies ? models::spread_within(map, digit) : 1, std::move(map)};
}

}  // namespace

int main(int argc, char** argv) {
  const examples::Arguments arguments(argc, argv);
  const bool mnist = !arguments.data.empty();
  const Digits train = mnist ? examples::mnist_digits(arguments.data, io::MnistPart::train, {4, 9}, 3000)
                             : examples::made_digits({4, 9}, 300, 1),
               test = mnist ? examples::mnist_digits(arguments.data, io::MnistPart::test, {4, 9}, 1000)
                            : examples::made_digits({4, 9}, 100, 2);
  const int n = train.images.shape()[0], unseen = test.images.shape()[0], passes = mnist ? 80 : 20;
  const models::PairSet neighbours = models::pairs_by_neighbours(train.images, 5);
  const Outcome still = learn(train, neighbours, test, unseen, passes);
  std::cout << "digits as they are: " << 100 * still.accuracy << " % right by 5 nearest neighbours\n";

  // The same neighbours at every shift, alone; and with the shifted copies declared alike.
  const Digits moved = shifted(train), moved_test = shifted(test);
  std::vector<models::Pair> apart;
  std::vector<std::vector<int>> copies(static_cast<std::size_t>(n));
  for (int s = 0; s < static_cast<int>(kShifts.size()); ++s) {
    for (const models::Pair& p : neighbours.genuine) apart.push_back({s * n + p.a, s * n + p.b, true});
    for (int i = 0; s > 0 && i < n; ++i) copies[static_cast<std::size_t>(i)].push_back(s * n + i);
  }
  const int all = moved.images.shape()[0];
  const Outcome islands = learn(moved, models::pair_set(all, apart), moved_test, unseen, passes);
  const Outcome one = learn(moved, models::with_copies(neighbours, copies, all), moved_test, unseen, passes);
  std::cout << "shifted, pixel neighbours alone: " << 100 * islands.accuracy << " %, copies "
            << islands.spread << " of random digits' distance apart\n"
            << "shifted, copies declared alike:  " << 100 * one.accuracy << " %, copies " << one.spread
            << '\n';
  if (!arguments.out.empty()) {
    report::Page page("Maps of 4s and 9s", "digits that the net never saw");
    const auto groups = [&](bool by_shift, int rows) {
      std::vector<std::pair<std::string, std::vector<int>>> out;
      for (const int key : by_shift ? std::vector<int>{0, 1, 2, 3, 4} : std::vector<int>{4, 9}) {
        out.push_back({by_shift ? "shift " + std::to_string(kShifts[static_cast<std::size_t>(key)])
                                : std::to_string(key),
                       {}});
        for (int i = 0; i < rows; ++i)
          if ((by_shift ? i / unseen : test.labels[static_cast<std::size_t>(i % unseen)]) == key)
            out.back().second.push_back(i);
      }
      return out;
    };
    const int rows = 5 * unseen;
    examples::write_map(page, "As they are", still.map, groups(false, unseen));
    examples::write_map(page, "Shifted, pixel neighbours alone", islands.map, groups(true, rows));
    examples::write_map(page, "Shifted copies declared alike, by shift", one.map, groups(true, rows));
    examples::write_map(page, "Shifted copies declared alike, by digit", one.map, groups(false, rows));
    page.save(arguments.out);
  }
  return still.accuracy > 0.9 && one.spread < 0.5 * islands.spread ? 0 : 1;
}
