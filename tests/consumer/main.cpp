// What a user's program needs of an installed ebm: includes, and one library to link.
#include <ebm/core/params.hpp>
#include <ebm/core/pool.hpp>
#include <ebm/core/semiring.hpp>
#include <iostream>

int main() {
  ebm::Params params;
  const ebm::Param w = params.uniform("energies", {4}, 1.0);
  ebm::parallel_for(4, [&](std::size_t i) { params.view(w)[i] += static_cast<ebm::Real>(i); });
  double minimum = ebm::MinPlus::zero(), free_energy = ebm::LogSum::zero();
  for (const double energy : params.view(w).span()) {
    minimum = ebm::MinPlus::join(minimum, energy);
    free_energy = ebm::LogSum::join(free_energy, energy);
  }
  std::cout << "minimum " << minimum << ", free energy " << free_energy << " nats\n";
  return free_energy < minimum ? 0 : 1;  // alternatives only lower it
}
