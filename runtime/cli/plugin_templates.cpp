#include "runtime/cli/plugin_templates.hpp"

#include "embedded/template_auth_c.hpp"
#include "embedded/template_auth_cpp.hpp"
#include "embedded/template_auth_test.hpp"
#include "embedded/template_project_c.hpp"
#include "embedded/template_project_cpp.hpp"
#include "embedded/template_provider_c.hpp"
#include "embedded/template_provider_cpp.hpp"
#include "embedded/template_provider_test.hpp"
#include "embedded/template_readme.hpp"

#include <algorithm>

namespace patchbay::cli {
namespace {

using namespace embedded;

constexpr std::string_view provider_config =
    R"("plugins": {"my_plugin": {"library": "MY_LIBRARY"}},
"models": {"default": "my_plugin/any"})";

constexpr std::string_view auth_config =
    R"("plugins": {"my_plugin": {"library": "MY_LIBRARY"}},
"auth": ["my_plugin", "keys"])";

constexpr PluginTemplate templates[] = {
    {"provider", "c", template_provider_c, template_provider_test, provider_config},
    {"provider", "cpp", template_provider_cpp, template_provider_test, provider_config},
    {"auth", "c", template_auth_c, template_auth_test, auth_config},
    {"auth", "cpp", template_auth_cpp, template_auth_test, auth_config},
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
