// For the mutants: a wake-up that is taken away and nothing else. While a silence lives, the wakers
// that its thread calls do not ring. Included by the compiler's command line into programs that are
// built for mutants/stress.
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
