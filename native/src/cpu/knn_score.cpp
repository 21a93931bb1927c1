// Mean distance of whitened queries to the nearest training vectors (Fujimura 2023, Sec. 4.2).
//
// A work item is a tile of training vectors and a chunk of queries. Each thread keeps the nearest that it has seen; they are
// merged at the end. The k smallest numbers are the same, however they are found.
#include <vector>

#include "../kernels/inlier_models.hpp"
#include "isa_kernels.hpp"
#include "launchers.hpp"
#include "nearest.hpp"
#include "parallel_for.hpp"
#include "query_blocks.hpp"

namespace asd::cpu {
namespace {

using kernels::KnnModel;
using std::int64_t;

constexpr int64_t TILE_VALUES = 1 << 15;  // 128 KiB, a part of the second-level cache

class Search {
public:
    Search(const KnnModel &model, int64_t queries, std::int32_t threads_wanted)
        : model_(model), threads_wanted_(threads_wanted), queries_(queries),
          tile_rows_(std::clamp<int64_t>(TILE_VALUES / model.dimensions, 1, model.vectors)),
          tiles_((model.vectors + tile_rows_ - 1) / tile_rows_),
          threads_(thread_count(threads_wanted, tiles_ * chunks_of(queries))),
          whitening_(elements(thread_count(threads_wanted, queries), 2 * model.dimensions)),
          whitened_(elements(queries, model.dimensions)), squared_(elements(threads_, tile_rows_)),
          kept_(elements(threads_ * queries, model.neighbours)), nearest_(elements(threads_, queries)) {}

    // Of as many queries as were announced, or fewer.
    template <class Value>
    void run(const Value *queries, int64_t count, double *scores) {
        parallel_for(count, thread_count(threads_wanted_, count), [&](int64_t query, int64_t thread) {
            whiten(queries + query * model_.dimensions, whitening_.data() + thread * 2 * model_.dimensions,
                   whitened_.data() + query * model_.dimensions);
        });
        for (std::size_t i = 0; i < nearest_.size(); ++i)
            nearest_[i] = {kept_.data() + static_cast<int64_t>(i) * model_.neighbours, model_.neighbours, 0};
        parallel_for(tiles_ * chunks_of(count), threads_, [&](int64_t item, int64_t thread) {
            const int64_t begin = item / tiles_ * QUERY_CHUNK, end = std::min(begin + QUERY_CHUNK, count);
            for (int64_t query = begin; query < end; ++query) visit(item % tiles_, query, thread);
        });
        for (int64_t query = 0; query < count; ++query) {
            for (int64_t thread = 1; thread < threads_; ++thread) nearest(0, query).take(nearest(thread, query));
            scores[query] = nearest(0, query).mean_root();
        }
    }

private:
    static std::size_t elements(int64_t a, int64_t b) { return static_cast<std::size_t>(a * b); }

    Nearest &nearest(int64_t thread, int64_t query) { return nearest_[elements(thread, queries_) + elements(query, 1)]; }

    // If float32 overflows, every distance is infinite or NaN.
    template <class Value>
    void whiten(const Value *query, double *scratch, float *whitened) const {
        double *centred = scratch, *product = scratch + model_.dimensions;
        for (int64_t i = 0; i < model_.dimensions; ++i) centred[i] = model_.centred(query, i);
        isa_.triangle_product_full(model_.whitening, centred, product);
        for (int64_t i = 0; i < model_.dimensions; ++i) whitened[i] = static_cast<float>(product[i]);
    }

    void visit(int64_t tile, int64_t query, int64_t thread) {
        const int64_t first = tile * tile_rows_, rows = std::min(tile_rows_, model_.vectors - first);
        float *squared = squared_.data() + thread * tile_rows_;
        isa_.squared_distances(model_.training + first * model_.dimensions, rows, model_.dimensions,
                               whitened_.data() + query * model_.dimensions, squared);
        if (model_.weights)
            for (int64_t row = 0; row < rows; ++row) squared[row] *= model_.weights[first + row];
        for (int64_t row = 0; row < rows; ++row) nearest(thread, query).offer(squared[row]);
    }

    const IsaKernels &isa_ = isa_kernels();
    const KnnModel &model_;
    std::int32_t threads_wanted_;
    int64_t queries_, tile_rows_, tiles_, threads_;
    std::vector<double> whitening_;
    std::vector<float> whitened_, squared_, kept_;
    std::vector<Nearest> nearest_;
};

}  // namespace

template <class Value>
void knn_score(const Value *queries, int64_t count, const KnnModel &model, std::int32_t threads, double *scores) {
    const int64_t block = query_block(count, model.dimensions + model.neighbours);
    Search search(model, block, threads);
    for (int64_t first = 0; first < count; first += block)
        search.run(queries + first * model.dimensions, std::min(block, count - first), scores + first);
}

template void knn_score(const float *, int64_t, const KnnModel &, std::int32_t, double *);
template void knn_score(const double *, int64_t, const KnnModel &, std::int32_t, double *);

}  // namespace asd::cpu
