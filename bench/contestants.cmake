# The programs of the contestants, all of them in one folder. The target bench is all of them, and what measures. Included by CMakeLists.txt.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}")
find_package(Boost 1.81 REQUIRED COMPONENTS fiber context)
find_package(TBB REQUIRED)
find_path(TAILRACE_CONCURRENTQUEUE_INCLUDE_DIR concurrentqueue/blockingconcurrentqueue.h REQUIRED)
mark_as_advanced(TAILRACE_CONCURRENTQUEUE_INCLUDE_DIR)

add_library(bench_common STATIC common/contestant.cpp)
target_include_directories(bench_common PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}")
target_link_libraries(bench_common PUBLIC Threads::Threads)

add_executable(bench-floor common/floor.cpp)
target_link_libraries(bench-floor PRIVATE bench_common)

tailrace_sources(ours tailrace/*.cpp)
add_executable(bench-tailrace ${ours})
target_link_libraries(bench-tailrace PRIVATE bench_common tailrace::tailrace tailrace::model tailrace_boost_asio)

tailrace_sources(peers peers/cpp/*.cpp)
add_executable(bench-cpp ${peers})
target_link_libraries(bench-cpp PRIVATE bench_common Boost::fiber Boost::context Boost::headers TBB::tbb)
target_include_directories(bench-cpp SYSTEM PRIVATE "${TAILRACE_CONCURRENTQUEUE_INCLUDE_DIR}")

# Debian's compilers, also where others stand first on the path. They decide for themselves what has to be built. Where one is missing, its
# contestants are, and the report says so.
add_custom_target(bench)
add_dependencies(bench tailrace-bench bench-floor bench-tailrace bench-cpp)

if(EXISTS /usr/bin/rustc AND EXISTS /usr/bin/cargo)
    execute_process(COMMAND /usr/bin/rustc --version OUTPUT_VARIABLE rust_version OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
    add_custom_target(
        bench-rust
        COMMAND
            "${CMAKE_COMMAND}" -E env RUSTC=/usr/bin/rustc "BENCH_COMPILER=${rust_version}" /usr/bin/cargo --config debian.toml build
            --quiet --release --offline --target-dir "${CMAKE_CURRENT_BINARY_DIR}/rust"
        COMMAND "${CMAKE_COMMAND}" -E copy_if_different "${CMAKE_CURRENT_BINARY_DIR}/rust/release/bench-rust"
                "${CMAKE_CURRENT_BINARY_DIR}/bench-rust"
        WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/peers/rust"
        VERBATIM)
    add_dependencies(bench bench-rust)
else()
    message(WARNING "no /usr/bin/rustc and /usr/bin/cargo: without the contestants in Rust")
endif()

if(EXISTS /usr/bin/go)
    add_custom_target(
        bench-go
        COMMAND "${CMAKE_COMMAND}" -E env GOFLAGS=-buildvcs=false GO111MODULE=on /usr/bin/go build -o "${CMAKE_CURRENT_BINARY_DIR}/bench-go" .
        WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/peers/go"
        VERBATIM)
    add_dependencies(bench bench-go)
else()
    message(WARNING "no /usr/bin/go: without the contestant in Go")
endif()
