// Instruction sets that sources with vector code are compiled for: AVX-512, AVX2, SSE4 and plain scalars
// (Neon and scalars on Arm). Others would only add compile time, and vectors of unknown length (SVE, RVV) do
// not fit register blocking. To be included before hwy/foreach_target.h.
#ifndef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS \
  (HWY_SSSE3 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#endif
