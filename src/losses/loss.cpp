#include "ebm/losses/loss.hpp"

#include <algorithm>
#include <string>

#include "ebm/losses/catalogue.hpp"

namespace ebm {

AnyLoss any_loss(std::string_view key, const LossSettings& settings) {
  const std::span<const loss::Row> rows = loss::catalogue();
  const auto row = std::ranges::find(rows, key, &loss::Row::key);
  if (row != rows.end()) return row->make(settings);
  std::string keys;
  for (std::size_t i = 0; i < rows.size(); ++i)
    keys += (i == 0 ? "" : i + 1 == rows.size() ? " or " : ", ") + std::string(rows[i].key);
  throw LossError(message("[loss] '", key, "' is no loss; write ", keys));
}

namespace loss::detail {

void refuse(std::string_view key, std::string_view what, double value, std::string_view need) {
  throw LossError(message("[loss] ", key, ": ", what, " is ", value, ", ", need));
}

void check_rescaling(std::string_view key, const Rescaling& r) {
  not_negative(key, "the margin of a wrong label", r.hamming);
  std::size_t k = 0;
  while (k * k < r.table.size()) ++k;
  if (k * k != r.table.size())
    refuse(key, "the number of entries of the margin table", static_cast<double>(r.table.size()),
           "which is no square; give [K, K], row truth, column answer");
  for (std::size_t i = 0; i < r.table.size(); ++i) {
    not_negative(key, "an entry of the margin table", r.table[i]);
    if (i % (k + 1) == 0 && r.table[i] != 0)
      refuse(key, "the margin between an answer and itself", r.table[i], "and must be 0");
  }
}

}  // namespace loss::detail
}  // namespace ebm
