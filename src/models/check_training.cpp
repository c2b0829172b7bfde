#include "ebm/models/check_training.hpp"

#include <algorithm>

#include "ebm/core/hash.hpp"
#include "ebm/inference/engine.hpp"
#include "ebm/losses/nll.hpp"
#include "ebm/models/character_set.hpp"
#include "ebm/models/field_distortion.hpp"
#include "ebm/train/checkpoint.hpp"

namespace ebm::models {
inline namespace EBM_PRECISION {
namespace {

constexpr std::string_view kCharacters = "characters", kGlobal = "global";

FitOptions fit_options(const CheckTraining& o, std::string_view stage, int epochs, int batch) {
  FitOptions f;
  f.epochs = epochs;
  f.batch = batch;
  f.stage = stage;
  f.checkpoint = o.checkpoint;
  f.keep_best = true;
  f.quiet = o.quiet;
  f.title = std::string(stage);
  if (o.say)
    f.on_epoch = [say = o.say, stage = std::string(stage)](const EpochReport& train, const EpochReport* validation) {
      say(stage + " " + to_string(train) + (validation ? "\n  validation " + to_string(*validation) : ""));
    };
  return f;
}

History train_characters(CheckReader& reader, const io::Mnist* mnist, const CheckTraining& o, bool resume) {
  const CharacterSet set = cut_characters(reader, mnist, o.character_fields);
  if (o.say) o.say(message("the recogniser learns ", set.characters.size(), " characters and other pieces cut from ", o.character_fields, " made fields"));
  const int classes = reader.config().alphabet.classes();
  Model<Character> model(reader.params(), [net = reader.characters(), classes](FactorGraph& g, const Character& c) {
    g.add(factor::network(net, c.image), g.output("class", Labels(classes), c.label));
  });
  const std::size_t held = set.characters.size() / 20;
  const std::span<const Character> all = set.characters;
  const Prepared train = model.prepare(all.subspan(held)), validation = model.prepare(all.first(held));
  Trainer trainer(model, loss::NegativeLogLikelihood{}, infer::Exhaustive{},
                  optim::Adam{.rate = Schedule({{o.character_epochs / 2, 1e-3}, {o.character_epochs, 3e-4}})}, reader.config().seed);
  FitOptions f = fit_options(o, kCharacters, o.character_epochs, 64);
  if (resume) f.resume = o.resume;
  return trainer.fit(train, validation, f);
}

}  // namespace

std::vector<CheckResult> judge(const CheckReader& reader, std::span<const Check> checks, int n) {
  std::vector<CheckResult> out(checks.size());
  parallel_for(checks.size(), [&](std::size_t i) {
    out[i] = {checks[i].file, checks[i].amount.value_or(""), reader.read(checks[i], n), checks[i].reason};
    if (out[i].readings.empty() && out[i].reason.empty()) out[i].reason = "no path fits the grammar";
  });
  return out;
}

CheckTrainingReport train_check_reader(CheckReader& reader, std::span<const io::LabelledImage> fields, const io::Mnist* mnist,
                                       const CheckTraining& o) {
  CheckTrainingReport report;
  std::string stage;
  if (!o.resume.empty()) stage = checkpoint_stage(o.resume);

  // Fields are seen before anything is learned, so that a bad label is told at once and not after minutes.
  std::vector<const io::LabelledImage*> usable;
  for (const io::LabelledImage& f : fields) {
    if (can_mean(reader.config().grammar, f.amount)) usable.push_back(&f);
    else report.refused.push_back(f.file + ": the grammar '" + reader.config().grammar_name + "' has no amount '" + f.amount + "'");
  }
  const auto held_back = [&](const io::LabelledImage& f) {
    return static_cast<double>((fnv1a(f.file) >> 16) % 1000) < 1000 * o.validation;
  };
  std::vector<std::pair<const io::LabelledImage*, int>> wanted;  // field and copy; copy 0 is the field itself
  for (const auto* f : usable)
    for (int copy = 0; copy <= (held_back(*f) ? 0 : o.copies); ++copy) wanted.emplace_back(f, copy);
  std::vector<Check> seen(wanted.size());
  parallel_for(wanted.size(), [&](std::size_t i) {
    const auto& [f, copy] = wanted[i];
    seen[i] = reader.see(copy == 0 ? f->image : distort_field(f->image, Rng(reader.config().seed, fnv1a(f->file)).fork(static_cast<std::uint64_t>(copy)), reader.config().ink), f->file, f->amount);
  });
  std::vector<Check> train, validation;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (seen[i].empty()) {
      if (wanted[i].second == 0) report.refused.push_back(seen[i].file + ": " + seen[i].reason);
      continue;
    }
    (held_back(*wanted[i].first) ? validation : train).push_back(std::move(seen[i]));
  }
  report.fields = train.size();
  report.validation_fields = validation.size();
  if (train.empty() && o.epochs > 0) {
    std::string why = report.refused.empty() ? "" : "; the first refused was " + report.refused.front();
    throw DataError("[check_reader] no field is left to train on" + why);
  }

  if (o.character_epochs > 0 && stage != kGlobal) report.characters = train_characters(reader, mnist, o, stage == kCharacters);
  if (o.epochs > 0) {
    const Prepared train_set = reader.model().prepare(std::span<const Check>(train));
    const Prepared validation_set = reader.model().prepare(std::span<const Check>(validation));
    const int third = std::max(1, o.epochs / 3);
    Trainer trainer(reader.model(), any_loss(o.loss), infer::ForwardBackward{},
                    AnyOptimiser(optim::Adam{.rate = Schedule({{third, o.rate}, {third, o.rate / 3}, {third, o.rate / 10}})}), reader.config().seed);
    FitOptions f = fit_options(o, kGlobal, o.epochs, o.batch);
    f.keep_best = !validation.empty();
    if (stage == kGlobal) f.resume = o.resume;
    report.global = trainer.fit(train_set, validation_set, f);
  }
  reader.judged.clear();
  for (const CheckResult& r : judge(reader, validation, 1)) reader.judged.push_back({r.confidence(), r.right()});
  return report;
}

}  // namespace EBM_PRECISION
}  // namespace ebm::models
