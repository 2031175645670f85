#include "runtime/cli/command.hpp"

#include <ostream>

namespace patchbay::cli {

int fail(Terminal terminal, const Error& error) {
    terminal.err << error.message << "\n";
    return error.code == ErrorCode::bad_request ? bad_usage : failed;
}

int fail(Terminal terminal, const config::Problems& problems) {
    terminal.err << config::sentences(problems);
    return bad_usage;
}

}  // namespace patchbay::cli
