// How a value travels through the channel: directly if its move cannot throw, in a box otherwise.
//
// The send, or the reservation of the permit that will send, allocates the box before anything is claimed. So a
// throwing move leaves the channel unchanged (throw.move-in), inside the channel only moves that cannot throw remain,
// and permit.send allocates nothing.
// After a change here run: ci/test -L impl
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
    /// `full` contains a T.
    explicit box(std::unique_ptr<place<T>> full) noexcept : place_(std::move(full)) {}
    box(box&&) noexcept = default;
    box& operator=(box&&) = delete;
    ~box() {
        if (place_) std::destroy_at(std::addressof(place_->value));
    }

    [[nodiscard]] T& look() const noexcept { return place_->value; }
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
class reserved_storages;

/// What a T needs in order to travel without an allocation: nothing, or the memory of its box.
template <class T, bool Boxed = travels_boxed<T>>
class reserved_storage {
  public:
    [[nodiscard]] static reserved_storage make() noexcept { return {}; }
    [[nodiscard]] T fill(T&& v) noexcept { return std::move(v); }
};

template <class T>
class reserved_storage<T, true> {
  public:
    /// Throws std::bad_alloc.
    [[nodiscard]] static reserved_storage make() { return reserved_storage(std::make_unique<place<T>>()); }
    /// If the move throws, the storage is still reserved.
    [[nodiscard]] box<T> fill(T&& v) {
        std::construct_at(std::addressof(place_->value), std::move(v));
        return box<T>(std::move(place_));
    }

  private:
    template <class U, bool B>
    friend class reserved_storages;
    explicit reserved_storage(std::unique_ptr<place<T>> empty) noexcept : place_(std::move(empty)) {}
    std::unique_ptr<place<T>> place_;
};

/// The same for n values.
template <class T, bool Boxed = travels_boxed<T>>
class reserved_storages {
  public:
    [[nodiscard]] static reserved_storages make(std::uint64_t) noexcept { return {}; }
    [[nodiscard]] reserved_storage<T> next() noexcept { return reserved_storage<T>::make(); }
};

template <class T>
class reserved_storages<T, true> {
  public:
    /// Throws std::bad_alloc.
    [[nodiscard]] static reserved_storages make(std::uint64_t n) {
        const auto count = static_cast<std::size_t>(n);
        reserved_storages all;
        if (count != 0) all.places_ = std::make_unique<std::unique_ptr<place<T>>[]>(count);
        for (; all.left_ < count; ++all.left_) all.places_[all.left_] = std::make_unique<place<T>>();
        return all;
    }
    [[nodiscard]] reserved_storage<T> next() noexcept { return reserved_storage<T>(std::move(places_[--left_])); }

  private:
    std::unique_ptr<std::unique_ptr<place<T>>[]> places_;
    std::size_t left_ = 0;
};

template <class T>
[[nodiscard]] carried<T> pack(std::type_identity_t<T>&& v) {
    return reserved_storage<T>::make().fill(std::move(v));
}

/// It stays packed.
template <class T>
[[nodiscard]] T& look_into(carried<T>& c) noexcept {
    if constexpr (travels_boxed<T>) {
        return c.look();
    } else {
        return c;
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
