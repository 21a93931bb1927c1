// Doubles that begin on a cache line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace asd::cpu {

class AlignedScratch {
public:
    explicit AlignedScratch(std::int64_t size) : memory_(static_cast<std::size_t>(size) + LINE) {
        const auto address = reinterpret_cast<std::uintptr_t>(memory_.data());
        begin_ = (LINE - address / sizeof(double) % LINE) % LINE;
    }
    double *begin() { return memory_.data() + begin_; }

private:
    static constexpr std::size_t LINE = 8;
    std::vector<double> memory_;
    std::size_t begin_;
};

}  // namespace asd::cpu
