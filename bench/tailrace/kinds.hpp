// The channels of this project as kinds of channels (common/one_thread.hpp): with sends, with permits, with recv_many.
// After a change here run: ci/bench --contestants tailrace
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "common/workload.hpp"
#include "tailrace/channel.hpp"
#include "tailrace/model/reference_channel.hpp"

namespace bench {

struct optimized {
    template <class T>
    static auto channel(std::size_t capacity) {
        return tailrace::channel<T>(capacity);
    }
};
struct reference {
    template <class T>
    static auto channel(std::size_t capacity) {
        return tailrace::model::reference_channel<T>(capacity);
    }
};

template <class Sender, class T>
class sends {
  public:
    explicit sends(Sender tx) : tx_(std::move(tx)) {}
    bool try_send(T value) { return tx_.try_send(std::move(value)).has_value(); }
    void send(T value) { require(tx_.blocking_send(std::move(value)).has_value(), "the channel is closed"); }

  private:
    Sender tx_;
};

/// Each value by a permit of its own.
template <class Sender, class T>
class sends_by_permit {
  public:
    explicit sends_by_permit(Sender tx) : tx_(std::move(tx)) {}
    bool try_send(T value) {
        auto permit = tx_.try_reserve();
        if (permit) permit->send(std::move(value));
        return permit.has_value();
    }
    void send(T value) {
        auto permit = tx_.blocking_reserve();
        require(permit.has_value(), "the channel is closed");
        permit->send(std::move(value));
    }

  private:
    Sender tx_;
};

template <class Receiver, class T>
class receives {
  public:
    explicit receives(Receiver rx) : rx_(std::move(rx)) {}
    template <class Use>
    bool try_recv(Use&& use) {
        auto value = rx_.try_recv();
        if (value) use(*value);
        return value.has_value();
    }
    template <class Use>
    void recv(Use&& use) {
        auto value = rx_.blocking_recv();
        require(value.has_value(), "the channel ended");
        use(*value);
    }

  private:
    Receiver rx_;
};

/// At most this many at once, into a buffer that is used again.
inline constexpr std::size_t batch = 64;

template <class Receiver, class T>
class receives_many {
  public:
    explicit receives_many(Receiver rx) : rx_(std::move(rx)) {}
    template <class Use>
    bool try_recv(Use&& use) {
        if (next_ == buffer_.size()) return false;
        use(buffer_[next_++]);
        return true;
    }
    template <class Use>
    void recv(Use&& use) {
        if (next_ == buffer_.size()) {
            buffer_.clear();
            next_ = 0;
            require(rx_.blocking_recv_many(buffer_, batch) != 0, "the channel ended");
        }
        use(buffer_[next_++]);
    }

  private:
    Receiver rx_;
    std::vector<T> buffer_;
    std::size_t next_ = 0;
};

template <class Channel, template <class, class> class Sends = sends, template <class, class> class Receives = receives>
struct kind_of {
    template <class T>
    static auto make(std::size_t capacity) {
        auto [tx, rx] = Channel::template channel<T>(capacity);
        using tx_type = decltype(tx);
        using rx_type = decltype(rx);
        return std::pair(Sends<tx_type, T>(std::move(tx)), Receives<rx_type, T>(std::move(rx)));
    }
};

}  // namespace bench
