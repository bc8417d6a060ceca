// The command line of a program of contestants: contestant.hpp has the protocol.
// After a change here run: ci/bench
#include "common/contestant.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <exception>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace bench {

namespace {

int refuse(const std::string& what) {
    std::fprintf(stderr, "%s\n", what.c_str());
    return 2;
}

bool read(std::string_view argument, parameters& into) {
    const std::map<std::string_view, std::uint64_t*> places = {
        {"size", &into.size},        {"capacity", &into.capacity}, {"messages", &into.messages},
        {"senders", &into.senders},  {"busy", &into.busy},         {"milliseconds", &into.milliseconds},
        {"channels", &into.channels}};
    const auto sign = argument.find('=');
    if (sign == std::string_view::npos) return false;
    const auto place = places.find(argument.substr(0, sign));
    if (place == places.end()) return false;
    const char* end = argument.data() + argument.size();
    const auto [at, error] = std::from_chars(argument.data() + sign + 1, end, *place->second);
    return error == std::errc() && at == end;
}

int list(const std::vector<contestant>& contestants) {
    for (const contestant& c : contestants) {
        std::string workloads;
        for (const workload& w : c.workloads) workloads += (workloads.empty() ? "\"" : ",\"") + w.name + '"';
#if defined(__clang__)
        const char* compiler = __VERSION__;
#else
        const char* compiler = "g++ " __VERSION__;
#endif
        std::printf("{\"contestant\":\"%s\",\"compiler\":\"%s\",\"workloads\":[%s]}\n", c.name.c_str(), compiler,
                    workloads.c_str());
    }
    return 0;
}

}  // namespace

int run_contestants(int argc, char** argv, const std::vector<contestant>& contestants) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.size() == 1 && arguments[0] == "list") return list(contestants);
    if (arguments.size() < 2) return refuse("expected: list, or CONTESTANT WORKLOAD key=value...");
    const auto c = std::ranges::find(contestants, arguments[0], &contestant::name);
    if (c == contestants.end()) return refuse("no contestant '" + arguments[0] + "'");
    const auto w = std::ranges::find(c->workloads, arguments[1], &workload::name);
    if (w == c->workloads.end()) return refuse("no workload '" + arguments[1] + "' of " + c->name);
    parameters p;
    for (auto a = arguments.begin() + 2; a != arguments.end(); ++a) {
        if (!read(*a, p)) return refuse("unknown parameter '" + *a + "'");
    }
    if (p.size != 8 && p.size != 64) return refuse("size is 8 or 64");
    if (p.capacity == 0 || p.senders == 0 || p.channels == 0) return refuse("a parameter is 0");
    std::thread([] {
        for (;;) pause();
    }).detach();
    try {
        const result r = (p.size == 8 ? w->small : w->large)(p);
        std::printf("{\"count\":%llu,\"%s\":%llu}\n", static_cast<unsigned long long>(r.count), r.unit,
                    static_cast<unsigned long long>(r.amount));
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
    std::fflush(stdout);
    _exit(0);  // what sleeps and what is left in channels ends here
}

}  // namespace bench
