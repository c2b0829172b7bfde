#include "ebm/report/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <utility>

namespace ebm::report {
namespace {

constexpr double kRedraw = 0.1;  // seconds between two drawings on a terminal
constexpr double kLogged = 10;   // and between two lines of a log
constexpr const char* kWipe = "\r\x1b[K";

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

int terminal_columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/// "0:08", "12:40", "1:02:03"
std::string clock_time(double seconds) {
  const auto whole = static_cast<long long>(std::ceil(std::clamp(seconds, 0.0, 1e12)));
  return whole < 3600 ? fmt::format("{}:{:02}", whole / 60, whole % 60)
                      : fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

/// At most `columns` code points, never half of one.
std::string cut(std::string text, int columns) {
  int seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80 && seen++ == columns) return text.substr(0, i);
  return text;
}

}  // namespace

Progress::Progress(std::string title, std::size_t total, Options options)
    : title_(std::move(title)), total_(total), done_(options.before), options_(std::move(options)) {
  if (options_.out == nullptr) {
    options_.out = &std::cerr;
    options_.terminal = ::isatty(STDERR_FILENO) == 1;
  }
  if (options_.columns <= 0) options_.columns = options_.terminal ? terminal_columns() : 80;
  if (!options_.clock) options_.clock = steady_seconds;
  start_ = drawn_ = options_.clock();
}

void Progress::advance(std::size_t steps) {
  const std::scoped_lock lock(mutex_);
  done_ += steps;
  draw(options_.clock());
}

void Progress::set(std::size_t done) {
  const std::scoped_lock lock(mutex_);
  done_ = done;
  draw(options_.clock());
}

void Progress::note(std::string text) {
  const std::scoped_lock lock(mutex_);
  note_ = std::move(text);
}

void Progress::line(const std::string& text) {
  const std::scoped_lock lock(mutex_);
  if (options_.quiet) return;
  wipe();
  *options_.out << text << std::endl;
}

void Progress::finish() {
  const std::scoped_lock lock(mutex_);
  finished_ = true;
  wipe();
}

void Progress::wipe() {
  if (!std::exchange(visible_, false)) return;
  *options_.out << kWipe << std::flush;
}

void Progress::draw(double now) {
  if (options_.quiet || finished_ || now - start_ < options_.patience) return;
  if (now - drawn_ < (options_.terminal ? kRedraw : kLogged)) return;
  drawn_ = now;
  if (options_.terminal) {
    *options_.out << kWipe << bar(now) << std::flush;
    visible_ = true;
  } else {
    *options_.out << bar(now) << std::endl;
  }
}

std::string Progress::bar(double now) const {
  const double elapsed = now - start_;
  const std::string note = note_.empty() ? "" : "  " + note_;
  if (total_ == 0)
    return cut(fmt::format("{}  {} done, {}{}", title_, done_, clock_time(elapsed), note),
               options_.columns - 1);
  const std::size_t done = std::min(done_, total_);
  const double part = static_cast<double>(done) / static_cast<double>(total_);
  const double here = static_cast<double>(done) - static_cast<double>(options_.before);
  const std::string left =
      here > 0 ? clock_time(elapsed * static_cast<double>(total_ - done) / here) + " left" : "";
  const std::string behind = fmt::format(" {:3.0f} %  {}{}", std::floor(100 * part), left, note);
  if (!options_.terminal) return fmt::format("{}: {} of {},{}", title_, done_, total_, behind);
  constexpr int kLongest = 30, kShortest = 5,
                kFrame = 5;  // cells of the bar; its brackets and the space around
  const int room = options_.columns - static_cast<int>(title_.size() + behind.size()) - kFrame;
  const int cells = std::clamp(room, kShortest, kLongest), full = static_cast<int>(part * cells);
  return cut(fmt::format("{}  [{:=>{}}{:>{}}]{}", title_, "", full, "", cells - full, behind),
             options_.columns - 1);
}

}  // namespace ebm::report
