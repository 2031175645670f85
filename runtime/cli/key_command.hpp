// `patchbay key create · list · revoke`.
#pragma once

#include "runtime/cli/command.hpp"

#include <string>

namespace patchbay::cli {

struct NewKeyFlags {
    std::string role;
    std::string name;
    std::string user;  // "" = the key's name
};

// Prints the key, and nothing else, on standard output: it is not shown again.
int key_create(const DataFlags& flags, const NewKeyFlags& key, Terminal terminal);

// With --json: {"items": [{"id", "name", "owner", "role", "created_at_ms", "revoked_at_ms"}]}.
int key_list(const DataFlags& flags, Terminal terminal);

int key_revoke(const DataFlags& flags, const std::string& id, Terminal terminal);

}  // namespace patchbay::cli
