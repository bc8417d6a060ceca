# Installs the library so that find_package(tailrace) works: the headers and a package configuration.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

# Nothing installed depends on the machine, hence share/ and ARCH_INDEPENDENT.
set(tailrace_package_dir "${CMAKE_INSTALL_DATADIR}/cmake/tailrace")

install(
    TARGETS tailrace
    EXPORT tailrace_targets
    FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT tailrace)
install(
    EXPORT tailrace_targets
    NAMESPACE tailrace::
    DESTINATION "${tailrace_package_dir}"
    COMPONENT tailrace)

configure_package_config_file(
    "${PROJECT_SOURCE_DIR}/cmake/tailrace-config.cmake.in" "${PROJECT_BINARY_DIR}/tailrace-config.cmake"
    INSTALL_DESTINATION "${tailrace_package_dir}"
    NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may break its users.
write_basic_package_version_file(
    "${PROJECT_BINARY_DIR}/tailrace-config-version.cmake"
    COMPATIBILITY SameMinorVersion
    ARCH_INDEPENDENT)
install(
    FILES "${PROJECT_BINARY_DIR}/tailrace-config.cmake" "${PROJECT_BINARY_DIR}/tailrace-config-version.cmake"
    DESTINATION "${tailrace_package_dir}"
    COMPONENT tailrace)
