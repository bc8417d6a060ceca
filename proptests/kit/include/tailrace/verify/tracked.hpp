// tracked: a numbered value that reports its destruction, so that the engines see what the channel destroys, and when.
// After a change here run: ci/test -L conformance
#pragma once

#include <utility>

#include "tailrace/verify/detail/noise.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

class tracked {
  public:
    tracked(model::value_id id, session_events& events) noexcept : id_(id), events_(&events) {}
    tracked(tracked&& other) noexcept : id_(other.id_), events_(std::exchange(other.events_, nullptr)) {
        noise_in_move();
    }
    tracked& operator=(tracked&& other) noexcept {
        noise_in_move();
        if (this != &other) {
            on_destroy();
            id_ = other.id_;
            events_ = std::exchange(other.events_, nullptr);
        }
        return *this;
    }
    ~tracked() { on_destroy(); }

    /// The number, once the caller has been given the value: from then on its destruction is not the channel's doing.
    [[nodiscard]] model::value_id accept() noexcept {
        events_ = nullptr;
        return id_;
    }

  private:
    void on_destroy() noexcept {
        if (events_ != nullptr) events_->destroyed(id_);
    }

    model::value_id id_;
    session_events* events_;
};

}  // namespace tailrace::verify
