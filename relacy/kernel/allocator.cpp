// Emits Relacy's global allocator for code that does not include Relacy: the model's objects and the standard library.
// The allocator is inline, and a compiler that has inlined every call need not emit a definition. Then some memory
// would come from another allocator, and freeing it would look like a double free.
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

// Relacy replaces the plain ones only.
void operator delete(void* p, std::size_t) noexcept { ::operator delete(p); }
void operator delete[](void* p, std::size_t) noexcept { ::operator delete[](p); }
