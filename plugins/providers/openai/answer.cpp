#include "answer.hpp"

#include <algorithm>
#include <chrono>

namespace openai {
namespace {

using patchbay::Channel;
using patchbay::Error;
using patchbay::ErrorCode;
using patchbay::FinishReason;
using patchbay::Flow;

constexpr size_t max_body_bytes = 256 * 1024;  // as much as a stream holds at most
constexpr size_t max_text_bytes = 32 * 1024;   // of one event; the ABI allows 64 KiB

FinishReason reason_named(std::string_view name) {
    if (name == "length") return FinishReason::length;
    if (name == "content_filter") return FinishReason::content_filter;
    if (name == "tool_calls" || name == "function_call") return FinishReason::tool_calls;
    return FinishReason::stop;
}

Error nonsense(std::string message) {
    return {.code = ErrorCode::upstream, .message = std::move(message)};
}

bool is_success(uint32_t status) { return status >= 200 && status < 300; }

}  // namespace

patchbay::Result<void> Answer::start(const patchbay::HttpRequest& request) {
    auto call = patchbay::start_http(stream(), request, *this);
    if (!call) return std::unexpected(call.error());
    call_.emplace(*call);
    return {};
}

void Answer::on_head(uint32_t status, const patchbay::HttpHeaders& headers) {
    status_ = status;
    if (!is_success(status)) retry_ = read_retry(headers, std::chrono::system_clock::now());
}

void Answer::on_data(std::string_view bytes) {
    if (finished()) return;
    const auto room = max_body_bytes - body_.size();
    body_.append(bytes.substr(0, room));
    if (bytes.size() <= room) return;
    stop(is_success(status_) ? nonsense("the upstream's answer is no event stream, and too large")
                             : vendor_error(status_, body_, retry_, config_.api_key));
}

void Answer::on_event(const patchbay::SseEvent& event) {
    if (finished() || event.data.empty()) return;
    if (event.data.starts_with("[DONE]"))
        end(true);
    else
        take(event.data);
}

void Answer::on_done(const Error* error) {
    call_.reset();
    if (finished()) return;
    if (error && error->code == ErrorCode::cancelled) return finish(FinishReason::cancelled);
    if (status_ != 0 && !is_success(status_))
        return fail(vendor_error(status_, body_, retry_, config_.api_key));
    if (!error && !body_.empty()) take(body_);
    if (finished()) return;

    // The reason is the last thing that belongs to the answer: what fails later harms nobody.
    if (!error || reason_) return end(false);
    auto failed = *error;
    // It is not the user's request that is too large.
    if (failed.code == ErrorCode::too_large) failed.code = ErrorCode::upstream;
    fail(failed);
}

void Answer::end(bool done) {
    if (reason_) return conclude();
    if (!answered_) {
        auto empty = nonsense("the upstream ended without a word of an answer");
        empty.retryable = body_.empty();
        return stop(empty);
    }
    // Whoever breaks off may still write [DONE], as the last thing that its framework does.
    if (done && !owes_reason_) return conclude();
    stop({.code = ErrorCode::upstream_truncated,
          .message = "the upstream ended its answer without a finish_reason",
          .retryable = true});
}

void Answer::take(std::string_view json) {
    const auto chunk = reader_.read(json);
    if (!chunk) return stop(nonsense("the upstream sent what is no chunk of an answer"));
    if (!chunk->error_json.empty())
        return stop(vendor_error(0, chunk->error_json, retry_, config_.api_key));

    write(chunk->reasoning, Channel::reasoning);
    write(chunk->content, Channel::answer);
    write(chunk->refusal, Channel::answer);
    if (!chunk->refusal.empty()) refused_ = true;
    if (!chunk->tool_calls_json.empty())
        if (const auto added = tool_calls_.add(chunk->tool_calls_json); !added)
            return stop(added.error());
    if (chunk->usage) usage_ = chunk->usage;
    answered_ = answered_ || chunk->has_choice;
    owes_reason_ = owes_reason_ || chunk->owes_reason;
    if (!chunk->finish_reason.empty()) reason_ = reason_named(chunk->finish_reason);
}

void Answer::write(std::string_view text, Channel channel) {
    while (!text.empty() && !finished()) {
        auto size = std::min(text.size(), max_text_bytes);
        while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80)
            --size;  // a character is not cut
        const auto flow = stream().text(text.substr(0, size), channel);
        if (flow == Flow::cancelled) return finish(FinishReason::cancelled);
        if (flow == Flow::rejected) return stop(nonsense("the upstream's text was refused"));
        text.remove_prefix(size);
    }
}

void Answer::conclude() {
    auto reason = reason_.value_or(FinishReason::stop);
    if (reason == FinishReason::stop && refused_) reason = FinishReason::refusal;
    if (reason == FinishReason::stop || reason == FinishReason::tool_calls)
        reason = tool_calls_.empty() ? FinishReason::stop : FinishReason::tool_calls;
    if (!emit_tool_calls(reason)) return;
    if (usage_) stream().usage(*usage_);
    finish(reason);
}

bool Answer::emit_tool_calls(FinishReason reason) {
    const auto calls = tool_calls_.take(reason != FinishReason::tool_calls);
    if (!calls) {
        stop(calls.error());
        return false;
    }
    for (const auto& call : *calls) {
        const auto flow = stream().tool_call({.id = call.id,
                                              .name = call.name,
                                              .arguments = call.arguments,
                                              .extra_json = call.extra_json});
        if (flow == Flow::rejected) {
            stop(nonsense("the upstream's tool calls were refused"));
            return false;
        }
    }
    return true;
}

void Answer::stop(const Error& error) {
    if (call_) call_->cancel();
    if (usage_ && !finished()) stream().usage(*usage_);
    fail(error);
}

}  // namespace openai
