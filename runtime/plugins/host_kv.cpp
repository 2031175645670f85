// patchbay.kv/1
#include "runtime/plugins/abi_error.hpp"
#include "runtime/plugins/abi_text.hpp"
#include "runtime/plugins/bound_query.hpp"
#include "runtime/plugins/host_interfaces.hpp"
#include "runtime/plugins/key_values.hpp"

namespace patchbay::plugins {
namespace {

constexpr size_t longest_key = 256;
constexpr size_t longest_value = 64 * 1024;

// A call that is on its way. It is held by what is on its way, and lives on the lane; the query
// points to it until it was answered or dropped.
class OnItsWay final : public Pending {
public:
    explicit OnItsWay(OnAnswered<std::string> answered) : answered_(std::move(answered)) {}

    void drop() override { answered_ = nullptr; }
    void answer(Result<std::string> answer) {
        if (auto answered = std::exchange(answered_, nullptr)) answered(std::move(answer));
    }

private:
    OnAnswered<std::string> answered_;
};

Result<Pending*> send(KeyValues& values, net::Lane& lane, KeyValueCall call,
                      OnAnswered<std::string> answered) {
    auto on_its_way = std::make_shared<OnItsWay>(std::move(answered));
    Pending* const pending = on_its_way.get();
    auto done = [&lane, on_its_way = std::move(on_its_way)](Result<std::string> answer) mutable {
        lane.post([on_its_way = std::move(on_its_way), answer = std::move(answer)]() mutable {
            on_its_way->answer(std::move(answer));
        });
    };
    if (values.start(std::move(call), std::move(done))) return pending;
    return failure(ErrorCode::limit, "the store has too much to do");
}

void tell(patchbay_kv_done done, void* user, const Result<std::string>& answer) {
    if (answer) return done(user, borrow(*answer), nullptr);
    const auto error = view_of(answer.error());
    done(user, borrow(""), &error);
}

patchbay_status start(const patchbay_host* host, patchbay_handle owner, const char* slot,
                      KeyValueCall call, patchbay_kv_done done, void* user) {
    Owner* found = nullptr;
    if (const auto status = find_owner(host, owner, slot, found); status != PATCHBAY_OK)
        return status;
    if (const auto status = found->admits(Attachment::Kind::store); status != PATCHBAY_OK)
        return status;
    auto* const values = found->instance().services().values;
    if (!values) return PATCHBAY_E_UNSUPPORTED;
    call.instance = found->instance().name();
    auto query = std::make_unique<BoundQuery<std::string>>(
        *found, Attachment::Kind::store, "kv.done",
        [done, user](const Result<std::string>& answer) { tell(done, user, answer); });
    const auto started = query->start([&](OnAnswered<std::string> answered) {
        return send(*values, found->lane(), std::move(call), std::move(answered));
    });
    if (!started) return status_of(started.error().code);
    found->attach(std::move(query));
    return PATCHBAY_OK;
}

// UTF-8, because list() answers in JSON.
bool is_key(patchbay_str key) {
    return is_readable(key) && key.size > 0 && key.size <= longest_key && is_utf8(view(key));
}

bool is_key_or_empty(patchbay_str key) { return key.size == 0 || is_key(key); }

patchbay_status get(const patchbay_host* host, patchbay_handle owner, patchbay_str key,
                    patchbay_kv_done done, void* user) noexcept {
    if (!done || !is_key(key)) return PATCHBAY_E_BAD_REQUEST;
    return start(host, owner, "kv.get()",
                 {.action = KeyValueCall::Action::get, .key = std::string(view(key))}, done, user);
}

patchbay_status put(const patchbay_host* host, patchbay_handle owner, patchbay_str key,
                    patchbay_str value, uint64_t ttl_ms, patchbay_kv_done done,
                    void* user) noexcept {
    if (!done || !is_key(key) || !is_readable(value) || value.size > longest_value)
        return PATCHBAY_E_BAD_REQUEST;
    return start(host, owner, "kv.put()",
                 {.action = KeyValueCall::Action::put,
                  .key = std::string(view(key)),
                  .value = std::string(view(value)),
                  .ttl_ms = ttl_ms},
                 done, user);
}

patchbay_status remove_key(const patchbay_host* host, patchbay_handle owner, patchbay_str key,
                           patchbay_kv_done done, void* user) noexcept {
    if (!done || !is_key(key)) return PATCHBAY_E_BAD_REQUEST;
    return start(host, owner, "kv.remove()",
                 {.action = KeyValueCall::Action::remove, .key = std::string(view(key))}, done,
                 user);
}

patchbay_status list(const patchbay_host* host, patchbay_handle owner, patchbay_str prefix,
                     patchbay_str after, patchbay_kv_done done, void* user) noexcept {
    if (!done || !is_key_or_empty(prefix) || !is_key_or_empty(after)) return PATCHBAY_E_BAD_REQUEST;
    return start(host, owner, "kv.list()",
                 {.action = KeyValueCall::Action::list,
                  .key = std::string(view(prefix)),
                  .value = std::string(view(after))},
                 done, user);
}

}  // namespace

const patchbay_kv_1 host_kv{.get = get, .put = put, .remove = remove_key, .list = list};

}  // namespace patchbay::plugins
