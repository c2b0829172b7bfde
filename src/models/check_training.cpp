#include "ebm/models/check_training.hpp"

#include <algorithm>
#include <bit>
#include <optional>
#include <type_traits>

#include "ebm/core/hash.hpp"
#include "ebm/inference/engine.hpp"
#include "ebm/losses/nll.hpp"
#include "ebm/models/character_set.hpp"
#include "ebm/models/field_distortion.hpp"
#include "ebm/train/checkpoint.hpp"

namespace ebm::models {
inline namespace EBM_PRECISION {
namespace {

using RealBits = std::conditional_t<sizeof(Real) == 4, std::uint32_t, std::uint64_t>;

constexpr std::string_view kCharacters = "characters", kGlobal = "global";

FitOptions fit_options(const CheckTraining& o, const Recipe& recipe, std::string_view stage, int epochs,
                       int batch) {
  FitOptions f;
  f.epochs = epochs;
  f.batch = batch;
  f.stage = stage;
  f.checkpoint = o.checkpoint;
  f.keep_best = true;
  f.quiet = o.quiet;
  f.title = std::string(stage);
  f.recipe = recipe;
  if (o.say)
    f.on_epoch = [say = o.say, stage = std::string(stage)](const EpochReport& train,
                                                           const EpochReport* validation) {
      say(stage + " " + to_string(train) + (validation ? "\n  validation " + to_string(*validation) : ""));
    };
  return f;
}

History train_characters(CheckReader& reader, const io::Mnist* mnist, const CheckTraining& o,
                         const Recipe& recipe, bool resume) {
  const CharacterSet set = cut_characters(reader, mnist, o.character_fields);
  if (o.say)
    o.say(message("the recogniser learns ", set.characters.size(), " characters and other pieces cut from ",
                  o.character_fields, " made fields"));
  const int classes = reader.config().alphabet.classes();
  Model<Character> model(reader.params(),
                         [net = reader.characters(), classes](FactorGraph& g, const Character& c) {
                           g.add(factor::network(net, c.image), g.output("class", Labels(classes), c.label));
                         });
  const std::size_t held = set.characters.size() / 20;
  const std::span<const Character> all = set.characters;
  const Prepared train = model.prepare(all.subspan(held)), validation = model.prepare(all.first(held));
  Trainer trainer(model, loss::NegativeLogLikelihood{}, infer::Exhaustive{},
                  optim::Adam{.rate = Schedule({{o.character_epochs / 2, 1e-3}, {o.character_epochs, 3e-4}})},
                  reader.config().seed);
  FitOptions f = fit_options(o, recipe, kCharacters, o.character_epochs, 64);
  if (resume) f.resume = o.resume;
  return trainer.fit(train, validation, f);
}

// All that a resumed run must share with the first, by the names of the command's options.
Recipe recipe_of(const CheckReader& reader, std::span<const io::LabelledImage> fields, const io::Mnist* mnist,
                 const CheckTraining& o) {
  const auto text = [](const auto& value) { return message(value); };
  std::uint64_t data = 0;
  for (const io::LabelledImage& f : fields)
    data = (data ^ fnv1a(f.file + "=" + f.amount)) * 1099511628211ULL + f.image.pixels.size();
  // Where it starts: another model's weights, or those of the seed.
  std::uint64_t start = 0;
  for (const Real w : reader.params().flat()) start = (start ^ std::bit_cast<RealBits>(w)) * 1099511628211ULL;
  std::string frozen;
  for (const Params::Block& b : reader.params().blocks())
    if (!b.trainable) frozen += (frozen.empty() ? "" : " ") + b.name;
  const CheckReaderConfig& c = reader.config();
  return {.settings = {{"loss", o.loss},
                       {"epochs", o.epochs < 0 ? "as many as fit" : text(o.epochs)},
                       {"batch", text(o.batch)},
                       {"character-fields", text(o.character_fields)},
                       {"character-epochs", text(o.character_epochs)},
                       {"rate", text(o.rate)},
                       {"validation", text(o.validation)},
                       {"made", o.made < 0 ? "as many as fit" : text(o.made)},
                       {"distort", o.distort ? "on" : "off"},
                       {"grammar", c.grammar_name},
                       {"ink", c.ink == InkColour::light ? "light" : "dark"},
                       {"digits", mnist ? text(mnist->labels.size()) : "none"},
                       {"freeze", frozen}},
          .fingerprints = {{"data", data}, {"weights at the start", start}}};
}

// Fields that can be learned from, cut into training and validation by a hash of the file name.
struct Fields {
  std::vector<const io::LabelledImage*> pictures;  // of `train`, in the same order
  std::vector<Check> train, validation;
};

Fields usable_fields(const CheckReader& reader, std::span<const io::LabelledImage> fields, double validation,
                     std::vector<std::string>& refused) {
  std::vector<Check> seen(fields.size());
  parallel_for(fields.size(), [&](std::size_t i) {
    if (can_mean(reader.config().grammar, fields[i].amount))
      seen[i] = reader.see(fields[i].image, fields[i].file, fields[i].amount);
    else
      seen[i].reason =
          "the grammar '" + reader.config().grammar_name + "' has no amount '" + fields[i].amount + "'";
  });
  Fields out;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (seen[i].empty()) {
      refused.push_back(fields[i].file + ": " + seen[i].reason);
    } else if (static_cast<double>((fnv1a(fields[i].file) >> 16) % 1000) < 1000 * validation) {
      out.validation.push_back(std::move(seen[i]));
    } else {
      out.pictures.push_back(&fields[i]);
      out.train.push_back(std::move(seen[i]));
    }
  }
  return out;
}

// A grammar of the user's own may refuse what the generator writes.
bool makes_amounts(const CheckReader& reader) {
  return reader.config().grammar_name == "digits" || reader.config().grammar_name == "dollars";
}

// What one global pass looks at: every given field, newly distorted in two passes of three, and made fields
// that are new in every pass: few real fields are soon known by heart.
std::vector<Check> see_pass(const CheckReader& reader, const std::vector<const io::LabelledImage*>& pictures,
                            const io::Mnist* mnist, int made, bool distort, int pass) {
  constexpr std::uint64_t kBeyondCharacters = std::uint64_t{1}
                                              << 32;  // the first stage has seen those before
  std::vector<Check> out(pictures.size() + static_cast<std::size_t>(made));
  parallel_for(out.size(), [&](std::size_t i) {
    if (i >= pictures.size()) {
      const AmountField f = made_field(
          reader, mnist,
          kBeyondCharacters + static_cast<std::uint64_t>(pass) * static_cast<std::uint64_t>(made) + i);
      io::Image image = f.image;  // dark ink
      if (reader.config().ink == InkColour::light)
        for (std::uint8_t& pixel : image.pixels) pixel = static_cast<std::uint8_t>(255 - pixel);
      out[i] = reader.see(image, "made", f.amount);
      return;
    }
    const io::LabelledImage& f = *pictures[i];
    const Rng rng = Rng(reader.config().seed, fnv1a(f.file)).fork(static_cast<std::uint64_t>(pass));
    out[i] = reader.see(distort && pass % 3 != 2 ? distort_field(f.image, rng, reader.config().ink) : f.image,
                        f.file, f.amount);
  });
  return out;
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

CheckTrainingReport train_check_reader(CheckReader& reader, std::span<const io::LabelledImage> fields,
                                       const io::Mnist* mnist, const CheckTraining& o) {
  CheckTrainingReport report;
  const std::string stage = o.resume.empty() ? "" : checkpoint_stage(o.resume);

  const Recipe recipe = recipe_of(reader, fields, mnist, o);
  if (stage == kCharacters && o.character_epochs == 0)
    throw DataError(message(o.resume.string(), ": is of the first stage, which this run leaves out"));

  // Every field is seen before anything is learned, so that a bad one is told at once and not after minutes.
  Fields usable = usable_fields(reader, fields, o.validation, report.refused);
  report.fields = usable.train.size();
  report.validation_fields = usable.validation.size();
  if (usable.train.empty())
    throw DataError(
        "[check_reader] no field is left to train on" +
        (report.refused.empty() ? std::string() : "; the first refused was " + report.refused.front()));

  if (o.character_epochs > 0 && stage != kGlobal)
    report.characters = train_characters(reader, mnist, o, recipe, stage == kCharacters);
  else if (stage == kGlobal)
    report.characters = earlier_history(o.resume);

  const Prepared validation = reader.model().prepare(std::span<const Check>(usable.validation));
  constexpr int kVisits = 40000;
  const int given = static_cast<int>(usable.train.size()), made = !makes_amounts(reader) ? 0
                                                                  : o.made >= 0          ? o.made
                                                                                : std::max(0, 1500 - given);
  const int epochs = o.epochs >= 0 ? o.epochs : std::clamp(kVisits / (given + made), 8, 60);
  if (epochs > 0) {
    std::vector<Check> seen;
    std::optional<Prepared> drawn;
    int at = -1;
    const bool changing = o.distort || made > 0;
    const auto draw = [&](int pass) {
      if (at >= 0 && (pass == at || !changing)) return drawn->samples();
      at = pass;
      drawn.reset();  // it views what is seen anew
      seen = see_pass(reader, usable.pictures, mnist, made, o.distort, pass);
      drawn.emplace(reader.model().prepare(std::span<const Check>(seen)));
      return drawn->samples();
    };
    Trainer trainer(reader.model(), any_loss(o.loss), infer::ForwardBackward{},
                    AnyOptimiser(optim::Adam{.rate = Schedule::cosine(o.rate, epochs)}),
                    reader.config().seed);
    FitOptions f = fit_options(o, recipe, kGlobal, epochs, o.batch);
    f.keep_best = !usable.validation.empty();
    f.earlier = report.characters;
    if (stage == kGlobal) f.resume = o.resume;
    f.draw = draw;
    report.global = trainer.core().fit(draw(0), validation.samples(), f);
  }
  reader.judged.clear();
  for (const CheckResult& r : judge(reader, usable.validation, 1))
    reader.judged.push_back({r.confidence(), r.right()});
  return report;
}

}  // namespace EBM_PRECISION
}  // namespace ebm::models
