// Walks the syntax tree of all headers, by libclang. Only bodies of functions are changed: neither what has to be a
// constant there, nor what comes from a macro. A mutant is an alternative beside the original:
//
//     a < b        (tailrace_mutate::is(1) ? (a <= b) : tailrace_mutate::is(2) ? (a >= b) : (a < b))
//     if (x)       if ((tailrace_mutate::is(3) != static_cast<bool>(x)))
//     f(); g();    { if (tailrace_mutate::is(5)) { g(); } if (!(tailrace_mutate::is(4))) f(); }
//                  { if (!(tailrace_mutate::is(5) || tailrace_mutate::is(6))) g(); }
//
// At most one is on, so only the original contains further mutants.
// After a change here run: ci/test -L house
#include "operators.hpp"

#include <cctype>
#include <map>
#include <optional>
#include <regex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <clang-c/Index.h>

#include "syntax_tree.hpp"

namespace tailrace::schemata {

namespace {

/// The texts, with a space in between.
std::string joined(std::string one, const std::string& other) {
    one += ' ';
    one += other;
    return one;
}

std::string is(int number) { return "tailrace_mutate::is(" + std::to_string(number) + ")"; }

const std::map<std::string, std::vector<std::string>>& binary_operators() {
    static const std::map<std::string, std::vector<std::string>> all = {
        {"<", {"<=", ">="}}, {"<=", {"<", ">"}}, {">", {">=", "<="}}, {">=", {">", "<"}},
        {"==", {"!="}},      {"!=", {"=="}},     {"&&", {"||"}},      {"||", {"&&"}},
        {"+", {"-"}},        {"-", {"+"}},       {"+=", {"-="}},      {"-=", {"+="}},
    };
    return all;
}
std::string kind_of(const std::string& binary) {
    if (binary == "&&" || binary == "||") return "connective";
    return binary[0] == '+' || binary[0] == '-' ? "arithmetic" : "relation";
}
const std::vector<std::string>& weaker(const std::string& order) {
    static const std::map<std::string, std::vector<std::string>> all = {{"seq_cst", {"acq_rel"}},
                                                                        {"acq_rel", {"acquire", "release"}},
                                                                        {"acquire", {"relaxed"}},
                                                                        {"release", {"relaxed"}}};
    static const std::vector<std::string> none;
    const auto found = all.find(order);
    return found == all.end() ? none : found->second;
}

class walker {
  public:
    explicit walker(copies& all) : all_(all) {}

    /// Outside of functions.
    void declarations(CXCursor c) {
        switch (clang_getCursorKind(c)) {
            case CXCursor_FunctionDecl:
            case CXCursor_FunctionTemplate:
            case CXCursor_CXXMethod:
            case CXCursor_Constructor:
            case CXCursor_Destructor:
            case CXCursor_ConversionFunction: return function(c);
            case CXCursor_Namespace:
            case CXCursor_ClassDecl:
            case CXCursor_StructDecl:
            case CXCursor_UnionDecl:
            case CXCursor_ClassTemplate:
            case CXCursor_ClassTemplatePartialSpecialization:
            case CXCursor_FriendDecl:
            case CXCursor_LinkageSpec:
                for (const auto& child : children(c)) declarations(child);
                return;
            default: return;
        }
    }

  private:
    struct place {
        std::string file;
        range at;
    };

    /// Nothing for what is in no header, or comes from a macro.
    std::optional<place> place_of(CXCursor c) {
        const auto extent = clang_getCursorExtent(c);
        const auto begin = offset(clang_getRangeStart(extent));
        const auto end = offset(clang_getRangeEnd(extent));
        if (!begin || !end || begin->first != end->first || end->second <= begin->second) return std::nullopt;
        return place{begin->first, {begin->second, end->second}};
    }
    std::optional<std::pair<std::string, std::size_t>> offset(CXSourceLocation l) {
        CXFile file = nullptr;
        unsigned expanded = 0;
        unsigned spelled = 0;
        clang_getExpansionLocation(l, &file, nullptr, nullptr, &expanded);
        CXFile spelled_in = nullptr;
        clang_getSpellingLocation(l, &spelled_in, nullptr, nullptr, &spelled);
        if (file == nullptr || expanded != spelled || clang_File_isEqual(file, spelled_in) == 0) return std::nullopt;
        const auto name = fs::path(text_of(clang_getFileName(file))).lexically_relative(all_.from()).string();
        if (!all_.headers().contains(name)) return std::nullopt;
        return std::pair(name, std::size_t{expanded});
    }
    header& in(const place& p) { return all_.headers().at(p.file); }
    std::string source(const place& p) { return in(p).at(p.at); }

    std::optional<int> add(const place& p, const std::string& operation, const std::string& before,
                           const std::string& after) {
        return all_.add(p.file, p.at.begin, {function_, operation, before, after});
    }
    /// Other expressions of the same type in its place.
    void alternatives(const place& p, const std::string& operation, const std::vector<std::string>& others) {
        const auto original = source(p);
        if (original.find("\n#") != std::string::npos) return;
        std::string chain = "(";
        for (const auto& other : others) {
            if (const auto number = add(p, operation, one_line(original), other))
                chain += is(*number) + " ? (" + other + ") : ";
        }
        if (chain != "(") in(p).enclose(p.at, chain + "(", "))");
    }

    void function(CXCursor f) {
        if (clang_isCursorDefinition(f) == 0) return;
        const auto type = text_of(clang_getTypeSpelling(clang_getCursorResultType(f)));
        const auto kind = clang_getCursorKind(f);
        const auto parent = text_of(clang_getCursorSpelling(clang_getCursorSemanticParent(f)));
        function_ = (parent.empty() ? "" : parent + "::") + text_of(clang_getCursorSpelling(f));
        if (const auto arguments = function_.find('<');
            arguments != std::string::npos && !function_.contains("operator")) {
            function_.erase(arguments);
        }
        const bool returns = !never_returns(f);
        for (const auto& child : children(f)) {
            if (clang_getCursorKind(child) != CXCursor_CompoundStmt) continue;
            if (is_consteval(f, child)) return;
            const auto below = children(child);
            const auto last = below.empty() ? std::nullopt : place_of(below.back());
            cannot_go_ = !returns && last ? std::optional(last->at.begin) : std::nullopt;
            returns_bool_ = type == "bool";
            walk(child);
            if (returns && kind != CXCursor_Constructor && below.size() > 1) early_return(child, type);
        }
    }
    /// Such a function is left by its last statement only: without that, its behaviour is undefined, and the compiler
    /// takes the mutant for one that is never on.
    bool never_returns(CXCursor f) {
        for (const auto& child : children(f)) {
            const auto p = clang_isAttribute(clang_getCursorKind(child)) != 0 ? place_of(child) : std::nullopt;
            if (p && source(*p).contains("noreturn")) return true;
        }
        return false;
    }
    /// Evaluated by the compiler, where no mutant is on.
    bool is_consteval(CXCursor f, CXCursor body) {
        const auto whole = place_of(f);
        const auto inside = place_of(body);
        static const std::regex word(R"(\bconsteval\b)");
        return whole && inside && std::regex_search(in(*whole).at({whole->at.begin, inside->at.begin}), word);
    }
    void early_return(CXCursor body, const std::string& type) {
        const auto p = place_of(body);
        if (!p) return;
        std::vector<std::string> what;
        static const std::regex with_default(
            R"((const )?(std::optional<.*|(std::)?u?int\w*|word_type|unsigned.*|.*\*))");
        if (type == "void") what = {"return;"};
        if (type == "bool") what = {"return false;", "return true;"};
        if (std::regex_match(type, with_default)) what = {"return {};"};
        std::string all;
        for (const auto& one : what) {
            if (const auto number = add(*p, "early return", "{", "{ " + one)) all += " if (" + is(*number) + ") " + one;
        }
        const range inside{p->at.begin + 1, p->at.end - 1};
        if (!all.empty()) in(*p).enclose(inside, all, "");
    }

    void walk(CXCursor c, CXCursorKind parent = CXCursor_CompoundStmt) {
        const auto below = children(c);
        const auto kind = clang_getCursorKind(c);
        std::size_t first = 0;  // of the children that are walked
        switch (kind) {
            case CXCursor_StaticAssert:
            case CXCursor_TypeAliasDecl:
            case CXCursor_TypedefDecl:
            case CXCursor_UnaryExpr:  // the size of a type and the like
            case CXCursor_StructDecl:
            case CXCursor_ClassDecl: return;
            case CXCursor_VarDecl:
                if (const auto p = place_of(c); !p || source(*p).find("constexpr") != std::string::npos) return;
                break;
            case CXCursor_CaseStmt: first = 1; break;
            case CXCursor_IfStmt:
            case CXCursor_WhileStmt:
                first = condition_of(c, below);
                for (const auto& child : below) statements({child});  // a branch without braces
                break;
            case CXCursor_ForStmt: statements({below.back()}); break;
            case CXCursor_DoStmt: negate(below.back()); break;
            case CXCursor_ConditionalOperator: negate(below.front()); break;
            case CXCursor_ReturnStmt:
                if (returns_bool_ && !below.empty()) negate(below.front());
                break;
            case CXCursor_CompoundStmt: statements(below); break;
            case CXCursor_BinaryOperator:
            case CXCursor_CompoundAssignOperator: binary(c, below); break;
            case CXCursor_UnaryOperator: unary(c); break;
            case CXCursor_CallExpr:
                binary(c, below);
                orders(c, below);
                break;
            case CXCursor_IntegerLiteral:
            case CXCursor_CXXBoolLiteralExpr: constant(c, parent); break;
            default: break;
        }
        const bool returned_bool = returns_bool_;
        if (kind == CXCursor_LambdaExpr) returns_bool_ = false;
        for (std::size_t i = first; i < below.size(); ++i) walk(below[i], kind);
        returns_bool_ = returned_bool;
    }

    /// Negates the condition. Returns the number of children to leave alone: the condition, if it has to be a constant.
    std::size_t condition_of(CXCursor statement, const std::vector<CXCursor>& below) {
        const auto p = place_of(statement);
        if (!p || below.empty()) return below.size();
        static const std::regex constant(R"(if\s+(!\s*)?const(expr|eval)[^]*)");
        if (std::regex_match(source(*p), constant)) return 1;
        if (clang_getCursorKind(below[0]) == CXCursor_VarDecl) return 0;  // a declaration is the condition
        negate(below[clang_getCursorKind(below[0]) == CXCursor_DeclStmt ? 1 : 0]);
        return 0;
    }
    void negate(CXCursor condition) {
        const auto p = place_of(condition);
        if (!p || clang_getCursorKind(condition) == CXCursor_CXXBoolLiteralExpr) return;
        const auto b = parts(condition, children(condition));
        if (b && kind_of(b->sign) == "relation") return;  // has its own opposite
        const auto text = one_line(source(*p));
        if (const auto number = add(*p, "negation", text, "!(" + text + ")")) {
            in(*p).enclose(p->at, "(" + is(*number) + " != static_cast<bool>(", "))");
        }
    }

    struct binary_parts {
        place whole;
        std::string sign;
        range left;
        range right;
    };
    std::optional<binary_parts> parts(CXCursor c, const std::vector<CXCursor>& below) {
        const auto whole = place_of(c);
        if (!whole || below.size() < 2) return std::nullopt;
        range left{whole->at.end, whole->at.end};
        range right{whole->at.begin, whole->at.begin};
        for (const auto& child : below) {
            const auto p = place_of(child);
            if (!p) return std::nullopt;
            if (p->at.begin < left.begin) left = p->at;
            if (p->at.end > right.end) right = p->at;
        }
        if (left.end > right.begin || left.begin != whole->at.begin || right.end != whole->at.end) return std::nullopt;
        const auto sign = one_line(in(*whole).at({left.end, right.begin}));
        if (!binary_operators().contains(sign)) return std::nullopt;
        return binary_parts{*whole, sign, left, right};
    }
    void binary(CXCursor c, const std::vector<CXCursor>& below) {
        const auto b = parts(c, below);
        if (!b) return;
        const auto kind = kind_of(b->sign);
        auto left = one_line(in(b->whole).at(b->left));
        auto right = one_line(in(b->whole).at(b->right));
        if (kind == "connective") {
            left = "(" + left + ")";
            right = "(" + right + ")";
        }
        std::vector<std::string> others;
        for (const auto& sign : binary_operators().at(b->sign)) {
            others.push_back(left);
            others.back().append(" ").append(sign).append(" ").append(right);
        }
        alternatives(b->whole, kind, others);
    }
    void unary(CXCursor c) {
        const auto p = place_of(c);
        if (!p) return;
        auto text = one_line(source(*p));
        if (text.starts_with("++") || text.starts_with("--")) {
            text.replace(0, 2, text[0] == '+' ? "--" : "++");
            alternatives(*p, "arithmetic", {text});
        }
    }

    void orders(CXCursor call, const std::vector<CXCursor>& below) {
        const auto p = place_of(call);
        if (!p) return;
        static const std::string prefix = "std::memory_order_";
        std::vector<std::string> others;
        for (const auto& argument : below) {
            const auto at = place_of(argument);
            if (!at || !source(*at).starts_with(prefix)) continue;
            for (const auto& order : weaker(source(*at).substr(prefix.size()))) {
                auto text = source(*p);
                text.replace(at->at.begin - p->at.begin, at->at.end - at->at.begin, prefix + order);
                others.push_back(one_line(text));
            }
        }
        alternatives(*p, "memory order", others);
    }

    void constant(CXCursor literal, CXCursorKind parent) {
        const auto p = place_of(literal);
        // Below these it is an argument of a template, or the size of an array.
        if (!p || parent == CXCursor_DeclRefExpr || parent == CXCursor_MemberRefExpr || parent == CXCursor_TypeRef)
            return;
        const auto text = source(*p);
        if (text == "true" || text == "false") return alternatives(*p, "constant", {text == "true" ? "false" : "true"});
        static const std::regex decimal("([0-9]+)([uUlL]*)");
        std::smatch match;
        if (!std::regex_match(text, match, decimal)) return;
        const auto value = std::stoull(match[1]);
        std::vector<std::string> others = {std::to_string(value + 1) + match[2].str()};
        if (value > 0) others.push_back(std::to_string(value - 1) + match[2].str());
        alternatives(*p, "constant", others);
    }

    /// An expression with its semicolon.
    std::optional<place> expression_statement(CXCursor c) {
        auto p = place_of(c);
        if (!p || clang_isExpression(clang_getCursorKind(c)) == 0) return std::nullopt;
        const auto& text = in(*p).text();
        while (std::isspace(static_cast<unsigned char>(text[p->at.end])) != 0) ++p->at.end;
        if (text[p->at.end++] != ';' || source(*p).find("\n#") != std::string::npos) return std::nullopt;
        return p;
    }
    /// Each may be left out, or change places with the next one if there is a call in one of them.
    void statements(const std::vector<CXCursor>& below) {
        std::string unless;  // it was done before the one before
        for (std::size_t i = 0; i < below.size(); ++i) {
            const auto p = expression_statement(below[i]);
            const auto after = i + 1 < below.size() ? expression_statement(below[i + 1]) : std::nullopt;
            if (!p) continue;
            const auto text = one_line(source(*p));
            if (p->at.begin != cannot_go_) {
                if (const auto number = add(*p, "removal", text, ""))
                    unless += (unless.empty() ? "" : " || ") + is(*number);
            }
            std::string before = "{ ";
            std::string exchanged;
            if (after && (source(*p) + source(*after)).find('(') != std::string::npos) {
                const auto other = one_line(source(*after));
                if (const auto number = add(*p, "exchange", joined(text, other), joined(other, text))) {
                    exchanged = is(*number);
                    before.append("if (").append(exchanged).append(") { ").append(other).append(" } ");
                }
            }
            // Where that was done before, nothing comes here.
            if (!unless.empty() && p->at.begin != cannot_go_) before += "if (!(" + unless + ")) ";
            in(*p).enclose(p->at, before, " }");
            unless = exchanged;
        }
    }

    copies& all_;
    std::string function_ = {};
    bool returns_bool_ = false;
    std::optional<std::size_t> cannot_go_ = {};  // the place of the last statement of a function that never returns
};

}  // namespace

void mutate(copies& all) {
    std::string source;
    for (const auto& [name, h] : all.headers()) source += "#include \"" + name + "\"\n";
    const syntax_tree tree(source, all.from().string());
    walker w(all);
    for (const auto& c : children(tree.root())) w.declarations(c);
}

}  // namespace tailrace::schemata
