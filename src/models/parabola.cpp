#include "ebm/models/parabola.hpp"

#include <algorithm>
#include <cmath>

#include "ebm/core/error.hpp"
#include "ebm/net/build.hpp"
#include "ebm/train/trainer.hpp"

namespace ebm::models {
namespace {

using Architecture = ParabolaOptions::Architecture;

constexpr int kFine = 401;

struct Point {
  Tensor x;
  Real y;
};

Net branch(Params& W, const char* name, int hidden, int outputs) {
  return net::sequential(W, name, {1},
                         {net::Linear{.outputs = hidden, .name = "hidden"}, net::Tanh::plain(),
                          net::Linear{.outputs = outputs, .name = "output"}});
}

// Every block from a stream of its own: the same weights of G1 whatever else there is.
void draw(Params& W, const char* name, int hidden, double divisor, Rng rng) {
  const auto fill = [&](const char* block, double deviation) {
    for (Real& w : W.view(W.find(std::string(name) + block)).span())
      w = static_cast<Real>(deviation * rng.normal() / divisor);
  };
  fill(".hidden.weight", 2);
  fill(".hidden.bias", 1);
  fill(".output.weight", 1 / std::sqrt(static_cast<double>(hidden)));
  std::ranges::fill(W.view(W.find(std::string(name) + ".output.bias")).span(), Real(0));
}

std::vector<Point> draw_samples(const ParabolaOptions& o) {
  if (o.samples < 1 || o.points < 0 || o.points == 1 || !(o.divisor > 0) || !(o.rate >= 0) ||
      !(o.slow_after >= 0))
    throw GraphError(
        message("[parabola] needs samples >= 1, points >= 2 (or 0), a divisor above 0, and a step and its ",
                "slowing of at least 0, not ", o.samples, ", ", o.points, ", ", o.divisor, ", ", o.rate,
                " and ", o.slow_after));
  Rng rng(o.seed, 0xda7a);
  std::vector<Point> out;
  for (int i = 0; i < o.samples; ++i) {
    const double x = rng.uniform(-1, 1);
    out.push_back({Tensor(static_cast<Real>(x)), static_cast<Real>(x * x)});
  }
  return out;
}

Schedule schedule(const ParabolaOptions& o) {
  const double a = o.rate > 0 ? o.rate : parabola_rate(o.architecture, o.loss);
  if (o.slow_after == 0) return a;
  std::vector<Schedule::Stage> stages;  // constant within a pass
  for (int pass = 0; pass < 1000; ++pass) stages.push_back({1, a / (1 + pass / o.slow_after)});
  return stages;
}

double reach(const ParabolaOptions& o) {
  return o.reach > 0 ? o.reach : o.architecture == Architecture::implicit ? 1 : 2;
}

int points(const ParabolaOptions& o) {
  if (o.points > 0) return o.points;
  return any_loss(o.loss, o.settings).needs.free_energy ? static_cast<int>(20 * reach(o)) : 201;
}

double at(int k, int count) { return -1 + 2.0 * k / (count - 1); }

// X at even places, of no known Y.
std::vector<Point> evenly(int columns) {
  std::vector<Point> out;
  for (int c = 0; c < columns; ++c) out.push_back({Tensor(static_cast<Real>(at(c, columns))), Real(0)});
  return out;
}

void check_places(std::string_view what, int count) {
  if (count < 2)
    throw GraphError(message("[parabola] ", what, " needs at least 2 places from -1 to 1, not ", count));
}

}  // namespace

struct Parabola::Impl {
  ParabolaOptions options;
  std::vector<Point> data;
  std::vector<float> x, y;
  Params W;
  Net gx, gy;
  Model<Point> model;
  Prepared ready;
  Trainer<Point> trainer;

  explicit Impl(const ParabolaOptions& o)
      : options(o),
        data(draw_samples(o)),
        gx(o.architecture == Architecture::implicit ? branch(W, "gx", 10, 10) : branch(W, "gx", 20, 1)),
        gy(o.architecture == Architecture::implicit ? branch(W, "gy", 10, 10) : Net()),
        model(W,
              [this](FactorGraph& g, const Point& p) {
                const RealVariable y = g.output("y", Reals(1), p.y);
                g.add(factor::absolute_distance(g.feature(gx, p.x), gy ? g.feature(gy, y) : g.feature(y)));
              }),
        ready(model.prepare(data)),
        trainer(model, any_loss(o.loss, o.settings),
                infer::Grid{.low = -reach(o), .high = reach(o), .points = points(o), .exclude = o.exclude},
                optim::Sgd{.rate = schedule(o)}, o.seed) {
    const Rng rng(o.seed, 0x1217);
    draw(W, "gx", gy ? 10 : 20, o.divisor, rng.fork(1));
    if (gy) draw(W, "gy", 10, o.divisor, rng.fork(2));
    for (const Point& p : data) x.push_back(static_cast<float>(p.x[0])), y.push_back(static_cast<float>(p.y));
  }

  // E of every sample at `count` even points of Y, and last, where asked, at its truth.
  std::vector<float> energies(const Prepared& samples, int count, bool truth) const {
    Points points;
    points.dims = 1;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      for (int k = 0; k < count; ++k) points.values.push_back(static_cast<Real>(at(k, count)));
      if (truth) points.values.push_back(samples.samples()[i].truth.reals[0]);
      points.sample.resize(points.values.size(), static_cast<int>(i));
    }
    Batch batch = samples.batch();
    batch.forward(points);
    std::vector<float> out(points.values.size());
    for (int item = 0; item < batch.items(); ++item)
      out[static_cast<std::size_t>(item)] = static_cast<float>(batch.table(item, 0).data[0]);
    return out;
  }
};

Parabola::Parabola(const ParabolaOptions& options) : impl_(std::make_unique<Impl>(options)) {}
Parabola::Parabola(Parabola&&) noexcept = default;
Parabola& Parabola::operator=(Parabola&&) noexcept = default;
Parabola::~Parabola() = default;

EpochReport Parabola::epoch(bool shuffle) {
  return impl_->trainer.epoch(impl_->ready, {.batch = 1, .shuffle = shuffle});
}
const Params& Parabola::params() const { return impl_->W; }

ParabolaMeasure Parabola::measure() {
  const std::vector<float> all = impl_->energies(impl_->ready, kFine, true);
  const double n = static_cast<double>(impl_->data.size());
  ParabolaMeasure out;
  for (std::size_t i = 0; i < impl_->data.size(); ++i) {
    const float* e = all.data() + i * (kFine + 1);
    const auto [low, high] = std::minmax_element(e, e + kFine);
    const double y = impl_->y[i], wrong = at(static_cast<int>(low - e), kFine) - y;
    double offending = kInf;
    for (int k = 0; k < kFine; ++k)
      if (std::abs(at(k, kFine) - y) > impl_->options.exclude)
        offending = std::min(offending, static_cast<double>(e[k]));
    out.rmse += wrong * wrong / n;
    out.truth += e[kFine] / n;
    out.offending += offending / n;
    out.range += (*high - *low) / n;
  }
  out.rmse = std::sqrt(out.rmse);
  return out;
}

std::vector<float> Parabola::surface(int columns, int rows) {
  check_places("a surface", std::min(columns, rows));
  const std::vector<Point> xs = evenly(columns);
  const std::vector<float> e = impl_->energies(impl_->model.prepare(xs), rows, false);
  std::vector<float> out(e.size());
  for (int c = 0; c < columns; ++c)
    for (int r = 0; r < rows; ++r)
      out[static_cast<std::size_t>(r * columns + c)] = e[static_cast<std::size_t>(c * rows + r)];
  return out;
}

std::vector<float> Parabola::answers(int columns) {
  check_places("a row of answers", columns);
  const std::vector<Point> xs = evenly(columns);
  const std::vector<float> e = impl_->energies(impl_->model.prepare(xs), kFine, false);
  std::vector<float> out;
  for (int c = 0; c < columns; ++c) {
    const float* first = e.data() + static_cast<std::ptrdiff_t>(c) * kFine;
    out.push_back(
        static_cast<float>(at(static_cast<int>(std::min_element(first, first + kFine) - first), kFine)));
  }
  return out;
}

std::span<const float> Parabola::inputs() const { return impl_->x; }
std::span<const float> Parabola::truths() const { return impl_->y; }
const ParabolaOptions& Parabola::options() const { return impl_->options; }

double parabola_rate(Architecture architecture, std::string_view loss) {
  if (loss == "mce") return 0.02;
  if (architecture == Architecture::implicit) return loss == "energy" ? 0.02 : 0.005;
  return loss == "lvq2" ? 0.0002 : 0.005;  // its slope 1 / (delta o) is steep where energies are small
}

std::string_view to_string(ParabolaVerdict::Kind kind) {
  switch (kind) {
    case ParabolaVerdict::Kind::learned:
      return "learned";
    case ParabolaVerdict::Kind::rough:
      return "rough";
    case ParabolaVerdict::Kind::trapped:
      return "trapped";
    case ParabolaVerdict::Kind::collapsed:
      return "collapsed";
    case ParabolaVerdict::Kind::failed:
      break;
  }
  return "not learned";
}

namespace {

// What the loss does to wrong answers, which decides what becomes of the surface.
enum class Pull { none, least, nearest, all };
Pull pull_of(const AnyLoss& loss) {
  if (!loss.contrasts) return Pull::none;
  if (loss.contrast.beta < kInf) return Pull::all;
  return loss.contrast.over == Over::others ? Pull::nearest : Pull::least;
}

// Whether the truth and the offending answer have one energy on a nearly flat surface, at which the loss
// pulls the one down as hard as it pushes the other up. Both are neighbours, so nothing moves: square-square
// rests at m/2, square-exponential where 2 e = gamma exp(-e), losses of the gap anywhere.
bool trapped(const AnyLoss& loss, const ParabolaMeasure& end) {
  if (end.range > kTrapRange || end.gap() > 0.05 || end.gap() < -0.05) return false;
  const Slope s = loss(end.truth, end.offending);
  return s.truth > 0 && std::abs(s.truth + s.contrast) < 0.2 * (s.truth - s.contrast);
}

std::string why_learned(const ParabolaOptions& o, Pull pull) {
  const bool regression = o.architecture == Architecture::regression;
  switch (pull) {
    case Pull::none:
      return regression
                 ? "E grows with the distance of Y from G(X), so lowering the truth raises every other "
                   "answer"
                 : "the step shrank before the nets became constant; nothing in the loss keeps the valley";
    case Pull::least:
      return "the answer found in place of the truth is pushed up until the truth is found";
    case Pull::nearest:
      return "the most offending incorrect answer is pushed up until it is above the truth";
    case Pull::all:
      return "every answer is pushed up, the likeliest ones most, so no flat surface is at rest";
  }
  return "";
}

std::string why_wrong(const ParabolaOptions& o, const ParabolaMeasure& start, const ParabolaMeasure& end,
                      Pull pull, bool near) {
  if (pull == Pull::none && end.range < start.range / 2)
    return message("on its way to flat: ", static_cast<int>(std::lround(100 * end.range / start.range)),
                   " % of the range over Y is left",
                   o.slow_after > 0 ? ", and only the shrinking step kept it" : "");
  if (o.loss == "lvq2" && end.gap() < 0)
    return "it is cut off at 1: where the truth is far above the offending answer it has no slope, so what "
           "is wrong stays wrong";
  if (o.loss == "mee")
    return "its slope vanishes where the truth is improbable, so what is wrong at first is learned slowly or "
           "never";
  if ((o.loss == "perceptron" || o.loss == "lvq2") && end.gap() > -0.05)
    return "it is satisfied as soon as the truth is no higher than the rest: without a margin the valley "
           "stays shallow";
  if (near) return "the valley is there, but not yet on the parabola everywhere";
  return end.gap() < 0 ? "the truth still lies above the offending answer: the valley is not there yet"
                       : "the lowest answers are still far from the parabola";
}

}  // namespace

ParabolaVerdict parabola_verdict(const ParabolaOptions& o, const ParabolaMeasure& start,
                                 const ParabolaMeasure& end) {
  using Kind = ParabolaVerdict::Kind;
  const AnyLoss loss = any_loss(o.loss, o.settings);
  const Pull pull = pull_of(loss);
  if (end.rmse < 0.05) return {Kind::learned, why_learned(o, pull)};
  if (pull == Pull::nearest && trapped(loss, end))
    return {Kind::trapped, message("the truth and the offending answer beside it have one energy",
                                   o.loss == "square-square" ? " (half the margin)" : "",
                                   " on a nearly flat surface, and the pull down and the push up cancel")};
  if (end.range < kFlatRange)
    return {Kind::collapsed, pull == Pull::none
                                 ? "the loss only pulls the truth down, and two constant nets have energy 0 "
                                   "everywhere: nothing pushes wrong answers up"
                                 : "the surface went flat before any answer was pushed above the truth"};
  const bool near = end.rmse < 0.3;
  return {near ? Kind::rough : Kind::failed, why_wrong(o, start, end, pull, near)};
}

ParabolaRecord record_parabola(const ParabolaOptions& options, int passes, std::span<const int> at, int side,
                               const std::function<void()>& after) {
  Parabola toy(options);
  ParabolaRecord out;
  out.options = options;
  const auto picture = [&](int pass) {
    out.pictures.push_back({pass, toy.measure(), toy.surface(side, side), toy.answers(side)});
  };
  picture(0);
  try {
    for (int pass = 1; pass <= passes; ++pass) {
      out.passes.push_back(toy.epoch());
      out.seconds += out.passes.back().seconds;
      if (pass == passes || std::ranges::find(at, pass) != at.end()) picture(pass);
      if (after) after();
    }
    out.verdict = parabola_verdict(options, out.start(), out.end());
  } catch (const Error& e) {
    out.verdict = {ParabolaVerdict::Kind::failed, e.what()};
  }
  return out;
}

}  // namespace ebm::models
