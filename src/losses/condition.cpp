#include "ebm/losses/condition.hpp"

#include <cmath>

#include "ebm/losses/checks.hpp"

namespace ebm::loss {
namespace {

// Visits the grid points of R: visit(e, o).
template <class Visit>
void each_point(const Region& r, const Visit& visit) {
  const double centre = (r.low + r.high) / 2, radius = (r.high - r.low) / 2;
  const auto at = [&](int k) { return r.low + (r.high - r.low) * k / (r.points - 1); };
  for (int i = 0; i < r.points; ++i)
    for (int k = 0; k < r.points; ++k)
      if (r.shape == Region::Shape::box || std::hypot(at(i) - centre, at(k) - centre) <= radius * (1 + 1e-12))
        visit(at(i), at(k));
}

struct Sides {
  std::optional<Place> inside, outside;  // least Q in HP1 and HP2
  double pull = 0;                       // largest -dQ/do in HP2
};

Sides least(const AnyLoss& loss, const Region& r, double margin) {
  Sides s;
  const double width = 1e-9 * (r.high - r.low);  // of the line, which is on neither side
  each_point(r, [&](double e, double o) {
    const double beyond = o - e - margin;
    if (std::abs(beyond) <= width) return;
    const std::optional<Slope> q = on_plane(loss, e, o);
    if (!q) return;
    std::optional<Place>& best = beyond > 0 ? s.inside : s.outside;
    if (!best || q->value < best->value) best = Place{e, o, q->value};
    if (beyond < 0) s.pull = std::max(s.pull, -q->contrast);
  });
  return s;
}

double least_on_line(const AnyLoss& loss, const Region& r) {
  double lowest = kInf;
  each_point(r, [&](double e, double o) {
    if (o != r.high) return;  // one e a column
    const double just_before = e + r.margin - 1e-6 * (r.high - r.low);
    if (just_before > r.high) return;
    if (const std::optional<Slope> q = on_plane(loss, e, just_before))
      lowest = std::min(lowest, q->truth - q->contrast);
  });
  return lowest;
}

std::string at(const Place& p) { return message(p.value, " at (e, o) = (", p.e, ", ", p.o, ")"); }

}  // namespace

std::optional<Slope> on_plane(const AnyLoss& loss, double e, double o) {
  try {
    if (!loss.contrasts || loss.contrast.over == Over::others) return loss(e, o);
    const double beta = loss.contrast.beta, low = std::min(e, o);
    const double p = beta == kInf ? (e <= o ? 1.0 : 0.0) : detail::sigmoid(beta * (o - e));  // of the truth
    const double all = beta == kInf ? low : low - std::log1p(std::exp(-beta * std::abs(e - o))) / beta;
    const Slope s = loss(e, all);
    return Slope{s.value, s.truth + s.contrast * p, s.contrast * (1 - p)};
  } catch (const LossError&) {
    return std::nullopt;
  }
}

Condition check_condition(const AnyLoss& loss, const Region& r) {
  if (!(r.low < r.high && r.high < kInf && r.low > -kInf) || !(r.margin >= 0) || r.points < 3)
    throw LossError(message("[loss] a region needs low < high, a margin of at least 0 and 3 points, not [",
                            r.low, ", ", r.high, "], ", r.margin, " and ", r.points));
  Condition c;
  if (loss.needs.samples) {
    c.why = "its contrast is a sample, no function of (e, o); with long chains its slopes are those of nll";
    return c;
  }
  const Sides sides = least(loss, r, r.margin);
  if (!sides.inside || !sides.outside)
    throw LossError(message("[loss] ", loss.key, ": no point of the region has a gap ",
                            sides.inside ? "below" : "above", " the margin of ", r.margin,
                            "; widen it or lower the margin"));
  c.inside = *sides.inside;
  c.outside = *sides.outside;
  Region box = r;  // the line crosses a disc too, but slopes do not know where it ends
  box.shape = Region::Shape::box;
  c.line = least_on_line(loss, box);
  c.good = c.inside.value < c.outside.value;
  if (*c.good) {
    c.why = message(at(c.inside), "; without the margin never below ", c.outside.value);
    if (sides.pull == 0) c.why += "; nothing pushes o up but the region itself";
    return c;
  }
  c.why = message("no lower than ", at(c.inside), ", and ", at(c.outside), " without the margin");
  const Sides bare = least(loss, r, 0);
  if (sides.pull == 0)
    c.why += ": nothing pushes o up";
  else if (bare.inside && bare.outside && bare.inside->value < bare.outside->value)
    c.why += ": satisfied as soon as e <= o";
  return c;
}

}  // namespace ebm::loss
