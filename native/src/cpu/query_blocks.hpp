// How the queries of a scoring call are divided: into blocks, which bound the scratch memory, and these into chunks, so that a part
// of the model stays in the second-level cache while a chunk is compared with it.
#pragma once

#include <algorithm>
#include <cstdint>

namespace asd::cpu {

constexpr std::int64_t QUERY_CHUNK = 8;

// Number of queries in a block, if each needs that many values of scratch.
inline std::int64_t query_block(std::int64_t queries, std::int64_t values) {
    constexpr std::int64_t MOST = 64, SCRATCH = 1 << 20;
    return std::min(queries, std::clamp<std::int64_t>(SCRATCH / values, 1, MOST));
}

inline std::int64_t chunks_of(std::int64_t queries) { return (queries + QUERY_CHUNK - 1) / QUERY_CHUNK; }

}  // namespace asd::cpu
