// What all commands but `serve` share: where they write, how they fail, where the data lie.
#pragma once

#include "runtime/config/load.hpp"
#include "runtime/config/problem.hpp"

#include <patchbay/error.hpp>

#include <iosfwd>
#include <string>

namespace patchbay::cli {

constexpr int done = 0;
constexpr int failed = 1;
constexpr int bad_usage = 2;  // or a config that is wrong

// Borrowed streams: standard output and standard error, or a test's.
struct Terminal {
    std::ostream& out;
    std::ostream& err;
};

// --config and --data-dir, as every command that needs the data takes them.
struct DataFlags {
    std::string config;
    std::string data_dir;
    bool json = false;

    config::LoadOptions load_options() const { return {.file = config, .data_dir = data_dir}; }
};

// Print why, one sentence a line, and return the exit code.
int fail(Terminal terminal, const Error& error);
int fail(Terminal terminal, const config::Problems& problems);

}  // namespace patchbay::cli
