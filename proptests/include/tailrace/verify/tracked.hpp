// A value with a number that tells a ledger when it is destroyed, so that the engines see what the channel destroys, and when.
// After a change here run: ctest -L conformance
#pragma once

#include <utility>
#include <vector>

#include "tailrace/model/vocabulary.hpp"

namespace tailrace::verify {

using ledger = std::vector<model::value_id>;

class tracked {
  public:
    tracked(model::value_id id, ledger& destroyed) noexcept : id_(id), destroyed_(&destroyed) {}
    tracked(tracked&& other) noexcept
        : id_(other.id_), destroyed_(std::exchange(other.destroyed_, nullptr)) {}
    tracked& operator=(tracked&& other) noexcept {
        if (this != &other) {
            die();
            id_ = other.id_;
            destroyed_ = std::exchange(other.destroyed_, nullptr);
        }
        return *this;
    }
    ~tracked() { die(); }

    /// The number, for one who has been given the value: its destruction is not the channel's doing any more.
    [[nodiscard]] model::value_id accept() noexcept {
        destroyed_ = nullptr;
        return id_;
    }

  private:
    void die() noexcept {
        if (destroyed_ != nullptr) destroyed_->push_back(id_);
    }

    model::value_id id_;
    ledger* destroyed_;
};

}  // namespace tailrace::verify
