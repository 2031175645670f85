#include "runtime/config/problem.hpp"

namespace patchbay::config {

std::string Problem::sentence() const {
    return (pointer.empty() ? std::string("The config") : pointer) + ": found " + found +
           ", expected " + expected + ".";
}

std::string sentences(const Problems& problems) {
    std::string text;
    for (const auto& problem : problems) text += problem.sentence() + "\n";
    return text;
}

}  // namespace patchbay::config
