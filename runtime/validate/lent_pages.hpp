// Memory that is lent to a plugin for one call.
//
// In pages of its own, which nobody may touch once the call has returned: a plugin that keeps a
// view is killed by the kernel when it uses it, and the view's name stands in last_words(). The end
// of a view is the end of a page, so reading on behind it ends in the same way.
#pragma once

#include <patchbay/abi/base.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace patchbay::validate {

// Has a fault in lent pages named before the process dies of it. Once, before the first page.
void name_faults_in_lent_pages();

// What is lent in one call. Lane only. `slot` and the names live as long as the process.
class LentMemory {
public:
    // `guarded` = pages that become untouchable; else plain memory that is kept for ever, so that
    // tests about something else do not meet that fault.
    LentMemory(const char* slot, bool guarded) : slot_(slot), guarded_(guarded) {}
    ~LentMemory();
    LentMemory(const LentMemory&) = delete;
    LentMemory& operator=(const LentMemory&) = delete;

    patchbay_str text(patchbay_str view, const char* name) {
        if (!view.data) return view;
        return {static_cast<const char*>(lend(view.data, view.size, 1, name)), view.size};
    }

    template <class T>
    const T* object(const T& value, const char* name) {
        static_assert(std::is_trivially_copyable_v<T>);
        return static_cast<const T*>(lend(&value, sizeof(T), alignof(T), name));
    }

    template <class T>
    const T* array(const std::vector<T>& values, const char* name) {
        static_assert(std::is_trivially_copyable_v<T>);
        if (values.empty()) return nullptr;
        return static_cast<const T*>(
            lend(values.data(), values.size() * sizeof(T), alignof(T), name));
    }

private:
    struct Span {
        char* begin;
        size_t size;  // whole pages
        size_t record;
    };

    const void* lend(const void* bytes, size_t size, size_t alignment, const char* name);

    const char* slot_;
    bool guarded_;
    std::vector<Span> spans_;
};

}  // namespace patchbay::validate
