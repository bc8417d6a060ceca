// The shadow of a variable that is not atomic: its last writer and the readers since then, by the vector clocks that
// Relacy keeps for its threads. Two accesses of which one is a write must be ordered by happens-before, otherwise they
// are a data race.
//
// rl::var detects the same races and is not slow, but these accesses are half of the work of a simulated execution.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <source_location>
#include <utility>

#include "kernel/relacy.hpp"
#include "kernel/simulation.hpp"

namespace tailrace::relacy {

class shadow {
  public:
    using where = std::source_location;

    shadow() noexcept : writer_(index_of(me())), written_(tick(me())) {}
    ~shadow() {
        store(where::current());  // no other thread may still access it
        state_ = gone;
    }
    shadow(const shadow&) = delete;
    shadow& operator=(const shadow&) = delete;

    void load(const where& at) {
        begin("load", at);
        rl::thread_info_base& th = me();
        if (!has_seen(th, writer_, written_)) race(at);
        read_[index_of(th)] = tick(th);
        readers_ |= 1U << index_of(th);
    }
    void store(const where& at) {
        begin("store", at);
        rl::thread_info_base& th = me();
        if (!has_seen(th, writer_, written_)) race(at);
        for (unsigned left = readers_; left != 0; left &= left - 1) {
            const auto reader = static_cast<std::size_t>(std::countr_zero(left));
            if (!has_seen(th, reader, read_[reader])) race(at);
        }
        // A thread that has seen this write has also seen the accesses that were checked here.
        writer_ = index_of(th);
        written_ = tick(th);
        readers_ = 0;
    }

  private:
    using moment = rl::timestamp_t;
    static constexpr unsigned alive = 0x7a11'face;
    static constexpr unsigned gone = 0;

    static rl::thread_info_base& me() noexcept { return *rl::ctx().threadx_; }
    static std::size_t index_of(const rl::thread_info_base& th) noexcept { return static_cast<std::size_t>(th.index_); }
    /// A new one for each access, so that an earlier publication by the thread does not cover this access.
    static moment tick(rl::thread_info_base& th) noexcept { return ++th.own_acq_rel_order_; }
    static bool has_seen(const rl::thread_info_base& th, std::size_t thread, moment when) noexcept {
        return th.acq_rel_order_[thread] >= when;
    }

    /// False for the address of a variable in an object that does not exist, which must not be read.
    [[nodiscard]] bool could_be() const noexcept {
        constexpr std::uintptr_t page = 4096;
        const auto address = reinterpret_cast<std::uintptr_t>(this);
        return address - page < std::uintptr_t{0} - 2 * page && address % alignof(shadow) == 0;
    }
    void begin(const char* what, const where& at) const {
        if (!could_be() || state_ != alive) [[unlikely]]
            freed(at);
        if (rl::ctx().collecting_history()) [[unlikely]]
            log_access(what, at);
    }
    [[gnu::cold, gnu::noinline]] void freed(const where& at) const {
        log_access("access to freed memory", at);
        rl::ctx().fail_test("access to freed memory", rl::test_result_access_to_freed_memory, site(at));
    }
    [[noreturn, gnu::cold, gnu::noinline]] static void race(const where& at) {
        rl::ctx().fail_test("data race detected", rl::test_result_data_race, site(at));
        std::unreachable();  // the simulation continues in another fiber
    }

    struct logged_access {
        const void* variable;
        const char* what;
        void output(std::ostream& to) const { to << '<' << variable << "> " << what; }
    };
    [[gnu::cold, gnu::noinline]] void log_access(const char* what, const where& at) const {
        if (rl::ctx().collecting_history()) rl::ctx().exec_log(site(at), logged_access{this, what});
    }

    unsigned state_ = alive;
    unsigned readers_ = 0;  // since it was written
    std::size_t writer_;
    moment written_;
    std::array<moment, most_threads> read_;  // of the readers only
};

}  // namespace tailrace::relacy
