// Every loss with every architecture and every engine: it trains, or says in one sentence what is missing.
// What is expected of each triple stands in matrix_table.hpp.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <optional>
#include <regex>

#include "conformance/architectures.hpp"
#include "conformance/matrix_table.hpp"
#include "ebm/inference/closed_form.hpp"
#include "ebm/inference/least_squares.hpp"
#include "ebm/inference/reals.hpp"
#include "ebm/inference/sampling.hpp"
#include "ebm/losses/catalogue.hpp"
#include "ebm/train/trainer.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

constexpr int kPasses = 80;

AnyEngine engine_of(std::size_t column) {
  const infer::GradientDescent descent{.steps = 40, .restarts = 2};
  const AnyEngine all[kEngines] = {
      infer::Exhaustive{},
      infer::MinSum{},
      infer::SumProduct{},
      infer::ShortestPath{},
      infer::ForwardBackward{},
      infer::Grid{.low = -6, .high = 6, .points = 121},
      infer::Automatic{},
      descent,
      infer::Nested(infer::Exhaustive{}, descent),
      infer::Nested(descent, infer::Exhaustive{}),
      infer::Alternating{.reals = descent, .rounds = 5},
      infer::LeastSquares{.iterations = 20},
      infer::Lbfgs{.iterations = 20},
      infer::LevenbergMarquardt{.iterations = 20},
      infer::Langevin{.step = 0.3},
      infer::Hamiltonian{.step = 0.3, .leaps = 3},
      infer::Gibbs{},
      infer::AnnealedImportance{.particles = 16, .levels = 8, .leaps = 2},
      infer::ClosedForm{},
  };
  return all[column];
}

struct Triple {
  std::size_t architecture, loss, engine;
  char expected() const { return kExpected[architecture][loss][engine]; }
};
void PrintTo(const Triple& t, std::ostream* out) { *out << "expected '" << t.expected() << "'"; }

std::string camel(std::string_view key) {
  std::string out;
  bool up = true;
  for (const char c : key) {
    if (c == '-')
      up = true;
    else
      out += up ? static_cast<char>(std::toupper(c)) : c, up = false;
  }
  return out;
}

std::string name_of(const ::testing::TestParamInfo<Triple>& info) {
  return camel(loss::catalogue()[info.param.loss].key) + "_On" +
         std::string(kArchitectures[info.param.architecture].name) + "_With" +
         std::string(kEngineNames[info.param.engine]);
}

std::vector<Triple> triples() {
  std::vector<Triple> out;
  for (std::size_t a = 0; a < std::size(kArchitectures); ++a)
    for (std::size_t l = 0; l < kLosses; ++l)
      for (std::size_t e = 0; e < kEngines; ++e) out.push_back({a, l, e});
  return out;
}

AnyLoss loss_of(const loss::Row& row) {
  LossSettings settings;
  if (row.key == "contrastive-exponential") settings.q = 2;
  if (row.key == "lvq2") settings.delta = 20;  // what is further off does not pull
  if (row.key == "mee") settings.beta = 0.5;   // so that the improbable are not lost at once
  if (row.key == "cd" || row.key == "pcd") settings.steps = 3;
  return any_loss(row.key, settings);
}

// What became of a triple: the letter of the table, or '?', and why.
struct Outcome {
  char letter = '?';
  std::string why;
};

Outcome train(const Triple& t) {
  const Architecture& architecture = kArchitectures[t.architecture];
  const loss::Row& row = loss::catalogue()[t.loss];
  const Beast b = architecture.make();
  const AnyEngine engine = engine_of(t.engine);
  std::optional<TrainerCore> trainer;
  const auto refused = [](const std::exception& e, char letter) { return Outcome{letter, e.what()}; };
  try {
    trainer.emplace(*b.W, b.ready->schema(), loss_of(row), engine,
                    optim::Adam{.rate = row.needs.samples || row.key == "mee" ? 0.01 : 0.03}, 1);
  } catch (const GraphError& e) {
    return refused(e, 'p');
  }
  // A sampled loss is an estimate, or has a slope and no value: its likelihood is judged by what is exact.
  const bool sampled = row.needs.samples || engine.key() == "annealing";
  TrainerCore judge(*b.W, b.ready->schema(), sampled && row.key != "mee" ? any_loss("nll") : loss_of(row),
                    sampled ? b.engine : engine, optim::Sgd{}, 1);
  try {
    const double before = judge.evaluate(b.ready->samples()).loss;
    const std::vector<Real> start(b.W->flat().begin(), b.W->flat().end());
    EpochReport last;
    for (int pass = 0; pass < kPasses && !last.collapsed; ++pass) {
      last = trainer->epoch(b.ready->samples(), {.batch = 4});
      if (!std::isfinite(last.loss)) return {'?', message("loss ", last.loss, " in pass ", pass)};
      if (last.tally.samples != kSamples) return {'?', message(last.tally.samples, " samples trained")};
    }
    const double after = judge.evaluate(b.ready->samples()).loss, error = error_of(b);
    const std::string figures =
        message("loss ", before, " to ", after, ", error ", error, " of ", architecture.chance, "; ", last);
    for (const Real w : b.W->flat())
      if (!std::isfinite(w)) return {'?', "a weight is not finite; " + figures};
    if (std::ranges::equal(start, b.W->flat())) return {'?', "no weight changed; " + figures};
    if (last.tally.saturated > kSamples / 2 && to_string(last).find("without a slope") != std::string::npos)
      return {'s', figures};
    if (!(after < before || after < 1e-6)) return {'?', "the loss did not fall; " + figures};
    if (last.collapsed) return {'c', figures};
    if (!(error < architecture.most_errors) && last.error >= 0.5) return {'w', figures};
    if (!(error < architecture.most_errors)) return {'?', "its answers are wrong; " + figures};
    return {'T', figures};
  } catch (const LossError& e) {
    return refused(e, 'n');
  } catch (const GraphError& e) {
    return refused(e, 'g');
  } catch (const Error& e) {
    return refused(e, '?');
  }
}

// What a refusal has to say beside the names of those who do not fit.
std::string_view missing(const Triple& t, std::string_view engine, char letter) {
  const Kind kind = kArchitectures[t.architecture].kind;
  const bool searched = kind == Kind::real || kind == Kind::mixed;
  if (letter == 'p') return "' needs ";
  if (letter == 'n')
    return loss::catalogue()[t.loss].key == "lvq2" ? "needs energies|divides by it" : "needs energies";
  if (engine == "shortest_path" || engine == "forward_backward") return "one path variable and no other";
  if (engine == "exhaustive" || engine == "min_sum" || engine == "sum_product" || engine == "gibbs")
    return "is no label variable";
  if (engine == "automatic") return "no engine sums over";
  if (engine == "grid") return "covers a real variable";
  if (engine == "langevin" || engine == "hamiltonian") return "moves real variables";
  if (engine == "annealing") return kind == Kind::path ? "is a path" : "has label variables";
  if (engine == "closed_form" && kind == Kind::real) return "the ball around the true|other than as it is";
  if (kArchitectures[t.architecture].make == implicit_regression && engine == "lbfgs") return "has bounds";
  if (kArchitectures[t.architecture].make == implicit_regression && engine != "nested") return "reads net";
  if (engine == "nested" && kind == Kind::real) return "there are none";
  return searched ? "label variables beside" : "searches graphs of a real variable";
}

class Every : public ::testing::TestWithParam<Triple> {};

TEST_P(Every, TrainsOrSaysWhatIsMissing) {
  const Triple& t = GetParam();
  const Outcome o = train(t);
  EXPECT_EQ(o.letter, t.expected()) << o.why;
  if (o.letter != 'p' && o.letter != 'g' && o.letter != 'n') return;
  const AnyEngine asked = engine_of(t.engine);
  const std::string_view engine = asked.key(), loss = loss::catalogue()[t.loss].key;
  const auto says = [&](std::string_view words) {
    EXPECT_TRUE(std::regex_search(o.why, std::regex(std::string(words))))
        << "not '" << words << "': " << o.why;
  };
  if (o.letter != 'g') says(message("'?", loss, "'?"));
  if (o.letter != 'n') says(engine);
  says(missing(t, engine, o.letter));
  EXPECT_FALSE(std::regex_search(o.why, std::regex("\n|[.!?] +[A-Z]"))) << "more than a sentence: " << o.why;
}

// 1 where the pair compiles in Trainer's constructor.
template <class L>
std::array<bool, kEngines> answerable() {
  return {Answerable<L, infer::Exhaustive>,      Answerable<L, infer::MinSum>,
          Answerable<L, infer::SumProduct>,      Answerable<L, infer::ShortestPath>,
          Answerable<L, infer::ForwardBackward>, Answerable<L, infer::Grid>,
          Answerable<L, infer::Automatic>,       Answerable<L, infer::GradientDescent>,
          Answerable<L, infer::LabelsOutside>,   Answerable<L, infer::RealsOutside>,
          Answerable<L, infer::Alternating>,     Answerable<L, infer::LeastSquares>,
          Answerable<L, infer::Lbfgs>,           Answerable<L, infer::LevenbergMarquardt>,
          Answerable<L, infer::Langevin>,        Answerable<L, infer::Hamiltonian>,
          Answerable<L, infer::Gibbs>,           Answerable<L, infer::AnnealedImportance>,
          Answerable<L, infer::ClosedForm>};
}

TEST(Matrix, OfPairsThatLackAPower_DoesNotCompileForAnyArchitecture) {
  using namespace loss;
  const std::array<bool, kEngines> compiles[kLosses] = {
      answerable<Energy>(),
      answerable<Perceptron>(),
      answerable<Hinge>(),
      answerable<Log>(),
      answerable<Lvq2>(),
      answerable<Mce>(),
      answerable<SquareSquare>(),
      answerable<SquareExponential>(),
      answerable<NegativeLogLikelihood>(),
      answerable<MinimumEmpiricalError>(),
      answerable<ContrastiveExponential>(),
      answerable<ContrastiveMargin>(),
      answerable<ContrastiveDivergence>(),
      answerable<PersistentContrastiveDivergence>(),
  };
  ASSERT_EQ(loss::catalogue().size(), kLosses);
  ASSERT_EQ(std::size(kArchitectures), std::size(kExpected));
  for (const Triple& t : triples())
    EXPECT_EQ(t.expected() != 'p', compiles[t.loss][t.engine])
        << loss::catalogue()[t.loss].key << " with " << kEngineNames[t.engine];
}

INSTANTIATE_TEST_SUITE_P(Triple, Every, ::testing::ValuesIn(triples()), name_of);

}  // namespace
}  // namespace ebm
