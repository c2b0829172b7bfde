// Dense products of the kernel table against Eigen's on one thread, alternating in one run: at the shapes of
// LeNet-5's fully connected layers (outputs = inputs weights^T, slopes of the inputs, slopes of the weights)
// and at large ones. Ours chooses the instruction set at run time; Eigen is compiled as a plain build has it,
// for AVX2, and for this machine.
//
//   bench_products [SECONDS]     processor time spent on each row of the table, 1 by default

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "ebm/core/kernels.hpp"
#include "ebm/core/rng.hpp"
#ifdef EBM_BENCH_EIGEN
#include "peers/eigen_products.hpp"
#endif

namespace {

using namespace ebm;

// Of this thread alone, so that a busy machine is not measured.
double processor_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

using Product = std::function<void(int m, int n, int k, const Real* a, const Real* b, Real* c)>;

struct Contender {
  std::string name, instruction_set;
  Product product, by_rows, from_columns;
};

Contender ours() {
  const Kernels& t = kernels();
  return {.name = "ours",
          .instruction_set = t.instruction_set,
          .product =
              [&t](int m, int n, int k, const Real* a, const Real* b, Real* c) {
                t.product(m, n, k, {a, k, 1}, b, n, c, n, false);
              },
          .by_rows = [&t](int m, int n, int k, const Real* a, const Real* b,
                          Real* c) { t.product_rows(m, n, k, a, k, b, k, c, n); },
          .from_columns =
              [&t](int m, int n, int k, const Real* a, const Real* b, Real* c) {
                t.product(m, n, k, {a, 1, m}, b, n, c, n, true);
              }};
}

#ifdef EBM_BENCH_EIGEN
Contender eigen(const char* name, const EigenProducts& e) {
  return {.name = name,
          .instruction_set = e.instruction_set,
          .product = e.product,
          .by_rows = e.by_rows,
          .from_columns = e.from_columns};
}
#endif

struct Row {
  const char* what;
  int m, n, k;
  Product Contender::*form;
};

std::vector<Row> table() {
  std::vector<Row> rows;
  const auto layer = [&](int outputs, int inputs) {
    for (const int batch : {64, 256}) {
      rows.push_back({"outputs X W^T", batch, outputs, inputs, &Contender::by_rows});
      rows.push_back({"input slopes dY W", batch, inputs, outputs, &Contender::product});
      rows.push_back({"weight slopes dY^T X", outputs, inputs, batch, &Contender::from_columns});
    }
  };
  layer(84, 120), layer(120, 400), layer(10, 84);
  const auto large = [&](int m, int n, int k) {
    rows.push_back({"A B", m, n, k, &Contender::product});
    rows.push_back({"A B^T", m, n, k, &Contender::by_rows});
    rows.push_back({"A^T B", m, n, k, &Contender::from_columns});
  };
  large(256, 256, 256), large(512, 512, 512), large(1024, 1024, 1024), large(1024, 4096, 256);
  return rows;
}

std::vector<Real> draw(std::size_t count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<Real> out(count);
  for (Real& x : out) x = static_cast<Real>(rng.normal());
  return out;
}

struct Measured {
  std::vector<double> gigaflops;  // of each contender, from medians
  double difference = 0;          // largest from ours, relative to the largest value
};

Measured measure(const Row& row, const std::vector<Contender>& contenders, double budget) {
  const auto area = [](int p, int q) { return static_cast<std::size_t>(p) * static_cast<std::size_t>(q); };
  const std::vector<Real> a = draw(area(row.m, row.k), 1), b = draw(area(row.k, row.n), 2);
  const double flops = 2.0 * row.m * row.n * row.k;
  Measured out;

  std::vector<std::vector<Real>> c(contenders.size(), std::vector<Real>(area(row.m, row.n)));
  const auto run = [&](std::size_t i) {
    (contenders[i].*row.form)(row.m, row.n, row.k, a.data(), b.data(), c[i].data());
  };
  for (std::size_t i = 0; i < c.size(); ++i) run(i);
  Real largest = 0;
  for (const Real x : c[0]) largest = std::max(largest, std::abs(x));
  for (const std::vector<Real>& other : c)
    for (std::size_t i = 0; i < other.size(); ++i)
      out.difference = std::max(out.difference, double(std::abs(other[i] - c[0][i]) / largest));

  // Enough calls between two looks at the clock for it to be exact, and at least seven turns each.
  const int calls = std::max(1, static_cast<int>(2e7 / flops));
  std::vector<std::vector<double>> seconds(c.size());
  const double end = processor_seconds() + budget;
  while (processor_seconds() < end || seconds[0].size() < 7)
    for (std::size_t i = 0; i < c.size(); ++i) {
      run(i);  // brings its matrices back into the cache
      const double start = processor_seconds();
      for (int call = 0; call < calls; ++call) run(i);
      seconds[i].push_back((processor_seconds() - start) / calls);
    }
  for (std::vector<double>& s : seconds) {
    const auto middle = s.begin() + static_cast<std::ptrdiff_t>(s.size() / 2);
    std::nth_element(s.begin(), middle, s.end());
    out.gigaflops.push_back(flops / *middle * 1e-9);
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const double budget = argc > 1 ? std::atof(argv[1]) : 1;
  std::vector<Contender> contenders{ours()};
#ifdef EBM_BENCH_EIGEN
  contenders.push_back(eigen("Eigen plain", eigen_plain()));
#ifdef EBM_BENCH_EIGEN_AVX2
  contenders.push_back(eigen("Eigen AVX2", eigen_avx2()));
#endif
  contenders.push_back(eigen("Eigen native", eigen_native()));
#endif

  fmt::print("one thread, processor time, medians; GFLOP/s\n");
  for (const Contender& c : contenders) fmt::print("{}: {}\n", c.name, c.instruction_set);
  std::string line = "|---|---|---|";
  fmt::print("\n| m x n x k | what |");
  for (const Contender& c : contenders) {
    fmt::print(" {} |", c.name);
    line += "---|";
  }
  if (contenders.size() > 1) {
    fmt::print(" ours / plain | ours / best of Eigen |");
    line += "---|---|";
  }
  fmt::print(" difference |\n{}\n", line);
  bool equal = true;
  for (const Row& row : table()) {
    const Measured all = measure(row, contenders, budget);
    fmt::print("| {} x {} x {} | {} |", row.m, row.n, row.k, row.what);
    for (const double g : all.gigaflops) fmt::print(" {:.1f} |", g);
    if (all.gigaflops.size() > 1) {
      const auto peers = all.gigaflops.begin() + 1;
      fmt::print(" {:.2f} | {:.2f} |", all.gigaflops[0] / peers[0],
                 all.gigaflops[0] / *std::max_element(peers, all.gigaflops.end()));
    }
    fmt::print(" {:.0e} |\n", all.difference);
    std::fflush(stdout);
    equal = equal && all.difference <= 1e-4;
  }
  if (!equal) fmt::print("\nvalues differ by more than 1e-4\n");
  return equal ? 0 : 1;
}
