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

inline constexpr std::size_t kLosses = 14, kEngines = 19;

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
                                                            "AnnealedImportance",
                                                            "ClosedForm"};

// clang-format off
inline constexpr std::string_view kExpected[][kLosses] = {
  // ATwoClassClassifier
  {
    "TTTgggTgggggggppppg",  // energy
    "TTTgggTgggggggppppg",  // perceptron
    "TTTgggTggggpppppppg",  // hinge
    "TTTgggTggggpppppppg",  // log
    "nnngggnggggpppppppg",  // lvq2
    "TTTgggTggggpppppppg",  // mce
    "nnngggnggggpppppppg",  // square-square
    "nnngggnggggpppppppg",  // square-exponential
    "TpTpggTpgppppppppTp",  // nll
    "TpTpggTpgppppppppTp",  // mee
    "nnngggnggggpppppppg",  // contrastive-exponential
    "nnngggnggggpppppppg",  // contrastive-margin
    "ppppppppppppppggTpp",  // cd
    "ppppppppppppppggTpp",  // pcd
  },
  // AMulticlassClassifier
  {
    "TTTgggTgggggggppppg",  // energy
    "TTTgggTgggggggppppg",  // perceptron
    "TTTgggTggggpppppppg",  // hinge
    "TTTgggTggggpppppppg",  // log
    "nnngggnggggpppppppg",  // lvq2
    "TTTgggTggggpppppppg",  // mce
    "nnngggnggggpppppppg",  // square-square
    "nnngggnggggpppppppg",  // square-exponential
    "TpTpggTpgppppppppTp",  // nll
    "TpTpggTpgppppppppTp",  // mee
    "nnngggnggggpppppppg",  // contrastive-exponential
    "nnngggnggggpppppppg",  // contrastive-margin
    "ppppppppppppppggTpp",  // cd
    "ppppppppppppppggTpp",  // pcd
  },
  // FixedCentres
  {
    "TTTgggTgggggggppppg",  // energy
    "TTTgggTgggggggppppg",  // perceptron
    "TTTgggTggggpppppppg",  // hinge
    "TTTgggTggggpppppppg",  // log
    "TTTgggTggggpppppppg",  // lvq2
    "TTTgggTggggpppppppg",  // mce
    "TTTgggTggggpppppppg",  // square-square
    "TTTgggTggggpppppppg",  // square-exponential
    "TpTpggTpgppppppppTp",  // nll
    "TpTpggTpgppppppppTp",  // mee
    "TTTgggTggggpppppppg",  // contrastive-exponential
    "TTTgggTggggpppppppg",  // contrastive-margin
    "ppppppppppppppggTpp",  // cd
    "ppppppppppppppggTpp",  // pcd
  },
  // LearnedCentres
  {
    "cccgggcgggggggppppg",  // energy
    "TTTgggTgggggggppppg",  // perceptron
    "TTTgggTggggpppppppg",  // hinge
    "TTTgggTggggpppppppg",  // log
    "TTTgggTggggpppppppg",  // lvq2
    "TTTgggTggggpppppppg",  // mce
    "TTTgggTggggpppppppg",  // square-square
    "TTTgggTggggpppppppg",  // square-exponential
    "TpTpggTpgppppppppTp",  // nll
    "TpTpggTpgppppppppTp",  // mee
    "TTTgggTggggpppppppg",  // contrastive-exponential
    "TTTgggTggggpppppppg",  // contrastive-margin
    "ppppppppppppppggTpp",  // cd
    "ppppppppppppppggTpp",  // pcd
  },
  // ARegression
  {
    "gggggTTTTTTTTTppppg",  // energy
    "gggggTTTTTTTTTppppg",  // perceptron
    "gggggTTTTTTpppppppg",  // hinge
    "gggggTTTTTTpppppppg",  // log
    "gggggsnnnnnpppppppg",  // lvq2
    "gggggTTTTTTpppppppg",  // mce
    "gggggTTTTTTpppppppg",  // square-square
    "gggggTTTTTTpppppppg",  // square-exponential
    "gpgpgTgpgppppppppTp",  // nll
    "gpgpgTgpgppppppppTp",  // mee
    "gggggTTTTTTpppppppg",  // contrastive-exponential
    "gggggTTTTTTpppppppg",  // contrastive-margin
    "ppppppppppppppTTgpp",  // cd
    "ppppppppppppppTTgpp",  // pcd
  },
  // AnImplicitRegression
  {
    "gggggccccccgggppppg",  // energy
    "gggggccccccgggppppg",  // perceptron
    "gggggTTTTTTpppppppg",  // hinge
    "gggggTTTTTTpppppppg",  // log
    "gggggccccccpppppppg",  // lvq2
    "gggggTTTTTTpppppppg",  // mce
    "gggggTTTTTTpppppppg",  // square-square
    "gggggTTTTTTpppppppg",  // square-exponential
    "gpgpgTTpgppppppppTp",  // nll
    "gpgpgwwpgppppppppTp",  // mee
    "gggggTTTTTTpppppppg",  // contrastive-exponential
    "gggggTTTTTTpppppppg",  // contrastive-margin
    "ppppppppppppppTTgpp",  // cd
    "ppppppppppppppTTgpp",  // pcd
  },
  // ACrf
  {
    "TTTgggTgggggggppppg",  // energy
    "TTTgggTgggggggppppg",  // perceptron
    "TTTgggTggggpppppppg",  // hinge
    "TTTgggTggggpppppppg",  // log
    "nnngggnggggpppppppg",  // lvq2
    "TTTgggTggggpppppppg",  // mce
    "nnngggnggggpppppppg",  // square-square
    "nnngggnggggpppppppg",  // square-exponential
    "TpTpggTpgppppppppTp",  // nll
    "TpTpggTpgppppppppTp",  // mee
    "nnngggnggggpppppppg",  // contrastive-exponential
    "nnngggnggggpppppppg",  // contrastive-margin
    "ppppppppppppppggTpp",  // cd
    "ppppppppppppppggTpp",  // pcd
  },
  // ALatentTrellis
  {
    "TTTgggTgggggggppppg",  // energy
    "TTTgggTgggggggppppg",  // perceptron
    "TTTgggTggggpppppppg",  // hinge
    "TTTgggTggggpppppppg",  // log
    "nnngggnggggpppppppg",  // lvq2
    "TTTgggTggggpppppppg",  // mce
    "nnngggnggggpppppppg",  // square-square
    "nnngggnggggpppppppg",  // square-exponential
    "TpTpggTpgppppppppTp",  // nll
    "TpTpggTpgppppppppTp",  // mee
    "nnngggnggggpppppppg",  // contrastive-exponential
    "nnngggnggggpppppppg",  // contrastive-margin
    "ppppppppppppppggTpp",  // cd
    "ppppppppppppppggTpp",  // pcd
  },
  // APath
  {
    "gggTTgTgggggggppppg",  // energy
    "gggTTgTgggggggppppg",  // perceptron
    "gggTTgTggggpppppppg",  // hinge
    "gggTTgTggggpppppppg",  // log
    "gggnngnggggpppppppg",  // lvq2
    "gggTTgTggggpppppppg",  // mce
    "gggnngnggggpppppppg",  // square-square
    "gggnngnggggpppppppg",  // square-exponential
    "gpgpTgTpgppppppppgp",  // nll
    "gpgpTgTpgppppppppgp",  // mee
    "gggnngnggggpppppppg",  // contrastive-exponential
    "gggnngnggggpppppppg",  // contrastive-margin
    "ppppppppppppppgggpp",  // cd
    "ppppppppppppppgggpp",  // pcd
  },
  // ALatentPose
  {
    "gggggwwgwwwgggppppg",  // energy
    "gggggTTgTTTgggppppg",  // perceptron
    "gggggTTgTTTpppppppg",  // hinge
    "gggggTTgTTTpppppppg",  // log
    "gggggTTgTTTpppppppg",  // lvq2
    "gggggTTgTTTpppppppg",  // mce
    "gggggTTgTTTpppppppg",  // square-square
    "gggggTTgTTTpppppppg",  // square-exponential
    "gpgpgTTpTppppppppgp",  // nll
    "gpgpgTTpTppppppppgp",  // mee
    "gggggTTgTTTpppppppg",  // contrastive-exponential
    "gggggTTgTTTpppppppg",  // contrastive-margin
    "ppppppppppppppgggpp",  // cd
    "ppppppppppppppgggpp",  // pcd
  },
};
// clang-format on

}  // namespace ebm::testing
