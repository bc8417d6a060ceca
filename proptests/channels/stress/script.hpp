// The plan of a round: generated only from the seed and the number of the round.
// After a change here run: ci/test -L stress
#pragma once

#include <fmt/core.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

namespace tailrace::verify::stress {

/// splitmix64: small, and good from any seed.
class random_engine {
  public:
    explicit random_engine(std::uint64_t seed) noexcept : state_(seed) {}

    std::uint64_t next() noexcept {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
    /// 0 <= result < n
    unsigned below(unsigned n) noexcept { return static_cast<unsigned>(next() % n); }
    bool one_in(unsigned n) noexcept { return below(n) == 0; }

  private:
    std::uint64_t state_;
};

/// How a round ends.
enum class ending : unsigned char {
    open,     // never: the receiver stops after the farewell of every sender
    senders,  // the last sender is dropped
    close,    // the receiver closes and takes the rest
    drop      // the receiver is dropped, with or without closing first
};

struct plan {
    std::uint64_t seed;
    std::uint64_t round;
    ending end;
    std::size_t capacity;
    unsigned senders;
    unsigned listeners;  // wait for the close; only in rounds with a close

    static plan draw(std::uint64_t seed, std::uint64_t round) noexcept {
        random_engine random(seed ^ random_engine(round).next());
        constexpr std::array<std::size_t, 6> capacities = {1, 1, 1, 2, 3, 8};
        plan p{.seed = random.next(),
               .round = round,
               .end = static_cast<ending>(random.below(4)),
               .capacity = capacities[random.below(capacities.size())],
               .senders = 2 + random.below(3),
               .listeners = 0};
        if (p.will_close()) p.listeners = random.below(2);
        return p;
    }

    /// The receiver is worker 0.
    [[nodiscard]] unsigned workers() const noexcept { return 1 + senders + listeners; }
    [[nodiscard]] bool will_close() const noexcept { return end == ending::close || end == ending::drop; }
    [[nodiscard]] random_engine engine(unsigned worker) const noexcept {
        return random_engine(seed + worker * std::uint64_t{0x632be59bd9b4e019});
    }

    [[nodiscard]] std::string text() const {
        constexpr const char* endings[] = {"stays open", "ends with its senders", "is closed", "loses its receiver"};
        return fmt::format("capacity {}, {} senders, {} listeners, a channel that {}", capacity, senders, listeners,
                           endings[static_cast<int>(end)]);
    }
};

/// Short enough that some time out, long enough that some do not.
inline std::chrono::microseconds draw_timeout(random_engine& random) noexcept {
    return std::chrono::microseconds(random.one_in(4) ? 0 : random.below(200));
}

}  // namespace tailrace::verify::stress
