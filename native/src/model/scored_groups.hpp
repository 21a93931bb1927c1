// Scores of groups of segments: all audible ones of a recording, then those of each stretch that has any.
#pragma once

#include <cstdint>
#include <vector>

namespace asd::model {

using Group = std::vector<std::int64_t>;

// A detector's scores, or the joined ones.
struct ScoredGroups {
    std::vector<double> groups;                 // of each group
    std::vector<std::vector<double>> segments;  // of each group, one for each of its segments
};

}  // namespace asd::model
