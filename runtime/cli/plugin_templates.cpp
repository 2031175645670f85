#include "runtime/cli/plugin_templates.hpp"

#include "embedded/template_agent_c.hpp"
#include "embedded/template_agent_cpp.hpp"
#include "embedded/template_agent_test.hpp"
#include "embedded/template_auth_c.hpp"
#include "embedded/template_auth_cpp.hpp"
#include "embedded/template_auth_test.hpp"
#include "embedded/template_exporter_c.hpp"
#include "embedded/template_exporter_cpp.hpp"
#include "embedded/template_exporter_test.hpp"
#include "embedded/template_middleware_c.hpp"
#include "embedded/template_middleware_cpp.hpp"
#include "embedded/template_middleware_test.hpp"
#include "embedded/template_project_c.hpp"
#include "embedded/template_project_cpp.hpp"
#include "embedded/template_provider_c.hpp"
#include "embedded/template_provider_cpp.hpp"
#include "embedded/template_provider_test.hpp"
#include "embedded/template_readme.hpp"
#include "embedded/template_tool_c.hpp"
#include "embedded/template_tool_cpp.hpp"
#include "embedded/template_tool_test.hpp"

#include <algorithm>

namespace patchbay::cli {
namespace {

using namespace embedded;

constexpr std::string_view provider_config =
    R"("plugins": {"my_plugin": {"library": "MY_LIBRARY"}},
"models": {"default": "my_plugin/any"})";

constexpr std::string_view agent_config =
    R"("plugins": {"my_plugin": {"library": "MY_LIBRARY"}},
"agents": {"default": "my_plugin"})";

// Tools are called by an agent that calls tools.
constexpr std::string_view tool_config =
    R"("plugins": {"my_plugin": {"library": "MY_LIBRARY"}, "my_plugin_user": {"library": "patchbay_agent_assistant"}},
"agents": {"default": "my_plugin_user"})";

constexpr std::string_view auth_config =
    R"("plugins": {"my_plugin": {"library": "MY_LIBRARY"}},
"auth": ["my_plugin", "keys"])";

constexpr std::string_view exporter_config =
    R"("plugins": {"my_plugin": {"library": "MY_LIBRARY"}})";

constexpr std::string_view middleware_config =
    R"("plugins": {"my_plugin": {"library": "MY_LIBRARY"}},
"middleware": ["my_plugin"])";

constexpr PluginTemplate templates[] = {
    {"provider", "c", template_provider_c, template_provider_test, provider_config},
    {"provider", "cpp", template_provider_cpp, template_provider_test, provider_config},
    {"auth", "c", template_auth_c, template_auth_test, auth_config},
    {"auth", "cpp", template_auth_cpp, template_auth_test, auth_config},
    {"agent", "c", template_agent_c, template_agent_test, agent_config},
    {"agent", "cpp", template_agent_cpp, template_agent_test, agent_config},
    {"tool", "c", template_tool_c, template_tool_test, tool_config},
    {"tool", "cpp", template_tool_cpp, template_tool_test, tool_config},
    {"middleware", "c", template_middleware_c, template_middleware_test, middleware_config},
    {"middleware", "cpp", template_middleware_cpp, template_middleware_test, middleware_config},
    {"exporter", "c", template_exporter_c, template_exporter_test, exporter_config},
    {"exporter", "cpp", template_exporter_cpp, template_exporter_test, exporter_config},
};

}  // namespace

std::span<const PluginTemplate> plugin_templates() { return templates; }

std::vector<std::string_view> plugin_kinds() {
    std::vector<std::string_view> kinds;
    for (const auto& each : templates) {
        if (std::ranges::find(kinds, each.kind) == kinds.end()) kinds.push_back(each.kind);
    }
    return kinds;
}

std::vector<std::string_view> languages_of(std::string_view kind) {
    std::vector<std::string_view> languages;
    for (const auto& each : templates) {
        if (each.kind == kind) languages.push_back(each.language);
    }
    return languages;
}

std::string_view project_template(std::string_view language) {
    return language == "c" ? template_project_c : template_project_cpp;
}

std::string_view readme_template() { return template_readme; }

}  // namespace patchbay::cli
