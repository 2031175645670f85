// What a running server can take over from a changed config, and what waits for its next start.
#pragma once

#include "runtime/config/config.hpp"

#include <string>
#include <vector>

namespace patchbay::config {

// What a reload did. The names are those of "plugins".
struct ReloadReport {
    std::vector<std::string> plugins_added;
    std::vector<std::string> plugins_replaced;  // what runs on the old one goes on
    std::vector<std::string> plugins_removed;
    std::vector<std::string> plugins_unchanged;
    std::vector<std::string> needs_restart;  // JSON pointers of changed values that wait
};

// The JSON pointers of what `next` changes and a running server cannot.
std::vector<std::string> needs_restart(const Config& running, const Config& next);

}  // namespace patchbay::config
