// For the mutants: removes a wake-up and changes nothing else. While a silence lives, the wakers that its thread calls
// do nothing. The compiler's command line includes this header into the programs of mutants/stress.
#pragma once

namespace tailrace::verify::stress {

inline thread_local bool silent = false;

class silence {
  public:
    explicit silence(bool wanted = true) noexcept { silent = wanted; }
    ~silence() { silent = false; }
    silence(const silence&) = delete;
    silence& operator=(const silence&) = delete;
};

}  // namespace tailrace::verify::stress
