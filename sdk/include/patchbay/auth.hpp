// An auth plugin says who is asking.
//
//   class Keys : public patchbay::Auth {
//       patchbay::Decision check(const patchbay::ClientRequest& http, patchbay::Request request)
//       override;
//   };
//
// It returns a Principal, NotMine or a failure; or a Check of its own, which answers later.
// It fails closed: what throws, answers nonsense or is late lets nobody in.
#pragma once

#include <patchbay/http.hpp>
#include <patchbay/plugin.hpp>
#include <patchbay/secrets.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace patchbay {

// What the client sent, without its body. Borrowed until check() returns.
struct ClientRequest {
    std::string_view method;  // "POST"
    std::string_view path;    // decoded, without the query
    std::string_view query;   // raw, without "?"
    std::string_view remote;  // the peer's address
    HttpHeaders headers;
    std::string_view credential;  // "" = none was sent
    std::string_view scheme;      // "api_key" | "bearer" | ""
};

// Who is asking.
struct Principal {
    std::string owner;               // "user:alice": whose conversations these are; 1..256 bytes
    std::string credential_id = {};  // which key or token, for logs and limits; never the secret
    std::string email = {};          // "" = unknown
    int64_t expires_at_ms = 0;       // Unix time; 0 = never
    Role role = Role::user;
};

// What a check decides about. A handle: see owner.hpp.
class Request : public Owner {
public:
    Request(const Host& host, patchbay_request request) noexcept
        : Owner(host, request, [](const Owner& owner, std::string_view reason) noexcept {
              const auto error = view_of(ErrorCode::internal, reason);
              complete(owner, {.allow = nullptr, .change = nullptr, .deny = &error});
          }) {}

    // The one answer that a Check owes. check() itself returns its answer instead. [lane]
    void allow(const Principal& principal) const noexcept {
        patchbay_principal view = {};
        view.owner = view_of(std::string_view(principal.owner));
        view.credential_id = view_of(std::string_view(principal.credential_id));
        view.email = view_of(std::string_view(principal.email));
        view.expires_at_ms = principal.expires_at_ms;
        view.role = static_cast<uint32_t>(principal.role);
        complete(*this, {.allow = &view, .change = nullptr, .deny = nullptr});
    }
    void deny(const Error& error) const noexcept {
        const auto view = view_of(error);
        complete(*this, {.allow = nullptr, .change = nullptr, .deny = &view});
    }

private:
    static void complete(const Owner& owner, const patchbay_verdict& verdict) noexcept {
        if (const auto* table = owner.host().interfaces().verdict)
            table->complete(owner.host().raw(), owner.handle(), &verdict);
    }
};

// One decision that comes later: it owes one allow() or deny() on its request, within 5 s.
//
// Life       from check() until the host closes it, after its calls, timers and posts completed.
// Threads    [lane]: its functions never overlap.
class Check {
public:
    explicit Check(Request request) noexcept : request_(request) {}
    virtual ~Check() = default;
    Check(const Check&) = delete;
    Check& operator=(const Check&) = delete;

    // No answer is wanted any more; one that comes all the same is ignored.
    virtual void cancel(patchbay_reason) {}

    const Request& request() const noexcept { return request_; }

private:
    Request request_;
};

struct NotMine {};  // these credentials, or their lack, are for another plugin

// A failure denies. Nobody else is asked then.
using Decision = Result<std::variant<Principal, NotMine, std::unique_ptr<Check>>>;

// Life       one per instance; many checks at a time.
class Auth {
public:
    virtual ~Auth() = default;

    // Decides, or returns the Check that will; returns at once. Several lanes may call it at the
    // same time. One that sees no credential at all says NotMine. What it throws denies. [lane]
    virtual Decision check(const ClientRequest& http, Request request) = 0;
};

namespace detail {

template <class T>
struct AuthTable {
    static ClientRequest request_of(const patchbay_http_request& raw) {
        return {.method = text_of(raw.method),
                .path = text_of(raw.path),
                .query = text_of(raw.query),
                .remote = text_of(raw.remote),
                .headers = HttpHeaders(std::span(raw.headers, raw.header_count)),
                .credential = text_of(raw.credential),
                .scheme = text_of(raw.scheme)};
    }

    static patchbay_status check(void* instance, const patchbay_http_request* http,
                                 patchbay_request handle, void** state) noexcept {
        auto* self = static_cast<Instance<T>*>(instance);
        return guarded(
            [&]() -> patchbay_status {
                const Request request(self->host, handle);
                auto decision = static_cast<Auth&>(*self->plugin).check(request_of(*http), request);
                if (!decision) return self->host.fail(view_of(decision.error()));
                if (std::holds_alternative<NotMine>(*decision)) return PATCHBAY_NOT_MINE;
                if (const auto* principal = std::get_if<Principal>(&*decision)) {
                    request.allow(*principal);
                    return PATCHBAY_OK;
                }
                *state = std::get<2>(*decision).release();  // close() frees it
                return PATCHBAY_PENDING;
            },
            [&](std::string_view reason) {
                return self->host.fail(view_of(ErrorCode::internal, reason));
            });
    }

    static void cancel(void* state, patchbay_reason reason) noexcept {
        auto* check = static_cast<Check*>(state);
        if (!check) return;
        guarded([&] { check->cancel(reason); },
                [&](std::string_view thrown) { check->request().abandon(thrown); });
    }

    static void close(void* state) noexcept { delete static_cast<Check*>(state); }

    static constexpr patchbay_auth_1 table = {.check = &check, .cancel = &cancel, .close = &close};
};

}  // namespace detail
}  // namespace patchbay
