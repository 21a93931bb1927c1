// SHA-256 gives the digests of the standard's examples (FIPS 180-4, and NIST's example values for two blocks and a million letters).
#include "../src/model/sha256.hpp"

#include "check.hpp"

using asd::model::hexadecimal;
using asd::model::sha256;

int main() {
    const struct {
        std::string message;
        const char *digest;
    } examples[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
        {std::string(1000000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    };
    for (const auto &example : examples) CHECK(hexadecimal(sha256(example.message)) == example.digest);
    // The padding takes one block up to 55 bytes of rest, and two from 56 on: neighbours differ, whatever their length.
    std::string last;
    for (std::size_t length = 0; length < 200; ++length) {
        const std::string digest = hexadecimal(sha256(std::string(length, '\0')));
        CHECK(digest.size() == 64 && digest != last);
        last = digest;
    }
    return summary("sha256");
}
