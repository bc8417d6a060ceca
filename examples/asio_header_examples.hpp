// What the examples in the comment of tailrace/asio.hpp use without declaring it.
// After a change here run: ci/test -L examples
#pragma once

#include <tailrace/asio.hpp>

#include "header_examples.hpp"

#if defined(TAILRACE_ASIO_STANDALONE)
#include <asio.hpp>
#else
#include <boost/asio.hpp>
namespace asio = boost::asio;
#endif

struct asio_header_examples : header_examples {
    asio::io_context context;
    asio::strand<asio::io_context::executor_type> strand = asio::make_strand(context);
};
