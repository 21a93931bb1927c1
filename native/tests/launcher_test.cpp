// The CPU launchers against the references of launcher_cases.hpp.
#include "launcher_cases.hpp"

namespace {

struct HostMemory {
    static constexpr asd_device DEVICE = ASD_DEVICE_CPU;
    void *stream() const { return nullptr; }

    template <class Value>
    class Array {
    public:
        Array(const HostMemory &, std::vector<Value> values) : values_(std::move(values)) {}
        Array(const HostMemory &, std::size_t size) : values_(size, static_cast<Value>(NAN)) {}
        Value *data() { return values_.data(); }
        const std::vector<Value> &host() const { return values_; }

    private:
        std::vector<Value> values_;
    };
};

}  // namespace

int main() {
    launchers_follow_the_reference(HostMemory{});
    return summary("launcher");
}
