// Relacy's global allocator, for those who have not seen it: the model's objects and the standard
// library. It is inline, and a compiler that has inlined every call need not keep a definition to
// link with; then some memory would come from elsewhere, and its return look like a double free.
#include <cstddef>

#include "kernel/relacy.hpp"

namespace tailrace::relacy {
namespace {

using allocate = void* (*)(std::size_t);
using release = void (*)(void*);

[[gnu::used]] const allocate kept_new = &::operator new;
[[gnu::used]] const allocate kept_new_array = &::operator new[];
[[gnu::used]] const release kept_delete = &::operator delete;
[[gnu::used]] const release kept_delete_array = &::operator delete[];

}  // namespace
}  // namespace tailrace::relacy
