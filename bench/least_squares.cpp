// Least squares through a factor graph, beside the same problems written directly for Ceres in the same run.
// One thread, processor time, medians of repetitions that take turns; other answers end the program, a missed
// bound makes it return 1.
//
//   bench_least_squares [REPETITIONS]     15 by default
//
// a  10,000 numbers x smoothed by second differences, E = sum (x - y)^2 / 2 + 100 sum (x[i-1] - 2 x[i] +
// x[i+1])^2 / 2,
//    from x = y: infer::LeastSquares; and with a Huber loss of scale 0.3 on the data
// b  2,000 two-angle poses from nine cosine responses, from (0, 0): one batch of infer::LevenbergMarquardt
// beside
//    a loop of Ceres solves, by dense QR and by dense Cholesky, the faster of which counts
#include <ceres/ceres.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <ebm/ebm.hpp>
#include <ebm/graph/user_factor.hpp>
#include <ebm/inference/least_squares.hpp>
#include <functional>

namespace {

using namespace ebm;

int repetitions = 15;
bool all_met = true;

double seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

std::vector<double> medians(const std::vector<std::function<void()>>& calls) {
  std::vector<std::vector<double>> times(calls.size());
  for (int r = 0; r <= repetitions; ++r)
    for (std::size_t i = 0; i < calls.size(); ++i) {
      const double start = seconds();
      calls[i]();
      if (r > 0) times[i].push_back(seconds() - start);  // the first round warms up
    }
  std::vector<double> out;
  for (auto& t : times) {
    std::ranges::sort(t);
    out.push_back((t[t.size() / 2] + t[(t.size() - 1) / 2]) / 2);
  }
  return out;
}

void row(std::string_view what, std::string_view figure, std::string_view bound, bool met) {
  fmt::print("| {} | {} | {} | {} |\n", what, figure, bound, met ? "met" : "MISSED");
  std::fflush(stdout);
  all_met = all_met && met;
}

void same(std::string_view what, double ours, double theirs, double tolerance) {
  if (std::abs(ours - theirs) <= tolerance * std::abs(theirs)) return;
  fmt::print("{}: {:.12g} here, {:.12g} by Ceres\n", what, ours, theirs);
  std::exit(2);
}

// The generator that the peers' inputs are drawn from (splitmix64, Box-Muller), so that figures compare.
class PeerRng {
 public:
  explicit PeerRng(std::uint64_t seed) : state_(seed) {}
  double uniform() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1.0p-53;
  }
  double normal() {
    const double u = std::max(uniform(), 1e-300), v = uniform();
    return std::sqrt(-2 * std::log(u)) * std::cos(6.283185307179586 * v);
  }

 private:
  std::uint64_t state_;
};

constexpr int kChain = 10000;
constexpr double kScale = 0.3;

std::vector<double> chain_data() {
  PeerRng rng(602);
  std::vector<double> y;
  for (int i = 0; i < kChain; ++i) {
    double v = std::sin(0.01 * i) + 0.5 * std::sin(0.0031 * i + 1) + 0.1 * rng.normal();
    if (rng.uniform() < 0.05) v += 3 * rng.normal();
    y.push_back(static_cast<double>(static_cast<float>(v)));
  }
  return y;
}

struct Near {
  double y;
  template <class T>
  bool operator()(const T* x, T* r) const {
    r[0] = x[0] - T(y);
    return true;
  }
};
struct Smooth {
  template <class T>
  bool operator()(const T* a, const T* b, const T* c, T* r) const {
    r[0] = T(10) * (a[0] - T(2) * b[0] + c[0]);
    return true;
  }
};

double chain_by_ceres(const std::vector<double>& y, bool robust) {
  std::vector<double> x = y;
  ceres::Problem problem;
  for (std::size_t i = 0; i < y.size(); ++i)
    problem.AddResidualBlock(new ceres::AutoDiffCostFunction<Near, 1, 1>(new Near{y[i]}),
                             robust ? new ceres::HuberLoss(kScale) : nullptr, &x[i]);
  for (std::size_t i = 1; i + 1 < y.size(); ++i)
    problem.AddResidualBlock(new ceres::AutoDiffCostFunction<Smooth, 1, 1, 1, 1>(new Smooth), nullptr,
                             &x[i - 1], &x[i], &x[i + 1]);
  ceres::Solver::Options options;
  options.logging_type = ceres::SILENT;
  options.num_threads = 1;
  options.max_num_iterations = 100;
  options.function_tolerance = 1e-10;
  options.linear_solver_type = ceres::SPARSE_NORMAL_CHOLESKY;
  ceres::Solver::Summary summary;
  ceres::Solve(options, &problem, &summary);
  return summary.final_cost;
}

// One chain, declared once: a step of a program asks again and again.
struct Chain {
  Params W;
  Tensor y;
  Model<int> model;
  Prepared ready;
  Chain(const std::vector<double>& data, bool robust)
      : y({kChain, 1}, {data.begin(), data.end()}),
        model(W,
              [this, robust](FactorGraph& g, const int&) {
                const auto x = g.output("x", Reals(kChain));
                std::vector<int> each(kChain), triples;
                for (int i = 0; i < kChain; ++i) each[static_cast<std::size_t>(i)] = i;
                for (int i = 1; i + 1 < kChain; ++i) triples.insert(triples.end(), {i - 1, i, i + 1});
                g.add_each(factor::residual(
                               "near", [](const auto* a, const auto* b) { return a[0] - b[0]; },
                               {.robust = robust ? Robust::huber(kScale) : Robust{}}, g.slice(x, 1, each),
                               g.feature(y)),
                           kChain);
                g.add_each(factor::residual(
                               "smooth", [](const auto* a) { return 10 * (a[0] - 2 * a[1] + a[2]); }, {},
                               g.slice(x, 3, triples)),
                           kChain - 2);
              }),
        ready(model.prepare(0)) {}
};

void chain(bool robust) {
  const std::vector<double> y = chain_data();
  Chain ours(y, robust);
  Batch batch = ours.ready.batch();
  const infer::LeastSquares engine{.from = {.start = y}};
  Answer answer;
  double energy = 0;
  const auto times = medians({[&] {
                                batch.invalidate();
                                engine.answer(batch, {.weights = false, .answers = true}, answer);
                              },
                              [&] { energy = chain_by_ceres(y, robust); }});
  same("a", answer.energy[0], energy, 1e-6);
  row(robust ? "a  chain of 10,000, Huber loss" : "a  chain of 10,000",
      fmt::format("{:.1f} ms, Ceres directly {:.1f} ms: {:.2f} x; minimum {:.9g}, {} iterations",
                  times[0] * 1e3, times[1] * 1e3, times[0] / times[1], answer.energy[0],
                  answer.report.iterations),
      "1.15 x", times[0] <= 1.15 * times[1]);
}

constexpr int kPoses = 2000;
constexpr double kAngles[3] = {-1.0471975511965976, 0, 1.0471975511965976};

std::vector<float> pose_data() {
  PeerRng rng(601);
  std::vector<float> g;
  for (int n = 0; n < kPoses; ++n) {
    const double theta = -1.5 + 3 * rng.uniform(), phi = -0.75 + 1.5 * rng.uniform();
    for (const double a : kAngles)
      for (const double b : kAngles)
        g.push_back(static_cast<float>(std::cos(theta - a) * std::cos(phi - b) + 0.1 * rng.normal()));
  }
  return g;
}

// The peer's functor, two cosines a residual, ..
struct PoseAsThePeer {
  const float* g;
  template <class T>
  bool operator()(const T* z, T* r) const {
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j < 3; ++j)
        r[i * 3 + j] = ceres::cos(z[0] - T(kAngles[i])) * ceres::cos(z[1] - T(kAngles[j])) - T(g[i * 3 + j]);
    return true;
  }
};
// .. and one that takes every cosine once, here as there.
template <class T, class G>
void pose_residuals(const T* z, const G* g, T* r) {
  using std::cos;
  const T a[3] = {cos(z[0] - kAngles[0]), cos(z[0]), cos(z[0] - kAngles[2])};
  const T b[3] = {cos(z[1] - kAngles[0]), cos(z[1]), cos(z[1] - kAngles[2])};
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) r[i * 3 + j] = a[i] * b[j] - g[i * 3 + j];
}
struct Pose {
  const float* g;
  template <class T>
  bool operator()(const T* z, T* r) const {
    const double here[9] = {g[0], g[1], g[2], g[3], g[4], g[5], g[6], g[7], g[8]};
    pose_residuals(z, here, r);
    return true;
  }
};

template <class Functor>
double poses_by_ceres(const std::vector<float>& g, ceres::LinearSolverType solver) {
  double sum = 0;
  for (std::size_t k = 0; k < kPoses; ++k) {
    double z[2] = {0, 0};
    ceres::Problem problem;
    problem.AddResidualBlock(new ceres::AutoDiffCostFunction<Functor, 9, 2>(new Functor{&g[k * 9]}), nullptr,
                             z);
    ceres::Solver::Options options;
    options.linear_solver_type = solver;
    options.logging_type = ceres::SILENT;
    options.num_threads = 1;
    ceres::Solver::Summary summary;
    ceres::Solve(options, &problem, &summary);
    sum += summary.final_cost;
  }
  return sum / kPoses;
}

void poses() {
  const std::vector<float> g = pose_data();
  std::vector<Tensor> data;
  for (std::size_t k = 0; k < kPoses; ++k)
    data.push_back(
        Tensor({9}, {g.begin() + static_cast<long>(9 * k), g.begin() + static_cast<long>(9 * k + 9)}));
  Params W;
  const Model<Tensor> model(W, [](FactorGraph& graph, const Tensor& responses) {
    const auto z = graph.latent("angles", Reals(2));
    graph.add(factor::residual(
        "pose", [](const auto* a, const auto* b, auto* r) { pose_residuals(a, b, r); }, {.count = 9},
        graph.feature(z), graph.feature(responses)));
  });
  const Prepared ready = model.prepare(data);
  Batch batch = ready.batch();
  const infer::LevenbergMarquardt engine{.from = {.start = {0, 0}}};
  Answer answer;
  double least = 0;
  const auto times = medians({[&] {
                                batch.invalidate();
                                engine.answer(batch, {.weights = false, .answers = true}, answer);
                              },
                              [&] { least = poses_by_ceres<PoseAsThePeer>(g, ceres::DENSE_QR); },
                              [&] { least = poses_by_ceres<PoseAsThePeer>(g, ceres::DENSE_NORMAL_CHOLESKY); },
                              [&] { least = poses_by_ceres<Pose>(g, ceres::DENSE_QR); },
                              [&] { least = poses_by_ceres<Pose>(g, ceres::DENSE_NORMAL_CHOLESKY); }});
  double mean = 0;
  for (const double e : answer.energy) mean += e / kPoses;
  same("b", mean, least, 1e-6);
  const double best = *std::min_element(times.begin() + 1, times.end());
  fmt::print("Ceres a pose: {:.2f} and {:.2f} us with the peer's functor, {:.2f} and {:.2f} us with ours\n",
             times[1] * 1e6 / kPoses, times[2] * 1e6 / kPoses, times[3] * 1e6 / kPoses,
             times[4] * 1e6 / kPoses);
  row("b  2,000 pose fits",
      fmt::format("{:.2f} us a pose, a loop of Ceres solves {:.2f} us: {:.2f} x as fast; mean energy {:.9g}, "
                  "at most {} "
                  "iterations",
                  times[0] * 1e6 / kPoses, best * 1e6 / kPoses, best / times[0], mean,
                  answer.report.iterations),
      "5 x", best >= 5 * times[0]);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) repetitions = std::max(1, std::atoi(argv[1]));
  set_threads(1);
  fmt::print("| what | figure | bound | |\n|---|---|---|---|\n");
  chain(false);
  chain(true);
  poses();
  return all_met ? 0 : 1;
}
