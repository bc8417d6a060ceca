#include "tailrace/verify/channel_session.hpp"
#include "target/own_channels.hpp"

namespace tailrace::verify {

geometry_openers open_noisy_optimized() { return openers_on<noisy_platform<std_platform>>(); }

}  // namespace tailrace::verify
