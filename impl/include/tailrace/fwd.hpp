// Declarations of the handles and of their operations, with the default platform.
// After a change here run: ci/test -L impl
#pragma once

#include "tailrace/detail/requires.hpp"  // IWYU pragma: keep

namespace tailrace {

struct std_platform;

template <class T, class Platform = std_platform>
class sender;
template <class T, class Platform = std_platform>
class receiver;
template <class T, class Platform = std_platform>
class received_values;
template <class T, class Platform = std_platform>
class weak_sender;
template <class T, class Platform = std_platform>
class permit;
template <class T, class Platform = std_platform>
class permit_iterator;
template <class T, class Platform = std_platform>
class owned_permit;

template <class T, class Platform = std_platform>
class send_operation;
template <class T, class Platform = std_platform>
class send_many_operation;
template <class T, class Platform = std_platform>
class reserve_operation;
template <class T, class Platform = std_platform>
class reserve_many_operation;
template <class T, class Platform = std_platform>
class reserve_owned_operation;
template <class T, class Platform = std_platform>
class closed_operation;
template <class T, class Platform = std_platform>
class recv_operation;
template <class T, class Platform = std_platform>
class peek_operation;

}  // namespace tailrace
