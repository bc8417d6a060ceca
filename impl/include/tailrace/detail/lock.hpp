// A mutex of the platform, and what it guards, in words that clang checks (-Wthread-safety). Elsewhere the words mean
// nothing. After a change here run: ci/test -R impl.compile && ci/test -L relacy
#pragma once

#if defined(__clang__)
#define TAILRACE_CHECKED(word) __attribute__((word))
#else
#define TAILRACE_CHECKED(word)
#endif
#define TAILRACE_GUARDED_BY(lock) TAILRACE_CHECKED(guarded_by(lock))
#define TAILRACE_REQUIRES(lock) TAILRACE_CHECKED(requires_capability(lock))
#define TAILRACE_RELEASES(lock) TAILRACE_CHECKED(release_capability(lock))

namespace tailrace::detail {

template <class Platform>
class TAILRACE_CHECKED(capability("mutex")) mutex {
  public:
    mutex() = default;
    mutex(const mutex&) = delete;
    mutex& operator=(const mutex&) = delete;

    void lock() TAILRACE_CHECKED(acquire_capability()) { mutex_.lock(); }
    void unlock() TAILRACE_CHECKED(release_capability()) { mutex_.unlock(); }

  private:
    typename Platform::mutex mutex_;
};

/// Has the mutex for as long as it lives, but between unlock() and lock().
template <class Platform>
class TAILRACE_CHECKED(scoped_lockable) scoped_lock {
  public:
    explicit scoped_lock(mutex<Platform>& m) TAILRACE_CHECKED(acquire_capability(m)) : mutex_(m) { m.lock(); }
    scoped_lock(const scoped_lock&) = delete;
    scoped_lock& operator=(const scoped_lock&) = delete;
    ~scoped_lock() TAILRACE_CHECKED(release_capability()) {
        if (locked_) mutex_.unlock();
    }

    void lock() TAILRACE_CHECKED(acquire_capability()) {
        mutex_.lock();
        locked_ = true;
    }
    void unlock() TAILRACE_CHECKED(release_capability()) {
        locked_ = false;
        mutex_.unlock();
    }

  private:
    mutex<Platform>& mutex_;
    bool locked_ = true;
};

}  // namespace tailrace::detail
