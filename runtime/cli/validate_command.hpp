// `patchbay plugin validate FILE`.
#pragma once

#include "runtime/cli/command.hpp"

#include <CLI/CLI.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::cli {

struct ValidateFlags {
    std::string file;
    std::string config;    // JSON, or a file with JSON
    std::string upstream;  // a file: the body of an upstream's answer
    std::string junit;     // a file to be written
    std::vector<std::string> only;
    std::optional<uint64_t> seed;
    uint32_t timeout_s = 60;
    bool json = false;
    bool list = false;
    bool fuzz = false;
    bool in_process = false;
    bool allow_strangers = false;
};

// Tests the library against the ABI. 0: nothing failed, 1: something did, 2: it could not be run.
int validate_plugin(const ValidateFlags& flags, Terminal terminal);

// Adds it, and the hidden command that its children run, to `plugin`. `command` is set to what is
// to run.
void add_validate(CLI::App& plugin, std::function<int()>& command);

}  // namespace patchbay::cli
