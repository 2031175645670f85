// What belongs to the whole process, and to no plugin.
#pragma once

#include <map>
#include <string>

namespace patchbay::validate {

// "the handler of SIGTERM", "the working folder", "the locale", … → how it is now.
using ProcessState = std::map<std::string, std::string>;

ProcessState process_state();

// The names of what is not as it was.
std::string changed_between(const ProcessState& before, const ProcessState& after);

}  // namespace patchbay::validate
