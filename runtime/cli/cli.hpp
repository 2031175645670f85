// The command line: `patchbay serve · key · plugin · config · backup · events`.
#pragma once

namespace patchbay::cli {

// Runs one command. Returns the exit code: 0 done, 1 failed, 2 bad usage or config.
int run(int argc, char** argv);

}  // namespace patchbay::cli
