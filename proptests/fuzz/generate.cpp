// The entry that libFuzzer calls with each input that it makes. What is thrown ends the program, with the input in a
// file.
// After a change here run: ci/fuzz
#include <cstddef>
#include <cstdint>

#include "fuzz.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer looks for this name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    tailrace::fuzz::try_input({reinterpret_cast<const char*>(data), size});
    return 0;
}
