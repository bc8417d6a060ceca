// The errors of the channel: one type per operation, which has no representation for an impossible outcome.
//
// An error that refuses a value contains that value, an error that refuses a sender contains that sender: a failure
// loses nothing. Misuse (a moved-from handle, a second poll after the end) is not an error but a std::logic_error.
// After a change here run: ci/test -L impl
#pragma once

#include <cstddef>
#include <iosfwd>
#include <stdexcept>

#include "tailrace/detail/requires.hpp"  // IWYU pragma: keep

namespace tailrace {

/// The receive half has closed or is gone.
struct closed_error {
    friend bool operator==(const closed_error&, const closed_error&) = default;
    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, const closed_error&) {
        return out << "channel closed";
    }
};

/// A send that found the channel closed. The value was not sent and never will be.
template <class T>
struct send_error {
    T value;

    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, const send_error&) {
        return out << "channel closed";
    }
};

/// Why an attempt without waiting failed. Closed beats full.
enum class try_error : unsigned char { full, closed };

template <class Traits>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, try_error e) {
    return out << (e == try_error::full ? "no available capacity" : "channel closed");
}

/// Why a wait with a deadline failed. Success and closed beat timeout.
enum class timeout_error : unsigned char { timeout, closed };

template <class Traits>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, timeout_error e) {
    return out << (e == timeout_error::timeout ? "timed out waiting" : "channel closed");
}

/// Why a wait with a stop token failed. Success and closed beat stopped.
enum class stop_error : unsigned char { stopped, closed };

template <class Traits>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, stop_error e) {
    return out << (e == stop_error::stopped ? "stopped waiting" : "channel closed");
}

/// Why a wait with a deadline and a stop token failed. Success and closed beat both.
enum class interrupt_error : unsigned char { timeout, stopped, closed };

template <class Traits>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, interrupt_error e) {
    if (e == interrupt_error::timeout) return out << timeout_error::timeout;
    return out << (e == interrupt_error::stopped ? stop_error::stopped : stop_error::closed);
}

/// A value that was not sent and never will be, and why.
template <class T, class Reason>
struct unsent {
    Reason reason;
    T value;

    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, const unsent& e) {
        return out << e.reason;
    }
};

template <class T>
using try_send_error = unsent<T, try_error>;
template <class T>
using send_timeout_error = unsent<T, timeout_error>;
template <class T>
using send_stop_error = unsent<T, stop_error>;
template <class T>
using send_interrupt_error = unsent<T, interrupt_error>;

using try_reserve_error = try_error;

template <class Sender>
struct try_reserve_owned_error {
    try_error reason;
    Sender sender;  // usable as before

    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out,
                                                        const try_reserve_owned_error& e) {
        return out << e.reason;
    }
};

/// For the waits for permits: reserve, reserve_many, reserve_owned.
using reserve_timeout_error = timeout_error;
using reserve_stop_error = stop_error;

/// For the receives. `closed`: no value can arrive any more; a plain receive would return none.
using recv_timeout_error = timeout_error;
using recv_stop_error = stop_error;

enum class try_recv_error : unsigned char {
    empty,        // nothing to receive now
    disconnected  // nothing to receive any more
};

template <class Traits>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, try_recv_error e) {
    return out << (e == try_recv_error::empty ? "channel empty" : "channel disconnected");
}

}  // namespace tailrace
