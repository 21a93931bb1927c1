// Negative log-likelihood of queries under a Gaussian mixture with full covariances (Fujimura 2023, Sec. 4.2).
//
// A work item is a component and a chunk of queries: a component's factor is read once for the chunk.
#include <vector>

#include "../kernels/inlier_models.hpp"
#include "../kernels/lane_sum.hpp"
#include "../kernels/log_sum_exp.hpp"
#include "isa_kernels.hpp"
#include "launchers.hpp"
#include "parallel_for.hpp"
#include "query_blocks.hpp"

namespace asd::cpu {

using kernels::GmmModel;
using std::int64_t;

namespace {

// Log of weight times density, without the constant that all components share. scratch: twice the dimensions.
double log_share(const IsaKernels &isa, const GmmModel &model, int64_t component, const float *modelled, double *scratch) {
    double *difference = scratch, *whitened = scratch + model.dimensions;
    const float *mean = model.mean(component);
    for (int64_t i = 0; i < model.dimensions; ++i) difference[i] = static_cast<double>(modelled[i] - mean[i]);
    isa.triangle_product_packed(model.factor(component), difference, whitened);
    const double squared = kernels::lane_sum(kernels::RoundedSquare{whitened}, model.dimensions);
    return model.log_peaks[component] - 0.5 * squared;
}

}  // namespace

template <class Value>
void gmm_score(const Value *queries, int64_t count, const GmmModel &model, std::int32_t threads_wanted, double *scores) {
    const IsaKernels &isa = isa_kernels();
    const int64_t dimensions = model.dimensions, components = model.components;
    const int64_t block = query_block(count, dimensions + components);
    const int64_t threads = thread_count(threads_wanted, components * chunks_of(block));
    std::vector<float> modelled(static_cast<std::size_t>(block * dimensions));
    std::vector<double> shares(static_cast<std::size_t>(block * components));
    std::vector<double> scratch(static_cast<std::size_t>(threads * 2 * dimensions));
    for (int64_t first = 0; first < count; first += block) {
        const int64_t here = std::min(block, count - first);
        const Value *own = queries + first * dimensions;
        for (int64_t query = 0; query < here; ++query)
            for (int64_t i = 0; i < dimensions; ++i)
                modelled[static_cast<std::size_t>(query * dimensions + i)] = model.modelled(own + query * dimensions, i);
        parallel_for(components * chunks_of(here), threads, [&](int64_t item, int64_t thread) {
            const int64_t component = item % components, begin = item / components * QUERY_CHUNK;
            for (int64_t query = begin; query < std::min(begin + QUERY_CHUNK, here); ++query)
                shares[static_cast<std::size_t>(query * components + component)] =
                    log_share(isa, model, component, modelled.data() + query * dimensions,
                              scratch.data() + thread * 2 * dimensions);
        });
        for (int64_t query = 0; query < here; ++query)
            scores[first + query] = model.score(kernels::log_sum_exp(shares.data() + query * components, components));
    }
}

template void gmm_score(const float *, int64_t, const GmmModel &, std::int32_t, double *);
template void gmm_score(const double *, int64_t, const GmmModel &, std::int32_t, double *);

}  // namespace asd::cpu
