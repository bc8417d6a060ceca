// The syntax tree of a source, by the C interface of libclang.
// After a change here run: ci/test -L house
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include <clang-c/Index.h>

namespace tailrace::schemata {

[[nodiscard]] inline std::string text_of(CXString s) {
    const char* const characters = clang_getCString(s);
    std::string text = characters == nullptr ? "" : characters;
    clang_disposeString(s);
    return text;
}

[[nodiscard]] inline std::vector<CXCursor> children(CXCursor parent) {
    std::vector<CXCursor> all;
    clang_visitChildren(
        parent,
        [](CXCursor c, CXCursor, CXClientData to) {
            static_cast<std::vector<CXCursor>*>(to)->push_back(c);
            return CXChildVisit_Continue;
        },
        &all);
    return all;
}

class syntax_tree {
  public:
    /// Of a source that includes files below a folder. Throws std::runtime_error if it does not compile.
    syntax_tree(const std::string& source, const std::string& folder) {
        CXUnsavedFile file{"all_headers.cpp", source.c_str(), source.size()};
        const std::vector<const char*> arguments = {
            "-x", "c++", "-std=c++23", "-resource-dir", TAILRACE_CLANG_RESOURCES, "-I", folder.c_str()};
        unit_ = clang_parseTranslationUnit(index_, file.Filename, arguments.data(), static_cast<int>(arguments.size()),
                                           &file, 1, 0);
        if (unit_ == nullptr) throw std::runtime_error("clang cannot read the headers");
        for (unsigned i = 0; i < clang_getNumDiagnostics(unit_); ++i) {
            const CXDiagnostic d = clang_getDiagnostic(unit_, i);
            if (clang_getDiagnosticSeverity(d) < CXDiagnostic_Error) continue;
            throw std::runtime_error(text_of(clang_formatDiagnostic(d, clang_defaultDiagnosticDisplayOptions())));
        }
    }
    syntax_tree(const syntax_tree&) = delete;
    syntax_tree& operator=(const syntax_tree&) = delete;
    ~syntax_tree() {
        clang_disposeTranslationUnit(unit_);
        clang_disposeIndex(index_);
    }

    [[nodiscard]] CXCursor root() const { return clang_getTranslationUnitCursor(unit_); }

  private:
    CXIndex index_ = clang_createIndex(0, 0);
    CXTranslationUnit unit_ = nullptr;
};

}  // namespace tailrace::schemata
