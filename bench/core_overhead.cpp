// What the general machinery costs beyond the numerical kernels it drives: five figures, each with its bound,
// and the allocations of steady loops. One thread, processor time, the least of several repetitions (so that
// a busy machine does not blur it); wrong numbers end the program, a missed bound makes it return 1.
//
//   bench_core_overhead [REPETITIONS]     7 by default
//
// a  online step of Y = X^2, E = |G1(X) - G2(Y)|, nets {1, 10, 10}, 21 points of Y, NLL, SGD, through Trainer
// b  10,000 ragged chains (5..40 variables of 5..10 labels, given unary energies, one pair table per label
// count):
//    free energies and marginals of all, beside the forward-backward recurrences alone on arrays made ready
// c  a step on 16 check fields (LeNet-5 on every piece, composed lattices, NLL): beside the net and the
// lattice
//    questions that it asks, called directly
// d  a 4096 x 4096 grid of binary variables, declared and built
// e  a LeNet-5 step at batch 1 through Trainer, beside the bare net: forward, loss, backward, SGD
#include <fmt/format.h>
#include <sys/resource.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <ebm/core/kernels.hpp>
#include <ebm/ebm.hpp>
#include <functional>
#include <new>
#include <numeric>
#include <tuple>

#include "src/inference/chain_kernels.hpp"
#include "src/inference/chain_problem.hpp"

namespace {
std::atomic<std::size_t> allocations{0};
}

[[gnu::noinline]] void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* p = std::malloc(size ? size : 1)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  const auto a = static_cast<std::size_t>(alignment);
  if (void* p = std::aligned_alloc(a, (size + a - 1) / a * a)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

namespace {

using namespace ebm;

int repetitions = 7;
bool all_met = true;

// Processor time of this process, user and system.
double seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// The least time of each call, the calls taking turns.
std::vector<double> least(std::vector<std::function<void()>> calls) {
  std::vector<double> best(calls.size(), 1e300);
  for (int r = 0; r <= repetitions; ++r)
    for (std::size_t i = 0; i < calls.size(); ++i) {
      const double start = seconds();
      calls[i]();
      if (r > 0) best[i] = std::min(best[i], seconds() - start);  // the first round warms up
    }
  return best;
}

void row(std::string_view what, std::string_view figure, std::string_view bound, bool met) {
  fmt::print("| {} | {} | {} | {} |\n", what, figure, bound, met ? "met" : "MISSED");
  std::fflush(stdout);
  all_met = all_met && met;
}

void require(bool right, std::string_view what) {
  if (right) return;
  fmt::print(stderr, "wrong numbers: {}\n", what);
  std::exit(2);
}

void parabola() {
  struct Point {
    Tensor x;
    Real y;
  };
  Rng rng(1);
  std::vector<Point> data;
  for (int i = 0; i < 500; ++i) {
    const double x = rng.uniform(-1, 1);
    data.push_back({Tensor(static_cast<Real>(x)), static_cast<Real>(x * x)});
  }
  Params W;
  const Net gx = net::mlp(W, "gx", {1, 10, 10}), gy = net::mlp(W, "gy", {1, 10, 10});
  Model<Point> model(W, [&](FactorGraph& g, const Point& p) {
    const auto y = g.output("y", Reals(1), p.y);
    g.add(factor::distance(g.feature(gx, p.x), g.feature(gy, y)));
  });
  const Prepared ready = model.prepare(data);
  Trainer train(model, loss::NegativeLogLikelihood{}, infer::Grid{.low = 0, .high = 1, .points = 21},
                optim::Sgd{});
  const double before = train.evaluate(ready).loss;
  const double t = least({[&] { train.epoch(ready); }})[0] / static_cast<double>(data.size());
  require(train.evaluate(ready).loss < before, "the parabola's loss does not fall");

  std::vector<std::size_t> at_step;
  Trainer fresh(model, loss::NegativeLogLikelihood{}, infer::Grid{.low = 0, .high = 1, .points = 21},
                optim::Sgd{});
  at_step.reserve(200);
  for (std::size_t i = 0; i < 100; ++i) {
    const Sample* sample = &ready.samples()[i];
    const std::size_t start = allocations;
    fresh.core().step({&sample, 1});
    at_step.push_back(allocations - start);
  }
  std::size_t late = 0;
  for (std::size_t i = 2; i < at_step.size(); ++i) late += at_step[i];
  row("a: parabola, online step, 21 points",
      fmt::format("{:.1f} us, {} allocations in steps 3 to 100", t * 1e6, late), "25 us, 0",
      t <= 25e-6 && late == 0);
}

void chains() {
  struct Chain {
    Tensor unary;
  };
  Rng rng(2);
  std::vector<Chain> data(10'000);
  std::size_t positions = 0;
  for (Chain& c : data) {
    const int length = 5 + rng.below(36), labels = 5 + rng.below(6);
    c.unary = Tensor(Shape{length, labels});
    for (Real& x : c.unary.span()) x = static_cast<Real>(rng.normal());
    positions += static_cast<std::size_t>(length);
  }
  Params W;
  std::vector<Param> pairs;
  for (int k = 0; k <= 10; ++k)
    pairs.push_back(k < 5 ? Param{} : W.uniform(fmt::format("pairs{}", k), {k, k}, 1));
  Model<Chain> model(W, [&](FactorGraph& g, const Chain& c) {
    const auto y = g.outputs("y", c.unary.shape()[0], Labels(c.unary.shape()[1]));
    g.add_each(factor::constant(c.unary), y);
    g.add_each(factor::table(W, pairs[static_cast<std::size_t>(y.size() ? c.unary.shape()[1] : 0)]),
               y.pairs());
  });
  const Prepared ready = model.prepare(data);
  std::vector<const Sample*> samples;
  for (const Sample& s : ready.samples()) samples.push_back(&s);
  Batch batch(ready.schema());
  Answer answer, minimum;
  const auto ask = [&](double beta, Answer& out) {
    batch.assign(samples);
    infer::SumProduct{}.answer(batch, {.beta = beta}, out);
  };
  ask(1, answer);
  ask(kInf, minimum);

  // The recurrences alone: problems made ready once, kept in one workspace, as many at once as the engine
  // takes.
  Workspace kept, scratch;
  ChainTables tables;
  std::vector<int> order(data.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](int i) {
    const ChainPlan& plan = *batch.sample(i).structure->chain;
    return std::tuple(plan.max_labels, plan.variable.size(), i);
  });
  std::vector<ChainProblem> problems;
  for (const int i : order) problems.push_back(read_chain(batch, i, Over::all, nullptr, tables, kept));
  std::vector<ChainMarginals> marginals;
  for (const ChainProblem& c : problems) marginals.push_back(room_for_marginals(c, true, kept));
  double free = 0, low = 0;
  std::vector<int> labels(64 * kChainRows);
  std::vector<ChainSum> sums;
  std::vector<ChainMinimum> minima;
  const auto each_few = [&](const auto& visit) {
    for (std::size_t i = 0; i < problems.size(); i += kChainRows) {
      scratch.reset();
      visit(i, std::min<std::size_t>(problems.size(), i + kChainRows));
    }
  };
  const auto t =
      least({[&] { ask(1, answer); },
             [&] {
               free = 0;
               each_few([&](std::size_t first, std::size_t last) {
                 sums.clear();
                 for (std::size_t i = first; i < last; ++i) {
                   std::ranges::fill(marginals[i].label, 0.0), std::ranges::fill(marginals[i].pair, 0.0);
                   sums.push_back({&problems[i], Over::all, &marginals[i]});
                 }
                 chain_free_energies(sums, 1, scratch);
                 for (const ChainSum& s : sums) free += s.energy;
               });
             },
             [&] { ask(kInf, minimum); },
             [&] {
               low = 0;
               each_few([&](std::size_t first, std::size_t last) {
                 minima.clear();
                 for (std::size_t i = first; i < last; ++i)
                   minima.push_back(
                       {&problems[i],
                        Over::all,
                        {labels.data() + 64 * (i - first), static_cast<std::size_t>(problems[i].length)}});
                 chain_minima(minima, scratch);
                 for (const ChainMinimum& m : minima) low += m.energy;
               });
             }});
  double engine_free = 0, engine_low = 0;
  for (const double e : answer.energy) engine_free += e;
  for (const double e : minimum.energy) engine_low += e;
  require(std::abs(free - engine_free) < 1e-6 * std::abs(free) &&
              std::abs(low - engine_low) < 1e-6 * std::abs(low),
          "chains");
  const std::size_t start = allocations;
  ask(1, answer);
  const std::size_t more = allocations - start;
  const auto share = [](double total, double kernel) { return 1 - kernel / total; };
  const auto per = [&](double x) { return x * 1e9 / static_cast<double>(positions); };
  row("b: 10,000 ragged chains, marginals",
      fmt::format("{:.1f} % outside the recurrences ({:.0f} of {:.0f} ns a position), {} allocations",
                  100 * share(t[0], t[1]), per(t[0] - t[1]), per(t[0]), more),
      "10 %", share(t[0], t[1]) <= 0.10 && more == 0);
  row("b': the same, minima",
      fmt::format("{:.1f} % outside the recurrences ({:.0f} of {:.0f} ns a position)",
                  100 * share(t[2], t[3]), per(t[2] - t[3]), per(t[2])),
      "none", true);
}

void checks() {
  const models::AmountGenerator writer({.seed = 3});
  models::CheckReader reader({});
  std::vector<models::Check> fields;
  for (std::uint64_t i = 0; fields.size() < 16; ++i) {
    const models::AmountField f = writer.field(i);
    models::Check c = reader.see(f.image, "field", f.amount);
    if (!c.empty()) fields.push_back(std::move(c));
  }
  const Prepared ready = reader.model().prepare(fields);
  std::vector<const Sample*> samples;
  for (const Sample& s : ready.samples()) samples.push_back(&s);
  Trainer train(reader.model(), loss::NegativeLogLikelihood{}, infer::ForwardBackward{},
                optim::Sgd{.rate = 1e-6});

  // The same work called directly: LeNet-5 on all pieces at once, the lattice questions of NLL and of the
  // monitor.
  std::size_t rows = 0, arcs = 0;
  for (const models::Check& c : fields) rows += static_cast<std::size_t>(c.segmentation.images.shape()[0]);
  const int classes = reader.characters().output_shape(Shape{1, 32, 32}).back();
  Tensor pieces(Shape{static_cast<int>(rows), 1, 32, 32}),
      layout(Shape{static_cast<int>(rows), models::kGeometry});
  Tensor out(Shape{static_cast<int>(rows), classes}), out2 = out, dout = out;
  std::size_t at = 0, at2 = 0;
  for (const models::Check& c : fields) {
    std::ranges::copy(c.segmentation.images.span(), pieces.data() + at);
    std::ranges::copy(c.segmentation.geometry.span(), layout.data() + at2);
    at += c.segmentation.images.size(), at2 += c.segmentation.geometry.size();
  }
  for (Real& x : dout.span()) x = Real(0.01);
  Params& W = reader.params();
  std::vector<Real> gradient(W.flat().size());
  Net::State state, state2;
  const auto net_alone = [&] {
    reader.characters().forward(W.data(), pieces, out, state, Net::Mode::train);
    reader.layout().forward(W.data(), layout, out2, state2, Net::Mode::train);
    reader.characters().backward(W.data(), dout, gradient.data(), {}, state);
    reader.layout().backward(W.data(), dout, gradient.data(), {}, state2);
    kernels().sgd_step(W.data(), gradient.data(), gradient.size(), {.rate = Real(0)});
  };
  Batch batch = ready.batch();
  batch.ensure();
  std::vector<std::vector<double>> energy, posterior;
  for (int i = 0; i < batch.samples(); ++i) {
    energy.emplace_back(static_cast<std::size_t>(batch.sample(i).lattice->arcs()));
    posterior.emplace_back(energy.back().size());
    arcs += energy.back().size();
    path_energies(batch, i, energy.back());
  }
  Workspace ws;
  Path path;
  double loss = 0;
  const auto lattices_alone = [&] {
    loss = 0;
    for (std::size_t i = 0; i < energy.size(); ++i) {
      const Sample& s = batch.sample(static_cast<int>(i));
      const auto fresh = [&]() -> Workspace& { return ws.reset(), ws; };
      loss += lattice::free_energy(*s.lattice, *s.truth.path->is, energy[i], 1, posterior[i], fresh());
      loss -= lattice::free_energy(*s.lattice, energy[i], 1, posterior[i], fresh());
      lattice::best_path(*s.lattice, *s.truth.path->is_not, energy[i], fresh(), path);
      lattice::best_path(*s.lattice, *s.truth.path->is, energy[i], fresh(), path);
    }
  };
  const double asked = train.evaluate(ready, 16).loss;
  lattices_alone();
  require(std::abs(loss / 16 - asked) < 1e-4 * std::abs(asked), "checks");
  const auto t = least({[&] { train.core().step(samples); }, net_alone, lattices_alone});
  const std::size_t start = allocations;
  train.core().step(samples);
  const std::size_t more = allocations - start;
  const double share = 1 - (t[1] + t[2]) / t[0];
  row("c: 16 check lattices, step",
      fmt::format(
          "{:.1f} % outside net ({:.1f} ms, {} pieces) and lattices ({:.1f} ms, {} arcs), {} allocations",
          100 * share, t[1] * 1e3, rows, t[2] * 1e3, arcs, more),
      "10 %", share <= 0.10);
}

double peak_gigabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024 * 1e-9;
}

void grid() {
  constexpr int kSide = 4096;
  Params W;
  const Param pair = W.table("pair", {2, 2});
  Model<Tensor> model(W, [&](FactorGraph& g, const Tensor& picture) {
    const auto y = g.outputs("pixel", kSide * kSide, Labels(2));
    g.add_each(factor::constant(picture), y);
    g.add_each(factor::table(W, pair), y.grid_pairs(kSide, kSide));
  });
  const Tensor picture(Shape{kSide * kSide, 2});
  const double start = seconds();
  const Prepared ready = model.prepare(picture);
  const double t = seconds() - start, peak = peak_gigabytes();
  const Structure& s = *ready.samples()[0].structure;
  require(s.groups[1].instances == 2 * kSide * (kSide - 1), "grid");
  row("d: 4096 x 4096 grid declared", fmt::format("{:.2f} s, {:.2f} GB at the most", t, peak), "3 s, 2 GB",
      t < 3 && peak < 2);
}

void lenet() {
  struct Digit {
    Tensor image;
    int label;
  };
  Rng rng(4);
  std::vector<Digit> data;
  for (int i = 0; i < 200; ++i) {
    Digit d{Tensor({1, 32, 32}), rng.below(10)};
    for (Real& x : d.image.span()) x = static_cast<Real>(rng.normal());
    data.push_back(std::move(d));
  }
  constexpr Real kRate = Real(1e-3);
  const net::LeNet5Options options{.output = net::LeNet5Options::Output::linear};
  Params W, bare;
  const Net net = net::lenet5(W, "lenet", options), bare_net = net::lenet5(bare, "lenet", options);
  Model<Digit> model(W, [&](FactorGraph& g, const Digit& d) {
    g.add(factor::network(net, d.image), g.output("digit", Labels(10), d.label));
  });
  const Prepared ready = model.prepare(data);
  Trainer train(model, loss::NegativeLogLikelihood{}, infer::Exhaustive{},
                optim::Sgd{.rate = static_cast<double>(kRate)});

  Net::State state;
  Tensor out(Shape{1, 10}), dout(Shape{1, 10}), minus(Shape{10});
  std::vector<Real> gradient(bare.flat().size());
  const Kernels& k = kernels();
  const auto bare_step = [&](const Digit& d) {
    bare_net.forward(bare.data(), ConstView(d.image.data(), Shape{1, 1, 32, 32}), out, state,
                     Net::Mode::train);
    for (int y = 0; y < 10; ++y) minus[static_cast<std::size_t>(y)] = -out[static_cast<std::size_t>(y)];
    const Real all = k.log_sum_exp(minus.data(), 10);
    for (std::size_t y = 0; y < 10; ++y) dout[y] = minus[y] - all;
    k.exp(dout.data(), dout.data(), 10);
    k.scale(-1, dout.data(), 10);
    dout[static_cast<std::size_t>(d.label)] += 1;
    bare_net.backward(bare.data(), dout, gradient.data(), {}, state);
    k.sgd_step(bare.data(), gradient.data(), gradient.size(), {.rate = kRate});
  };
  const auto t = least({[&] { train.epoch(ready, {.shuffle = false}); },
                        [&] {
                          for (const Digit& d : data) bare_step(d);
                        }});
  double difference = 0;
  for (std::size_t i = 0; i < bare.flat().size(); ++i)
    difference = std::max(difference, static_cast<double>(std::abs(bare.flat()[i] - W.flat()[i])));
  require(difference < 1e-3, "LeNet-5 through Trainer and bare end elsewhere");
  const Sample* sample = &ready.samples()[0];
  const std::size_t start = allocations;
  train.core().step({&sample, 1});
  const std::size_t more = allocations - start;
  row("e: LeNet-5, batch 1, through Trainer",
      fmt::format("{:.3f} x the bare net ({:.1f} / {:.1f} us), {} allocations", t[0] / t[1], t[0] * 1e6 / 200,
                  t[1] * 1e6 / 200, more),
      "1.15 x", t[0] <= 1.15 * t[1] && more == 0);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) repetitions = std::max(1, std::atoi(argv[1]));
  ebm::set_threads(1);
  fmt::print("instruction set {}, one thread\n\n| what | figure | bound | |\n|---|---|---|---|\n",
             ebm::kernels().instruction_set);
  grid();  // first: the peak of memory is the process's
  parabola();
  chains();
  checks();
  lenet();
  return all_met ? 0 : 1;
}
