// patchbay: the server and its tools in one program.
#include "runtime/cli/cli.hpp"

int main(int argc, char** argv) { return patchbay::cli::run(argc, argv); }
