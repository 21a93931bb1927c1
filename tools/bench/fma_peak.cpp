// What one thread can multiply and add at most: independent chains of fused multiply-adds in the widest vectors of this
// processor, more of them than it takes cycles for one to end.
#include <cstdint>

#if defined(__AVX512F__)
constexpr int LANES = 8;
#elif defined(__AVX__)
constexpr int LANES = 4;
#else
constexpr int LANES = 2;
#endif
typedef double Lanes __attribute__((vector_size(LANES * sizeof(double))));

constexpr int CHAINS = 12;

// Returns the multiplications and additions done, in double.
extern "C" double fma_peak(std::int64_t rounds, double *sink) {
    Lanes chain[CHAINS], factor{}, term{};
    for (int i = 0; i < CHAINS; ++i) chain[i] = Lanes{} + i;
    factor += 0.999;
    term += 1e-3;
    for (std::int64_t round = 0; round < rounds; ++round)
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; ++i) chain[i] = chain[i] * factor + term;
    for (int i = 0; i < CHAINS; ++i) *sink += chain[i][0];
    return 2.0 * CHAINS * LANES * static_cast<double>(rounds);
}
