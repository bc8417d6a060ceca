# Writes texts into a C++ source as raw strings: each of FILES becomes a string_view <name>_<extension>.
#
#   cmake -D OUTPUT=<source> -D "FILES=a.html;b.css" -P embed.cmake
cmake_minimum_required(VERSION 3.25)

set(source "// Written by embed.cmake.\n#include \"page.hpp\"\n\nnamespace tailrace::verify {\n\n")
foreach(file IN LISTS FILES)
    cmake_path(GET file FILENAME name)
    string(REPLACE "." "_" name "${name}")
    file(READ "${file}" text)
    string(FIND "${text}" ")page\"" at)
    if(NOT at EQUAL -1)
        message(FATAL_ERROR "${file}: contains the end of the raw string it would be in")
    endif()
    string(APPEND source "const std::string_view ${name} = R\"page(${text})page\";\n\n")
endforeach()
file(WRITE "${OUTPUT}" "${source}}  // namespace tailrace::verify\n")
