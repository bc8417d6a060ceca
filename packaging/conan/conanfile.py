# The channel as a package of Conan 2: its headers. The checking kit is not in it.
#
#   conan create packaging/conan -s compiler.cppstd=23
import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, cmake_layout
from conan.tools.files import copy, load, rmdir


class Tailrace(ConanFile):
    name = "tailrace"
    description = "A bounded asynchronous MPSC channel for C++23 whose every promise is checked"
    license = "MIT"
    topics = ("channel", "mpsc", "coroutines", "concurrency", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    generators = ("CMakeToolchain",)
    no_copy_source = True

    def _checkout(self):
        return os.path.normpath(os.path.join(self.recipe_folder, "..", ".."))

    def set_version(self):
        header = load(self, os.path.join(self._checkout(), "impl", "include", "tailrace", "version.hpp"))
        parts = re.findall(r"^#define TAILRACE_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)$", header, re.MULTILINE)
        self.version = ".".join(parts)

    def export_sources(self):
        for pattern in ("CMakeLists.txt", "LICENSE", "cmake/*", "impl/CMakeLists.txt", "impl/include/*"):
            copy(self, pattern, src=self._checkout(), dst=self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def validate(self):
        check_min_cppstd(self, 23)

    def package_id(self):
        self.info.clear()

    def build(self):
        cmake = CMake(self)
        cmake.configure(variables={"TAILRACE_CHECKS": "OFF"})

    def package(self):
        copy(self, "LICENSE", src=self.source_folder, dst=os.path.join(self.package_folder, "licenses"))
        cmake = CMake(self)
        cmake.install()
        rmdir(self, os.path.join(self.package_folder, "share"))  # Conan writes its own configurations

    def package_info(self):
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
        self.cpp_info.set_property("cmake_file_name", "tailrace")
        self.cpp_info.set_property("cmake_target_name", "tailrace::tailrace")
        self.cpp_info.set_property("pkg_config_name", "tailrace")
        if self.settings.get_safe("os") in ("Linux", "FreeBSD"):
            self.cpp_info.system_libs = ["pthread"]
