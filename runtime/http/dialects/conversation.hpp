// The dialect of /api/stream/stream-conversation and stream-simple: unnamed events whose JSON has a
// `type`: metadata, token, complete, error. ASCII only; ids are RUN_ID:SEQ.
#pragma once

#include "runtime/engine/dialect.hpp"

namespace patchbay::http {

struct ConversationStart {
    InteractionId interaction;
    RunId run;
    bool is_new = false;
    std::string user_id;
    bool simple = false;  // stream-simple: no metadata event; `complete` names the ids
};

class ConversationDialect final : public engine::Dialect {
public:
    explicit ConversationDialect(ConversationStart start) : start_(std::move(start)) {}

    bool can_replace() const override { return false; }
    bool encode(const Event& event, std::string& out) override;
    void encode_error(const Error& error, const std::optional<engine::StreamPlace>& place,
                      std::string& out) override;
    void encode_snapshot(const engine::Snapshot& snapshot, std::string& out) override;

private:
    void begin(const Event& event, std::string& out) const;
    void metadata(const Event& event, std::string& out) const;
    void token(const Event& event, std::string& out) const;
    void complete(const Event& event, std::string& out) const;
    void error(const Event& event, std::string& out) const;

    ConversationStart start_;
    std::string content_;  // of message.completed
};

}  // namespace patchbay::http
