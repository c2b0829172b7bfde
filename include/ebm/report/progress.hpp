#pragma once
/// \file
/// A progress bar with the time left, on stderr. On a terminal one line is drawn over and over and wiped at
/// the end; a log gets a plain line every ten seconds. Short work shows nothing.

#include <chrono>
#include <functional>
#include <iosfwd>
#include <mutex>
#include <string>

namespace ebm::report {

class Progress {
 public:
  struct Options {
    bool quiet = false;             ///< prints nothing at all
    double patience = 1;            ///< seconds of work before anything is shown
    std::ostream* out = nullptr;    ///< null: stderr, and whether it is a terminal is found out
    bool terminal = false;          ///< of `out`, when given
    int columns = 0;                ///< of the terminal; 0: asked, or 80
    std::size_t before = 0;         ///< steps done by an earlier run, which say nothing of this one's pace
    std::function<double()> clock;  ///< seconds; empty: the steady clock
  };

  /// \param total steps of work; 0 when not known: then only what is done is shown.
  Progress(std::string title, std::size_t total) : Progress(std::move(title), total, Options{}) {}
  Progress(std::string title, std::size_t total, Options options);
  ~Progress() { finish(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // All of these may be called from any thread, at any rate: drawing is rare.
  void advance(std::size_t steps = 1);
  void set(std::size_t done);
  /// A few words behind the bar, e.g. "loss 0.123".
  void note(std::string text);
  /// A line of its own above the bar, e.g. a warning; shown at once.
  void line(const std::string& text);
  /// Wipes the bar. Called by the destructor.
  void finish();

 private:
  void draw(double now);
  std::string bar(double now) const;
  void wipe();

  std::mutex mutex_;
  std::string title_, note_;
  std::size_t total_, done_ = 0;
  Options options_;
  double start_ = 0, drawn_ = 0;
  bool visible_ = false, finished_ = false;
};

}  // namespace ebm::report
