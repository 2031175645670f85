#include "runtime/cli/version.hpp"

namespace patchbay::cli {

std::string version() { return PATCHBAY_VERSION; }

}  // namespace patchbay::cli
