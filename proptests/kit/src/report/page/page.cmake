# The pages of a counterexample and of a campaign become part of the library. Included by proptests/kit/CMakeLists.txt.
set(page_folder "${CMAKE_CURRENT_SOURCE_DIR}/src/report/page")
set(page_files shared.js failure.html failure.css failure.js campaign.html campaign.css campaign.js)
list(TRANSFORM page_files PREPEND "${page_folder}/")
set(page_source "${CMAKE_CURRENT_BINARY_DIR}/page.cpp")
add_custom_command(
    OUTPUT "${page_source}"
    COMMAND "${CMAKE_COMMAND}" -D "OUTPUT=${page_source}" -D "FILES=${page_files}" -P "${page_folder}/embed.cmake"
    DEPENDS ${page_files} "${page_folder}/embed.cmake"
    VERBATIM)
target_sources(tailrace_verify_reports PRIVATE "${page_source}")
set_source_files_properties("${page_source}" PROPERTIES INCLUDE_DIRECTORIES "${page_folder}")
