// One answer of an OpenAI-compatible server on its way to a stream.
#pragma once

#include "chunk.hpp"
#include "config.hpp"
#include "tool_calls.hpp"
#include "vendor_error.hpp"

#include <patchbay/http.hpp>
#include <patchbay/provider.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace openai {

// Life       start() once; then the host's calls. Borrows the config, which outlives it.
// Ending     a success only when the upstream said that it had ended: a finish_reason, or [DONE]
//            from one that never speaks of a reason.
class Answer final : public patchbay::Chat, private patchbay::HttpHandler {
public:
    Answer(patchbay::Stream stream, const Config& config) : Chat(stream), config_(config) {}

    // Starts the call. Fails as start_http() does.
    patchbay::Result<void> start(const patchbay::HttpRequest& request);

private:
    void on_head(uint32_t status, const patchbay::HttpHeaders& headers) override;
    void on_data(std::string_view bytes) override;
    void on_event(const patchbay::SseEvent& event) override;
    void on_done(const patchbay::Error* error) override;

    void take(std::string_view json);  // one chunk
    void write(std::string_view text, patchbay::Channel channel);
    void end(bool done);  // the upstream has no more to say; `done`: it said so
    void conclude();      // a good end
    bool emit_tool_calls(patchbay::FinishReason reason);
    void stop(const patchbay::Error& error);  // a bad end in the midst of the call

    const Config& config_;
    std::optional<patchbay::HttpCall> call_;
    ChunkReader reader_;
    ToolCalls tool_calls_;
    std::optional<patchbay::Usage> usage_;
    std::optional<patchbay::FinishReason> reason_;
    bool answered_ = false;     // a choice came
    bool owes_reason_ = false;  // and announced a finish_reason
    bool refused_ = false;      // it wrote into "refusal"
    uint32_t status_ = 0;
    Retry retry_;
    std::string body_;  // when it is no event stream
};

}  // namespace openai
