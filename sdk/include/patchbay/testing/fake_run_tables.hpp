// The interfaces for what agents and tools do: children, tools, history, store, jobs, questions,
// figures. Included by fake_host.hpp.
#pragma once

#include <patchbay/testing/fake_host.hpp>

namespace patchbay::testing {

inline Result<FakeOwner*> FakeHost::startable(patchbay_handle owner, const char* function) {
    auto* found = find_owner(owner);
    if (!found) return failure(ErrorCode::stale, {});
    if (const auto status = found->usable(function); status != PATCHBAY_OK)
        return failure(code_of(status), {});
    if (found->ending()) return failure(ErrorCode::cancelled, {});
    return found;
}

inline Result<FakeStream*> FakeHost::startable_in_run(patchbay_handle owner, const char* function) {
    const auto found = startable(owner, function);
    if (!found) return std::unexpected(found.error());
    if (!(*found)->has_run()) return failure(ErrorCode::unsupported, {});
    return static_cast<FakeStream*>(*found);  // nothing else has one
}

inline patchbay_status FakeHost::read_history(FakeOwner& owner, uint32_t max_tokens,
                                              patchbay_history_read done, void* user) {
    if (pending_.count(owner, "history") >= 4) return PATCHBAY_E_LIMIT;
    const auto id =
        pending_.add(owner, "history", Turns::Time(0), [this, done, user](bool cancelled) {
            LentText lent;
            const auto result = cancelled ? failure(ErrorCode::cancelled, "cancelled") : history_;
            if (result) return done(user, lent.lend(*result), nullptr);
            const auto error = lent.lend(result.error());
            done(user, patchbay_str{}, &error);
        });
    if (id == 0) return PATCHBAY_E_STALE;
    history_reads_.push_back(max_tokens);
    return PATCHBAY_OK;
}

inline const patchbay_chat_1 FakeHost::chat_table = {
    .start = [](const patchbay_host* host, patchbay_handle owner,
                const patchbay_chat_start* request, const patchbay_chat_handler* handler,
                void* user, patchbay_handle* child) -> patchbay_status {
        if (!request || !handler || !handler->done || !child) return PATCHBAY_E_BAD_REQUEST;
        const auto found = of(host).startable_in_run(owner, "chat.start");
        if (!found) return status_of(found.error().code);
        return of(host).children_.start(**found, *request, handler, user, child);
    },
    .resume = [](const patchbay_host* host, patchbay_handle child) -> patchbay_status {
        const auto status = of(host).pending_.usable(child.bits, FakeChildren::kind, "chat.resume");
        return status == PATCHBAY_OK ? of(host).children_.resume(child.bits) : status;
    },
    .cancel = [](const patchbay_host* host, patchbay_handle child) -> patchbay_status {
        const auto status = of(host).pending_.usable(child.bits, FakeChildren::kind, "chat.cancel");
        return status == PATCHBAY_OK ? of(host).children_.cancel(child.bits) : status;
    }};

inline const patchbay_tools_1 FakeHost::tools_table = {
    .list = [](const patchbay_host* host, patchbay_handle owner,
               patchbay_str* tools) -> patchbay_status {
        if (!tools) return PATCHBAY_E_BAD_REQUEST;
        const auto found = of(host).startable_in_run(owner, "tools.list");
        if (!found) return status_of(found.error().code);
        *tools = view_of(std::string_view(of(host).tools_.list()));
        return PATCHBAY_OK;
    },
    .call = [](const patchbay_host* host, patchbay_handle owner, const patchbay_tool_start* request,
               patchbay_tool_done done, void* user, patchbay_handle* call) -> patchbay_status {
        if (!request || !done || !call || !is_object_or_empty(request->arguments_json) ||
            !is_object_or_empty(request->extra_json))
            return PATCHBAY_E_BAD_REQUEST;
        const auto found = of(host).startable_in_run(owner, "tools.call");
        if (!found) return status_of(found.error().code);
        return of(host).tools_.call(**found, *request, done, user, call);
    },
    .cancel = [](const patchbay_host* host, patchbay_handle call) -> patchbay_status {
        const auto status = of(host).pending_.usable(call.bits, FakeTools::kind, "tools.cancel");
        if (status == PATCHBAY_OK) of(host).pending_.cancel(call.bits);
        return status;
    }};

inline const patchbay_history_1 FakeHost::history_table = {
    .read = [](const patchbay_host* host, patchbay_handle owner, uint32_t max_tokens,
               patchbay_history_read done, void* user) -> patchbay_status {
        if (!done) return PATCHBAY_E_BAD_REQUEST;
        const auto found = of(host).startable_in_run(owner, "history.read");
        if (!found) return status_of(found.error().code);
        return of(host).read_history(**found, max_tokens, done, user);
    }};

inline const patchbay_kv_1 FakeHost::kv_table = {
    .get = [](const patchbay_host* host, patchbay_handle owner, patchbay_str key,
              patchbay_kv_done done, void* user) -> patchbay_status {
        if (!done || !FakeKv::is_key(key)) return PATCHBAY_E_BAD_REQUEST;
        const auto found = of(host).startable(owner, "kv.get");
        if (!found) return status_of(found.error().code);
        return of(host).kv_.get(**found, key, done, user);
    },
    .put = [](const patchbay_host* host, patchbay_handle owner, patchbay_str key,
              patchbay_str value, uint64_t ttl_ms, patchbay_kv_done done,
              void* user) -> patchbay_status {
        if (!done || !FakeKv::is_key(key) || !FakeKv::is_value(value))
            return PATCHBAY_E_BAD_REQUEST;
        const auto found = of(host).startable(owner, "kv.put");
        if (!found) return status_of(found.error().code);
        return of(host).kv_.put(**found, key, value, ttl_ms, done, user);
    },
    .remove = [](const patchbay_host* host, patchbay_handle owner, patchbay_str key,
                 patchbay_kv_done done, void* user) -> patchbay_status {
        if (!done || !FakeKv::is_key(key)) return PATCHBAY_E_BAD_REQUEST;
        const auto found = of(host).startable(owner, "kv.remove");
        if (!found) return status_of(found.error().code);
        return of(host).kv_.remove(**found, key, done, user);
    },
    .list = [](const patchbay_host* host, patchbay_handle owner, patchbay_str prefix,
               patchbay_str after, patchbay_kv_done done, void* user) -> patchbay_status {
        if (!done || !FakeKv::is_key_or_empty(prefix) || !FakeKv::is_key_or_empty(after))
            return PATCHBAY_E_BAD_REQUEST;
        const auto found = of(host).startable(owner, "kv.list");
        if (!found) return status_of(found.error().code);
        return of(host).kv_.list(**found, prefix, after, done, user);
    }};

inline const patchbay_worker_1 FakeHost::worker_table = {
    .run = [](const patchbay_host* host, patchbay_handle owner, patchbay_job job,
              patchbay_posted done, void* user) -> patchbay_status {
        if (!job || !done) return PATCHBAY_E_BAD_REQUEST;
        const auto found = of(host).startable(owner, "worker.run");
        if (!found) return status_of(found.error().code);
        return of(host).worker_.run(**found, job, done, user);
    }};

inline const patchbay_approval_1 FakeHost::approval_table = {
    .ask = [](const patchbay_host* host, patchbay_handle owner, const patchbay_question* question,
              patchbay_decided done, void* user) -> patchbay_status {
        if (!question || !done || !FakeApproval::is_valid(*question)) return PATCHBAY_E_BAD_REQUEST;
        const auto found = of(host).startable_in_run(owner, "approval.ask");
        if (!found) return status_of(found.error().code);
        return of(host).approval_.ask(**found, *question, done, user);
    }};

inline const patchbay_metrics_1 FakeHost::metrics_table = {
    .define =
        [](const patchbay_host* host, const patchbay_metric* metric, uint32_t* id) {
            return of(host).metrics_.define(*metric, of(host).creating_, id);
        },
    .add = [](const patchbay_host* host, uint32_t id, const patchbay_str* labels, uint32_t count,
              double value) { return of(host).metrics_.change(id, labels, count, value, false); },
    .set = [](const patchbay_host* host, uint32_t id, const patchbay_str* labels, uint32_t count,
              double value) { return of(host).metrics_.change(id, labels, count, value, true); }};

}  // namespace patchbay::testing
