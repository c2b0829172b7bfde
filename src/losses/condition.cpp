#include "ebm/losses/condition.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "ebm/losses/checks.hpp"

namespace ebm::loss {
namespace {

// Energies closer than this are one.
double width(const Region& r) { return 1e-9 * (r.high - r.low); }

// The even points of a side, and where losses of distances rest: e = 0 and o = m, exactly.
std::vector<double> places(const Region& r) {
  std::vector<double> out{0, r.margin};
  for (int k = 0; k < r.points; ++k) {
    const double x = r.low + (r.high - r.low) * k / (r.points - 1);
    if (std::abs(x) > width(r) && std::abs(x - r.margin) > width(r)) out.push_back(x);
  }
  std::erase_if(out, [&](double x) { return x < r.low || x > r.high; });
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

// Visits the grid points of R: visit(e, o).
template <class Visit>
void each_point(const Region& r, const Visit& visit) {
  const double centre = (r.low + r.high) / 2, radius = (r.high - r.low) / 2;
  const std::vector<double> side = places(r);
  for (const double e : side)
    for (const double o : side)
      if (r.shape == Region::Shape::box || std::hypot(e - centre, o - centre) <= radius * (1 + 1e-12))
        visit(e, o);
}

struct Sides {
  std::optional<Place> inside, outside;  // least Q in HP1 and HP2
  double pull = 0;                       // largest -dQ/do in HP2
  bool refused = false;                  // whether the loss cannot be read at some points
};

Sides least(const AnyLoss& loss, const Region& r) {
  Sides s;
  each_point(r, [&](double e, double o) {
    const double beyond = o - e - r.margin;
    if (std::abs(beyond) <= width(r)) return;  // the line is on neither side
    const std::optional<Slope> q = on_plane(loss, e, o);
    if (!q) {
      s.refused = true;
      return;
    }
    std::optional<Place>& best = beyond > 0 ? s.inside : s.outside;
    if (!best || q->value < best->value) best = Place{e, o, q->value};
    if (beyond < 0) s.pull = std::max(s.pull, -q->contrast);
  });
  return s;
}

// The gap o - e from which on the loss has its least value everywhere; kInf where there is none.
double satisfied_from(const AnyLoss& loss, const Region& r, double lowest) {
  double wanting = -kInf, from = kInf;  // the largest gap at which it is higher, the next one above
  const auto each_gap = [&](const auto& visit) {
    each_point(r, [&](double e, double o) {
      if (const std::optional<Slope> q = on_plane(loss, e, o)) visit(o - e, q->value > lowest + 1e-9);
    });
  };
  each_gap([&](double gap, bool higher) {
    if (higher) wanting = std::max(wanting, gap);
  });
  each_gap([&](double gap, bool) {
    if (gap > wanting + width(r)) from = std::min(from, gap);
  });
  return from;
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

// Why the least value outside HP1 is no higher than that inside.
std::string why_bad(const AnyLoss& loss, const Region& r, const Sides& sides) {
  if (sides.pull == 0) return "nothing pushes o up";
  const double from = satisfied_from(loss, r, sides.inside->value);
  if (std::abs(from) <= width(r)) return "satisfied as soon as e <= o";
  if (from < r.margin)
    return message("satisfied as soon as o - e >= ", from, ", less than the margin asked for");
  const Place& p = *sides.outside;
  if (on_plane(loss, p.e, p.o)->contrast == 0)
    return message("o is pushed up no further than ", p.o, ", and e + m is ", p.e + r.margin, " there");
  return "the region lets o rise no further there";  // else a higher o would have a lower value
}

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
  const Sides sides = least(loss, r);
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
  } else {
    c.why = message("no lower than ", at(c.inside), ", and ", at(c.outside),
                    " without the margin: ", why_bad(loss, r, sides));
  }
  if (sides.refused) c.why += "; energies that it cannot read are left out";
  return c;
}

}  // namespace ebm::loss
