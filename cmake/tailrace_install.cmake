# Installs the library so that find_package(tailrace) works: the headers and a package configuration. Where the checking
# kit is built, installs that too, for find_package(tailrace COMPONENTS verify).
# After a change here run: ci/test -L examples
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

# Nothing of the library depends on the machine, hence share/ and ARCH_INDEPENDENT.
set(tailrace_package_dir "${CMAKE_INSTALL_DATADIR}/cmake/tailrace")

install(
    TARGETS tailrace
    EXPORT tailrace_targets
    FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT channel)
install(
    EXPORT tailrace_targets
    NAMESPACE tailrace::
    DESTINATION "${tailrace_package_dir}"
    COMPONENT channel)

set(tailrace_verify_dir "${CMAKE_INSTALL_LIBDIR}/cmake/tailrace")
configure_package_config_file(
    "${PROJECT_SOURCE_DIR}/cmake/tailrace-config.cmake.in" "${PROJECT_BINARY_DIR}/tailrace-config.cmake"
    INSTALL_DESTINATION "${tailrace_package_dir}"
    PATH_VARS tailrace_verify_dir
    NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may break its users.
write_basic_package_version_file(
    "${PROJECT_BINARY_DIR}/tailrace-config-version.cmake"
    COMPATIBILITY SameMinorVersion
    ARCH_INDEPENDENT)
install(
    FILES "${PROJECT_BINARY_DIR}/tailrace-config.cmake" "${PROJECT_BINARY_DIR}/tailrace-config-version.cmake"
    DESTINATION "${tailrace_package_dir}"
    COMPONENT channel)

# The kit: static libraries, their headers, and the traces. Who uses it needs the packages that it was built with, so it
# cannot be installed with dependencies that were fetched.
if(NOT TARGET tailrace_verify)
    return()
endif()
foreach(dependency IN ITEMS fmt::fmt rapidcheck)
    get_target_property(installed ${dependency} IMPORTED)
    if(NOT installed)
        message(STATUS "${dependency} was fetched and not found: the kit is left out of the installation")
        return()
    endif()
endforeach()

set(kit tailrace_model tailrace_verify tailrace_verify_main)
foreach(library IN LISTS kit)
    string(REPLACE tailrace_ "" name ${library})
    set_target_properties(${library} PROPERTIES EXPORT_NAME ${name})
endforeach()
target_compile_definitions(
    tailrace_verify
    PUBLIC $<INSTALL_INTERFACE:TAILRACE_TRACES_DIR="$<INSTALL_PREFIX>/${CMAKE_INSTALL_DATADIR}/tailrace/traces">)
install(
    TARGETS tailrace_model tailrace_verify
    EXPORT tailrace_verify_targets
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT verify
    FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT verify)
install(
    TARGETS tailrace_verify_main
    EXPORT tailrace_verify_targets
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT verify)
install(
    EXPORT tailrace_verify_targets
    NAMESPACE tailrace::
    DESTINATION "${tailrace_verify_dir}"
    COMPONENT verify)
install(
    DIRECTORY "${PROJECT_SOURCE_DIR}/model/traces/"
    DESTINATION "${CMAKE_INSTALL_DATADIR}/tailrace/traces"
    COMPONENT verify)
