#include "tailrace/verify/channel_session.hpp"
#include "target/own_channels.hpp"

namespace tailrace::verify {

opener open_noisy_reference() { return open_session<reference_api<noisy_reference_platform>>; }

}  // namespace tailrace::verify
