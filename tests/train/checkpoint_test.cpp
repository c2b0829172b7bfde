// A run that is stopped anywhere, by an exception, a signal or SIGKILL, goes on from its checkpoint to the
// same bits.

#include "ebm/train/checkpoint.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <fstream>
#include <iterator>
#include <thread>

#include "ebm/core/pool.hpp"
#include "ebm/io/safetensors.hpp"
#include "ebm/losses/energy.hpp"
#include "ebm/losses/nll.hpp"
#include "support/zoo.hpp"
#include "train/train_test.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;
using namespace std::chrono_literals;

constexpr int kSamples = 20, kEpochs = 4;

struct Stop : std::runtime_error {
  Stop() : std::runtime_error("stopped by the test") {}
};

// A run with a net that has dropout, so that the random stream must go on where it was.
struct Job {
  Beast b;
  AnyOptimiser optimiser;
  Watched engine;
  std::uint64_t seed = 7;
  explicit Job(
      AnyOptimiser o, std::function<void(int)> before = [](int) {})
      : b(beast("run", infer::Exhaustive{}, kSamples,
                [](Params& W) {
                  const Net net =
                      net::sequential(W, "net", {3},
                                      {net::Linear{.outputs = 6}, net::Tanh{},
                                       net::Dropout{.probability = 0.3}, net::Linear{.outputs = 4}});
                  return [net, x = random_data(kSamples, 1, [](int) { return Shape{3}; })](FactorGraph& g,
                                                                                           const int& i) {
                    g.add(factor::network(net, (*x)[static_cast<std::size_t>(i)]),
                          g.output("y", Labels(4), i % 4));
                  };
                })),
        optimiser(std::move(o)),
        engine{std::move(before)} {}

  static FitOptions options() {
    return {.epochs = kEpochs, .batch = 3, .checkpoint_seconds = -1, .keep_best = true, .quiet = true};
  }
  History fit(const FitOptions& o) {
    TrainerCore trainer(*b.W, b.ready->schema(), loss::NegativeLogLikelihood{}, engine, optimiser, seed);
    return trainer.fit(b.ready->samples(), b.ready->samples().first(8), o);
  }
};

std::vector<AnyOptimiser> optimisers() {
  return {optim::Sgd{.rate = 0.05}, optim::Sgd{.rate = Schedule::inverse(0.05, 2), .momentum = 0.9},
          optim::Adam{.rate = 0.01},
          optim::StochasticLevenbergMarquardt{.rate = {{{1, 0.01}, {1, 0.005}}}, .mu = 0.1, .samples = 10}};
}

void expect_same(const History& a, const History& b) {
  ASSERT_EQ(a.train.size(), b.train.size());
  EXPECT_EQ(a.best, b.best);
  for (std::size_t i = 0; i < a.train.size(); ++i) {
    EXPECT_EQ(a.train[i].loss, b.train[i].loss);
    EXPECT_EQ(a.train[i].error, b.train[i].error);
    EXPECT_EQ(a.train[i].gap, b.train[i].gap);
    EXPECT_EQ(a.validation[i].loss, b.validation[i].loss);
  }
}

TEST(Checkpoint, OfARunStoppedAtAnyStep_ResumesToTheSameBits) {
  for (const AnyOptimiser& optimiser : optimisers()) {
    Job whole(optimiser);
    const History history = whole.fit(Job::options());
    const int answers = *whole.engine.count;
    const std::vector<Real> expected = weights(*whole.b.W);
    int resumed = 0;
    for (int stop = 1; stop < answers; stop += 19) {
      SCOPED_TRACE(message(optimiser.key, ", stopped before answer ", stop, " of ", answers));
      const Folder folder;
      FitOptions o = Job::options();
      o.checkpoint = folder / "run.ckpt";
      Job stopped(optimiser, [stop](int n) {
        if (n == stop) throw Stop();
      });
      EXPECT_THROW(stopped.fit(o), Stop);
      Job again(optimiser);
      if (std::filesystem::exists(o.checkpoint)) o.resume = o.checkpoint, ++resumed;
      o.checkpoint_seconds = 1e9;
      expect_same(again.fit(o), history);
      ASSERT_EQ(weights(*again.b.W), expected);
      EXPECT_TRUE(std::filesystem::exists(o.checkpoint));  // the caller deletes it once the result is safe
      o.resume = o.checkpoint;                             // of the finished run
      Job finished(optimiser);
      expect_same(finished.fit(o), history);
      ASSERT_EQ(weights(*finished.b.W), expected);
    }
    EXPECT_GT(resumed, 4);
  }
}

TEST(Checkpoint, OfARunStoppedTwice_ResumesToTheSameBits) {
  Job whole(optim::Adam{.rate = 0.01});
  whole.fit(Job::options());
  const Folder folder;
  FitOptions o = Job::options();
  o.checkpoint = folder / "run.ckpt";
  for (const int stop : {20, 25}) {
    Job stopped(optim::Adam{.rate = 0.01}, [stop](int n) {
      if (n == stop) throw Stop();
    });
    EXPECT_THROW(stopped.fit(o), Stop);
    o.resume = o.checkpoint;
  }
  Job last(optim::Adam{.rate = 0.01});
  last.fit(o);
  EXPECT_EQ(weights(*last.b.W), weights(*whole.b.W));
}

TEST(Checkpoint, OfPassesThatDrawTheirSamples_ResumesToTheSameBits) {
  const auto drawn = [](Job& job, int offset) {
    return [&job, offset](int pass) {
      return job.b.ready->samples().subspan(static_cast<std::size_t>(pass + offset), 12);
    };
  };
  const auto fit = [](Job& job, const FitOptions& o) {
    TrainerCore trainer(*job.b.W, job.b.ready->schema(), loss::NegativeLogLikelihood{}, job.engine,
                        job.optimiser, 7);
    trainer.fit(job.b.ready->samples().first(12), {}, o);
  };
  Job whole(optim::Adam{.rate = 0.01}), other(optim::Adam{.rate = 0.01});
  FitOptions o = Job::options();
  o.draw = drawn(whole, 0);
  fit(whole, o);
  o.draw = drawn(other, 1);
  fit(other, o);
  EXPECT_NE(weights(*other.b.W), weights(*whole.b.W));
  const Folder folder;
  o.checkpoint = folder / "run.ckpt";
  Job stopped(optim::Adam{.rate = 0.01}, [](int n) {
    if (n == 37) throw Stop();
  });
  o.draw = drawn(stopped, 0);
  EXPECT_THROW(fit(stopped, o), Stop);
  Job again(optim::Adam{.rate = 0.01});
  o.draw = drawn(again, 0);
  o.resume = o.checkpoint;
  fit(again, o);
  EXPECT_EQ(weights(*again.b.W), weights(*whole.b.W));
  o.resume.clear();
  o.draw = [&](int) { return again.b.ready->samples().first(5); };
  EXPECT_THROW(fit(again, o), DataError);
}

TEST(Checkpoint, OfAFinishedPass_IsThereWhenAnEpochCallbackThrows) {
  Job whole(optim::Sgd{.rate = 0.05});
  whole.fit(Job::options());
  const Folder folder;
  FitOptions o = Job::options();
  o.checkpoint_seconds = 1e9;
  o.checkpoint = folder / "run.ckpt";
  o.before_pass = [](int pass) {
    if (pass == 2) throw Stop();
  };
  Job stopped(optim::Sgd{.rate = 0.05});
  EXPECT_THROW(stopped.fit(o), Stop);
  std::vector<int> passes;
  o.before_pass = [&](int pass) { passes.push_back(pass); };
  o.resume = o.checkpoint;
  Job again(optim::Sgd{.rate = 0.05});
  again.fit(o);
  EXPECT_EQ(passes, (std::vector<int>{2, 3}));
  EXPECT_EQ(weights(*again.b.W), weights(*whole.b.W));
}

TEST(Checkpoint, OfARunKilledWithSigkill_ResumesToTheSameBits) {
  set_threads(1);  // a forked child has no other threads
  Job whole(optim::Adam{.rate = 0.01});
  whole.fit(Job::options());
  int killed = 0;
  for (int round = 0; round < 6; ++round) {
    const Folder folder;
    FitOptions o = Job::options();
    o.checkpoint = folder / "run.ckpt";
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      Job run(optim::Adam{.rate = 0.01}, [](int) { std::this_thread::sleep_for(300us); });
      run.fit(o);
      ::_exit(0);
    }
    for (int wait = 0; wait < 20000 && !std::filesystem::exists(o.checkpoint); ++wait)
      std::this_thread::sleep_for(100us);
    std::this_thread::sleep_for(std::chrono::microseconds(1 + 2300 * round));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    if (!WIFSIGNALED(status)) continue;  // it had finished
    ++killed;
    ASSERT_TRUE(std::filesystem::exists(o.checkpoint));
    o.resume = o.checkpoint;
    Job again(optim::Adam{.rate = 0.01});
    again.fit(o);
    EXPECT_EQ(weights(*again.b.W), weights(*whole.b.W)) << "round " << round;
  }
  set_threads(0);
  EXPECT_GT(killed, 0);
}

TEST(Checkpoint, AfterSigintOrSigterm_IsWritten_AndResumesToTheSameBits) {
  Job whole(optim::Adam{.rate = 0.01});
  whole.fit(Job::options());
  for (const int sign : {SIGINT, SIGTERM}) {
    const Folder folder;
    FitOptions o = Job::options();
    o.checkpoint_seconds = 1e9;
    o.checkpoint = folder / "run.ckpt";
    Job run(optim::Adam{.rate = 0.01}, [sign](int n) {
      if (n == 30) ::raise(sign);
    });
    try {
      run.fit(o);
      FAIL();
    } catch (const Interrupted& e) {
      EXPECT_NE(std::string(e.what()).find("run.ckpt"), std::string::npos) << e.what();
    }
    ASSERT_TRUE(std::filesystem::exists(o.checkpoint));
    EXPECT_LE(*run.engine.count, 36);  // it stopped right after that step
    o.resume = o.checkpoint;
    Job again(optim::Adam{.rate = 0.01});
    again.fit(o);
    EXPECT_EQ(weights(*again.b.W), weights(*whole.b.W));
  }
}

TEST(Checkpoint, AtANaN_TheLastGoodOneIsKept) {
  const Folder folder;
  FitOptions o = Job::options();
  o.checkpoint = folder / "run.ckpt";
  Job run(optim::Adam{.rate = 0.01});
  auto* x = const_cast<Real*>(run.b.ready->samples()[5].data[0].view.data);
  run.engine.before = [x](int n) {
    if (n == 60) *x = static_cast<Real>(std::nan(""));
  };
  EXPECT_THROW(run.fit(o), NumberError);
  ASSERT_TRUE(std::filesystem::exists(o.checkpoint));
  Params W = run.b.W->clone();
  OptimState state;
  std::vector<Real> best;
  RunState progress;
  load_checkpoint(o.checkpoint, W, state, best, progress);
  for (const Real w : W.flat()) EXPECT_TRUE(std::isfinite(w));
}

// A checkpoint in the middle of a run, for the refusals below.
struct Interrupt {
  Folder folder;
  FitOptions o = Job::options();
  Interrupt() {
    o.checkpoint = folder / "run.ckpt";
    o.stage = "globally";
    Job run(optim::Adam{.rate = 0.01}, [](int n) {
      if (n == 30) throw Stop();
    });
    EXPECT_THROW(run.fit(o), Stop);
    o.resume = o.checkpoint;
  }
  std::string refusal(Job& run, const FitOptions& options) {
    try {
      run.fit(options);
    } catch (const DataError& e) {
      return e.what();
    }
    return "no DataError";
  }
};

TEST(Checkpoint, OfAnotherRun_IsRefusedByFileName) {
  Interrupt i;
  const auto expect = [&](Job& run, const FitOptions& o, const char* about) {
    const std::vector<Real> before = weights(*run.b.W);
    const std::string text = i.refusal(run, o);
    EXPECT_NE(text.find("run.ckpt"), std::string::npos) << text;
    EXPECT_NE(text.find(about), std::string::npos) << text;
    return weights(*run.b.W) == before;
  };
  FitOptions o = i.o;
  Job run(optim::Adam{.rate = 0.01});
  o.stage = "separately";
  expect(run, o, "'globally'");
  o = i.o;
  o.batch = 5;
  expect(run, o, "batch 3");
  o = i.o;
  o.recipe.settings["grammar"] = "B";
  expect(run, o, "grammar none instead of B");
  o.recipe = {};
  o.batch = i.o.batch;
  o.recipe.fingerprints["data"] = 17;
  const std::string data = i.refusal(run, o);
  EXPECT_NE(data.find("with other data;"), std::string::npos) << data;
  EXPECT_EQ(data.find("17"), std::string::npos) << "a fingerprint tells a user nothing: " << data;
  run.seed = 8;
  expect(run, i.o, "seed 7 instead of 8");
  run.seed = 7;
  Job other_optimiser(optim::Sgd{});
  expect(other_optimiser, i.o, "adam");
  Job other_model(optim::Adam{});
  other_model.b = single_label(kSamples);
  EXPECT_TRUE(expect(other_model, i.o, "other parameters"));
  Job fewer(optim::Adam{});
  TrainerCore trainer(*fewer.b.W, fewer.b.ready->schema(), loss::NegativeLogLikelihood{}, fewer.engine,
                      fewer.optimiser, 7);
  try {
    trainer.fit(fewer.b.ready->samples().first(10), {}, i.o);
    FAIL();
  } catch (const DataError& e) {
    EXPECT_NE(std::string(e.what()).find("on 20 samples, this one has 10"), std::string::npos) << e.what();
  }
  EXPECT_TRUE(std::filesystem::exists(i.o.checkpoint));  // no refusal touched it
  EXPECT_EQ(checkpoint_stage(i.o.checkpoint), "globally");
}

TEST(Checkpoint, OfAnotherKind_IsRefusedByFileName) {
  Interrupt i;
  Job run(optim::Adam{.rate = 0.01});
  const Tensor numbers(Shape{3});
  io::write_safetensors(i.o.resume, std::vector<io::NamedView>{{"weights", numbers}},
                        {{"kind", "check_reader"}});
  EXPECT_NE(i.refusal(run, i.o).find("'check_reader'"), std::string::npos);
  io::write_safetensors(i.o.resume, std::vector<io::NamedView>{{"weights", numbers}}, {});
  EXPECT_NE(i.refusal(run, i.o).find("is no checkpoint"), std::string::npos);
  std::filesystem::remove(i.o.resume);
  EXPECT_NE(i.refusal(run, i.o).find("run.ckpt"), std::string::npos);
}

TEST(Checkpoint, CutShortAnywhere_IsRefused_AndChangesNoWeight) {
  Interrupt i;
  std::ifstream in(i.o.checkpoint, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), {}};
  ASSERT_GT(whole.size(), 1000u);
  Job run(optim::Adam{.rate = 0.01});
  const std::vector<Real> before = weights(*run.b.W);
  const auto path = i.folder / "cut.ckpt";
  for (std::size_t size = 0; size < whole.size(); size += 97) {
    std::ofstream(path, std::ios::binary | std::ios::trunc).write(whole.data(), static_cast<long>(size));
    OptimState state;
    std::vector<Real> best;
    RunState progress;
    EXPECT_THROW(load_checkpoint(path, *run.b.W, state, best, progress), DataError) << size;
    EXPECT_THROW(checkpoint_stage(path), DataError) << size;
  }
  EXPECT_EQ(weights(*run.b.W), before);
}

TEST(Checkpoint, WithAnyByteChanged_IsRefused_AndChangesNoWeight) {
  Interrupt i;
  std::ifstream in(i.o.checkpoint, std::ios::binary);
  std::string whole{std::istreambuf_iterator<char>(in), {}};
  Job run(optim::Adam{.rate = 0.01});
  const std::vector<Real> before = weights(*run.b.W);
  const auto path = i.folder / "changed.ckpt";
  const auto refusal = [&] {
    std::ofstream(path, std::ios::binary | std::ios::trunc)
        .write(whole.data(), static_cast<long>(whole.size()));
    OptimState state;
    std::vector<Real> best;
    RunState progress;
    try {
      load_checkpoint(path, *run.b.W, state, best, progress);
    } catch (const DataError& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_EQ(refusal(), "");
  for (Real& w : run.b.W->flat()) w = Real(0.5);
  const std::vector<Real> untouched = weights(*run.b.W);
  EXPECT_NE(untouched, before);
  int by_checksum = 0;
  for (std::size_t at = 0; at < whole.size(); at += at + 40 < whole.size() ? 7 : 1)
    for (const char flip : {'\x01', '\x10', '\x80', '\xff'}) {
      whole[at] = static_cast<char>(whole[at] ^ flip);
      const std::string text = refusal();
      whole[at] = static_cast<char>(whole[at] ^ flip);
      ASSERT_NE(text.find("changed.ckpt"), std::string::npos) << at << ": " << text;
      by_checksum += text.find("its checksum is not") != std::string::npos;
    }
  EXPECT_GT(by_checksum, 100);
  EXPECT_EQ(weights(*run.b.W), untouched);
}

TEST(Checkpoint, CarriesWhatTheStageBeforeDid) {
  const Folder folder;
  FitOptions o = Job::options();
  o.checkpoint = folder / "run.ckpt";
  o.earlier.train.push_back(summarise({.samples = 4, .loss = 2}, 1, 3.5, false));
  o.earlier.best = 1;
  Job stopped(optim::Adam{.rate = 0.01}, [](int n) {
    if (n == 30) throw Stop();
  });
  EXPECT_THROW(stopped.fit(o), Stop);
  o.earlier = {};
  o.resume = o.checkpoint;
  Job again(optim::Adam{.rate = 0.01});
  again.fit(o);  // and writes its own checkpoints
  const History earlier = earlier_history(o.checkpoint);
  ASSERT_EQ(earlier.train.size(), 1u);
  EXPECT_EQ(earlier.train[0].loss, 0.5);
  EXPECT_EQ(earlier.train[0].seconds, 3.5);
  EXPECT_EQ(earlier.best, 1);
}

TEST(Checkpoint, HoldsEveryNumberExactly) {
  const Folder folder;
  Job run(optim::Adam{});
  Rng rng(1);
  const auto draw = [&] {
    std::vector<Real> out(run.b.W->flat().size());
    for (Real& x : out) x = static_cast<Real>(rng.normal() * 1e-7);
    return out;
  };
  OptimState state{123456789012345ULL, draw(), draw(), draw()};
  const std::vector<Real> best = draw();
  RunState p{.seed = ~0ULL,
             .epoch = 3,
             .position = 17,
             .samples = 99,
             .stage = "s\"\n",
             .recipe = {.settings = {{"loss", "nll"}}, .fingerprints = {{"data", ~0ULL}}},
             .tally = {},
             .seconds = 0.1,
             .history = {}};
  p.tally.loss = 0.1 + 0.2;
  p.tally.gap = -1e-300;
  p.best_loss = 1.0 / 3;
  p.history.train.push_back(summarise(p.tally, 1, 2.5, true));
  save_checkpoint(folder / "c", *run.b.W, state, best, p);
  Params W = run.b.W->clone();
  for (Real& w : W.flat()) w = 0;
  OptimState state2;
  std::vector<Real> best2;
  RunState p2;
  load_checkpoint(folder / "c", W, state2, best2, p2);
  EXPECT_EQ(weights(W), weights(*run.b.W));
  EXPECT_EQ(state2.steps, state.steps);
  EXPECT_EQ(state2.first, state.first);
  EXPECT_EQ(state2.second, state.second);
  EXPECT_EQ(state2.curvature, state.curvature);
  EXPECT_EQ(best2, best);
  EXPECT_EQ(p2.seed, p.seed);
  EXPECT_EQ(p2.position, 17u);
  EXPECT_EQ(p2.stage, p.stage);
  EXPECT_EQ(p2.recipe, p.recipe);
  EXPECT_EQ(p2.tally.loss, p.tally.loss);
  EXPECT_EQ(p2.tally.gap, p.tally.gap);
  EXPECT_EQ(p2.best_loss, p.best_loss);
  EXPECT_EQ(p2.best_error, kInf);
  EXPECT_EQ(p2.history.train.at(0).seconds, 2.5);
  W.flat()[0] = static_cast<Real>(std::nan(""));
  EXPECT_THROW(save_checkpoint(folder / "c", W, state, best, p), NumberError);
  EXPECT_NO_THROW(load_checkpoint(folder / "c", W, state2, best2, p2));  // the good one is still there
}

}  // namespace
}  // namespace ebm
