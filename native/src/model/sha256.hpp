// SHA-256 (FIPS 180-4), to tell whether a model's files are those that were written.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace asd::model {

using Sha256 = std::array<unsigned char, 32>;

Sha256 sha256(std::string_view bytes);

// As 64 lower-case hexadecimal digits.
std::string hexadecimal(const Sha256 &digest);

}  // namespace asd::model
