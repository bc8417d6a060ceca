// After a change here run: ci/test -L proptests -R asio
#include "asio_channel.hpp"
#include "tailrace/verify/channel_session.hpp"
#include "targets.hpp"

namespace tailrace::verify {
namespace {

struct asio_api {
    // A poll runs the io_context, which only one thread at a time may do.
    static constexpr bool thread_safe = false;
    // There is one object, so no drop ends the channel. Operations complete by themselves, so a program that leaves a
    // completed operation unpolled cannot be compared with the specification. A failed send destroys its value, as
    // documented: the handler gets only an error.
    static constexpr verify::capabilities supports = {capability::send,
                                                      capability::try_send,
                                                      capability::recv,
                                                      capability::close,
                                                      capability::sender_is_closed,
                                                      capability::try_recv,
                                                      capability::sender_max_capacity};

    template <class T>
    static auto open(std::size_t capacity) {
        auto shared = std::make_shared<asio_channel::shared_channel<T>>(capacity);
        return std::pair(asio_channel::sender<T>(shared), asio_channel::receiver<T>(shared));
    }
    template <class Tx>
    static void settle(const Tx& tx) {
        tx.run();
    }
};

}  // namespace

target make_asio_target() {
    return make_target<asio_api>("asio", "boost::asio::experimental::concurrent_channel (Boost 1.81)");
}

}  // namespace tailrace::verify
