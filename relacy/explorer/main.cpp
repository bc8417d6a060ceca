// tailrace-interleavings: explores the programs that tailrace-verify sends. The protocol is in explore_lines.cpp.
#include <cstdio>

#include "explorer/explore.hpp"

int main(int count, char**) {
    if (count == 1) return tailrace::relacy::serve_explorations();
    std::fputs("tailrace-interleavings: expected no arguments; it is a part of tailrace-verify, which runs it\n",
               stderr);
    return 2;
}
