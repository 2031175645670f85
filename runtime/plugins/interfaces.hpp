// The interfaces that an instance offers.
#pragma once

#include <patchbay/abi/agent.h>
#include <patchbay/abi/auth.h>
#include <patchbay/abi/exporter.h>
#include <patchbay/abi/middleware.h>
#include <patchbay/abi/provider.h>
#include <patchbay/abi/tool.h>
#include <patchbay/error.hpp>

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::plugins {

// The plugin's own constant tables; nullptr = not offered.
struct InterfaceTables {
    const patchbay_provider_1* provider = nullptr;
    const patchbay_agent_1* agent = nullptr;
    const patchbay_auth_1* auth = nullptr;
    const patchbay_middleware_1* middleware = nullptr;
    const patchbay_tool_1* tool = nullptr;
    const patchbay_exporter_1* exporter = nullptr;

    std::vector<std::string> ids() const;
};

// The ids of all that this host knows.
std::span<const std::string_view> known_interfaces();

// Asks for all that this host knows. Refused: a table with a NULL where a function must be.
using AskForInterface = std::function<Result<const void*>(std::string_view interface_id)>;
Result<InterfaceTables> negotiate_interfaces(const AskForInterface& ask);

}  // namespace patchbay::plugins
