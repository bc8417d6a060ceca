# What `cpack -G DEB` makes of the install rules: libtailrace-dev, and tailrace-verify where the kit is built. ci/release calls it.
# After a change here run: ci/test -L examples && ci/release --dry-run
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_VENDOR "The tailrace authors")
set(CPACK_PACKAGE_CONTACT "The tailrace authors")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL channel)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)

set(CPACK_DEBIAN_CHANNEL_PACKAGE_NAME libtailrace-dev)
set(CPACK_DEBIAN_CHANNEL_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_CHANNEL_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_CHANNEL_PACKAGE_SUGGESTS "tailrace-verify, pkg-config, cmake (>= 3.25)")
set(CPACK_DEBIAN_CHANNEL_DESCRIPTION
    "Many senders and one receiver, with backpressure and permits, for coroutines
and threads. Headers only, without dependencies.")

if(tailrace_installs_kit)
    list(APPEND CPACK_COMPONENTS_ALL verify)
    set(CPACK_DEBIAN_VERIFY_PACKAGE_NAME tailrace-verify)
    set(CPACK_DEBIAN_VERIFY_PACKAGE_SECTION libdevel)
    set(CPACK_DEBIAN_VERIFY_PACKAGE_SHLIBDEPS ON)
    set(CPACK_DEBIAN_VERIFY_PACKAGE_DEPENDS "libtailrace-dev (= ${PROJECT_VERSION}), libfmt-dev, librapidcheck-dev")
    set(CPACK_DEBIAN_VERIFY_DESCRIPTION
        "The program tailrace-verify, which checks the channel of libtailrace-dev, and
the library with which programs check channels of their own.")
endif()

# Debian looks for the licence there.
foreach(component IN LISTS CPACK_COMPONENTS_ALL)
    string(TOUPPER ${component} name)
    install(
        FILES "${PROJECT_SOURCE_DIR}/LICENSE"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/${CPACK_DEBIAN_${name}_PACKAGE_NAME}"
        RENAME copyright
        COMPONENT ${component})
endforeach()
include(CPack)
