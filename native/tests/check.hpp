// A check that continues after a failure; main prints the counts and returns 1 if one failed.
#pragma once

#include <cmath>
#include <cstdio>

inline int checks = 0;
inline int failures = 0;

inline void check_that(bool holds, const char *what, const char *file, int line) {
    ++checks;
    if (holds) return;
    if (++failures <= 20) std::printf("%s:%d: failed: %s\n", file, line, what);
}

#define CHECK(condition) check_that((condition), #condition, __FILE__, __LINE__)
#define CHECK_NEAR(a, b, tolerance) check_that(std::abs((a) - (b)) <= (tolerance), #a " near " #b, __FILE__, __LINE__)

inline int summary(const char *name) {
    std::printf("%s: %d checks, %d failed\n", name, checks, failures);
    return checks > 0 && failures == 0 ? 0 : 1;
}
