// ebm siamese train | verify | embed | map | folds

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>

#include "ebm/report/table.hpp"
#include "siamese.hpp"
#include "siamese_report.hpp"

namespace ebm::app {
namespace {

using models::FaceVerifier;

struct Options {
  Common common;
  std::string data, out, model, pairs, report, format = "csv";
  std::vector<std::string> hold_out, only;
  int gallery = 5, shots = 1, folds = 7;
  models::VerifierTraining training;
};

// All that is read, for check_outputs.
Inputs inputs(const Options& o) {
  Inputs out = files_of(o.data);
  for (const std::string& file : {o.model, o.pairs})
    if (!file.empty()) out.emplace_back(file);
  return out;
}

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::vector<std::string> known_people(const Faces& faces, const FaceVerifier& verifier) {
  std::vector<std::string> out;
  std::ranges::copy_if(faces.people, std::back_inserter(out), [&](const std::string& name) {
    return std::ranges::find(verifier.people, name) != verifier.people.end();
  });
  return out;
}

// One sentence instead of figures that are none. `model` names what made them.
Tensor embedding_of(const FaceVerifier& verifier, const Faces& faces, const std::string& model) {
  Tensor out = verifier.embed(faces.inputs);
  const auto bad = std::ranges::find_if_not(out.span(), [](Real v) { return std::isfinite(v); });
  if (bad != out.span().end())
    throw DataError(fmt::format(
        "{}: the embedding of {} is not finite: the weights are too large; train the model again", model,
        faces.files[static_cast<std::size_t>(bad - out.span().begin()) / out.view().row_size()]));
  return out;
}

// The pictures that a subcommand with --model looks at.
Faces chosen(const Options& o, const FaceVerifier& verifier) {
  const Faces all = read_faces(o.common, o.data);
  if (o.only.empty()) return all;
  if (o.only == std::vector<std::string>{"held-out"}) {
    Faces out = without(all, known_people(all, verifier));
    if (out.files.empty())
      throw DataError(o.data + ": everybody there was in the training; leave --only out, or name other data");
    return out;
  }
  return only(all, o.only);
}

// Pairs need both kinds; `source` is the file they are of, or empty for all pairs of the pictures.
void check_trainable(const models::PairSet& pairs, const Faces& faces, const std::string& source = {}) {
  if (pairs.genuine_count() > 0 && pairs.impostor_count() > 0) return;
  if (!source.empty())
    throw DataError(
        fmt::format("{}: it names {} genuine and {} impostor pairs, and training needs both; add some of the "
                    "other kind",
                    source, pairs.genuine_count(), pairs.impostor_count()));
  throw DataError(
      fmt::format("{} pictures of {} people make {} genuine and {} impostor pairs, and training needs both: "
                  "two people, and one "
                  "with two pictures",
                  faces.files.size(), faces.people.size(), pairs.genuine_count(), pairs.impostor_count()));
}

int train(Options& o) {
  apply(o.common);
  check_outputs(o.common, {{"--out", o.out}, {"--out", o.out + ".ckpt"}}, inputs(o));
  if (!o.training.resume.empty()) check_outputs(o.common, {{"--out", o.out}}, {o.training.resume});
  const Faces faces = without(read_faces(o.common, o.data), o.hold_out);
  const models::PairSet pairs =
      o.pairs.empty() ? models::pairs_by_identity(faces.person) : models::read_pairs(o.pairs, faces.files);
  check_trainable(pairs, faces, o.pairs);
  const std::vector<int> seen = seen_by(pairs, faces);
  FaceVerifier verifier(o.common.seed);
  verifier.people = people_of(seen, faces);
  say(o.common, fmt::format("{} genuine and {} impostor pairs of {} people", pairs.genuine_count(),
                            pairs.impostor_count(), verifier.people.size()));
  o.training.checkpoint = o.out + ".ckpt";
  o.training.quiet = o.common.quiet;
  int passes = 0;
  o.training.on_pass = [&](const EpochReport& pass) {
    if (passes++ % 10 == 0) say(o.common, to_string(pass));  // passes are a second or less
  };
  const double start = now();
  const History history = verifier.train(faces.inputs, pairs, o.training);
  const double seconds = now() - start;
  const EpochReport last = history.train.empty() ? EpochReport{} : history.train.back();
  verifier.save(o.out);
  remove_checkpoint(o.out);
  if (o.common.json)
    print({{"out", o.out},
           {"people", verifier.people.size()},
           {"images", seen.size()},
           {"skipped", faces.skipped},
           {"genuine", pairs.genuine_count()},
           {"impostor", pairs.impostor_count()},
           {"genuine_energy", last.truth},
           {"impostor_energy", last.offending},
           {"collapsed", last.collapsed},
           {"seconds", seconds}});
  else
    fmt::print(
        "{}: trained on {} pictures of {} people; mean energy {:.2f} of genuine pairs, {:.2f} of {}"
        "impostors\n",
        o.out, seen.size(), verifier.people.size(), last.truth, last.offending,
        o.training.loss == models::VerifierTraining::Loss::nll ? "the nearest " : "");
  return kOk;
}

void print_verdict(const Faces& faces, const FaceVerdict& v, int shots) {
  fmt::print(
      "{} pictures of {} people: {} genuine and {} impostor pairs\n"
      "equal error {:.2f} % ({}); of pixels {:.2f} %{}\n"
      "false accepts at 10 / 7.5 / 5 % false rejects: {:.2f} / {:.2f} / {:.2f} %\n"
      "recognised from {} picture{} a person: {:.1f} %\n",
      faces.files.size(), faces.people.size(), v.energies.genuine.size(), v.energies.impostor.size(),
      100 * v.equal_error, interval_text(v), 100 * v.pixel_equal_error,
      v.density_equal_error < kInf
          ? fmt::format("; by densities of people {:.2f} %", 100 * v.density_equal_error)
          : "",
      100 * v.accepts(0.1), 100 * v.accepts(0.075), 100 * v.accepts(0.05), shots, shots == 1 ? "" : "s",
      100 * v.one_shot);
}

int verify(Options& o) {
  apply(o.common);
  if (!o.report.empty()) check_outputs(o.common, {{"--report", o.report}}, inputs(o));
  const FaceVerifier verifier = FaceVerifier::load(o.model);
  const Faces faces = chosen(o, verifier);
  const std::vector<std::string> known = known_people(faces, verifier);
  if (!known.empty())
    say(o.common, fmt::format("{} of the {} people were in the training: {}", known.size(),
                              faces.people.size(), some_of(known)));
  const double start = now();
  const Tensor embedding = embedding_of(verifier, faces, o.model);
  const FaceVerdict v = judge(faces, embedding, o.gallery, o.shots, o.common.seed);
  if (!v.interval)
    say(o.common, fmt::format("{} people are too few for an interval over people; judge three or more, and "
                              "many more for a narrow one",
                              faces.people.size()));
  if (!o.report.empty()) {
    write_face_report(o.report, faces, embedding, v, known);
    say(o.common, "report in " + o.report);
  }
  if (o.common.json) {
    nlohmann::json out = to_json(faces, v);
    out["in_training"] = known;
    out["seconds"] = now() - start;
    print(out);
  } else {
    print_verdict(faces, v, o.shots);
  }
  return kOk;
}

int embed(Options& o) {
  apply(o.common);
  const FaceVerifier verifier = FaceVerifier::load(o.model);
  const Faces faces = chosen(o, verifier);
  const Tensor embedding = embedding_of(verifier, faces, o.model);
  const std::size_t d = embedding.view().row_size();
  if (o.common.json) {
    nlohmann::json list = nlohmann::json::array();
    for (std::size_t i = 0; i < faces.files.size(); ++i)
      list.push_back(
          {{"file", faces.files[i]},
           {"person", faces.people[static_cast<std::size_t>(faces.person[i])]},
           {"embedding", std::vector<Real>(embedding.data() + i * d, embedding.data() + (i + 1) * d)}});
    print(list);
    return kOk;
  }
  std::string header = "file,person";
  for (std::size_t j = 0; j < d; ++j) header += fmt::format(",g{}", j + 1);
  fmt::print("{}\n", header);
  const auto quoted = [](const std::string& text) {
    if (text.find_first_of(",\"\n") == std::string::npos) return text;
    std::string out = "\"";
    for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + "\"";
  };
  for (std::size_t i = 0; i < faces.files.size(); ++i) {
    std::string row =
        quoted(faces.files[i]) + "," + quoted(faces.people[static_cast<std::size_t>(faces.person[i])]);
    for (std::size_t j = 0; j < d; ++j) row += fmt::format(",{:.6g}", embedding[i * d + j]);
    fmt::print("{}\n", row);
  }
  return kOk;
}

int map(Options& o) {
  apply(o.common);
  check_outputs(o.common, {{"--out", o.out}}, inputs(o));
  const FaceVerifier verifier = FaceVerifier::load(o.model);
  const Faces faces = chosen(o, verifier);
  write_face_map(o.out, faces, embedding_of(verifier, faces, o.model));
  if (o.common.json)
    print({{"out", o.out}, {"images", faces.files.size()}, {"people", faces.people.size()}});
  else
    fmt::print("{}: {} pictures of {} people\n", o.out, faces.files.size(), faces.people.size());
  return kOk;
}

// Each part of the people in turn is left out of a training and judged.
int folds(Options& o) {
  apply(o.common);
  const Faces all = read_faces(o.common, o.data);
  const int n = static_cast<int>(all.people.size());
  if (n < 2 * o.folds)
    throw DataError(
        fmt::format("{}: {} people cannot be cut into {} folds of two or more", o.data, n, o.folds));
  nlohmann::json list = nlohmann::json::array();
  report::Table table({"fold", "left out", "equal error %", "by density %", "pixels %",
                       "false accepts at 10 %", "one-shot %", "seconds"});
  double error = 0, density = 0, accepts = 0, pixels = 0, one_shot = 0, longest = 0;
  std::vector<models::PairEnergy> pooled;
  std::vector<int> people;
  o.training.quiet = o.common.quiet;
  FaceVerifier started(o.common.seed);  // by all folds, for made people know none of them
  const double began = now();
  if (o.training.people > 0) started.start(o.training);
  const double start_seconds = now() - began;
  for (int fold = 0; fold < o.folds; ++fold) {
    const std::vector<std::string> left(all.people.begin() + n * fold / o.folds,
                                        all.people.begin() + n * (fold + 1) / o.folds);
    const Faces known = without(all, left), faces = only(all, left);
    const models::PairSet pairs = models::pairs_by_identity(known.person);
    check_trainable(pairs, known);
    FaceVerifier verifier = started.clone();
    const double start = now();
    verifier.train(known.inputs, pairs, o.training);
    const double seconds = now() - start;
    const FaceVerdict v = judge(faces, embedding_of(verifier, faces, fmt::format("fold {}", fold + 1)),
                                o.gallery, o.shots, o.common.seed);
    for (models::PairEnergy p : v.pairs) {
      p.a += static_cast<int>(people.size());
      p.b += static_cast<int>(people.size());
      pooled.push_back(p);
    }
    for (const int p : faces.person) people.push_back(p + n * fold / o.folds);
    error += v.equal_error / o.folds;
    density += v.density_equal_error / o.folds;  // inf where no person has more pictures than a gallery
    accepts += v.accepts(0.1) / o.folds;
    pixels += v.pixel_equal_error / o.folds;
    one_shot += v.one_shot / o.folds;
    longest = std::max(longest, seconds);
    nlohmann::json one = to_json(faces, v);
    one["left_out"] = left;
    one["seconds"] = seconds;
    list.push_back(one);
    table.row({std::to_string(fold + 1), some_of(left, 3), fmt::format("{:.2f}", 100 * v.equal_error),
               fmt::format("{:.2f}", 100 * v.density_equal_error),
               fmt::format("{:.2f}", 100 * v.pixel_equal_error), fmt::format("{:.2f}", 100 * v.accepts(0.1)),
               fmt::format("{:.1f}", 100 * v.one_shot), fmt::format("{:.0f}", seconds)});
    say(o.common, fmt::format("fold {} of {}: equal error {:.2f} %, pixels {:.2f} %, {:.0f} s", fold + 1,
                              o.folds, 100 * v.equal_error, 100 * v.pixel_equal_error, seconds));
  }
  // Of the energies of all folds under one threshold, which several nets do not owe us.
  const models::TwoKinds kinds = models::energies_by_kind(pooled);
  const double together = models::equal_error(models::roc(kinds.genuine, kinds.impostor));
  const models::Interval interval = models::equal_error_interval(pooled, people, Rng(o.common.seed, 0xb007));
  if (o.common.json)
    print({{"folds", list},
           {"equal_error", error},
           {"density_equal_error", density},
           {"false_accepts_at_10", accepts},
           {"pixel_equal_error", pixels},
           {"one_shot_accuracy", one_shot},
           {"pooled_equal_error", together},
           {"pooled_interval_95", {interval.low, interval.high}},
           {"start_seconds", start_seconds},
           {"longest_seconds", longest}});
  else
    fmt::print(
        "{}\nmean equal error {:.2f} %, by densities of people {:.2f} %, of pixels {:.2f} %; mean false "
        "accepts at 10 % false rejects {:.2f} "
        "%; one-shot "
        "{:.1f} %\nall folds under one threshold: equal error {:.2f} % (95 % interval over people {:.2f} to "
        "{:.2f})\n{:.0f} s for the start on made people that all folds share\n",
        table.text(), 100 * error, 100 * density, 100 * pixels, 100 * accepts, 100 * one_shot, 100 * together,
        100 * interval.low, 100 * interval.high, start_seconds);
  return kOk;
}

constexpr const char* kData =
    "Folder with a folder of PGM, PNG or JPEG images for each person, or one .tar.gz of that";

void add_data(CLI::App& c, const std::shared_ptr<Options>& o) {
  add_common(c, o->common);
  c.add_option("--data", o->data, kData)->required();
}

void add_training(CLI::App& c, const std::shared_ptr<Options>& o) {
  models::VerifierTraining& t = o->training;
  using Loss = models::VerifierTraining::Loss;
  static const std::map<std::string, Loss> kLosses{
      {"nll", Loss::nll}, {"contrastive-exponential", Loss::contrastive_exponential}};
  c.add_option_function<std::string>(
       "--loss", [&t](const std::string& key) { t.loss = kLosses.at(key); },
       "nll: of which of 31 pictures is of one's own person; contrastive-exponential: of pairs, as in 2005")
      ->check(CLI::IsMember(kLosses))
      ->default_str("nll");
  c.add_option("--passes", t.passes, "Passes over the pictures")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  c.add_option("--steps", t.steps, "Steps in a pass, 60 pictures each")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  c.add_option("--rate", t.rate, "Step size of Adam; falls to 0 along a cosine")
      ->check(between(1e-12, 1e6))
      ->capture_default_str();
  c.add_option("--people", t.people,
               "Rendered people to start from, as 30 real ones are soon learned by heart; 0: none")
      ->check(CLI::IsMember({0}) | CLI::Range(2, 1000000))
      ->capture_default_str();
  c.add_option("--start-passes", t.start_passes, "Passes over these, of 20 steps")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  c.add_flag(
      "--distort,!--no-distort", t.distort,
      "Every pass sees every picture shifted, turned, scaled, mirrored, lit and covered in part anew; on "
      "unless --no-distort");
}

void add_judging(CLI::App& c, const std::shared_ptr<Options>& o) {
  c.add_option("--gallery", o->gallery, "Pictures of each person that a density is fitted to")
      ->check(CLI::Range(2, 1000))
      ->capture_default_str();
  c.add_option("--shots", o->shots, "Pictures of each person that recognition starts from")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
}

CLI::App* add_reading(CLI::App& siamese, const char* name, const char* what,
                      const std::shared_ptr<Options>& o) {
  CLI::App* c = siamese.add_subcommand(name, what);
  add_data(*c, o);
  c->add_option("--model", o->model, "Model of ebm siamese train")->required();
  c->add_option("--only", o->only, "held-out: people who were not in the training; or names, s31,s32,..")
      ->delimiter(',');
  return c;
}

}  // namespace

void add_siamese(CLI::App& ebm) {
  auto* siamese = ebm.add_subcommand("siamese", "Learn a metric from pairs: are two pictures of one person?");
  siamese->require_subcommand(1);
  siamese->footer(
      "Example:\n  ebm siamese generate --people 40 --out faces --seed 7\n"
      "  ebm siamese train --data faces --hold-out p38,p39,p40 --out faces.safetensors\n"
      "  ebm siamese verify --model faces.safetensors --data faces --only held-out\n"
      "faces may as well be yours: a folder for each person with two or more pictures of the face.");

  add_siamese_generate(*siamese);
  auto o = std::make_shared<Options>();
  auto* t =
      siamese->add_subcommand("train", "Train a metric on pictures of people, from a start on rendered ones");
  add_data(*t, o);
  t->add_option("--hold-out", o->hold_out, "People to leave out of the training, s31,s32,..")->delimiter(',');
  t->add_option(
      "--pairs", o->pairs,
      "Pairs to train on instead: a text file of two PERSON/FILE and 1 (genuine) or 0 (impostor) a line");
  t->add_option("--out", o->out, "Model to write; OUT.ckpt beside it while training")->required();
  t->add_option("--resume", o->training.resume, "Go on from a checkpoint of the same run");
  add_training(*t, o);
  t->footer(
      "Example:\n  ebm siamese train --data faces --hold-out s31,s32,s33 --out faces.safetensors\n"
      "Ctrl-C writes OUT.ckpt; go on with --resume OUT.ckpt and the same options.");
  add_run(*t, [o] { return train(*o); });

  auto vo = std::make_shared<Options>();
  auto* v = add_reading(*siamese, "verify", "Judge a model on all pairs of pictures", vo);
  v->add_option("--report", vo->report, "HTML page to write");
  add_judging(*v, vo);
  v->footer(
      "Example:\n  ebm siamese verify --model faces.safetensors --data faces --only held-out --report "
      "faces.html\n"
      "Pairs are unordered, without self pairs. The interval is a bootstrap over people, and needs three of "
      "them.");
  add_run(*v, [vo] { return verify(*vo); });

  auto eo = std::make_shared<Options>();
  auto* e = add_reading(*siamese, "embed", "Print the embedding of every picture, as CSV or JSON", eo);
  e->footer("Example:\n  ebm siamese embed --model faces.safetensors --data faces > faces.csv");
  add_run(*e, [eo] { return embed(*eo); });

  auto mo = std::make_shared<Options>();
  auto* m = add_reading(*siamese, "map", "A page with the map of all pictures, shown when pointed at", mo);
  m->add_option("--out", mo->out, "HTML page to write")->required();
  m->footer("Example:\n  ebm siamese map --model faces.safetensors --data faces --out map.html");
  add_run(*m, [mo] { return map(*mo); });

  auto fo = std::make_shared<Options>();
  auto* f =
      siamese->add_subcommand("folds", "Train and judge again and again, each time leaving other people out");
  add_data(*f, fo);
  f->add_option("--folds", fo->folds, "Parts the people are cut into, in the order of their names")
      ->check(CLI::Range(2, 1000))
      ->capture_default_str();
  add_training(*f, fo);
  add_judging(*f, fo);
  f->footer("Example:\n  ebm siamese folds --data faces --folds 7 --json");
  add_run(*f, [fo] { return folds(*fo); });
}

}  // namespace ebm::app
