#pragma once
/// \file
/// What engines remember of one structure: an order of elimination, a colouring, who reads which variable.
/// Each is made when first asked for and then serves every batch.

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace ebm {

class Plans {
 public:
  Plans() = default;
  /// A copy is about to become another structure, so nothing is taken over.
  Plans(const Plans&) {}
  Plans& operator=(const Plans&) {
    const std::scoped_lock lock(mutex_);
    plans_.clear();
    return *this;
  }

  /// The plan of type P, by `make()` the first time; other threads wait for it. `make` may not ask for plans
  /// itself; what it throws is passed on, and the next call tries again.
  template <class P, class Make>
  const P& get(const Make& make) const {
    const std::scoped_lock lock(mutex_);
    for (const auto& [type, plan] : plans_)
      if (type == &kType<P>) return *static_cast<const P*>(plan.get());
    auto made = std::make_shared<const P>(make());
    plans_.emplace_back(&kType<P>, made);
    return *made;
  }

 private:
  template <class P>
  static constexpr char kType = 0;  ///< its address names the type
  mutable std::mutex mutex_;
  mutable std::vector<std::pair<const char*, std::shared_ptr<const void>>> plans_;
};

}  // namespace ebm
