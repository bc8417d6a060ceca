# The pages in a browser, the golden reports and those of the tests of campaign_html: ci/test -L browser.
# Included by proptests/kit/CMakeLists.txt.
find_program(TAILRACE_CHROMIUM NAMES chromium chromium-browser google-chrome)
find_program(TAILRACE_NODE NAMES node nodejs)
mark_as_advanced(TAILRACE_CHROMIUM TAILRACE_NODE)
if(TAILRACE_CHROMIUM AND TAILRACE_NODE)
    file(GLOB pages CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/tests/golden/*.html")
    set(campaigns "${CMAKE_CURRENT_BINARY_DIR}/browser-pages")
    add_test(NAME browser.campaigns COMMAND proptests_tests --gtest_filter=campaign_html.*)
    set_tests_properties(
        browser.campaigns
        PROPERTIES LABELS browser
                   FIXTURES_SETUP campaign_pages
                   ENVIRONMENT "TAILRACE_PAGES=${campaigns}")
    add_test(NAME browser.pages
             COMMAND "${TAILRACE_NODE}" "${CMAKE_CURRENT_SOURCE_DIR}/browser/page_test.mjs"
                     "${TAILRACE_CHROMIUM}" ${pages} "${campaigns}")
    set_tests_properties(
        browser.pages
        PROPERTIES LABELS browser
                   TIMEOUT 300
                   FIXTURES_REQUIRED campaign_pages)
else()
    message(STATUS "No test of the pages: it needs chromium and node, which ci/setup --browser installs")
endif()
