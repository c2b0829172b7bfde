#pragma once
// dlib's chain engine called in a loop: it has no batches. Behind an interface without its types.

#include <vector>

// The sum of all best paths' totals of chains [B, T, K] with one table [K, K], both minus our energies.
double dlib_viterbi(int batch, int length, int labels_of, const std::vector<float>& unary,
                    const std::vector<float>& pair);
