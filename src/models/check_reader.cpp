#include "ebm/models/check_reader.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "ebm/inference/paths.hpp"
#include "ebm/io/json.hpp"
#include "ebm/io/model_file.hpp"
#include "ebm/lattice/compose.hpp"
#include "ebm/lattice/joined.hpp"
#include "ebm/lattice/openfst_text.hpp"
#include "ebm/net/lenet.hpp"

namespace ebm::models {

using nlohmann::json;

std::string_view to_string(Recogniser r) { return r == Recogniser::hos ? "hos" : "sdnn"; }

Recogniser recogniser(std::string_view name) {
  if (name == "hos") return Recogniser::hos;
  if (name == "sdnn") return Recogniser::sdnn;
  throw DataError(message("[check_reader] '", name, "' is no recogniser; write hos or sdnn"));
}

namespace {

// P(right | confidence) = 1 / (1 + exp(-a logit(confidence) - b)) (Platt 1999), by Newton's method; two
// made-up judgements, one right and one wrong, keep a handful of fields from promising certainty.
struct Calibration {
  double a = 1, b = 0;

  static double logit(double confidence) {
    const double c = std::clamp(confidence, 1e-9, 1 - 1e-9);
    return std::log(c / (1 - c));
  }
  double operator()(double confidence) const { return 1 / (1 + std::exp(-a * logit(confidence) - b)); }

  explicit Calibration(std::vector<Judged> judged) {
    judged.push_back({0.9, true});
    judged.push_back({0.9, false});
    for (int step = 0; step < 50; ++step) {
      double ga = 0, gb = 0, haa = 1e-3, hab = 0, hbb = 1e-3;
      for (const Judged& x : judged) {
        const double z = logit(x.confidence), p = (*this)(x.confidence), d = p - (x.right ? 1 : 0),
                     w = p * (1 - p);
        ga += d * z;
        gb += d;
        haa += w * z * z;
        hab += w * z;
        hbb += w;
      }
      const double det = haa * hbb - hab * hab, da = (hbb * ga - hab * gb) / det,
                   db = (haa * gb - hab * ga) / det;
      const double shorten = std::min(1.0, 1 / std::max(std::abs(da), std::abs(db)));
      a = std::clamp(a - shorten * da, 0.05, 5.0);
      b -= shorten * db;
    }
  }
};

}  // namespace

double reject_threshold(std::vector<Judged> judged, double target_error) {
  if (judged.empty()) return 2;
  const Calibration right(judged);
  std::ranges::sort(judged, std::greater<>{}, &Judged::confidence);
  const double allowed = target_error * static_cast<double>(judged.size());
  double wrong = 0, expected = 0, threshold = 2;
  for (std::size_t i = 0; i < judged.size();) {
    const double level = judged[i].confidence;
    for (; i < judged.size() && judged[i].confidence == level; ++i) {
      wrong += !judged[i].right;
      expected += 1 - right(level);
    }
    if (wrong > allowed || expected > allowed) return threshold;
    threshold = level;
  }
  return 0;  // everything may be read
}

Automaton character_model(const Alphabet& alphabet) {
  std::vector<Arc> arcs{{0, 0, kRubbishColumn, 0}};
  std::vector<Final> finals{{0, 0}};
  const int n = static_cast<int>(alphabet.characters.size());
  const auto label = [&](int c) {
    return static_cast<int>(static_cast<unsigned char>(alphabet.characters[static_cast<std::size_t>(c)]));
  };
  for (int c = 0; c < n; ++c) {
    arcs.push_back({0, c + 1, label(c), label(c)});
    arcs.push_back({c + 1, c + 1, label(c), 0});
    arcs.push_back({c + 1, 0, kRubbishColumn, 0});
    for (int d = 0; d < n; ++d)
      if (d != c) arcs.push_back({c + 1, d + 1, label(d), label(d)});
    finals.push_back({c + 1, 0});
  }
  return ebm::lattice::make_automaton(std::move(arcs), finals);
}

inline namespace EBM_PRECISION {
namespace {

constexpr std::string_view kKind = "check_reader";

Lattice check_lattice(const Check& c, const CheckReaderConfig& config, const Automaton& reads) {
  std::vector<ebm::lattice::Piece> pieces;
  std::vector<int> labels = config.alphabet.labels();
  if (c.empty()) return {};
  if (config.recogniser == Recogniser::hos) {
    for (const Piece& p : c.segmentation.pieces) pieces.push_back({p.from, p.to, 0});
    return ebm::lattice::compose(ebm::lattice::expand(pieces, c.segmentation.cuts, labels), reads).lattice;
  }
  const int columns = (c.strip.shape().back() - 32) / 4 + 1;
  for (int i = 0; i < columns; ++i) pieces.push_back({i, i + 1, 0});
  labels.back() = kRubbishColumn;
  return ebm::lattice::compose(ebm::lattice::expand(pieces, columns + 1, labels), reads).lattice;
}

std::string text_of(std::span<const int> labels) {
  std::string out;
  for (const int label : labels) out += static_cast<char>(label);
  return out;
}

}  // namespace

CheckReader::CheckReader(CheckReaderConfig config)
    : config_(std::move(config)), params_(std::make_unique<Params>(Params::Options{config_.seed})) {
  const int classes = config_.alphabet.classes();
  characters_ =
      net::lenet5(*params_, "characters", {.output = net::LeNet5Options::Output::linear, .classes = classes});
  const bool hos = config_.recogniser == Recogniser::hos;
  if (hos) {
    layout_ = net::linear(*params_, "layout", kGeometry, classes);
    std::ranges::fill(params_->view(params_->find("layout.weight")).span(), Real(0));
    const auto bias = params_->view(params_->find("layout.bias")).span();
    std::ranges::fill(bias, Real(0));
    bias.back() = static_cast<Real>(config_.rubbish_energy);
    reads_ = config_.grammar;
  } else {
    reads_ = ebm::lattice::compose(character_model(config_.alphabet), config_.grammar);
  }
  // The lambda holds no pointer to this object, which may move: only handles and values.
  model_ = std::make_unique<Model<Check>>(*params_, [hos, chars = characters_, layout = layout_,
                                                     config = config_,
                                                     reads = reads_](FactorGraph& g, const Check& c) {
    const std::vector<int> truth = c.amount ? ebm::lattice::labels(*c.amount) : std::vector<int>{};
    const auto z = g.output("reading", Paths(check_lattice(c, config, reads)), truth, c.amount.has_value());
    if (c.empty()) return;  // a lattice without a path: its truth is impossible, and counted so
    if (hos) {
      g.add(factor::network(chars, c.segmentation.images), z);
      g.add(factor::network(layout, c.segmentation.geometry), z);
    } else {
      g.add(factor::network(chars, c.strip), z);
    }
  });
}

void CheckReader::start_from(const CheckReader& other) {
  const CheckReaderConfig& from = other.config_;
  const bool same = config_.recogniser == from.recogniser;
  if (!same || config_.alphabet.characters != from.alphabet.characters)
    throw DataError(message(
        "[check_reader] a model that reads '", from.alphabet.characters, "' with ",
        to_string(from.recogniser), " gives no weights to one that reads '", config_.alphabet.characters,
        "' with ", to_string(config_.recogniser), "; give ",
        same ? "--grammar " + from.grammar_name : message("--recogniser ", to_string(from.recogniser))));
  std::ranges::copy(other.params_->flat(), params_->flat().begin());
}

Check CheckReader::see(const io::Image& image, std::string file, std::optional<std::string> amount) const {
  Check c;
  c.file = std::move(file);
  c.amount = std::move(amount);
  NormaliseOptions options;
  options.ink = config_.ink;
  const Field field = normalise_field(image, options);
  c.reason = field.reason;
  if (field.empty()) {
    if (c.reason.empty()) c.reason = "there is no ink";
    return c;
  }
  if (config_.recogniser == Recogniser::hos) {
    c.segmentation = segment(field);
    if (c.segmentation.pieces.empty()) c.reason = "there is no piece of ink";
  } else {
    c.strip = field_strip(field);
  }
  return c;
}

Lattice CheckReader::lattice(const Check& check) const { return check_lattice(check, config_, reads_); }

std::vector<Reading> CheckReader::read(const Check& check, int n) const {
  std::vector<Reading> out;
  if (check.empty()) return out;
  const Prepared ready = model_->prepare_alone(check);
  Batch batch = ready.batch();
  const Lattice& paths = *batch.sample(0).lattice;
  if (!paths.has_path()) return out;
  batch.ensure();
  std::vector<double> energy(static_cast<std::size_t>(paths.arcs()));
  path_energies(batch, 0, energy);
  Workspace ws;
  const double all = ebm::lattice::free_energy(paths, energy, 1, {}, ws);
  for (const Path& path : ebm::lattice::n_best(paths, energy, n, ws)) {
    Reading r;
    r.amount = text_of(path.labels);
    r.energy = path.energy;
    const double spelled =
        ebm::lattice::free_energy(paths, ebm::lattice::acceptor(r.amount), energy, 1, {}, ws);
    r.confidence = std::clamp(std::exp(all - spelled), 0.0, 1.0);
    const int classes = config_.alphabet.classes();
    for (const int arc : path.arcs) {
      const int entry = paths.entry()[static_cast<std::size_t>(arc)];
      if (entry < 0) continue;
      const int c = entry % classes;
      r.path.push_back(
          {entry / classes,
           c == config_.alphabet.rubbish() ? '\0' : config_.alphabet.characters[static_cast<std::size_t>(c)],
           energy[static_cast<std::size_t>(arc)]});
    }
    out.push_back(std::move(r));
  }
  return out;
}

void CheckReader::save(const std::filesystem::path& path) const {
  json j{{"recogniser", to_string(config_.recogniser)},
         {"characters", config_.alphabet.characters},
         {"grammar_name", config_.grammar_name},
         {"grammar", ebm::lattice::to_openfst(config_.grammar)},
         {"ink", config_.ink == InkColour::light ? "light" : "dark"},
         {"seed", config_.seed},
         {"judged", json::array()}};
  for (const Judged& x : judged) j["judged"].push_back({x.confidence, x.right});
  io::save_model(path,
                 {.kind = std::string(kKind),
                  .version = 1,
                  .config = j.dump(-1, ' ', false, json::error_handler_t::replace),
                  .notes = {{"training", notes}}},
                 *params_);
}

namespace {

FormatError bad_field(const io::ModelFile& file, std::string_view key, std::string_view what) {
  return FormatError(message(file.name, ": field '", key, "' ", what));
}

// As save() writes them: [confidence, right] each.
std::vector<Judged> judged_of(const io::ModelFile& file) {
  std::vector<Judged> out;
  try {
    const json config = json::parse(file.info.config);
    for (const json& x : config.at("judged")) out.push_back({x.at(0), x.at(1)});
  } catch (const json::exception&) {
    throw bad_field(file, "judged", "must be a list of [confidence, right]");
  }
  for (const Judged& x : out)
    if (!(x.confidence >= 0 && x.confidence <= 1))
      throw bad_field(file, "judged", "holds a confidence that is not from 0 to 1");
  return out;
}

CheckReaderConfig config_of(const io::ModelFile& file) {
  const io::JsonObject o(file.info.config, file.name);
  o.only({"recogniser", "characters", "grammar_name", "grammar", "ink", "seed", "judged"});
  CheckReaderConfig c;
  const std::string name = o.text("recogniser"), ink = o.text("ink");
  if (name != "hos" && name != "sdnn") throw bad_field(file, "recogniser", "must be hos or sdnn");
  if (ink != "light" && ink != "dark") throw bad_field(file, "ink", "must be light or dark");
  c.recogniser = recogniser(name);
  c.ink = ink == "light" ? InkColour::light : InkColour::dark;
  c.alphabet.characters = o.text("characters");
  std::string sorted = c.alphabet.characters;
  std::ranges::sort(sorted);
  if (sorted.empty() || sorted.front() < ' ' || sorted.back() > '~' ||
      std::ranges::adjacent_find(sorted) != sorted.end())
    throw bad_field(file, "characters", "must be printable ASCII characters, each once");
  c.grammar_name = o.text("grammar_name");
  c.grammar = ebm::lattice::parse_openfst(o.text("grammar"), file.name + ": grammar");
  c.seed = o.natural("seed");
  return c;
}

}  // namespace

CheckReader CheckReader::load(const std::filesystem::path& path) {
  const io::ModelFile file = io::load_model(path, kKind);
  CheckReaderConfig c = config_of(file);
  std::vector<Judged> judged = judged_of(file);
  CheckReader out(std::move(c));
  io::load_params(file, *out.params_);
  out.judged = std::move(judged);
  if (const auto it = file.info.notes.find("training"); it != file.info.notes.end()) out.notes = it->second;
  return out;
}

}  // namespace EBM_PRECISION
}  // namespace ebm::models
