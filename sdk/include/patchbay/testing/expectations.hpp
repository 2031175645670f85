// For a test without a framework: a program that prints what does not hold, and says so by its exit
// code.
//
//   int main() {
//       patchbay::testing::Expectations expect;
//       expect(1 + 1 == 2, "numbers add up");
//       return expect.exit_code();
//   }
//
// Threads    one.
#pragma once

#include <patchbay/error.hpp>

#include <cstdio>
#include <cstdlib>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace patchbay::testing {

class Expectations {
public:
    // Returns `holds`, so that what makes no sense otherwise can be left out.
    bool operator()(bool holds, std::string_view what,
                    std::source_location where = std::source_location::current()) {
        if (holds) return true;
        failed_ = true;
        std::fprintf(stderr, "%s:%u: does not hold: %.*s\n", where.file_name(), where.line(),
                     static_cast<int>(what.size()), what.data());
        return false;
    }

    // The same, with what is there when it should be something else.
    bool equal(std::string_view found, std::string_view expected,
               std::source_location where = std::source_location::current()) {
        return (*this)(found == expected,
                       "'" + std::string(found) + "' is '" + std::string(expected) + "'", where);
    }

    // What is in `result`, of a pointer what it points to. Where there is nothing it prints why,
    // and the program ends with 1: what would follow makes no sense.
    //
    //   auto& answer = expect.value(host.open(), "it opens");
    template <class T>
    decltype(auto) value(Result<T> result, std::string_view what,
                         std::source_location where = std::source_location::current()) {
        if (!result) {
            std::string text(what);
            text.append(": ").append(name_of(result.error().code));
            if (!result.error().message.empty()) text.append(", ").append(result.error().message);
            (*this)(false, text, where);
            std::exit(1);
        }
        if constexpr (std::is_pointer_v<T>)
            return static_cast<std::remove_pointer_t<T>&>(**result);
        else if constexpr (!std::is_void_v<T>)
            return T(std::move(*result));
    }

    int exit_code() const { return failed_ ? 1 : 0; }

private:
    bool failed_ = false;
};

}  // namespace patchbay::testing
