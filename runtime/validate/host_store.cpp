// What was kept: patchbay.history/1 and patchbay.kv/1, as the plugin sees them.
#include "runtime/validate/host_side.hpp"
#include "runtime/validate/lent_abi.hpp"

namespace patchbay::validate {
namespace {

// --- history ------------------------------------------------------------------------------------
using Read = Pending<patchbay_history_read>;

void history_read(void* user, patchbay_str messages_json, const patchbay_error* error) {
    const auto read = Read::taken(user);
    LentMemory lent(read->slot, read->guards_views());
    const auto messages = lent.text(messages_json, "messages_json");
    const auto* why_not = lend_failure(*read->session, lent, error);
    read->call(lent, [&] { read->callback(read->user, messages, why_not); });
}

patchbay_status read_history(const patchbay_host* host, patchbay_handle owner, uint32_t max_tokens,
                             patchbay_history_read done, void* user) {
    auto& session = Session::of(host);
    if (!session.probe().allows("history.read", Tag::lane)) return PATCHBAY_E_WRONG_THREAD;
    return start_pending(session, {"history.read", Refusal::reads, "no callback"},
                         Read{&session, "history callback", done, user},
                         [&](Read* wrapped) -> patchbay_status {
                             if (!done) return PATCHBAY_E_BAD_REQUEST;
                             return inner_table<patchbay_history_1>(session, PATCHBAY_HISTORY_1)
                                 ->read(session.inner(), session.inner_handle(owner), max_tokens,
                                        &history_read, wrapped);
                         });
}

const patchbay_history_1 history_table = {.read = &read_history};

// --- kv -----------------------------------------------------------------------------------------
using KvCall = Pending<patchbay_kv_done>;

void kv_done(void* user, patchbay_str value, const patchbay_error* error) {
    const auto call = KvCall::taken(user);
    LentMemory lent(call->slot, call->guards_views());
    const auto view = lent.text(value, "value");
    const auto* why_not = lend_failure(*call->session, lent, error);
    call->call(lent, [&] { call->callback(call->user, view, why_not); });
}

// `start` calls the function of the fake host's table.
template <class Start>
patchbay_status start_kv(const patchbay_host* host, const char* function,
                         std::initializer_list<patchbay_str> keys, patchbay_kv_done done,
                         void* user, Start&& start) {
    auto& session = Session::of(host);
    if (!session.probe().allows(function, Tag::lane)) return PATCHBAY_E_WRONG_THREAD;
    HandedOver texts(session.probe(), function);
    for (const auto& key : keys) texts.text(key, "a key");
    if (!texts.in_order()) return PATCHBAY_E_BAD_REQUEST;
    return start_pending(
        session,
        {function, Refusal::store,
         "a key that is not 1 to 256 bytes, a value beyond 64 KiB, or "
         "no callback"},
        KvCall{&session, "kv callback", done, user}, [&](KvCall* wrapped) -> patchbay_status {
            if (!done) return PATCHBAY_E_BAD_REQUEST;
            return start(*inner_table<patchbay_kv_1>(session, PATCHBAY_KV_1), session, wrapped);
        });
}

patchbay_status get(const patchbay_host* host, patchbay_handle owner, patchbay_str key,
                    patchbay_kv_done done, void* user) {
    return start_kv(host, "kv.get", {key}, done, user,
                    [&](const patchbay_kv_1& kv, Session& session, void* wrapped) {
                        return kv.get(session.inner(), session.inner_handle(owner), key, &kv_done,
                                      wrapped);
                    });
}

patchbay_status put(const patchbay_host* host, patchbay_handle owner, patchbay_str key,
                    patchbay_str value, uint64_t ttl_ms, patchbay_kv_done done, void* user) {
    return start_kv(host, "kv.put", {key}, done, user,
                    [&](const patchbay_kv_1& kv, Session& session, void* wrapped) {
                        return kv.put(session.inner(), session.inner_handle(owner), key, value,
                                      ttl_ms, &kv_done, wrapped);
                    });
}

patchbay_status remove(const patchbay_host* host, patchbay_handle owner, patchbay_str key,
                       patchbay_kv_done done, void* user) {
    return start_kv(host, "kv.remove", {key}, done, user,
                    [&](const patchbay_kv_1& kv, Session& session, void* wrapped) {
                        return kv.remove(session.inner(), session.inner_handle(owner), key,
                                         &kv_done, wrapped);
                    });
}

patchbay_status list(const patchbay_host* host, patchbay_handle owner, patchbay_str prefix,
                     patchbay_str after, patchbay_kv_done done, void* user) {
    return start_kv(host, "kv.list", {prefix, after}, done, user,
                    [&](const patchbay_kv_1& kv, Session& session, void* wrapped) {
                        return kv.list(session.inner(), session.inner_handle(owner), prefix, after,
                                       &kv_done, wrapped);
                    });
}

const patchbay_kv_1 kv_table = {.get = &get, .put = &put, .remove = &remove, .list = &list};

}  // namespace

const patchbay_history_1* wrapped_history_table() { return &history_table; }
const patchbay_kv_1* wrapped_kv_table() { return &kv_table; }

}  // namespace patchbay::validate
