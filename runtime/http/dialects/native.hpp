// The native dialect: `event: KIND`, `id: SEQ`, `data: JSON`.
#pragma once

#include "runtime/engine/dialect.hpp"

namespace patchbay::http {

class NativeDialect final : public engine::Dialect {
public:
    bool can_replace() const override { return true; }
    bool encode(const Event& event, std::string& out) override;
    void encode_error(const Error& error, const std::optional<engine::StreamPlace>& place,
                      std::string& out) override;
    void encode_snapshot(const engine::Snapshot& snapshot, std::string& out) override;
};

}  // namespace patchbay::http
