// The values that scenarios send, and the ledger in which each one's way is written: every parcel
// is destroyed once, received at most once, and what the channel said about it is true.
//
// All simulated threads are one OS thread, so the ledger needs no protection, and adds no order to
// the execution.
// After a change here run: ctest -L relacy && ci/mutants -R scenarios
#pragma once

#include <array>
#include <source_location>
#include <utility>

#include "kernel/simulation.hpp"

namespace tailrace::relacy {

class ledger;

/// Move-only. Moving cannot throw. A moved-from parcel is nothing, and its destruction is not
/// counted.
class parcel {
  public:
    parcel(parcel&& other) noexcept : book_(std::exchange(other.book_, nullptr)), number_(other.number_) {}
    parcel& operator=(parcel&& other) noexcept {
        if (this != &other) {
            die();
            book_ = std::exchange(other.book_, nullptr);
            number_ = other.number_;
        }
        return *this;
    }
    ~parcel() { die(); }

    [[nodiscard]] unsigned number() const noexcept { return number_; }

  private:
    friend class ledger;
    parcel(ledger& book, unsigned number) noexcept : book_(&book), number_(number) {}
    inline void die() noexcept;

    ledger* book_;
    unsigned number_;
};

class ledger {
  public:
    using where = std::source_location;

    [[nodiscard]] parcel make(unsigned number) {
        ++of(number).made;
        return {*this, number};
    }

    /// The channel has said Ok.
    void sent(unsigned number) { ++of(number).sent; }

    /// The channel has handed it back with an error.
    void refused(const parcel& p, unsigned number, where at = where::current()) {
        expect(p.number() == number, "an error carries the value that was refused, not another", at);
        ++of(number).refused;
    }

    /// The channel has delivered it.
    unsigned received(const parcel& p) {
        ++of(p.number()).received;
        return p.number();
    }

    [[nodiscard]] bool was_sent(unsigned number) { return of(number).sent != 0; }
    [[nodiscard]] bool was_received(unsigned number) { return of(number).received != 0; }
    [[nodiscard]] bool is_dead(unsigned number) { return of(number).destroyed == of(number).made; }

    /// When all is over: the values that the channel still has are the ones that it destroys with
    /// its last handle.
    void close(where at = where::current()) {
        for (const fate& f : parcels_) {
            expect(f.destroyed == f.made, "every value is destroyed exactly once", at);
            expect(f.received <= 1, "a value is received at most once", at);
            expect(f.refused + f.sent <= 1, "a send answers once", at);
            expect(f.received == 0 || f.refused == 0, "a refused value is never received", at);
        }
    }

    /// For scenarios that receive until nothing is left: Ok means received here.
    void close_all_received(where at = where::current()) {
        close(at);
        for (const fate& f : parcels_) expect(f.sent == f.received, "what was sent, and nothing else, is received", at);
    }

  private:
    friend class parcel;
    struct fate {
        unsigned made = 0;
        unsigned sent = 0;
        unsigned refused = 0;
        unsigned received = 0;
        unsigned destroyed = 0;
    };
    static constexpr unsigned most_parcels = 24;

    fate& of(unsigned number) { return parcels_.at(number); }

    std::array<fate, most_parcels> parcels_{};
};

void parcel::die() noexcept {
    if (book_ != nullptr) ++std::exchange(book_, nullptr)->of(number_).destroyed;
}

}  // namespace tailrace::relacy
