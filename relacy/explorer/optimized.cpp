// The target `optimized`, and those of its geometries in proptests/kit/src/target/geometries.hpp that are simulated.
#include <cstddef>
#include <cstdint>

#include "explorer/explore.hpp"
#include "explorer/play.hpp"
#include "kernel/optimized.hpp"

// With a name, as the frames of coroutines have these types in theirs.
namespace tailrace::relacy::in_geometries {

constexpr std::uint64_t ticket_wrap = std::uint64_t{1} << 36;

struct moving_pairs : relacy_platform {
    static constexpr std::uint64_t first_ticket = ticket_wrap - 3;
    static constexpr std::uint64_t ring_bytes = 0;
    static constexpr std::uint64_t kept_bytes = 0;
};
struct pairs_in_place : relacy_platform {
    static constexpr std::uint64_t first_ticket = ticket_wrap - 2;
};

template <class Platform>
struct optimized_with : optimized {
    template <class T>
    static auto open(std::size_t capacity) {
        return channel<T, Platform>(capacity);
    }
};

// A step that waits awaits its operation in a coroutine.
struct awaited_in_place : optimized_with<pairs_in_place> {
    static constexpr bool awaits = true;
};

[[maybe_unused]] const bool enrolled = enroll_player<play<optimized>>("optimized") &&
                                       enroll_player<play<optimized_with<moving_pairs>>>("optimized:slots=2") &&
                                       enroll_player<play<awaited_in_place>>("optimized:in-place");

}  // namespace tailrace::relacy::in_geometries
