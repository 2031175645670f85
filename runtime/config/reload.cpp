#include "runtime/config/reload.hpp"

namespace patchbay::config {

std::vector<std::string> needs_restart(const Config& running, const Config& next) {
    std::vector<std::string> pointers;
    const auto compare = [&](const char* pointer, const auto& before, const auto& after) {
        if (before != after) pointers.emplace_back(pointer);
    };
    const auto& a = running.server;
    const auto& b = next.server;
    compare("/server/listen", a.listen, b.listen);
    compare("/server/tls", a.tls.has_value(), b.tls.has_value());
    compare("/server/max_connections", a.max_connections, b.max_connections);
    compare("/server/head_bytes", a.head_bytes, b.head_bytes);
    compare("/server/head_timeout_ms", a.head_timeout, b.head_timeout);
    compare("/server/body_bytes", a.body_bytes, b.body_bytes);
    compare("/server/body_timeout_ms", a.body_timeout, b.body_timeout);
    compare("/server/total_body_bytes", a.total_body_bytes, b.total_body_bytes);
    compare("/server/stall_timeout_ms", a.stall_timeout, b.stall_timeout);
    compare("/server/drain_timeout_ms", a.drain_timeout, b.drain_timeout);
    compare("/store/data_dir", running.store.data_dir, next.store.data_dir);
    compare("/store/durability", running.store.power_loss, next.store.power_loss);
    compare("/store/retention_ms", running.store.retention, next.store.retention);
    compare("/store/max_bytes", running.store.max_bytes, next.store.max_bytes);
    return pointers;
}

}  // namespace patchbay::config
