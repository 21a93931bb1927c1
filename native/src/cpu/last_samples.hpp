// The last samples of a signal of any length, one after another in memory.
//
// Each is stored twice, a window apart: wherever the window begins in the first copy, it continues in the second.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace asd::cpu {

template <class Value>
class LastSamples {
public:
    explicit LastSamples(std::int64_t window) : window_(window), kept_(static_cast<std::size_t>(2 * window)) {}

    void append(const Value *values, std::int64_t count) {
        while (count > 0) {
            const std::int64_t at = received_ % window_, fits = std::min(count, window_ - at);
            std::copy_n(values, fits, kept_.data() + at);
            std::copy_n(values, fits, kept_.data() + at + window_);
            received_ += fits;
            values += fits;
            count -= fits;
        }
    }

    void clear() { received_ = 0; }

    std::int64_t received() const { return received_; }

    // The first of the last min(received, window) samples.
    const Value *begin() const { return kept_.data() + (received_ < window_ ? 0 : received_ % window_); }

private:
    std::int64_t window_;
    std::int64_t received_ = 0;
    std::vector<Value> kept_;
};

}  // namespace asd::cpu
