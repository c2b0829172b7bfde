#include "ebm/graph/truth.hpp"

#include <algorithm>

#include "ebm/core/error.hpp"

namespace ebm {

LabelSet::LabelSet(std::span<const int> labels) : label_(kSeveral), several_(labels.begin(), labels.end()) {
  if (several_.empty())
    throw GraphError("[truth] an empty set of true labels leaves no answer; leave it out if unknown");
  std::ranges::sort(several_);
  several_.erase(std::unique(several_.begin(), several_.end()), several_.end());
  if (several_.size() == 1) {
    label_ = several_.front();
    several_.clear();
  }
}

bool LabelSet::contains(int label) const {
  if (label_ == kAll) return true;
  if (label_ >= 0) return label == label_;
  return std::ranges::binary_search(several_, label);
}

bool Truth::known() const {
  return whole != Whole::product || path.has_value() || !reals.empty() ||
         std::ranges::any_of(labels, &LabelSet::known);
}

}  // namespace ebm
