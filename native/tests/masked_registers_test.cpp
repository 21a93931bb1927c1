// No instruction set is chosen whose registers the operating system does not save, whatever the processor has.
//
// Systems say so in the register XCR0, which the instruction XGETBV reads. This program runs itself as a traced child (ptrace)
// with a breakpoint at each XGETBV, and answers in its place with some bits cleared, as a system, a hypervisor or a boot
// option that disables AVX or AVX-512 would. Linked to a fixed address, so that the code has the same place in both processes.
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "asd/asd.h"
#include "check.hpp"

extern "C" const unsigned char __executable_start, etext;  // of the linker

namespace {

constexpr unsigned long long AVX = 1u << 2, AVX512 = 7u << 5;  // Intel's manual, vol. 1, sec. 13.3
const std::string LEVELS[] = {"baseline", "avx2", "avx512"};
constexpr int NOT_TRACED = 77;

int chosen_level() {
    asd_build build = ASD_BUILD_INIT;
    asd_build_info(&build);
    for (int level = 0; level < 3; ++level)
        if (LEVELS[level] == build.instruction_set) return level;
    return -1;
}

std::vector<const unsigned char *> places_of_xgetbv() {
    const unsigned char code[] = {0x0f, 0x01, 0xd0};
    std::vector<const unsigned char *> places;
    for (const unsigned char *at = &__executable_start; at + sizeof code <= &etext; ++at)
        if (std::memcmp(at, code, sizeof code) == 0) places.push_back(at);
    return places;
}

unsigned long long xgetbv() {
    unsigned int low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return static_cast<unsigned long long>(high) << 32 | low;
}

void set_breakpoint(pid_t child, const unsigned char *place) {
    const long word = ptrace(PTRACE_PEEKTEXT, child, place, nullptr);
    ptrace(PTRACE_POKETEXT, child, place, (word & ~0xffL) | 0xcc);
}

// The child has stopped after a breakpoint and continues after XGETBV.
void answer_without(pid_t child, unsigned long long bits) {
    user_regs_struct registers;
    ptrace(PTRACE_GETREGS, child, nullptr, &registers);
    const unsigned long long answer = xgetbv() & ~bits;
    registers.rax = answer & 0xffffffff;
    registers.rdx = answer >> 32;
    registers.rip += 2;
    ptrace(PTRACE_SETREGS, child, nullptr, &registers);
}

// What the program chooses if XCR0 lacks these bits; NOT_TRACED if ptrace is forbidden.
int level_without(unsigned long long bits, int *answers) {
    const pid_t child = fork();
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(NOT_TRACED);
        execl("/proc/self/exe", "masked_registers_test", "child", nullptr);
        _exit(NOT_TRACED);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) return NOT_TRACED;
    if (WIFSTOPPED(status))
        for (const unsigned char *place : places_of_xgetbv()) set_breakpoint(child, place);
    while (WIFSTOPPED(status)) {
        if (ptrace(PTRACE_CONT, child, nullptr, nullptr) != 0 || waitpid(child, &status, 0) != child) return -1;
        if (!WIFSTOPPED(status)) break;
        if (WSTOPSIG(status) != SIGTRAP) return -1;
        answer_without(child, bits);
        ++*answers;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

int main(int argc, char **) {
    if (argc > 1) return chosen_level();
    int answers = 0;
    const int all = level_without(0, &answers);
    if (all == NOT_TRACED) {
        std::printf("skipped: this system lets no program trace its own child (ptrace)\n");
        return NOT_TRACED;
    }
    CHECK(all == chosen_level());
    CHECK(all == 0 || answers > 0);
    CHECK(level_without(AVX512, &answers) == (all == 0 ? 0 : 1));
    CHECK(level_without(AVX | AVX512, &answers) == 0);
    return summary("masked_registers");
}
