#pragma once
// dlib's join tree, apart from our headers.

#include <string>

// All marginals of a Bayesian network in UAI text given evidence: the sum of their squares.
double join_tree_marginals(const std::string& uai, const std::string& evidence);
