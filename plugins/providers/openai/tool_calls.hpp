// Tool calls arrive in pieces; this puts them together.
#pragma once

#include <patchbay/error.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace openai {

struct AssembledCall {
    std::optional<int64_t> index;  // the vendor's, when it sends one
    std::string id;
    std::string name;
    std::string arguments;   // JSON when whole
    std::string extra_json;  // "" or an object: what else the vendor sent, to be sent back
};

// Limits: 128 calls, 60,000 bytes of arguments each.
class ToolCalls {
public:
    // Adds the deltas of one chunk: to the call with the same index, else the same id, else the
    // last one. upstream when they are nonsense or beyond a limit.
    patchbay::Result<void> add(std::string_view deltas_json);

    bool empty() const { return calls_.empty(); }

    // The calls, whole: with an id and arguments that are JSON. Those that are not are left out of
    // an answer that was cut (`cut`), and are an upstream error in one that was not.
    patchbay::Result<std::vector<AssembledCall>> take(bool cut);

private:
    std::vector<AssembledCall> calls_;
};

}  // namespace openai
