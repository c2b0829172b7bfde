// A minimum over reals without a search: the one factor on them is asked for its minimiser, which is then a
// point like any engine's.

#include "closed_form.hpp"

#include <array>

#include "answering.hpp"
#include "ebm/core/pool.hpp"
#include "points.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

constexpr std::string_view kEngine = "closed_form";

// The one group on the reals of a structure, and which of its inputs they are.
struct Solvable {
  const Structure* structure = nullptr;
  const Group* group = nullptr;
  const Factor* factor = nullptr;
  std::size_t free = 0;
};

bool is_whole(const Structure& s, const FeatureSource& source) {
  if (source.net >= 0 || source.slot >= 0 || source.columns != s.real_dims ||
      static_cast<int>(source.slice.size()) != s.real_dims)
    return false;
  for (int k = 0; k < s.real_dims; ++k)
    if (source.slice[static_cast<std::size_t>(k)] != k) return false;
  return true;
}

// Why not, as the end of a sentence; empty: it is.
std::string refusal(const Batch& b, const Structure& s, Solvable& out) {
  out.structure = &s;
  if (s.real_manifold != Manifold::flat)
    return message("'", s.real_name, "' is on a manifold, and closed forms know bounds alone");
  for (const Group& g : s.groups) {
    if (!g.on_reals) continue;
    if (out.group)
      return message("factors '", out.group->name, "' and '", g.name, "' both read '", s.real_name,
                     "', and neither knows the minimum of the sum");
    out.group = &g;
  }
  if (!out.group) return message("no factor reads '", s.real_name, "'");
  const auto factor = [&](const auto&... rest) {
    return message("factor '", out.group->name, "' ", rest...);
  };
  if (out.group->instances != 1)
    return factor("has ", out.group->instances, " instances on '", s.real_name, "'");
  if (out.group->kind == Term::Kind::function)
    out.factor = &b.schema().functions()[static_cast<std::size_t>(out.group->function)].function;
  if (!out.factor || !out.factor->has_closed_form()) return factor("does not know where it is lowest");
  int free = 0;
  for (std::size_t k = 0; k < out.group->features.size(); ++k) {
    const FeatureSource& source = s.features[static_cast<std::size_t>(out.group->features[k])];
    if (source.slot >= 0) continue;
    if (!is_whole(s, source)) return factor("reads '", s.real_name, "' other than as it is");
    out.free = k;
    ++free;
  }
  return free == 1 ? std::string() : factor("reads '", s.real_name, "' twice");
}

struct Search {
  Pieces pieces;
  std::vector<Solvable> solvable;   // of each structure
  std::vector<const Solvable*> of;  // of each piece
  std::vector<double> z;            // [pieces, dims]
  std::vector<double> energy;
  std::vector<int> piece, joint;
  std::vector<Found> found;
  Points points;
};
thread_local Search kept;  // moved out meanwhile: a waiting thread may be given another search

const Structure& structure_of(const Batch& b, const Piece& piece) {
  return *b.sample(piece.sample).structure;
}

// What is searched, and by which factor.
void assign(Search& s, const Batch& b, const Query& q) {
  s.pieces.assign(b, q, LabelMode::none, 1, 0, kEngine);
  if (q.beta != kInf)
    throw GraphError(message("[", kEngine,
                             "] finds minima; a free energy over reals is asked of infer::Grid ",
                             "or of a sampler"));
  s.solvable.clear();
  const int dims = b.samples() ? b.sample(0).structure->real_dims : 0;
  for (const Piece& piece : s.pieces.all()) {
    const Structure& structure = structure_of(b, piece);
    if (piece.ball)
      throw GraphError(message("[", kEngine, "] cannot leave out the ball around the true '",
                               structure.real_name, "'; use infer::GradientDescent or infer::Grid"));
    if (structure.real_dims != dims)
      throw GraphError(message("[", kEngine, "] '", structure.real_name, "' has ", structure.real_dims,
                               " dimensions in one sample and ", dims, " in another; batch them apart"));
    if (std::ranges::find(s.solvable, &structure, &Solvable::structure) != s.solvable.end()) continue;
    Solvable solvable;
    const std::string why = refusal(b, structure, solvable);
    if (!why.empty()) throw GraphError(message("[", kEngine, "] ", why, "; use infer::GradientDescent"));
    s.solvable.push_back(solvable);
  }
  s.of.clear();
  for (const Piece& piece : s.pieces.all())
    s.of.push_back(&*std::ranges::find(s.solvable, &structure_of(b, piece), &Solvable::structure));
}

void minimise(const Batch& b, const Piece& piece, const Solvable& by, std::span<double> z) {
  const Sample& sample = b.sample(piece.sample);
  if (piece.clamped) {
    std::ranges::copy(sample.truth.reals, z.begin());
    return;
  }
  std::array<ConstView, kMaxInputs> in;
  for (std::size_t k = 0; k < by.group->features.size(); ++k)
    in[k] = k == by.free ? ConstView{nullptr, Shape{1, static_cast<int>(z.size())}}
                         : b.feature(piece.sample, by.group->features[k]);
  by.factor->minimise({1, b.schema().params().data(), {in.data(), by.group->features.size()}},
                      {by.free, by.structure->real_low, by.structure->real_high}, z);
  RealDomain(*by.structure).retract(z);  // what rounding has put beside the bounds
}

}  // namespace

bool has_closed_form(const Batch& b, const Query& q) {
  if (q.beta != kInf || q.rescaling) return false;
  const Structure* last = nullptr;
  for (int i = 0; i < b.samples(); ++i) {
    const Sample& sample = b.sample(i);
    const Structure* s = sample.structure;
    // A ball around the truth that is to be left out.
    if (competing(sample, q.over) == Over::others && !sample.truth.reals.empty() &&
        s->real_role == Role::output)
      return false;
    if (s == last) continue;
    Solvable unused;
    if (s->real_dims == 0 || s->has_path || s->label_variables > 0 || !refusal(b, *s, unused).empty())
      return false;
    last = s;
  }
  return true;
}

void infer::ClosedForm::answer(Batch& b, const Query& q, Answer& out) const {
  const Stopwatch watch;
  Search s = std::move(kept);
  assign(s, b, q);
  b.forward_data();
  const std::vector<Piece>& pieces = s.pieces.all();
  const auto dims = static_cast<std::size_t>(b.samples() ? b.sample(0).structure->real_dims : 0);
  s.z.resize(pieces.size() * dims);
  constexpr std::size_t kTogether = 64;
  parallel_for((pieces.size() + kTogether - 1) / kTogether, [&](std::size_t part) {
    for (std::size_t k = part * kTogether; k < std::min(pieces.size(), (part + 1) * kTogether); ++k)
      minimise(b, pieces[k], *s.of[k], std::span(s.z).subspan(k * dims, dims));
  });
  s.points.clear();
  s.points.dims = static_cast<int>(dims);
  s.piece.clear();
  for (std::size_t k = 0; k < pieces.size(); ++k) {
    s.points.sample.push_back(pieces[k].sample);
    s.piece.push_back(static_cast<int>(k));
  }
  s.points.values.assign(s.z.begin(), s.z.end());
  s.energy.resize(pieces.size());
  s.joint.resize(pieces.size());
  b.forward(s.points);
  s.pieces.energies(b, s.piece, s.energy, s.joint);
  b.forget_points();
  s.found.clear();
  for (std::size_t k = 0; k < pieces.size(); ++k)
    s.found.push_back({static_cast<int>(k), s.energy[k], 0, std::span(s.z).subspan(k * dims, dims)});
  answer_from(b, q, s.pieces, s.found, out);
  out.bound = out.energy;
  out.highest.clear();
  out.report = {.seconds = watch.seconds(),
                .asked = Method::closed_form,
                .used = Method::closed_form,
                .why = Why::asked};
  kept = std::move(s);
}

}  // namespace EBM_PRECISION
}  // namespace ebm
