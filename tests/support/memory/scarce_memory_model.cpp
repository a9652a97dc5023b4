// SPDX-License-Identifier: GPL-3.0-or-later
//
// A model of a machine that has no more memory, for the one program that it is preloaded into: of its
// allocations so many more are granted as the file $MICGUARD_TEST_MEMORY says, and then none; all of them
// while that is negative. A limit of the kernel's (RLIMIT_DATA) is felt by what is mapped alone, and that only
// when malloc has used up what it keeps.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#define EXPORTED extern "C" __attribute__((visibility("default")))

// glibc's own, under the names that it keeps for those who stand in front of it.
extern "C" void* __libc_malloc(std::size_t);
extern "C" void* __libc_calloc(std::size_t, std::size_t);
extern "C" void* __libc_realloc(void*, std::size_t);
extern "C" void* __libc_memalign(std::size_t, std::size_t);

namespace {

using Left = std::atomic<std::int64_t>;
static_assert(Left::is_always_lock_free && sizeof(Left) == sizeof(std::int64_t));

Left* left = nullptr; // in the file

[[gnu::constructor]] void open() {
    const char* path = std::getenv("MICGUARD_TEST_MEMORY");
    const int fd = path ? ::open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void* memory = mmap(nullptr, sizeof(Left), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (memory != MAP_FAILED)
        left = static_cast<Left*>(memory);
}

bool granted() {
    if (!left)
        return true;
    std::int64_t now = left->load();
    while (now > 0)
        if (left->compare_exchange_weak(now, now - 1))
            return true;
    if (now == 0)
        errno = ENOMEM;
    return now < 0;
}

} // namespace

EXPORTED void* malloc(std::size_t size) {
    return granted() ? __libc_malloc(size) : nullptr;
}

EXPORTED void* calloc(std::size_t count, std::size_t size) {
    return granted() ? __libc_calloc(count, size) : nullptr;
}

EXPORTED void* realloc(void* memory, std::size_t size) {
    return granted() ? __libc_realloc(memory, size) : nullptr;
}

EXPORTED void* aligned_alloc(std::size_t alignment, std::size_t size) {
    return granted() ? __libc_memalign(alignment, size) : nullptr;
}

EXPORTED int posix_memalign(void** into, std::size_t alignment, std::size_t size) {
    void* memory = granted() ? __libc_memalign(alignment, size) : nullptr;
    if (!memory)
        return ENOMEM;
    *into = memory;
    return 0;
}
