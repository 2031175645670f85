// What an administrator sets for one OpenAI-compatible server.
#pragma once

#include <patchbay/http.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace openai {

struct Config {
    std::string url;                            // base_url + "/chat/completions"
    std::string api_key;                        // "" = none is sent
    std::vector<patchbay::HttpHeader> headers;  // of every call, the credentials included
    std::string max_tokens_field;               // "max_completion_tokens" | "max_tokens"
    bool include_usage = true;
    bool traceparent = true;
    std::chrono::milliseconds connect_timeout{0};  // 0 = the host's defaults
    std::chrono::milliseconds first_byte_timeout{0};
    std::chrono::milliseconds idle_timeout{0};
    std::chrono::milliseconds total_timeout{0};
    std::string models_json = "[]";  // as abi/provider.h has it; "[]": any id
};

// `json` was checked against the schema already. bad_request when it is no object.
patchbay::Result<Config> read_config(std::string_view json);

}  // namespace openai
