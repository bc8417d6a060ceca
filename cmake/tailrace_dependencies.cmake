# What the checks need; the library itself needs nothing. An installed package is taken first (ci/setup installs
# them on Debian); failing that, the same version is fetched by commit.
include(FetchContent)

find_package(Threads REQUIRED)

# SYSTEM comes first: CMake 3.25 passes it on to git when it follows GIT_TAG.
FetchContent_Declare(
    fmt SYSTEM
    GIT_REPOSITORY https://github.com/fmtlib/fmt.git
    GIT_TAG a33701196adfad74917046096bf5a2aa0ab0bb50 # 9.1.0
    FIND_PACKAGE_ARGS 9 CONFIG)

FetchContent_Declare(
    GTest SYSTEM
    GIT_REPOSITORY https://github.com/google/googletest.git
    GIT_TAG 58d77fa8070e8cec2dc1ed015d66b454c8d78850 # 1.12.1
    FIND_PACKAGE_ARGS)

FetchContent_Declare(
    CLI11 SYSTEM
    GIT_REPOSITORY https://github.com/CLIUtils/CLI11.git
    GIT_TAG 70f8072f9dd2292fd0b9f9e5f58e279f60483ed3 # 2.1.2
    FIND_PACKAGE_ARGS 2 CONFIG)

FetchContent_Declare(
    nlohmann_json SYSTEM
    GIT_REPOSITORY https://github.com/nlohmann/json.git
    GIT_TAG bc889afb4c5bf1c0d8ee29ef35eaaf4c8bef8a5d # 3.11.2
    FIND_PACKAGE_ARGS 3 CONFIG)

FetchContent_Declare(
    rapidcheck SYSTEM
    GIT_REPOSITORY https://github.com/emil-e/rapidcheck.git
    GIT_TAG 08b505857e32d52a20b2240b5125d937d67a6d86 # no releases; the commit that Debian 12 packages
    GIT_SUBMODULES "" # they are for its own tests
    FIND_PACKAGE_ARGS CONFIG)

# Read only by the dependencies that are fetched.
set(INSTALL_GTEST OFF)
set(RC_ENABLE_GTEST ON)
set(CMAKE_POLICY_DEFAULT_CMP0077 NEW) # the two lines above are obeyed by projects that ask for an older CMake
set(CMAKE_POLICY_VERSION_MINIMUM 3.5) # CMake 4 refuses those projects otherwise
FetchContent_MakeAvailable(fmt GTest CLI11 nlohmann_json rapidcheck)
unset(CMAKE_POLICY_VERSION_MINIMUM)
unset(CMAKE_POLICY_DEFAULT_CMP0077)

# Relacy is a folder of headers without a build system.
find_path(TAILRACE_RELACY_INCLUDE_DIR relacy/relacy.hpp)
mark_as_advanced(TAILRACE_RELACY_INCLUDE_DIR)
add_library(tailrace_relacy_headers INTERFACE)
if(TAILRACE_RELACY_INCLUDE_DIR)
    target_include_directories(tailrace_relacy_headers SYSTEM INTERFACE "${TAILRACE_RELACY_INCLUDE_DIR}")
else()
    FetchContent_Declare(
        relacy
        GIT_REPOSITORY https://github.com/dvyukov/relacy.git
        GIT_TAG acc09bbe65a1837a08912774c7fed178547514e6 # no releases; the commit that Debian 12 packages
    )
    FetchContent_MakeAvailable(relacy)
    target_include_directories(tailrace_relacy_headers SYSTEM INTERFACE "${relacy_SOURCE_DIR}")
endif()

# Either Asio, for the adapter (tailrace/asio.hpp): what is not found is not tested. Boost 1.78 is the first whose Asio has what it needs.
find_package(Boost 1.78 QUIET)
find_path(TAILRACE_ASIO_INCLUDE_DIR asio/cancellation_signal.hpp)
mark_as_advanced(TAILRACE_ASIO_INCLUDE_DIR)
set(TAILRACE_ASIOS "")
if(Boost_FOUND)
    list(APPEND TAILRACE_ASIOS boost_asio)
    add_library(tailrace_boost_asio INTERFACE)
    target_link_libraries(tailrace_boost_asio INTERFACE Boost::headers)
    target_compile_definitions(tailrace_boost_asio INTERFACE TAILRACE_ASIO_BOOST)
endif()
if(TAILRACE_ASIO_INCLUDE_DIR)
    list(APPEND TAILRACE_ASIOS standalone_asio)
    add_library(tailrace_standalone_asio INTERFACE)
    target_include_directories(tailrace_standalone_asio SYSTEM INTERFACE "${TAILRACE_ASIO_INCLUDE_DIR}")
    target_compile_definitions(tailrace_standalone_asio INTERFACE TAILRACE_ASIO_STANDALONE)
    # Asio 1.22 does not know that clang has coroutines without the library that was experimental.
    target_compile_definitions(tailrace_standalone_asio INTERFACE ASIO_HAS_CO_AWAIT)
endif()
if(TAILRACE_SANITIZER STREQUAL "thread")
    # ThreadSanitizer does not know fences, and g++ says so. Asio's are beside mutexes that do the same.
    foreach(asio IN LISTS TAILRACE_ASIOS)
        target_compile_definitions(tailrace_${asio} INTERFACE ASIO_DISABLE_FENCED_BLOCK BOOST_ASIO_DISABLE_FENCED_BLOCK)
    endforeach()
endif()
