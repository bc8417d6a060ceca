// Prints what the public headers of a folder declare for users, as clang reads them: a line `FILE LINE NAME` for each
// declaration. ci/tests/reference compares it with what header.awk leaves for Doxygen, which says what is not for
// users.
//
//     public_names FOLDER    its absolute path
//
// After a change here run: ci/test -R house.reference
#include <algorithm>
#include <array>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>

#include "syntax_tree.hpp"

namespace {

using namespace tailrace::schemata;
namespace fs = std::filesystem;

constexpr std::array declarations = {
    CXCursor_ClassDecl,
    CXCursor_StructDecl,
    CXCursor_ClassTemplate,
    CXCursor_EnumDecl,
    CXCursor_EnumConstantDecl,
    CXCursor_FunctionDecl,
    CXCursor_FunctionTemplate,
    CXCursor_CXXMethod,
    CXCursor_Constructor,
    CXCursor_Destructor,
    CXCursor_ConversionFunction,
    CXCursor_TypedefDecl,
    CXCursor_TypeAliasDecl,
    CXCursor_VarDecl,
    CXCursor_FieldDecl,
    CXCursor_ConceptDecl,
    CXCursor_TypeAliasTemplateDecl,
};

bool is_for_users(CXCursor c) {
    const CX_CXXAccessSpecifier access = clang_getCXXAccessSpecifier(c);
    return (access == CX_CXXPublic || access == CX_CXXInvalidAccessSpecifier) && clang_CXXMethod_isDefaulted(c) == 0 &&
           clang_CXXMethod_isDeleted(c) == 0 &&
           clang_equalCursors(clang_getCursorSemanticParent(c), clang_getCursorLexicalParent(c)) != 0;
}

/// As it is written where it is declared.
std::string name_of(CXCursor c) {
    std::string name = text_of(clang_getCursorSpelling(c));
    const bool of_a_class = name.find("operator") == std::string::npos;
    return of_a_class ? name.substr(0, name.find('<')) : name;  // a constructor of a template
}

void print(CXCursor parent, const fs::path& folder) {
    for (const CXCursor& c : children(parent)) {
        CXFile file = nullptr;
        unsigned line = 0;
        clang_getExpansionLocation(clang_getCursorLocation(c), &file, &line, nullptr, nullptr);
        if (fs::path(text_of(clang_getFileName(file))).parent_path() != folder) continue;
        const std::string name = name_of(c);
        const CXCursorKind kind = clang_getCursorKind(c);
        if (kind == CXCursor_Namespace || kind == CXCursor_FriendDecl) {
            if (name != "detail") print(c, folder);
        } else if (std::ranges::find(declarations, kind) != declarations.end() && is_for_users(c)) {
            if (name.empty() || name == "promise_type") continue;
            std::cout << text_of(clang_getFileName(file)) << ' ' << line << ' ' << name << '\n';
            if (kind != CXCursor_FunctionDecl) print(c, folder);
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: public_names FOLDER\n";
        return 2;
    }
    try {
        const fs::path folder = argv[1];
        std::string source;
        for (const auto& entry : fs::directory_iterator(folder)) {
            if (entry.path().extension() == ".hpp") source += "#include \"" + entry.path().string() + "\"\n";
        }
        const syntax_tree all(source, folder.parent_path().string());
        print(all.root(), folder);
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "public_names: " << error.what() << '\n';
        return 2;
    }
}
