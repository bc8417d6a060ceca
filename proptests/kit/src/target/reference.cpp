#include "tailrace/verify/channel_session.hpp"
#include "target/own_channels.hpp"

namespace tailrace::verify {

opener open_reference() { return open_session<reference_api<model::std_platform>>; }

}  // namespace tailrace::verify
