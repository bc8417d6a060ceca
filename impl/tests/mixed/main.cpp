// One program of two files: this one is built with assertions. A borrow that begins in one file may end in the other,
// without a false alarm when the last sender goes; and one that this file has begun is still found. After a change here
// run: ci/test -R impl.mixed
#undef NDEBUG
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

#include "mixed.hpp"

int main(int argc, char** argv) {
    auto [tx, rx] = tailrace::channel<int>(3);
    {
        auto p = mixed::reserve_in_release(tx);
        p.send(1);
    }
    mixed::use_in_release(*tx.try_reserve());
    std::optional<mixed::permit> kept;
    if (argc > 1 && std::strcmp(argv[1], "outlived") == 0) {
        kept.emplace(*tx.try_reserve());
        std::signal(SIGABRT, [](int) { std::_Exit(42); });
    }
    {
        const auto gone = std::move(tx);
    }
    return kept ? 1 : 0;
}
