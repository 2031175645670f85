// `patchbay serve`: wires the parts and runs the server until it is told to stop.
#pragma once

#include <string>
#include <vector>

namespace patchbay::cli {

struct ServeFlags {
    std::string config;               // "" = where config::load() looks
    std::vector<std::string> listen;  // empty = the config's
    std::string data_dir;             // "" = the config's
    bool dev = false;                 // CORS for http://localhost:*, prints a curl line with a key
};

// Returns the exit code: 0 stopped in order, 1 failed, 2 the config is wrong.
int serve(const ServeFlags& flags);

}  // namespace patchbay::cli
