// How a value travels: itself if its move cannot throw, in a box otherwise.
//
// The box is made before anything is claimed, so that a throwing move leaves the channel as it was (throw.move-in), and inside the
// channel only moves that cannot throw remain.
// After a change here run: ctest -L impl
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace tailrace::detail {

template <class T>
inline constexpr bool travels_boxed = !std::is_nothrow_move_constructible_v<T>;

template <class T>
class box {
  public:
    explicit box(T&& v) : value_(std::make_unique<T>(std::move(v))) {}
    T open() && {
        const std::unique_ptr<T> content = std::move(value_);
        return std::move(*content);
    }

  private:
    std::unique_ptr<T> value_;
};

template <class T>
using carried = std::conditional_t<travels_boxed<T>, box<T>, T>;

template <class T>
[[nodiscard]] carried<T> pack(std::type_identity_t<T>&& v) {
    if constexpr (travels_boxed<T>) {
        return box<T>(std::move(v));
    } else {
        return std::move(v);
    }
}

template <class T>
[[nodiscard]] T unpack(carried<T>&& c) {
    if constexpr (travels_boxed<T>) {
        return std::move(c).open();
    } else {
        return std::move(c);
    }
}

}  // namespace tailrace::detail
