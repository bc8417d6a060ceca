// The values that scenarios send, and a ledger that records what happens to each. It checks that every parcel is
// destroyed exactly once and received at most once, and that the results of the channel's operations are right.
//
// All simulated threads are one OS thread, so the ledger needs no synchronisation and adds no ordering to the
// execution.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <array>
#include <source_location>
#include <utility>

#include "kernel/simulation.hpp"

namespace tailrace::relacy {

class ledger;

/// Move-only, with a move that cannot throw. The destruction of a moved-from parcel is not counted.
class parcel {
  public:
    parcel(parcel&& other) noexcept : book_(std::exchange(other.book_, nullptr)), number_(other.number_) {}
    parcel& operator=(parcel&& other) noexcept {
        if (this != &other) {
            note_destruction();
            book_ = std::exchange(other.book_, nullptr);
            number_ = other.number_;
        }
        return *this;
    }
    ~parcel() { note_destruction(); }

    [[nodiscard]] unsigned number() const noexcept { return number_; }

  private:
    friend class ledger;
    parcel(ledger& book, unsigned number) noexcept : book_(&book), number_(number) {}
    inline void note_destruction() noexcept;

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

    /// The send returned Ok.
    void sent(unsigned number) { ++of(number).sent; }

    /// The send returned the value with an error.
    void refused(const parcel& p, unsigned number, where at = where::current()) {
        expect(p.number() == number, "an error carries the value that was refused, not another", at);
        ++of(number).refused;
    }

    /// A receive returned it.
    unsigned received(const parcel& p) {
        ++of(p.number()).received;
        return p.number();
    }

    [[nodiscard]] bool was_sent(unsigned number) { return of(number).sent != 0; }
    [[nodiscard]] bool was_received(unsigned number) { return of(number).received != 0; }
    [[nodiscard]] bool is_destroyed(unsigned number) { return of(number).destroyed == of(number).made; }

    /// Called after the last handle is gone, when the channel has destroyed its remaining values.
    void close(where at = where::current()) {
        for (const fate& f : parcels_) {
            expect(f.destroyed == f.made, "every value is destroyed exactly once", at);
            expect(f.received <= 1, "a value is received at most once", at);
            expect(f.refused + f.sent <= 1, "a send has one result", at);
            expect(f.received == 0 || f.refused == 0, "a refused value is never received", at);
        }
    }

    /// For scenarios that receive every value: here a value that was sent has to be received.
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

void parcel::note_destruction() noexcept {
    if (book_ != nullptr) ++std::exchange(book_, nullptr)->of(number_).destroyed;
}

}  // namespace tailrace::relacy
