#include "points.hpp"

#include <algorithm>
#include <cmath>

#include "answering.hpp"
#include "ebm/graph/at_labels.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

JointLabels::JointLabels(const Structure& s, double limit, std::string_view engine) {
  variables_ = s.label_variables;
  if (variables_ > static_cast<int>(sizes_.size()))
    throw GraphError(message("[", engine, "] ", variables_,
                             " label variables beside a real one are more than ", sizes_.size()));
  double joint = 1;
  for (int v = 0; v < variables_; ++v) joint *= sizes_[static_cast<std::size_t>(v)] = s.labels_of(v);
  if (joint > std::min(limit, 1e9))
    throw GraphError(message("[", engine, "] ", joint, " joint labels are more than the limit of ", limit));
  count_ = static_cast<int>(joint);
}

void JointLabels::decode(int joint, std::span<int> labels) const {
  for (auto v = static_cast<std::size_t>(variables_); v-- > 0;) {
    labels[v] = joint % sizes_[v];
    joint /= sizes_[v];
  }
}

bool JointLabels::in_truth(const Sample& sample, int joint) const {
  for (auto v = static_cast<std::size_t>(variables_); v-- > 0;) {
    if (!truth_of(sample, static_cast<int>(v)).contains(joint % sizes_[v])) return false;
    joint /= sizes_[v];
  }
  return true;
}

double JointLabels::energy(const Batch& b, int item, int joint) const {
  std::array<int, kMost> labels;
  decode(joint, labels);
  return energy_at(b, item, std::span(labels).first(static_cast<std::size_t>(variables_)));
}

void JointLabels::give(const Batch& b, int item, int joint, double weight, std::span<Real> weights) const {
  std::array<int, kMost> labels;
  decode(joint, labels);
  give_at(b, item, std::span(labels).first(static_cast<std::size_t>(variables_)), weight, weights);
}

void Pieces::assign(const Batch& b, const Query& q, LabelMode mode, double limit, double exclude,
                    std::string_view engine) {
  check_beta(q);
  refuse_rescaling(q, engine);
  engine_ = engine;
  pieces_.clear();
  labels_.clear();
  for (int i = 0; i < b.samples(); ++i) {
    const Sample& s = b.sample(i);
    if (s.structure->real_dims == 0 || s.structure->has_path)
      throw GraphError(message("[", engine, "] searches graphs of a real variable, ",
                               s.structure->has_path ? "not paths" : "and this one has none"));
    if (mode == LabelMode::none && s.structure->label_variables > 0)
      throw GraphError(message("[", engine, "] the graph has label variables beside '",
                               s.structure->real_name,
                               "'; use infer::Nested, with this engine for the real one"));
    if (std::ranges::find(labels_, s.structure, &std::pair<const Structure*, JointLabels>::first) ==
        labels_.end())
      labels_.emplace_back(s.structure, JointLabels(*s.structure, limit, engine));
    const JointLabels& joint = this->joint(b, i);
    const bool real_known = !s.truth.reals.empty();
    const std::optional<Over> over = competing(s, q.over);
    if (!over) continue;
    const bool clamped = *over == Over::truth && real_known;
    bool ball = *over == Over::others && real_known && s.structure->real_role == Role::output;
    bool labels_known = false;
    for (const LabelSet& t : s.truth.labels) labels_known |= t.known();
    if (ball) {  // is there anything outside at all?
      thread_local std::vector<double> x, centre;
      x.assign(s.truth.reals.begin(), s.truth.reals.end());
      centre = x;
      ball = RealDomain(*s.structure).leave_ball(centre, exclude, x);
      if (!ball && !labels_known)
        throw GraphError(message("[", engine, "] the ball of radius ", exclude, " around the true '",
                                 s.structure->real_name, "' leaves no incorrect answer; make it smaller"));
    }
    const auto add = [&](int k, Over labels, bool outside) {
      pieces_.push_back({i, k, labels, outside, clamped});
    };
    if (mode == LabelMode::inside) {
      if (*over != Over::others) {
        add(-1, *over, false);
      } else {
        if (labels_known) add(-1, Over::others, false);
        if (ball) add(-1, Over::truth, true);
      }
      continue;
    }
    for (int k = 0; k < joint.count(); ++k) {
      const bool inside = mode == LabelMode::none || joint.in_truth(s, k);
      if (*over == Over::truth && !inside) continue;
      if (*over != Over::others || !inside)
        add(k, Over::all, false);
      else if (ball)
        add(k, Over::all, true);
    }
  }
}

const JointLabels& Pieces::joint(const Batch& b, int sample) const {
  return std::ranges::find(labels_, b.sample(sample).structure,
                           &std::pair<const Structure*, JointLabels>::first)
      ->second;
}

void Pieces::energies(const Batch& b, std::span<const int> of, std::span<double> energy,
                      std::span<int> joint) const {
  for (int item = 0; item < b.items(); ++item) {
    const auto k = static_cast<std::size_t>(item);
    const Piece& piece = pieces_[static_cast<std::size_t>(of[k])];
    const JointLabels& labels = this->joint(b, piece.sample);
    if (piece.joint >= 0) {
      joint[k] = piece.joint;
      energy[k] = labels.energy(b, item, piece.joint);
      continue;
    }
    energy[k] = kInf;
    joint[k] = 0;
    for (int y = 0; y < labels.count(); ++y) {
      if (piece.labels != Over::all &&
          labels.in_truth(b.sample(piece.sample), y) != (piece.labels == Over::truth))
        continue;
      const double e = labels.energy(b, item, y);
      if (e < energy[k] || std::isnan(e)) energy[k] = e, joint[k] = y;
      if (std::isnan(e)) break;
    }
  }
}

namespace {

struct Shares {
  std::vector<double> weight;  // of each found
  std::vector<int> joint;      // of each point
  std::vector<double> share;
};

}  // namespace

void answer_from(Batch& b, const Query& q, const Pieces& pieces, std::span<const Found> found, Answer& out) {
  Kept<Shares> kept;
  auto& [weight, joint, share] = *kept;
  const auto n = static_cast<std::size_t>(b.samples());
  weight.assign(found.size(), 0.0);
  Points points = std::move(out.points);
  points.clear();
  points.dims = n ? b.sample(0).structure->real_dims : 0;
  joint.clear();
  share.clear();
  std::vector<double>& energy = out.energy;
  energy.assign(n, kInf);
  out.reals.clear();
  out.labels.clear();
  if (q.answers) out.reals.assign(n * static_cast<std::size_t>(points.dims), Real(0));
  if (q.answers) out.labels.assign(label_base(b, static_cast<int>(n)), 0);
  std::size_t label_at = 0, first = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const Structure& s = *b.sample(static_cast<int>(i)).structure;
    std::size_t last = first, best = first;
    const auto is_of = [&](std::size_t k) {
      return k < found.size() &&
             pieces.all()[static_cast<std::size_t>(found[k].piece)].sample == static_cast<int>(i);
    };
    for (; is_of(last); ++last)
      if (found[last].energy < found[best].energy || std::isnan(found[last].energy)) best = last;
    if (last > first) {
      const double low = found[best].energy;
      energy[i] = low;
      if (q.beta == kInf || !std::isfinite(low)) {
        weight[best] = 1;
      } else {
        double sum = 0;
        for (std::size_t k = first; k < last; ++k)
          sum += weight[k] = std::exp(-q.beta * (found[k].energy - low));
        for (std::size_t k = first; k < last; ++k) weight[k] /= sum;
        energy[i] = low - std::log(sum) / q.beta;
      }
      if (q.answers) {
        std::ranges::copy(found[best].at, out.reals.begin() + static_cast<std::ptrdiff_t>(i) * points.dims);
        pieces.joint(b, static_cast<int>(i))
            .decode(found[best].joint,
                    std::span(out.labels).subspan(label_at, static_cast<std::size_t>(s.label_variables)));
      }
      for (std::size_t k = first; k < last; ++k) {
        if (weight[k] == 0) continue;
        points.sample.push_back(static_cast<int>(i));
        for (const double v : found[k].at) points.values.push_back(static_cast<Real>(v));
        joint.push_back(found[k].joint);
        share.push_back(weight[k]);
      }
    }
    label_at += static_cast<std::size_t>(s.label_variables);
    first = last;
  }
  out.bound.assign(n, -kInf);
  out.highest.clear();
  out.error.clear();
  out.paths.clear();
  out.weights.clear();
  if (q.weights) {
    b.forward(points);
    out.weights.assign(b.weights(), Real(0));
    for (int item = 0; item < b.items(); ++item)
      pieces.joint(b, b.sample_of(item))
          .give(b, item, joint[static_cast<std::size_t>(item)], share[static_cast<std::size_t>(item)],
                std::span(out.weights)
                    .subspan(b.weights_of(item), b.weights_of(item + 1) - b.weights_of(item)));
  }
  out.points = std::move(points);
  b.forget_points();
}

}  // namespace EBM_PRECISION
}  // namespace ebm
