#include "runtime/http/plugin_json.hpp"

namespace patchbay::http {
namespace {

using nlohmann::json;

const char* name_of(plugins::InstanceState state) {
    switch (state) {
        case plugins::InstanceState::on: return "on";
        case plugins::InstanceState::draining: return "draining";
        case plugins::InstanceState::off: break;
    }
    return "off";
}

json newest_of(const plugins::FaultReport& report) {
    auto list = json::array();
    for (const auto& fault : report.newest)
        list.push_back({{"text", fault.text}, {"at_ms", fault.at_ms}});
    return list;
}

json kinds_of(const plugins::FaultReport& report) {
    auto list = json::array();
    for (const auto& kind : report.kinds)
        list.push_back({{"text", kind.text}, {"count", kind.count}});
    return list;
}

json draining_faults_of(const plugins::InstanceStatus& status) {
    auto list = json::array();
    for (const auto& report : status.draining_faults) {
        list.push_back({{"faults", report.total},
                        {"fault_kinds", kinds_of(report)},
                        {"newest_faults", newest_of(report)}});
    }
    return list;
}

json or_null(const std::string& text) { return text.empty() ? json(nullptr) : json(text); }

}  // namespace

json plugin_json(const plugins::InstanceStatus& status, const config::Layers* layers) {
    auto models = json::array();
    for (const auto& model : status.models) models.push_back(model.id);
    const config::Json schema(status.config_schema);
    return {{"name", status.name},
            {"library", status.library},
            {"path", status.path},
            {"sha256", or_null(status.sha256)},
            {"id", status.id},
            {"version", status.version},
            {"title", status.title},
            {"description", status.description},
            {"interfaces", status.interfaces},
            {"state", name_of(status.state)},
            {"reason", or_null(status.reason)},
            {"draining", status.draining},
            {"faults", status.faults.total},
            {"fault_kinds", kinds_of(status.faults)},
            {"newest_faults", newest_of(status.faults)},
            {"draining_faults", draining_faults_of(status)},
            {"models", std::move(models)},
            {"settings",
             layers ? json(config::settings_of(*layers, status.name, schema)) : json(nullptr)}};
}

json plugins_json(const std::vector<plugins::InstanceStatus>& statuses,
                  const config::Layers* layers) {
    auto items = json::array();
    for (const auto& status : statuses) items.push_back(plugin_json(status, layers));
    return {{"items", std::move(items)}};
}

}  // namespace patchbay::http
