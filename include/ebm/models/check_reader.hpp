#pragma once
/// \file
/// Check reader (LeCun, Bottou, Bengio, Haffner 1998, sections VI and X): a field's picture becomes a lattice
/// of candidate characters, the recogniser gives every arc an energy, a grammar says what an amount may be,
/// and the reading is the path of least energy:
///   E(W, X, amount, path) = sum over arcs of G_W(piece)[class] + L_W(layout of piece)[class].
/// The amount is Y; segmentation and path are latent. Two recognisers:
///   hos   heuristic over-segmentation: pieces between cuts, LeNet-5 on each;
///   sdnn  space displacement network: LeNet-5 replicated along the field, one column every four pixels, and
///   a
///         character model that lets a character last several columns (section VII).
/// Energies are not normalised per piece, so that a piece that is no character can be refused (section VI.E).

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ebm/graph/model.hpp"
#include "ebm/models/amount_grammar.hpp"
#include "ebm/models/segmentation.hpp"

namespace ebm::models {

enum class Recogniser { hos, sdnn };
std::string_view to_string(Recogniser recogniser);
/// \throws DataError for a word that is none.
Recogniser recogniser(std::string_view name);

struct CheckReaderConfig {
  Recogniser recogniser = Recogniser::hos;
  Alphabet alphabet;
  std::string grammar_name = "digits";  ///< for people: digits, dollars or a file's name
  Automaton grammar = digit_grammar();
  double rubbish_energy =
      6;  ///< hos: where the energy of leaving a piece out starts, nats; training moves it
  InkColour ink = InkColour::dark;
  std::uint64_t seed = 1;
};

/// One judged reading of the validation fields: all that the reject threshold may be chosen from.
struct Judged {
  double confidence = 0;
  bool right = false;
};

/// The least confidence at which the error (read and wrong, of all) is at most `target_error` both as counted
/// on `judged` and as expected from a logistic calibration fitted to it (Platt 1999), which a few lucky
/// fields do not fool; above 1 when nothing may be read.
double reject_threshold(std::vector<Judged> judged, double target_error);

inline namespace EBM_PRECISION {

/// A field as the reader sees it: everything that does not depend on W. Made once per picture.
struct Check {
  std::string file;
  std::optional<std::string> amount;  ///< the label; what training knows
  Segmentation segmentation;          ///< hos
  Tensor strip;                       ///< sdnn: [1, 32, width]
  std::string reason;                 ///< why there is nothing to read; empty otherwise
  bool empty() const { return !reason.empty(); }
};

struct Reading {
  std::string amount;     ///< empty when nothing can be read
  double energy = kInf;   ///< nats, of the best path that spells it
  double confidence = 0;  ///< P(amount | field) = exp(F(all) - F(amount)), in [0, 1]
  struct Arc {
    int piece;       ///< hos: index of the piece; sdnn: the column
    char character;  ///< 0 for rubbish
    double energy;
  };
  std::vector<Arc> path;  ///< left to right
};

class CheckReader {
 public:
  explicit CheckReader(CheckReaderConfig config);
  /// \throws DataError for a file of another kind, FormatError for a damaged one.
  static CheckReader load(const std::filesystem::path& path);
  /// Written whole or not at all.
  void save(const std::filesystem::path& path) const;

  const CheckReaderConfig& config() const { return config_; }
  void set_ink(InkColour ink) { config_.ink = ink; }
  /// Takes over the weights of another reader. \throws DataError unless both have the same recogniser and
  /// characters.
  void start_from(const CheckReader& other);

  /// Normalises, and segments or cuts a strip. Const and safe for any number of threads.
  Check see(const io::Image& image, std::string file = {}, std::optional<std::string> amount = {}) const;

  /// The n best amounts, best first; empty when the picture has no ink or nothing fits the grammar. Const and
  /// safe for any number of threads.
  std::vector<Reading> read(const Check& check, int n = 1) const;
  std::vector<Reading> read(const io::Image& image, int n = 1) const { return read(see(image), n); }

  /// The paths of one field: states and arcs as the grammar leaves them; entries as expand() gives them.
  Lattice lattice(const Check& check) const;
  /// Over fields, for the trainer.
  const Model<Check>& model() const { return *model_; }
  Model<Check>& model() { return *model_; }

  Params& params() { return *params_; }
  const Params& params() const { return *params_; }
  const Net& characters() const { return characters_; }
  const Net& layout() const { return layout_; }

  std::vector<Judged> judged;  ///< of the validation fields; stored in the model
  std::string notes = "{}";    ///< JSON that travels with the model: how its training went

 private:
  CheckReaderConfig config_;
  std::unique_ptr<Params> params_;  ///< its address is held by the model
  Net characters_, layout_;
  Automaton reads_;  ///< sdnn: character model and grammar in one; hos: the grammar
  std::unique_ptr<Model<Check>> model_;
};

}  // namespace EBM_PRECISION

/// For sdnn: reads one label per column and writes characters. A character lasts one or more columns; rubbish
/// columns (label kRubbishColumn) may stand between characters, and must between two equal ones.
inline constexpr int kRubbishColumn = 1;
Automaton character_model(const Alphabet& alphabet);

}  // namespace ebm::models
