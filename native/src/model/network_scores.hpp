// What the networks say about a recording: scores of its segments by each inlier model and flow, standardised, and their means.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "asd/asd.h"
#include "model.hpp"
#include "scored_groups.hpp"

namespace asd::model {

// Of all segments, by the number of bins that each is divided into: S x bins; empty if all weigh alike.
using WeightsByBins = std::map<std::int64_t, std::vector<double>>;

// The scores of one network, filled part by part.
class NetworkScores {
public:
    NetworkScores(const Network &network, const std::vector<Inlier> &models, std::int64_t segments)
        : network_(network), models_(models), segments_(segments), columns_(network.scores.size()),
          filled_(static_cast<std::size_t>(segments)) {}

    // Fails on what asd_recording_add refuses.
    asd_status add(const asd_network_output &output, std::int32_t threads);

    // The first segment without scores; -1: none.
    std::int64_t missing() const;

    std::int64_t width() const { return width_; }  // of the score maps; 0: there are none
    const Network &network() const { return network_; }

    // Of score `number` of the network: standardised means over groups, and of each segment.
    std::vector<double> of_groups(std::size_t number, const std::vector<Group> &groups, const WeightsByBins &weights) const;
    std::vector<double> of_segments(std::size_t number, const WeightsByBins &weights) const;

private:
    asd_status require_output(const asd_network_output &output) const;
    double mean(std::size_t number, const Group &group, const WeightsByBins &weights) const;
    bool is_flow(std::size_t number) const { return network_.scores[number].name == FLOW; }
    bool has_models() const { return network_.scores.size() > (network_.flow ? 1u : 0u); }

    const Network &network_;
    const std::vector<Inlier> &models_;
    std::int64_t segments_, width_ = 0;
    std::vector<std::vector<double>> columns_;  // S by an inlier model, S x width by the flow
    std::vector<char> filled_;
};

// The mean over networks, then over the scores that all of them have.
ScoredGroups average(const std::vector<NetworkScores> &networks, const std::vector<Group> &groups, const WeightsByBins &weights);

}  // namespace asd::model
