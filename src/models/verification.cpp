#include "ebm/models/verification.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "ebm/core/error.hpp"
#include "ebm/core/pool.hpp"

namespace ebm::models {
namespace {

double distance(ConstView rows, int a, int b) {
  const std::size_t d = rows.row_size();
  const Real *x = rows.data + static_cast<std::size_t>(a) * d,
             *y = rows.data + static_cast<std::size_t>(b) * d;
  double sum = 0;
  for (std::size_t k = 0; k < d; ++k) sum += std::abs(static_cast<double>(x[k]) - static_cast<double>(y[k]));
  return sum;
}

void check(ConstView rows, std::span<const int> classes) {
  if (rows.shape.rank() < 2 || static_cast<std::size_t>(rows.rows()) != classes.size())
    throw ShapeError(
        message("[verification] ", classes.size(), " classes are given for rows of ", rows.shape));
  for (const int c : classes)
    if (c < 0) throw DataError(message("[verification] class ", c, " is below 0"));
}

int class_count(std::span<const int> classes) {
  return classes.empty() ? 0 : *std::ranges::max_element(classes) + 1;
}

std::vector<std::vector<int>> members(std::span<const int> classes) {
  std::vector<std::vector<int>> out(static_cast<std::size_t>(class_count(classes)));
  for (std::size_t i = 0; i < classes.size(); ++i)
    out[static_cast<std::size_t>(classes[i])].push_back(static_cast<int>(i));
  return out;
}

// An energy with a weight for each kind of pair.
struct Weighted {
  double energy, genuine, impostor;
};

// From "accept none" upwards; `sorted` by energy. Equals cannot be parted by a threshold.
std::vector<RocPoint> curve_of(std::span<const Weighted> sorted) {
  double genuine = 0, impostor = 0, accepted = 0, wrong = 0;
  for (const Weighted& w : sorted) genuine += w.genuine, impostor += w.impostor;
  std::vector<RocPoint> out;
  if (!(genuine > 0) || !(impostor > 0)) return out;
  out.push_back({-std::numeric_limits<double>::infinity(), 1, 0});
  for (std::size_t i = 0; i < sorted.size();) {
    const double level = sorted[i].energy;
    for (; i < sorted.size() && sorted[i].energy == level; ++i)
      accepted += sorted[i].genuine, wrong += sorted[i].impostor;
    out.push_back({level, 1 - accepted / genuine, wrong / impostor});
  }
  return out;
}

bool lower(const Weighted& x, const Weighted& y) { return x.energy < y.energy; }

}  // namespace

std::vector<RocPoint> roc(std::span<const double> genuine, std::span<const double> impostor) {
  if (genuine.empty() || impostor.empty())
    throw DataError(message("[verification] ", genuine.size(), " genuine and ", impostor.size(),
                            " impostor energies: a curve needs both kinds"));
  std::vector<Weighted> all;
  for (const double e : genuine) all.push_back({e, 1, 0});
  for (const double e : impostor) all.push_back({e, 0, 1});
  for (const Weighted& w : all)
    if (std::isnan(w.energy)) throw DataError("[verification] an energy is not a number");
  std::ranges::sort(all, lower);
  return curve_of(all);
}

double equal_error(std::span<const RocPoint> curve) {
  for (std::size_t i = 0; i < curve.size(); ++i) {
    const double gap = curve[i].false_accepts - curve[i].false_rejects;
    if (gap < 0) continue;
    if (i == 0 || gap == 0) return curve[i].false_accepts;
    const double gap_before = curve[i - 1].false_accepts - curve[i - 1].false_rejects;
    const double t = gap_before / (gap_before - gap);
    return curve[i - 1].false_accepts + t * (curve[i].false_accepts - curve[i - 1].false_accepts);
  }
  return 1;
}

double false_accepts_at(std::span<const RocPoint> curve, double false_rejects) {
  for (std::size_t i = 0; i < curve.size(); ++i) {
    constexpr double kRounding = 1e-9;  // 18 of 360 is 5 %, whichever way it was divided
    if (curve[i].false_rejects > false_rejects + kRounding) continue;
    if (i == 0 || curve[i].false_rejects > false_rejects - kRounding) return curve[i].false_accepts;
    const double t =
        (curve[i - 1].false_rejects - false_rejects) / (curve[i - 1].false_rejects - curve[i].false_rejects);
    return curve[i - 1].false_accepts + t * (curve[i].false_accepts - curve[i - 1].false_accepts);
  }
  return 1;
}

double threshold_at(std::span<const RocPoint> curve, double false_rejects) {
  for (const RocPoint& p : curve)
    if (p.false_rejects <= false_rejects) return p.threshold;
  return curve.empty() ? 0 : curve.back().threshold;
}

std::vector<PairEnergy> all_pairs(ConstView rows, std::span<const int> classes) {
  check(rows, classes);
  const int n = rows.rows();
  std::vector<std::vector<PairEnergy>> of(static_cast<std::size_t>(n));
  parallel_for(static_cast<std::size_t>(n), [&](std::size_t i) {
    const int a = static_cast<int>(i);
    for (int b = a + 1; b < n; ++b)
      of[i].push_back({a, b, distance(rows, a, b), classes[i] == classes[static_cast<std::size_t>(b)]});
  });
  std::vector<PairEnergy> out;
  for (const auto& row : of) out.insert(out.end(), row.begin(), row.end());
  return out;
}

TwoKinds energies_by_kind(std::span<const PairEnergy> pairs) {
  TwoKinds out;
  for (const PairEnergy& p : pairs) (p.genuine ? out.genuine : out.impostor).push_back(p.energy);
  return out;
}

Interval equal_error_interval(std::span<const PairEnergy> pairs, std::span<const int> classes, Rng rng,
                              int draws) {
  const int n = class_count(classes);
  std::vector<PairEnergy> sorted(pairs.begin(), pairs.end());
  std::ranges::sort(sorted, {}, &PairEnergy::energy);
  std::vector<double> errors;
  std::vector<double> times(static_cast<std::size_t>(std::max(0, n)));
  std::vector<Weighted> weighted;
  for (int draw = 0; draw < draws; ++draw) {
    std::ranges::fill(times, 0.0);
    for (int i = 0; i < n; ++i) ++times[static_cast<std::size_t>(rng.below(n))];
    weighted.clear();
    for (const PairEnergy& p : sorted) {
      const double x = times[static_cast<std::size_t>(classes[static_cast<std::size_t>(p.a)])],
                   y = times[static_cast<std::size_t>(classes[static_cast<std::size_t>(p.b)])];
      weighted.push_back({p.energy, p.genuine ? x : 0, p.genuine ? 0 : x * y});
    }
    if (const auto curve = curve_of(weighted); !curve.empty()) errors.push_back(equal_error(curve));
  }
  if (errors.empty()) return {};
  std::ranges::sort(errors);
  const auto at = [&](double fraction) {
    return errors[static_cast<std::size_t>(std::lround(fraction * static_cast<double>(errors.size() - 1)))];
  };
  return {at(0.025), at(0.975)};
}

TwoKinds density_energies(ConstView rows, std::span<const int> classes, int gallery) {
  check(rows, classes);
  const std::size_t d = rows.row_size();
  const auto of = members(classes);
  const auto row = [&](int i) { return rows.data + static_cast<std::size_t>(i) * d; };
  std::vector<std::vector<double>> means(of.size());
  std::vector<double> variance(d, 0.0);
  double freedom = 0, spread = 0;
  for (std::size_t c = 0; c < of.size(); ++c) {
    const auto k = std::min(of[c].size(), static_cast<std::size_t>(gallery));
    if (k == 0) continue;
    means[c].assign(d, 0.0);
    for (std::size_t i = 0; i < k; ++i)
      for (std::size_t j = 0; j < d; ++j)
        means[c][j] += static_cast<double>(row(of[c][i])[j]) / static_cast<double>(k);
    for (std::size_t i = 0; i < k; ++i)
      for (std::size_t j = 0; j < d; ++j) {
        const double off = static_cast<double>(row(of[c][i])[j]) - means[c][j];
        variance[j] += off * off;
        spread += off * off;
      }
    freedom += static_cast<double>(k) - 1;
  }
  // An output that never moves would make every density infinite: a hundredth of the mean is the least.
  freedom = std::max(1.0, freedom);
  const double least =
      std::max(1e-12, spread / freedom / static_cast<double>(std::max<std::size_t>(1, d)) / 100);
  double normaliser = 0;
  for (double& v : variance) {
    v = std::max(v / freedom, least);
    normaliser += std::log(2 * std::numbers::pi * v) / 2;
  }
  TwoKinds out;
  for (std::size_t c = 0; c < of.size(); ++c)
    for (std::size_t i = static_cast<std::size_t>(gallery); i < of[c].size(); ++i)
      for (std::size_t person = 0; person < of.size(); ++person) {
        if (means[person].empty()) continue;
        double energy = normaliser;
        for (std::size_t j = 0; j < d; ++j) {
          const double off = static_cast<double>(row(of[c][i])[j]) - means[person][j];
          energy += off * off / (2 * variance[j]);
        }
        (person == c ? out.genuine : out.impostor).push_back(energy);
      }
  if (out.genuine.empty())
    throw DataError(message("[verification] no person has more than the ", gallery, " images of a gallery"));
  return out;
}

double recognition(ConstView rows, std::span<const int> classes, int k, Rng rng, int draws) {
  check(rows, classes);
  if (k < 1)
    throw DataError(message("[verification] a gallery of ", k, " images a person recognises nobody"));
  double right = 0, probes = 0;
  for (int draw = 0; draw < draws; ++draw) {
    auto of = members(classes);
    std::vector<int> gallery, rest;
    for (auto& images : of) {
      rng.shuffle(std::span(images));
      const auto taken = std::min(images.size(), static_cast<std::size_t>(k));
      gallery.insert(gallery.end(), images.begin(), images.begin() + static_cast<std::ptrdiff_t>(taken));
      rest.insert(rest.end(), images.begin() + static_cast<std::ptrdiff_t>(taken), images.end());
    }
    for (const int probe : rest) {
      const int nearest =
          *std::ranges::min_element(gallery, {}, [&](int i) { return distance(rows, probe, i); });
      right += classes[static_cast<std::size_t>(nearest)] == classes[static_cast<std::size_t>(probe)];
      ++probes;
    }
  }
  if (probes == 0)
    throw DataError(message("[verification] no person has more than the ", k, " images of a gallery"));
  return right / probes;
}

}  // namespace ebm::models
