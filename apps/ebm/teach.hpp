#pragma once
// The classroom: chapters that run something and say what is seen. Each gives its text, its widgets (drawn by
// the page's script from data) and the data itself, which also stand in the JSON file.

#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ebm/report/page.hpp"
#include "ebm/report/progress.hpp"

namespace ebm::app {

struct Lesson {
  std::uint64_t seed = 1;
  int passes = 150;         // of the parabola
  std::string_view loss{};  // the only one to run; empty: all
};

struct Chapter {
  std::string_view name, title;
  std::vector<std::string_view> losses;  // that --loss chooses from; empty: it runs no single one
  std::function<std::size_t(const Lesson&)> steps;
  // Adds to the page and gives the data, an object.
  std::function<nlohmann::json(const Lesson&, report::Page&, report::Progress&)> run;
};

Chapter parabola_chapter();
Chapter classifiers_chapter();
Chapter arrows_chapter();
Chapter beta_chapter();
Chapter latent_chapter();
Chapter descent_chapter();

// A place in the page that the script fills: `widget` names the function, `source` its part of the data.
std::string widget(std::string_view widget, std::string_view source);
// Numbers as bytes in base64, 0 for low and 255 for high.
std::string quantised(std::span<const float> values, double low, double high);
// Few digits: a page is no place for more.
double rounded(double value, int digits = 5);
nlohmann::json rounded(std::span<const double> values, int digits = 5);

// The page with the data and the script inside.
std::string with_script(std::string html, const nlohmann::json& data);

}  // namespace ebm::app
