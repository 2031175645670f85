// The half of FakeHost that calls the plugin. Included by fake_host.hpp.
#pragma once

#include <patchbay/testing/fake_host.hpp>

#include <algorithm>

namespace patchbay::testing {

inline Result<void> FakeHost::create(const patchbay_plugin& plugin, std::string_view config_json) {
    plugin_ = &plugin;
    last_error_.reset();
    LentText lent;
    const auto status = plugin.create(&raw_.host, lent.lend(config_json), &instance_);
    if (status >= 0) return {};
    instance_ = nullptr;
    if (!last_error_) lane_.fault("create failed without set_error");
    return std::unexpected(last_error_.value_or(Error{.code = code_of(status), .message = {}}));
}

inline std::string FakeHost::models() const {
    const auto* provider = static_cast<const patchbay_provider_1*>(
        plugin_->get_interface(view_of(std::string_view(PATCHBAY_PROVIDER_1))));
    if (!provider || !provider->models) return {};
    return std::string(text_of(provider->models(instance_)));
}

inline Result<FakeChat*> FakeHost::open(const ChatInput& input) {
    const auto* provider = static_cast<const patchbay_provider_1*>(
        plugin_->get_interface(view_of(std::string_view(PATCHBAY_PROVIDER_1))));
    if (!provider) return failure(ErrorCode::unsupported, "the plugin is no provider");

    auto& chat = add_owner<FakeChat>();
    chat.on_resume = [this, &chat] { http_.release_held(chat); };
    chat.on_cancel = [this, &chat] { cancel_all(chat); };
    last_error_.reset();

    LentText lent;
    patchbay_chat_request request = {};
    request.model = lent.lend(input.model);
    request.messages_json = lent.lend(input.messages_json);
    request.options_json = lent.lend(input.options_json);
    request.tools_json = lent.lend(input.tools_json);
    request.prefill = lent.lend(input.prefill);
    request.traceparent = lent.lend(input.traceparent);
    request.run_id = lent.lend(input.run_id);
    request.deadline_ms = input.deadline_ms;
    request.max_tokens = input.max_tokens;
    request.attempt = input.attempt;

    void* state = nullptr;
    const auto status = provider->open(instance_, &request, chat.handle(), &state);
    if (status >= 0) {
        chat.opened(provider, state);
        return &chat;
    }
    if (!last_error_) lane_.fault("open failed without set_error");
    if (chat.finished() || chat.pending() > 0) {
        lane_.fault("open failed, yet its stream was ended or in use");
    } else {
        const std::lock_guard lock(owners_mutex_);
        owners_.erase(chat.handle().bits);
    }
    return std::unexpected(last_error_.value_or(Error{.code = code_of(status), .message = {}}));
}

inline FakeCheck& FakeHost::check(const CheckInput& input) {
    auto& check = add_owner<FakeCheck>();
    check.on_cancel = [this, &check] { cancel_all(check); };
    const auto* auth = static_cast<const patchbay_auth_1*>(
        plugin_->get_interface(view_of(std::string_view(PATCHBAY_AUTH_1))));
    last_error_.reset();

    LentText lent;
    std::vector<patchbay_header> headers;
    for (const auto& [name, value] : input.headers)
        headers.push_back({lent.lend(name), lent.lend(value)});
    patchbay_http_request request = {};
    request.method = lent.lend(input.method);
    request.path = lent.lend(input.path);
    request.query = lent.lend(input.query);
    request.remote = lent.lend(input.remote);
    request.headers = headers.data();
    request.header_count = static_cast<uint32_t>(headers.size());
    request.credential = lent.lend(input.credential);
    request.scheme = lent.lend(input.scheme);

    void* state = nullptr;
    const auto status =
        auth ? auth->check(instance_, &request, check.handle(), &state) : PATCHBAY_NOT_MINE;
    check.checked(auth, status, state, last_error_);
    return check;
}

inline void FakeHost::shut_down() {
    if (!instance_) return;
    for (const auto& [bits, owner] : owners_) {
        if (auto* chat = dynamic_cast<FakeChat*>(owner.get())) {
            chat->resume();
            chat->cancel(PATCHBAY_REASON_SHUTDOWN);
        } else if (auto* check = dynamic_cast<FakeCheck*>(owner.get())) {
            check->cancel(PATCHBAY_REASON_SHUTDOWN);
        }
    }
    const auto all_closed = [this] {
        return std::ranges::all_of(owners_, [](const auto& o) { return o.second->closed(); });
    };
    if (!lane_.turns.run_until(all_closed, std::chrono::seconds(10),
                               std::chrono::milliseconds(100)))
        lane_.fault("something did not close");
    plugin_->destroy(instance_);
    instance_ = nullptr;
}

inline void FakeHost::cancel_all(FakeOwner& owner) {
    http_.cancel_all(owner);
    std::vector<uint64_t> own;
    for (const auto& [bits, timer] : timers_)
        if (timer.owner == &owner) own.push_back(bits);
    for (const auto bits : own) cancel_timer({bits});
}

}  // namespace patchbay::testing
