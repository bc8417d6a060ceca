// Which Asio the adapter uses (asio.hpp): Boost's if there is one, or else standalone Asio. To choose, define
// TAILRACE_ASIO_BOOST or TAILRACE_ASIO_STANDALONE in the whole program.
//
//     detail::net           the namespace of that Asio
//     detail::asio_error    its error_code
//
// The two have different types under the same names, so the adapter's names are in an inline namespace for each.
// After a change here run: ci/test -L asio
#pragma once

#if defined(TAILRACE_ASIO_BOOST) && defined(TAILRACE_ASIO_STANDALONE)
#error "tailrace/asio.hpp: define TAILRACE_ASIO_BOOST or TAILRACE_ASIO_STANDALONE, not both"
#elif !defined(TAILRACE_ASIO_BOOST) && !defined(TAILRACE_ASIO_STANDALONE)
#if __has_include(<boost/asio/version.hpp>)
#define TAILRACE_ASIO_BOOST
#elif __has_include(<asio/version.hpp>)
#define TAILRACE_ASIO_STANDALONE
#else
#error "tailrace/asio.hpp: neither <boost/asio/version.hpp> nor <asio/version.hpp> was found; install one of the two"
#endif
#endif

#if defined(TAILRACE_ASIO_BOOST)
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/asio/version.hpp>
#include <boost/system/error_code.hpp>
#define TAILRACE_ASIO_VERSION BOOST_ASIO_VERSION
#define TAILRACE_ASIO_NAMESPACE with_boost_asio
#else
#include <asio/any_io_executor.hpp>
#include <asio/associated_allocator.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/cancellation_type.hpp>
#include <asio/error_code.hpp>
#include <asio/execution/context.hpp>
#include <asio/execution_context.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <asio/query.hpp>
#include <asio/steady_timer.hpp>
#include <asio/system_executor.hpp>
#include <asio/version.hpp>
#define TAILRACE_ASIO_VERSION ASIO_VERSION
#define TAILRACE_ASIO_NAMESPACE with_standalone_asio
#endif

#if TAILRACE_ASIO_VERSION < 102200
#error "tailrace/asio.hpp: needs Asio 1.22, which is in Boost 1.78"
#endif

// A deferred operation can be awaited as it is since 1.28: in 1.26 that does not compile if an exception is in front.
#if TAILRACE_ASIO_VERSION >= 102800 && defined(TAILRACE_ASIO_BOOST)
#include <boost/asio/deferred.hpp>
#elif TAILRACE_ASIO_VERSION >= 102800
#include <asio/deferred.hpp>
#elif defined(TAILRACE_ASIO_BOOST)
#include <boost/asio/use_awaitable.hpp>
#else
#include <asio/use_awaitable.hpp>
#endif

// An operation that finishes at once has an executor of its own since 1.28.
#if TAILRACE_ASIO_VERSION >= 102800 && defined(TAILRACE_ASIO_BOOST)
#include <boost/asio/associated_immediate_executor.hpp>
#include <boost/asio/dispatch.hpp>
#elif TAILRACE_ASIO_VERSION >= 102800
#include <asio/associated_immediate_executor.hpp>
#include <asio/dispatch.hpp>
#endif

namespace tailrace::detail::inline TAILRACE_ASIO_NAMESPACE {

#if defined(TAILRACE_ASIO_BOOST)
namespace net = ::boost::asio;
using asio_error = ::boost::system::error_code;
#else
namespace net = ::asio;
using asio_error = ::asio::error_code;
#endif

#if TAILRACE_ASIO_VERSION >= 102800
using default_token = net::deferred_t;
#elif defined(ASIO_HAS_CO_AWAIT) || defined(BOOST_ASIO_HAS_CO_AWAIT)
using default_token = net::use_awaitable_t<>;
#else
/// An older Asio that does not know the compiler's coroutines.
struct this_asio_needs_a_completion_token;
using default_token = this_asio_needs_a_completion_token;
#endif

}  // namespace tailrace::detail::inline TAILRACE_ASIO_NAMESPACE
