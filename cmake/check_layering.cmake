# Fails when a source includes what its folder must not, or when it has looked at nothing. Run: cmake -P cmake/check_layering.cmake
#
# Every folder of the project is here, with the folders whose headers it may include: impl depends on nothing, model on nothing of impl
# but the types without an algorithm that both channels share, and neither on the kits above them; inside the kit and inside relacy
# each folder depends only on those before it.
cmake_minimum_required(VERSION 3.25)
cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH default_root)
if(NOT DEFINED ROOT)
    set(ROOT "${default_root}")
endif()

set(violations "")
set(looked_at 0)
set(libraries "fmt|rapidcheck|gtest|relacy|nlohmann|CLI|boost|asio")

# may_include(<folder> <regex>): of the headers of this project and of libraries, the sources of <folder> include only those. A header
# without a folder lies beside its source.
function(may_include folder allowed)
    file(GLOB_RECURSE files "${ROOT}/${folder}/*.hpp" "${ROOT}/${folder}/*.cpp")
    if(NOT files)
        message(FATAL_ERROR "no source found under ${ROOT}/${folder}")
    endif()
    set(bad "")
    foreach(file IN LISTS files)
        cmake_path(RELATIVE_PATH file BASE_DIRECTORY "${ROOT}" OUTPUT_VARIABLE name)
        file(STRINGS "${file}" includes REGEX "^[ \t]*#[ \t]*include[ \t]*(\"[^\"]*/|<(${libraries})/)")
        foreach(line IN LISTS includes)
            string(REGEX REPLACE "^[^<\"]*[<\"]([^>\"]*)[>\"].*" "\\1" header "${line}")
            if(NOT header MATCHES "^(${allowed})$")
                list(APPEND bad "${name}: includes ${header}")
            endif()
        endforeach()
    endforeach()
    list(LENGTH files count)
    math(EXPR count "${looked_at} + ${count}")
    set(looked_at ${count} PARENT_SCOPE)
    set(violations "${violations};${bad}" PARENT_SCOPE)
endfunction()

# layers(<root> <below> <folder>...): each folder of <root> may include itself, those before it, and <below>.
function(layers root below)
    set(so_far "")
    foreach(folder IN LISTS ARGN)
        list(APPEND so_far "${folder}")
        list(JOIN so_far "|" reach)
        may_include(${root}/${folder} "(${reach})/.*|${below}")
    endforeach()
    set(looked_at ${looked_at} PARENT_SCOPE)
    set(violations "${violations}" PARENT_SCOPE)
endfunction()

set(channel "tailrace/[a-z_]+\\.hpp|tailrace/detail/[a-z_]+\\.hpp")
set(specification "tailrace/model/.*")
may_include(impl/include "${channel}")
may_include(model/include "tailrace/(errors|waker|async_context)\\.hpp|${specification}|fmt/.*")
may_include(model/src "${specification}|fmt/.*")
may_include(proptests/kit/include "${channel}|${specification}|tailrace/verify/.*")
layers(proptests/kit/src "${channel}|${specification}|tailrace/verify/.*|fmt/.*|rapidcheck/.*|nlohmann/.*|CLI/.*"
       support target program coverage engine report model_mutants evidence campaign)
may_include(proptests/fuzz "${specification}|tailrace/verify/.*|(program|engine|report|campaign)/.*|fmt/.*")
may_include(proptests/foreign "tailrace/(errors|waker)\\.hpp|tailrace/verify/.*|${specification}|campaign/.*|boost/.*|gtest/.*|fmt/.*")
layers(relacy "${channel}|${specification}|fmt/.*|relacy/.*|CLI/.*" kernel explorer scenarios litmus audit)
may_include(bench/common "common/.*")
may_include(bench/tailrace "tailrace/[a-z_]+\\.hpp|tailrace/model/reference_channel\\.hpp|common/.*|boost/.*") # what users include
may_include(bench/peers "common/.*|boost/.*")
may_include(bench/compare "compare/.*|fmt/.*|nlohmann/.*|CLI/.*|gtest/.*")

list(REMOVE_ITEM violations "")
if(violations)
    list(JOIN violations "\n" text)
    message(FATAL_ERROR "dependencies go one way, see cmake/check_layering.cmake:\n${text}")
endif()
message("${looked_at} sources include only what their folders may")
