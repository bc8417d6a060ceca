# The pages of the golden reports in a browser: ctest -L browser. Included by proptests/CMakeLists.txt.
find_program(TAILRACE_CHROMIUM NAMES chromium chromium-browser google-chrome)
find_program(TAILRACE_NODE NAMES node nodejs)
mark_as_advanced(TAILRACE_CHROMIUM TAILRACE_NODE)
if(TAILRACE_CHROMIUM AND TAILRACE_NODE)
    file(GLOB pages CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/tests/golden/*.html")
    add_test(NAME browser.pages COMMAND "${TAILRACE_NODE}" "${CMAKE_CURRENT_SOURCE_DIR}/browser/page_test.mjs"
                                        "${TAILRACE_CHROMIUM}" ${pages})
    set_tests_properties(browser.pages PROPERTIES LABELS browser TIMEOUT 300)
else()
    message(STATUS "No test of the report's page: it needs chromium and node, which ci/setup --browser installs")
endif()
