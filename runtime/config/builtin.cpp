#include "runtime/config/builtin.hpp"

#include "embedded/config_default.hpp"

#include <array>

namespace patchbay::config {
namespace {

// A provider that is on when its vendor's key is in the environment. A new one is one more entry;
// the first whose key is set is the default.
struct VendorEntry {
    const char* variable;
    const char* instance;
    const char* entry;  // of "plugins"
    const char* default_model;
};

constexpr std::array vendors{
    VendorEntry{"OPENAI_API_KEY", "openai",
                R"({"library": "patchbay_provider_openai",
                    "config": {"base_url": "https://api.openai.com/v1",
                               "api_key": "${OPENAI_API_KEY}", "models": ["gpt-5-mini"]}})",
                "openai/gpt-5-mini"},
};

bool is_set(const Environment& environment, const std::string& name) {
    const auto value = environment(name);
    return value && !value->empty();
}

}  // namespace

Json builtin_document(const Environment& environment) {
    auto document = Json::parse(embedded::config_default, nullptr, true, true);
    bool has_vendor = false;
    for (const auto& vendor : vendors) {
        if (!is_set(environment, vendor.variable)) continue;
        document["plugins"][vendor.instance] = Json::parse(vendor.entry);
        if (!has_vendor) document["models"]["default"] = vendor.default_model;
        has_vendor = true;
    }
    if (is_set(environment, "INTERNAL_API_KEY")) {
        document["plugins"]["keys"]["config"]["static_keys"] = Json::array(
            {{{"key", "${INTERNAL_API_KEY}"}, {"role", "user"}, {"owner", "user:internal"}}});
    }
    return document;
}

}  // namespace patchbay::config
