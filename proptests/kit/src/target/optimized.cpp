#include "tailrace/verify/channel_session.hpp"
#include "target/own_channels.hpp"

namespace tailrace::verify {

geometry_openers open_optimized() { return openers_on<std_platform>(); }

}  // namespace tailrace::verify
