// How a value travels: itself if its move cannot throw, in a box otherwise.
//
// The box is made before anything is claimed: by the send, or by the reservation of the permit that will send. So a
// throwing move leaves the channel as it was (throw.move-in), inside the channel only moves that cannot throw remain,
// and permit.send allocates nothing.
// After a change here run: ctest -L impl
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace tailrace::detail {

template <class T>
inline constexpr bool travels_boxed = !std::is_nothrow_move_constructible_v<T>;

/// Raw memory for one T.
template <class T>
union place {
    place() noexcept {}
    ~place() {}
    T value;
};

template <class T>
class box {
  public:
    /// There is a T in it.
    explicit box(std::unique_ptr<place<T>> full) noexcept : place_(std::move(full)) {}
    box(box&&) noexcept = default;
    box& operator=(box&&) = delete;
    ~box() {
        if (place_) std::destroy_at(std::addressof(place_->value));
    }

    T open() && {
        const box content = std::move(*this);  // dies here, even if the move throws
        return std::move(content.place_->value);
    }

  private:
    std::unique_ptr<place<T>> place_;
};

template <class T>
using carried = std::conditional_t<travels_boxed<T>, box<T>, T>;

template <class T, bool Boxed>
class rooms;

/// What has to be there before a T can travel without an allocation: nothing, or the memory of its box.
template <class T, bool Boxed = travels_boxed<T>>
class room {
  public:
    [[nodiscard]] static room make() noexcept { return {}; }
    [[nodiscard]] T fill(T&& v) noexcept { return std::move(v); }
};

template <class T>
class room<T, true> {
  public:
    /// Throws std::bad_alloc.
    [[nodiscard]] static room make() { return room(std::make_unique<place<T>>()); }
    /// If the move throws, the room is still there.
    [[nodiscard]] box<T> fill(T&& v) {
        std::construct_at(std::addressof(place_->value), std::move(v));
        return box<T>(std::move(place_));
    }

  private:
    template <class U, bool B>
    friend class rooms;
    explicit room(std::unique_ptr<place<T>> empty) noexcept : place_(std::move(empty)) {}
    std::unique_ptr<place<T>> place_;
};

/// Rooms for n values.
template <class T, bool Boxed = travels_boxed<T>>
class rooms {
  public:
    [[nodiscard]] static rooms make(std::uint64_t) noexcept { return {}; }
    [[nodiscard]] room<T> next() noexcept { return room<T>::make(); }
};

template <class T>
class rooms<T, true> {
  public:
    /// Throws std::bad_alloc.
    [[nodiscard]] static rooms make(std::uint64_t n) {
        const auto count = static_cast<std::size_t>(n);
        rooms all;
        if (count != 0) all.places_ = std::make_unique<std::unique_ptr<place<T>>[]>(count);
        for (; all.left_ < count; ++all.left_) all.places_[all.left_] = std::make_unique<place<T>>();
        return all;
    }
    [[nodiscard]] room<T> next() noexcept { return room<T>(std::move(places_[--left_])); }

  private:
    std::unique_ptr<std::unique_ptr<place<T>>[]> places_;
    std::size_t left_ = 0;
};

template <class T>
[[nodiscard]] carried<T> pack(std::type_identity_t<T>&& v) {
    return room<T>::make().fill(std::move(v));
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
