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
    /// Prints "channel closed".
    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, const closed_error&) {
        return out << "channel closed";
    }
};

/// A send that found the channel closed. The value was not sent and never will be.
template <class T>
struct send_error {
    /// The value that was to be sent.
    T value;

    /// Prints "channel closed".
    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, const send_error&) {
        return out << "channel closed";
    }
};

/// Why an attempt without waiting failed. Closed beats full.
enum class try_error : unsigned char {
    full,   ///< no permit is available, or an operation waits
    closed  ///< the receive half has closed or is gone
};

/// Prints the reason in English.
template <class Traits>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, try_error e) {
    return out << (e == try_error::full ? "no available capacity" : "channel closed");
}

/// Why a wait with a deadline failed. Success and closed beat timeout.
enum class timeout_error : unsigned char {
    timeout,  ///< the deadline has come
    closed    ///< the channel is closed; of a receive: no value can arrive any more
};

/// Prints the reason in English.
template <class Traits>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, timeout_error e) {
    return out << (e == timeout_error::timeout ? "timed out waiting" : "channel closed");
}

/// Why a wait with a stop token failed. Success and closed beat stopped.
enum class stop_error : unsigned char {
    stopped,  ///< a stop was requested
    closed    ///< the channel is closed; of a receive: no value can arrive any more
};

/// Prints the reason in English.
template <class Traits>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, stop_error e) {
    return out << (e == stop_error::stopped ? "stopped waiting" : "channel closed");
}

/// Why a wait with a deadline and a stop token failed. Success and closed beat both.
enum class interrupt_error : unsigned char {
    timeout,  ///< the deadline has come
    stopped,  ///< a stop was requested
    closed    ///< the channel is closed; of a receive: no value can arrive any more
};

/// Prints the reason in English.
template <class Traits>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, interrupt_error e) {
    if (e == interrupt_error::timeout) return out << timeout_error::timeout;
    return out << (e == interrupt_error::stopped ? stop_error::stopped : stop_error::closed);
}

/// A value that was not sent and never will be, and why.
template <class T, class Reason>
struct unsent {
    /// Why it was not sent.
    Reason reason;
    /// The value that was to be sent.
    T value;

    /// Prints the reason in English.
    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, const unsent& e) {
        return out << e.reason;
    }
};

/// The error of sender::try_send().
template <class T>
using try_send_error = unsent<T, try_error>;
/// The error of a send with a deadline.
template <class T>
using send_timeout_error = unsent<T, timeout_error>;
/// The error of a send with a stop token.
template <class T>
using send_stop_error = unsent<T, stop_error>;
/// The error of a send with a deadline and a stop token.
template <class T>
using send_interrupt_error = unsent<T, interrupt_error>;

/// The error of sender::try_reserve() and sender::try_reserve_many().
using try_reserve_error = try_error;

/// The error of sender::try_reserve_owned(): the sender is in it.
template <class Sender>
struct try_reserve_owned_error {
    /// Why there is no permit.
    try_error reason;
    /// The sender, usable as before.
    Sender sender;

    /// Prints the reason in English.
    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out,
                                                        const try_reserve_owned_error& e) {
        return out << e.reason;
    }
};

/// The error of the waits for permits with a deadline: reserve, reserve_many, reserve_owned.
using reserve_timeout_error = timeout_error;
/// The error of the waits for permits with a stop token.
using reserve_stop_error = stop_error;

/// The error of a receive with a deadline. `closed`: no value can arrive any more; a plain receive would return none.
using recv_timeout_error = timeout_error;
/// The error of a receive with a stop token. `closed`: as with a deadline.
using recv_stop_error = stop_error;

/// Why receiver::try_recv() has no value.
enum class try_recv_error : unsigned char {
    empty,        ///< nothing to receive now
    disconnected  ///< nothing to receive any more
};

/// Prints the reason in English.
template <class Traits>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, try_recv_error e) {
    return out << (e == try_recv_error::empty ? "channel empty" : "channel disconnected");
}

}  // namespace tailrace
