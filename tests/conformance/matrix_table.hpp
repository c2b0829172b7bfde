#pragma once
/// \file
/// What becomes of every loss (rows, in the order of loss::catalogue) on every architecture (blocks, in the
/// order of kArchitectures) with every engine (columns, in the order of kEngineNames).
///
///   T  trains: the loss falls or is at its floor, and the answers are better than chance
///   c  trains, and the report says that the energy has collapsed: energy, perceptron and lvq2 are at their
///   least
///      on a flat surface, which implicit regression and learned centres can make (LeCun et al. 2006, section
///      4)
///   w  trains, and the report says that most answers stay wrong. Energy on the latent pose: the truth of
///   half the
///      samples has a constant energy, and nothing pushes the others up. MEE where nearly all samples are
///      improbable: its slope P (1 - P) vanishes there
///   s  stands still, and the report says that samples have a loss without a slope: lvq2 with an offending
///   energy
///      next to 0 is cut off at 1
///   p  does not compile, and is refused by name: the engine lacks a power that the loss needs
///   g  refused by the engine, for this graph
///   n  refused by the loss, for energies below 0, or an offending one of exactly 0 for lvq2

#include <cstddef>
#include <string_view>

namespace ebm::testing {

inline constexpr std::size_t kLosses = 14, kEngines = 18;

inline constexpr std::string_view kEngineNames[kEngines] = {"Exhaustive",
                                                            "MinSum",
                                                            "SumProduct",
                                                            "ShortestPath",
                                                            "ForwardBackward",
                                                            "Grid",
                                                            "Automatic",
                                                            "GradientDescent",
                                                            "NestedLabelsOutside",
                                                            "NestedRealsOutside",
                                                            "Alternating",
                                                            "LeastSquares",
                                                            "Lbfgs",
                                                            "LevenbergMarquardt",
                                                            "Langevin",
                                                            "Hamiltonian",
                                                            "Gibbs",
                                                            "AnnealedImportance"};

// clang-format off
inline constexpr std::string_view kExpected[][kLosses] = {
  // ATwoClassClassifier
  {
    "TTTgggTgggggggpppp",  // energy
    "TTTgggTgggggggpppp",  // perceptron
    "TTTgggTggggppppppp",  // hinge
    "TTTgggTggggppppppp",  // log
    "nnngggnggggppppppp",  // lvq2
    "TTTgggTggggppppppp",  // mce
    "nnngggnggggppppppp",  // square-square
    "nnngggnggggppppppp",  // square-exponential
    "TpTpggTpgppppppppT",  // nll
    "TpTpggTpgppppppppT",  // mee
    "nnngggnggggppppppp",  // contrastive-exponential
    "nnngggnggggppppppp",  // contrastive-margin
    "ppppppppppppppggTp",  // cd
    "ppppppppppppppggTp",  // pcd
  },
  // AMulticlassClassifier
  {
    "TTTgggTgggggggpppp",  // energy
    "TTTgggTgggggggpppp",  // perceptron
    "TTTgggTggggppppppp",  // hinge
    "TTTgggTggggppppppp",  // log
    "nnngggnggggppppppp",  // lvq2
    "TTTgggTggggppppppp",  // mce
    "nnngggnggggppppppp",  // square-square
    "nnngggnggggppppppp",  // square-exponential
    "TpTpggTpgppppppppT",  // nll
    "TpTpggTpgppppppppT",  // mee
    "nnngggnggggppppppp",  // contrastive-exponential
    "nnngggnggggppppppp",  // contrastive-margin
    "ppppppppppppppggTp",  // cd
    "ppppppppppppppggTp",  // pcd
  },
  // FixedCentres
  {
    "TTTgggTgggggggpppp",  // energy
    "TTTgggTgggggggpppp",  // perceptron
    "TTTgggTggggppppppp",  // hinge
    "TTTgggTggggppppppp",  // log
    "TTTgggTggggppppppp",  // lvq2
    "TTTgggTggggppppppp",  // mce
    "TTTgggTggggppppppp",  // square-square
    "TTTgggTggggppppppp",  // square-exponential
    "TpTpggTpgppppppppT",  // nll
    "TpTpggTpgppppppppT",  // mee
    "TTTgggTggggppppppp",  // contrastive-exponential
    "TTTgggTggggppppppp",  // contrastive-margin
    "ppppppppppppppggTp",  // cd
    "ppppppppppppppggTp",  // pcd
  },
  // LearnedCentres
  {
    "cccgggcgggggggpppp",  // energy
    "TTTgggTgggggggpppp",  // perceptron
    "TTTgggTggggppppppp",  // hinge
    "TTTgggTggggppppppp",  // log
    "TTTgggTggggppppppp",  // lvq2
    "TTTgggTggggppppppp",  // mce
    "TTTgggTggggppppppp",  // square-square
    "TTTgggTggggppppppp",  // square-exponential
    "TpTpggTpgppppppppT",  // nll
    "TpTpggTpgppppppppT",  // mee
    "TTTgggTggggppppppp",  // contrastive-exponential
    "TTTgggTggggppppppp",  // contrastive-margin
    "ppppppppppppppggTp",  // cd
    "ppppppppppppppggTp",  // pcd
  },
  // ARegression
  {
    "gggggTTTTTTTTTpppp",  // energy
    "gggggTTTTTTTTTpppp",  // perceptron
    "gggggTTTTTTppppppp",  // hinge
    "gggggTTTTTTppppppp",  // log
    "gggggsnnnnnppppppp",  // lvq2
    "gggggTTTTTTppppppp",  // mce
    "gggggTTTTTTppppppp",  // square-square
    "gggggTTTTTTppppppp",  // square-exponential
    "gpgpgTgpgppppppppT",  // nll
    "gpgpgTgpgppppppppT",  // mee
    "gggggTTTTTTppppppp",  // contrastive-exponential
    "gggggTTTTTTppppppp",  // contrastive-margin
    "ppppppppppppppTTgp",  // cd
    "ppppppppppppppTTgp",  // pcd
  },
  // AnImplicitRegression
  {
    "gggggccccccgggpppp",  // energy
    "gggggccccccgggpppp",  // perceptron
    "gggggTTTTTTppppppp",  // hinge
    "gggggTTTTTTppppppp",  // log
    "gggggccccccppppppp",  // lvq2
    "gggggTTTTTTppppppp",  // mce
    "gggggTTTTTTppppppp",  // square-square
    "gggggTTTTTTppppppp",  // square-exponential
    "gpgpgTTpgppppppppT",  // nll
    "gpgpgwwpgppppppppT",  // mee
    "gggggTTTTTTppppppp",  // contrastive-exponential
    "gggggTTTTTTppppppp",  // contrastive-margin
    "ppppppppppppppTTgp",  // cd
    "ppppppppppppppTTgp",  // pcd
  },
  // ACrf
  {
    "TTTgggTgggggggpppp",  // energy
    "TTTgggTgggggggpppp",  // perceptron
    "TTTgggTggggppppppp",  // hinge
    "TTTgggTggggppppppp",  // log
    "nnngggnggggppppppp",  // lvq2
    "TTTgggTggggppppppp",  // mce
    "nnngggnggggppppppp",  // square-square
    "nnngggnggggppppppp",  // square-exponential
    "TpTpggTpgppppppppT",  // nll
    "TpTpggTpgppppppppT",  // mee
    "nnngggnggggppppppp",  // contrastive-exponential
    "nnngggnggggppppppp",  // contrastive-margin
    "ppppppppppppppggTp",  // cd
    "ppppppppppppppggTp",  // pcd
  },
  // ALatentTrellis
  {
    "TTTgggTgggggggpppp",  // energy
    "TTTgggTgggggggpppp",  // perceptron
    "TTTgggTggggppppppp",  // hinge
    "TTTgggTggggppppppp",  // log
    "nnngggnggggppppppp",  // lvq2
    "TTTgggTggggppppppp",  // mce
    "nnngggnggggppppppp",  // square-square
    "nnngggnggggppppppp",  // square-exponential
    "TpTpggTpgppppppppT",  // nll
    "TpTpggTpgppppppppT",  // mee
    "nnngggnggggppppppp",  // contrastive-exponential
    "nnngggnggggppppppp",  // contrastive-margin
    "ppppppppppppppggTp",  // cd
    "ppppppppppppppggTp",  // pcd
  },
  // APath
  {
    "gggTTgTgggggggpppp",  // energy
    "gggTTgTgggggggpppp",  // perceptron
    "gggTTgTggggppppppp",  // hinge
    "gggTTgTggggppppppp",  // log
    "gggnngnggggppppppp",  // lvq2
    "gggTTgTggggppppppp",  // mce
    "gggnngnggggppppppp",  // square-square
    "gggnngnggggppppppp",  // square-exponential
    "gpgpTgTpgppppppppg",  // nll
    "gpgpTgTpgppppppppg",  // mee
    "gggnngnggggppppppp",  // contrastive-exponential
    "gggnngnggggppppppp",  // contrastive-margin
    "ppppppppppppppgggp",  // cd
    "ppppppppppppppgggp",  // pcd
  },
  // ALatentPose
  {
    "gggggwwgwwwgggpppp",  // energy
    "gggggTTgTTTgggpppp",  // perceptron
    "gggggTTgTTTppppppp",  // hinge
    "gggggTTgTTTppppppp",  // log
    "gggggTTgTTTppppppp",  // lvq2
    "gggggTTgTTTppppppp",  // mce
    "gggggTTgTTTppppppp",  // square-square
    "gggggTTgTTTppppppp",  // square-exponential
    "gpgpgTTpTppppppppg",  // nll
    "gpgpgTTpTppppppppg",  // mee
    "gggggTTgTTTppppppp",  // contrastive-exponential
    "gggggTTgTTTppppppp",  // contrastive-margin
    "ppppppppppppppgggp",  // cd
    "ppppppppppppppgggp",  // pcd
  },
};
// clang-format on

}  // namespace ebm::testing
