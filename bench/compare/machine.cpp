// The machine, as `/proc`, `uname` and `dpkg-query` describe it.
// After a change here run: ci/test -L bench
#include "compare/machine.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/utsname.h>

#include <chrono>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "compare/process.hpp"

namespace bench {

std::map<std::string, std::string> machine() {
    std::map<std::string, std::string> known;
    known["processors"] = std::to_string(std::thread::hardware_concurrency());
    std::ifstream cpuinfo("/proc/cpuinfo");
    for (std::string line; std::getline(cpuinfo, line);) {
        if (line.starts_with("model name") && line.find(": ") != std::string::npos) {
            known["processor"] = line.substr(line.find(": ") + 2);
            break;
        }
    }
    utsname name{};
    if (uname(&name) == 0) {
        known["system"] = fmt::format("{} {} {}", name.sysname, name.release, name.machine);
    }
    return known;
}

std::string load() {
    std::ifstream file("/proc/loadavg");
    std::string one, five, fifteen;
    file >> one >> five >> fifteen;
    return one + " " + five + " " + fifteen;
}

std::string now() { return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(std::chrono::system_clock::now())); }

std::map<std::string, std::string> versions_of(const std::vector<std::string>& packages) {
    std::vector<std::string> command = {"dpkg-query", "-W", "-f=${Package} ${Version}\n"};
    command.insert(command.end(), packages.begin(), packages.end());
    // It fails if one of them is not known; the others are listed nevertheless.
    std::istringstream lines(run_child(command, std::chrono::seconds(20)).out);
    std::map<std::string, std::string> versions;
    for (std::string name, version; lines >> name >> version;) versions[name] = version;
    return versions;
}

}  // namespace bench
