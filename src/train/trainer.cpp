#include "ebm/train/trainer.hpp"

#include <chrono>
#include <cmath>
#include <numeric>

#include "ebm/core/error.hpp"
#include "ebm/report/progress.hpp"
#include "ebm/train/checkpoint.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string needed(const Powers& p) {
  return message(p.samples       ? "samples"
                 : p.free_energy ? "free energies"
                                 : "minima",
                 p.others ? " of incorrect answers" : "");
}
std::string_view givers(const Powers& p) {
  return p.samples       ? "Langevin, Hamiltonian or Gibbs"
         : p.free_energy ? "Exhaustive, SumProduct, ForwardBackward, Grid or AnnealedImportance"
         : p.others      ? "an engine of minima that knows them, as Automatic does"
                         : "an engine of minima, as Automatic is";
}

}  // namespace

struct TrainerCore::Impl {
  Params* W;
  AnyLoss loss;
  AnyEngine engine;
  AnyOptimiser optimiser;
  Batch batch;
  OptimState state;
  RunState run;
  Answer truth, contrast, lowest_truth, others;
  std::vector<Real> gradient, scratch;
  std::vector<double> truth_slope, contrast_slope;
  std::vector<std::size_t> order;
  std::vector<const Sample*> chosen;
  std::vector<const Sample*> asked;  ///< of a batch, those with a truth
  std::vector<std::size_t> places;   ///< .. and the place of each, in the data or in its batch
  const Sample* first =
      nullptr;  ///< of the data, so that a sample is named by its place there; null: in its batch

  Impl(Params& params, const Schema& schema, AnyLoss l, AnyEngine e, AnyOptimiser o, std::uint64_t seed)
      : W(&params), loss(std::move(l)), engine(std::move(e)), optimiser(std::move(o)), batch(schema) {
    run.seed = seed;
    if (!covers(engine.powers(), loss.needs))
      throw GraphError(message("[trainer] loss '", loss.key, "' needs ", needed(loss.needs), ", which ",
                               engine.key().empty() ? "this engine" : message("engine '", engine.key(), "'"),
                               " does not give; use ", givers(loss.needs)));
  }

  void order_samples(std::size_t n, bool shuffle) {
    order.resize(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (shuffle) Rng(run.seed, 0x5u).fork(static_cast<std::uint64_t>(run.epoch)).shuffle(std::span(order));
  }

  // Energies of the batch, its slopes when `weights`, and the tally of what they say.
  int ask(std::span<const Sample* const> samples, bool weights, Tally& tally, MarkovChains& chains);
  void step(std::span<const Sample* const> samples);
  void estimate_curvature(std::span<const Sample> samples);
  template <class After>
  EpochReport pass(std::span<const Sample> samples, int batch_size, bool shuffle, const After& after);
  EpochReport evaluate(std::span<const Sample> samples, int batch_size);
  // The loss of sample i, named where its energies are outside what the loss can read.
  Slope value_of(std::size_t i, double e, double o) const;
  [[noreturn]] void stop_at_nan(std::size_t i, const std::string& factor) const;
  void stop_at_nan_tables() const;
};

void TrainerCore::Impl::stop_at_nan(std::size_t i, const std::string& factor) const {
  throw NumberError(message("[trainer] sample ", places[i], ": ",
                            factor.empty() ? "the energy" : "factor '" + factor + "'",
                            " is not a number, in pass ", run.epoch + 1, " after ", run.position,
                            " samples; lower the step size, or look at that sample"));
}

Slope TrainerCore::Impl::value_of(std::size_t i, double e, double o) const {
  try {
    return loss(e, o);
  } catch (const LossError& error) {
    throw LossError(message("[trainer] sample ", places[i], ": ", error.what()));
  }
}

void TrainerCore::Impl::stop_at_nan_tables() const {
  if (const auto nan = batch.find_nan()) stop_at_nan(static_cast<std::size_t>(nan->sample), nan->factor);
}

int TrainerCore::Impl::ask(std::span<const Sample* const> given, bool weights, Tally& tally,
                           MarkovChains& chains) {
  asked.clear();
  places.clear();
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (!given[i]->truth.known()) {
      ++tally.skipped;
      continue;
    }
    asked.push_back(given[i]);
    places.push_back(first ? static_cast<std::size_t>(given[i] - first) : i);
  }
  const std::span<const Sample* const> samples = asked;
  if (samples.empty()) return 0;
  if (!loss.impostors)
    for (std::size_t i = 0; i < samples.size(); ++i)
      if (samples[i]->truth.whole == Truth::high)
        throw LossError(message("[trainer] no answer of sample ", places[i], " is its truth, and loss '",
                                loss.key,
                                "' has no term for that; contrastive-margin, contrastive-exponential, "
                                "square-square and square-exponential have"));
  batch.assign(samples, weights ? Net::Mode::train : Net::Mode::evaluate);
  batch.set_step(run.seed, state.steps);
  chains.keys.assign(places.begin(), places.end());
  const auto with = [&](Query q, bool w) {
    q.weights = w;
    q.chains = &chains;
    return q;
  };
  try {
    engine.answer(batch, with(loss.truth, weights), truth);
  } catch (const NumberError&) {
    stop_at_nan_tables();
    throw;
  }
  stop_at_nan_tables();
  if (loss.contrasts) engine.answer(batch, with(loss.contrast, weights), contrast);
  const bool monitor = engine.powers().others;
  // A margin loss has just asked for the most offending answer.
  const bool offending_known = loss.contrasts && loss.contrast.over == Over::others &&
                               loss.contrast.beta == kInf && !loss.contrast.rescaling;
  if (monitor && !offending_known) engine.answer(batch, with({.over = Over::others}, false), others);
  const Answer& offending = offending_known ? contrast : others;
  const bool minimum = loss.truth.beta == kInf;
  if (monitor && !minimum) engine.answer(batch, with({.over = Over::truth}, false), lowest_truth);
  const Answer& low = minimum ? truth : lowest_truth;

  int usable = 0;
  truth_slope.assign(samples.size(), 0.0);
  contrast_slope.assign(samples.size(), 0.0);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double e = truth.energy[i], o = loss.contrasts ? contrast.energy[i] : 0.0;
    if (!(e > -kInf) || !(o > -kInf)) {
      const Answer& bad = e > -kInf ? contrast : truth;
      if (!bad.points.empty()) batch.forward(bad.points), stop_at_nan_tables();
      stop_at_nan(i, "");
    }
    if (e == kInf && samples[i]->truth.whole != Truth::high) {
      ++tally.impossible;
      if (monitor) ++tally.wrong, ++tally.judged;
      continue;
    }
    const Slope s = value_of(i, e, o);
    ++usable;
    ++tally.samples;
    tally.loss += s.value;
    if (s.value > 0 && s.truth == 0 && s.contrast == 0) ++tally.saturated;
    truth_slope[i] = s.truth;
    contrast_slope[i] = s.contrast;
    if (const Truth::Whole whole = samples[i]->truth.whole; whole != Truth::Whole::product) {
      const double energy = whole == Truth::low ? e : o;
      if (!std::isfinite(energy)) continue;
      ++(whole == Truth::low ? tally.lows : tally.highs);
      if (whole == Truth::low && !samples[i]->truth.reals.empty()) ++tally.placed;
      (whole == Truth::low ? tally.low : tally.high) += energy;
      tally.square += energy * energy;
    }
    // An impostor has no true answer to compare, and a genuine pair may have no other.
    if (!monitor || e == kInf) continue;
    if (samples[i]->truth.whole == Truth::low && offending.energy[i] == kInf) continue;
    ++tally.judged;
    const double gap = offending.energy[i] - low.energy[i];
    if (!(gap > 0)) ++tally.wrong;
    if (!std::isfinite(gap)) continue;
    ++tally.gaps;
    tally.gap += gap;
    tally.absolute_gap += std::abs(gap);
    if (!offending.highest.empty()) {
      ++tally.ranges;
      tally.range +=
          std::max(offending.highest[i], low.energy[i]) - std::min(offending.energy[i], low.energy[i]);
    }
    tally.truth += low.energy[i];
    tally.offending += offending.energy[i];
  }
  if (!truth.report.converged || (loss.contrasts && !contrast.report.converged)) ++tally.unconverged;
  return usable;
}

void TrainerCore::Impl::step(std::span<const Sample* const> samples) {
  const int usable = ask(samples, true, run.tally, run.chains);
  if (usable == 0) return;
  for (double& s : truth_slope) s /= usable;
  for (double& s : contrast_slope) s /= usable;
  if (gradient.size() != W->flat().size()) gradient.assign(W->flat().size(), Real(0));
  const Pull pulls[] = {{&truth, truth_slope}, {&contrast, contrast_slope}};
  backward(batch, {pulls, loss.contrasts ? 2u : 1u}, gradient, scratch);
  const double pass =
      run.epoch + (run.samples ? static_cast<double>(run.position) / static_cast<double>(run.samples) : 0.0);
  optimiser.step(*W, gradient, state, pass);
}

// The loss as a function of table entries has second derivative beta p (1 - p) through -F(all); F(truth)
// curves the other way and is left out, as Gauss-Newton does. Minima have none: what then curves is the net's
// own output.
void TrainerCore::Impl::estimate_curvature(std::span<const Sample> samples) {
  const std::size_t n =
      std::min<std::size_t>(samples.size(), static_cast<std::size_t>(optimiser.curvature_samples));
  std::vector<Real> h(W->flat().size(), Real(0)), slopes, curved;
  Tally unused;
  std::size_t done = 0;
  for (std::size_t i = 0; i < n; i += 50) {
    chosen.clear();
    for (std::size_t k = i; k < std::min(n, i + 50); ++k) chosen.push_back(&samples[order[k]]);
    if (ask(chosen, true, unused, run.chains) == 0) continue;
    if (!truth.points.empty())
      throw GraphError(
          message("[trainer] ", optimiser.key,
                  " needs curvatures, which a real variable does not give; use another optimiser"));
    slopes.assign(batch.weights(), Real(0));
    curved.assign(batch.weights(), Real(0));
    const double beta = loss.contrast.beta;
    for (int item = 0; item < batch.items(); ++item) {
      const auto s = static_cast<std::size_t>(batch.sample_of(item));
      if (truth_slope[s] == 0 && contrast_slope[s] == 0) continue;
      ++done;
      for (std::size_t w = batch.weights_of(item); w < batch.weights_of(item + 1); ++w) {
        const double q = truth.weights[w], p = loss.contrasts ? contrast.weights[w] : 0.0;
        slopes[w] = static_cast<Real>(truth_slope[s] * q + contrast_slope[s] * p);
        if (loss.contrasts && std::isfinite(beta))
          curved[w] = static_cast<Real>(-contrast_slope[s] * beta * std::max(0.0, p * (1 - p)));
      }
    }
    batch.curvature(curved, slopes, h);
  }
  for (Real& x : h) x /= static_cast<Real>(std::max<std::size_t>(1, done));
  state.curvature = std::move(h);
}

template <class After>
EpochReport TrainerCore::Impl::pass(std::span<const Sample> samples, int batch_size, bool shuffle,
                                    const After& after) {
  if (batch_size < 1)
    throw GraphError(message("[trainer] a batch has at least one sample, not ", batch_size));
  first = samples.data();
  run.samples = samples.size();
  order_samples(samples.size(), shuffle);
  if (run.position == 0 && optimiser.needs_curvature) estimate_curvature(samples);
  const double start = now() - run.seconds;
  while (run.position < samples.size()) {
    const std::size_t end =
        std::min<std::size_t>(samples.size(), run.position + static_cast<std::size_t>(batch_size));
    chosen.clear();
    for (std::size_t k = run.position; k < end; ++k) chosen.push_back(&samples[order[k]]);
    step(chosen);
    run.position = end;
    run.seconds = now() - start;
    after(end);
  }
  ++run.epoch;
  EpochReport report = summarise(run.tally, run.epoch, run.seconds, loss.can_collapse, run.widest);
  run.widest = std::max(run.widest, report.range);
  run.position = 0;
  run.seconds = 0;
  run.tally = {};
  return report;
}

EpochReport TrainerCore::Impl::evaluate(std::span<const Sample> samples, int batch_size) {
  if (batch_size < 1)
    throw GraphError(message("[trainer] a batch has at least one sample, not ", batch_size));
  Tally tally;
  MarkovChains chains;  // those of the training are left where they are
  first = samples.data();
  const double start = now();
  for (std::size_t i = 0; i < samples.size(); i += static_cast<std::size_t>(batch_size)) {
    chosen.clear();
    for (std::size_t k = i; k < std::min(samples.size(), i + static_cast<std::size_t>(batch_size)); ++k)
      chosen.push_back(&samples[k]);
    ask(chosen, false, tally, chains);
  }
  return summarise(tally, run.epoch, now() - start, loss.can_collapse, run.widest);
}

std::string difference(const Recipe& first, const Recipe& now) {
  std::string out;
  const auto add = [&](const std::string& text) { out += (out.empty() ? "" : ", ") + text; };
  const auto value = [](const std::map<std::string, std::string>& settings, const std::string& name) {
    const auto it = settings.find(name);
    return it == settings.end() || it->second.empty() ? std::string("none") : it->second;
  };
  std::map<std::string, std::string> names = first.settings;
  names.insert(now.settings.begin(), now.settings.end());
  for (const auto& [name, unused] : names)
    if (const std::string a = value(first.settings, name), b = value(now.settings, name); a != b)
      add(message(name, " ", a, " instead of ", b));
  std::map<std::string, std::uint64_t> prints = first.fingerprints;
  prints.insert(now.fingerprints.begin(), now.fingerprints.end());
  for (const auto& [name, print] : prints) {
    const auto a = first.fingerprints.find(name), b = now.fingerprints.find(name);
    if (a == first.fingerprints.end() || b == now.fingerprints.end() || a->second != b->second)
      add("other " + name);
  }
  return out;
}

TrainerCore::TrainerCore(Params& W, const Schema& schema, AnyLoss loss, AnyEngine engine,
                         AnyOptimiser optimiser, std::uint64_t seed)
    : impl_(std::make_unique<Impl>(W, schema, std::move(loss), std::move(engine), std::move(optimiser),
                                   seed)) {}
TrainerCore::TrainerCore(TrainerCore&&) noexcept = default;
TrainerCore& TrainerCore::operator=(TrainerCore&&) noexcept = default;
TrainerCore::~TrainerCore() = default;

EpochReport TrainerCore::epoch(std::span<const Sample> samples, const EpochOptions& o) {
  if (impl_->run.chains.shared() != o.chains) impl_->run.chains = MarkovChains(o.chains);
  return impl_->pass(samples, o.batch, o.shuffle, [](std::size_t) {});
}

EpochReport TrainerCore::evaluate(std::span<const Sample> samples, int batch) {
  return impl_->evaluate(samples, batch);
}

void TrainerCore::step(std::span<const Sample* const> samples) {
  impl_->first = nullptr;
  impl_->step(samples);
}
const Tally& TrainerCore::tally() const { return impl_->run.tally; }

History TrainerCore::fit(std::span<const Sample> train, std::span<const Sample> validation,
                         const FitOptions& o) {
  Impl& t = *impl_;
  if (train.empty()) throw DataError("[trainer] there is no sample to train on");
  std::vector<Real> best;
  Recipe recipe = o.recipe;
  recipe.settings.insert({{"loss", std::string(t.loss.key)},
                          {"optimiser", std::string(t.optimiser.key)},
                          {"batch", std::to_string(o.batch)},
                          {"shuffle", o.shuffle ? "on" : "off"},
                          {"epochs", std::to_string(o.epochs)},
                          {"chains", std::to_string(o.chains)},
                          {"seed", std::to_string(t.run.seed)}});
  const std::uint64_t seed = t.run.seed;
  t.run = {};
  t.run.seed = seed;
  t.run.chains = MarkovChains(o.chains);
  if (!o.resume.empty()) {
    RunState read;
    load_checkpoint(o.resume, *t.W, t.state, best, read);
    const auto refuse = [&](std::string_view what) {
      return DataError(message(o.resume.string(), ": ", what));
    };
    if (read.stage != o.stage)
      throw refuse(message("is of stage '", read.stage, "', this one is '", o.stage, "'"));
    if (const std::string differs = difference(read.recipe, recipe); !differs.empty())
      throw refuse(message("is of a run with ", differs, "; resume with the options of the first run"));
    if (read.samples != train.size())
      throw refuse(message("is of a run on ", read.samples, " samples, this one has ", train.size()));
    t.run = std::move(read);
  }
  t.run.recipe = recipe;
  t.run.stage = o.stage;
  t.run.samples = train.size();
  if (o.resume.empty()) t.run.earlier = o.earlier;
  History& history = t.run.history;
  const InterruptGuard guard;
  double saved = now();
  const auto save = [&] {
    if (!o.checkpoint.empty()) save_checkpoint(o.checkpoint, *t.W, t.state, best, t.run);
    saved = now();
  };
  report::Progress::Options shown;
  shown.quiet = o.quiet;
  shown.before = train.size() * static_cast<std::size_t>(t.run.epoch) + t.run.position;
  report::Progress bar(o.title, train.size() * static_cast<std::size_t>(std::max(0, o.epochs)), shown);
  const auto stop_if_asked = [&] {
    if (!interrupted()) return;
    save();
    throw Interrupted(o.checkpoint.empty() ? "[trainer] stopped by a signal; no checkpoint was asked for"
                                           : message("[trainer] stopped by a signal; go on with --resume ",
                                                     o.checkpoint.string()));
  };
  while (t.run.epoch < o.epochs) {
    if (o.before_pass) o.before_pass(t.run.epoch);
    const std::span<const Sample> samples = o.draw ? o.draw(t.run.epoch) : train;
    if (samples.size() != train.size())
      throw DataError(message("[trainer] a pass of ", samples.size(), " samples was drawn, ", train.size(),
                              " were promised"));
    const std::size_t before = train.size() * static_cast<std::size_t>(t.run.epoch);
    EpochReport report = t.pass(samples, o.batch, o.shuffle, [&](std::size_t done) {
      bar.set(before + done);
      if (done == train.size()) return;  // the end of the pass writes its own
      stop_if_asked();
      if (now() - saved > o.checkpoint_seconds) save();
    });
    history.train.push_back(report);
    const EpochReport* check = nullptr;
    if (!validation.empty()) {
      history.validation.push_back(t.evaluate(validation, 64));
      check = &history.validation.back();
      if (o.keep_best && (check->error < t.run.best_error ||
                          (check->error == t.run.best_error && check->loss < t.run.best_loss))) {
        t.run.best_error = check->error;
        t.run.best_loss = check->loss;
        history.best = t.run.epoch;
        best.assign(t.W->flat().begin(), t.W->flat().end());
      }
    }
    bar.note(message("loss ", report.loss));
    if (o.on_epoch) o.on_epoch(report, check);
    save();
    stop_if_asked();
  }
  bar.finish();
  if (o.keep_best && !best.empty()) std::ranges::copy(best, t.W->flat().begin());
  return history;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
