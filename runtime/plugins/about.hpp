// What a plugin says of itself, and whether a config fits it.
#pragma once

#include <patchbay/error.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace patchbay::plugins {

// about_json of abi/plugin.h.
struct About {
    std::string title;
    std::string description;
    nlohmann::json config_schema;  // null = any object
    std::vector<std::string> interfaces;
    bool needs_no_model = false;  // of an agent: "model": "none"
};

// bad_request names the member that is wrong.
Result<About> parse_about(std::string_view about_json);

// bad_request lists everything that is wrong, each with its JSON pointer into the config:
// "/models/0: Value type not permitted by 'type' constraint; /base_url: …".
Result<void> check_config(const About& about, std::string_view config_json);

}  // namespace patchbay::plugins
