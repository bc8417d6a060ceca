// A value with a number that tells when it is destroyed, so that the engines see what the channel destroys, and when.
// After a change here run: ctest -L conformance
#pragma once

#include <utility>

#include "tailrace/verify/detail/noise.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

class tracked {
  public:
    tracked(model::value_id id, session_events& told) noexcept : id_(id), told_(&told) {}
    tracked(tracked&& other) noexcept : id_(other.id_), told_(std::exchange(other.told_, nullptr)) { noise_in_move(); }
    tracked& operator=(tracked&& other) noexcept {
        noise_in_move();
        if (this != &other) {
            die();
            id_ = other.id_;
            told_ = std::exchange(other.told_, nullptr);
        }
        return *this;
    }
    ~tracked() { die(); }

    /// The number, for one who has been given the value: its destruction is not the channel's doing any more.
    [[nodiscard]] model::value_id accept() noexcept {
        told_ = nullptr;
        return id_;
    }

  private:
    void die() noexcept {
        if (told_ != nullptr) told_->destroyed(id_);
    }

    model::value_id id_;
    session_events* told_;
};

}  // namespace tailrace::verify
