// patchbay.log/1
#include "runtime/plugins/abi_text.hpp"
#include "runtime/plugins/handles.hpp"
#include "runtime/plugins/host_interfaces.hpp"
#include "runtime/plugins/instance.hpp"

#include <spdlog/spdlog.h>

namespace patchbay::plugins {
namespace {

constexpr size_t line_limit = 4096;

spdlog::level::level_enum level_of(uint32_t level) {
    switch (level) {
        case PATCHBAY_LOG_DEBUG: return spdlog::level::debug;
        case PATCHBAY_LOG_INFO: return spdlog::level::info;
        case PATCHBAY_LOG_WARN: return spdlog::level::warn;
        default: return level < PATCHBAY_LOG_DEBUG ? spdlog::level::debug : spdlog::level::err;
    }
}

uint32_t enabled(const patchbay_host*, uint32_t level) noexcept {
    return spdlog::should_log(level_of(level)) ? 1 : 0;
}

void write(const patchbay_host* host, uint32_t level, patchbay_handle scope, patchbay_str message,
           patchbay_str fields_json) noexcept {
    const auto severity = level_of(level);
    if (!spdlog::should_log(severity)) return;
    auto& instance = Instance::of(host);
    const auto verdict = instance.plugin_lines().next();
    if (verdict == LineLimit::Verdict::first_dropped)
        spdlog::warn("plugin {}: more than 200 lines in a second: the others are dropped",
                     instance.name());
    if (verdict != LineLimit::Verdict::write) return;
    std::string line = printable(view(message), line_limit);
    const auto fields = view(fields_json);
    if (!fields.empty() && line.size() + 1 + fields.size() <= line_limit && is_json_object(fields))
        line += " " + printable(fields, line_limit);
    const auto run_id = scope.bits ? handles().run_id_of(scope) : std::string();
    if (!run_id.empty()) line += " run=" + printable(run_id, line_limit);
    spdlog::log(severity, "plugin {}: {}", instance.name(), line);
}

}  // namespace

const patchbay_log_1 host_log{.enabled = enabled, .write = write};

}  // namespace patchbay::plugins
