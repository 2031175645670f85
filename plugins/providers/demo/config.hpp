// What an administrator sets for the demo provider, and what a caller may set for one answer.
#pragma once

#include <patchbay/error.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace demo {

// How long an answer is and how fast it comes.
struct Pace {
    uint32_t words = 60;
    std::chrono::microseconds first_token = std::chrono::milliseconds(100);
    std::chrono::microseconds token_delay = std::chrono::milliseconds(20);  // 0: unpaced
};

struct Config {
    Pace pace;
    std::string models_json;  // as abi/provider.h has it
};

// The config, checked against the schema already.
patchbay::Result<Config> read_config(std::string_view json);

// `pace` with what the request's options override. bad_request when one of those has a wrong type
// or is out of range; other options are ignored.
patchbay::Result<Pace> override_pace(Pace pace, std::string_view options_json);

}  // namespace demo
