// jwt: lets in who bears a JSON Web Token of an issuer that the config trusts.
#include "config.hpp"
#include "remote_keys.hpp"
#include "token.hpp"

#include <patchbay/auth.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace {

using jwt::RemoteKeys;
using patchbay::Error;
using patchbay::ErrorCode;
using patchbay::Principal;
using patchbay::Result;

constexpr uint64_t longest_key_set = 1024 * 1024;
constexpr std::chrono::milliseconds fetch_patience{4500};  // a check has 5 s

int64_t now_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

// The same words whatever was wrong; the reason is for the log.
std::unexpected<Error> denied() {
    return std::unexpected(Error{.code = ErrorCode::unauthenticated,
                                 .message = "Unauthorized: the token is not valid.",
                                 .user_safe = true});
}

std::unexpected<Error> no_keys() {
    return std::unexpected(Error{.code = ErrorCode::unavailable,
                                 .message = "The token's issuer cannot be reached.",
                                 .retryable = true,
                                 .user_safe = true,
                                 .retry_after_ms = 1000});
}

// "public, max-age=300" -> 300 s
std::optional<std::chrono::seconds> max_age_of(std::string_view cache_control) {
    constexpr std::string_view name = "max-age=";
    const auto at = cache_control.find(name);
    if (at == std::string_view::npos) return std::nullopt;
    int64_t seconds = 0;
    const auto digits = cache_control.substr(at + name.size());
    const auto [end, problem] =
        std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
    if (problem != std::errc{}) return std::nullopt;
    return std::chrono::seconds(seconds);
}

class Jwt final : public patchbay::Auth {
public:
    static Result<std::unique_ptr<Jwt>> create(const patchbay::Host&,
                                               std::string_view config_json) {
        auto config = jwt::read_config(config_json);
        if (!config) return std::unexpected(config.error());
        return std::make_unique<Jwt>(std::move(*config));
    }

    explicit Jwt(jwt::Config config)
        : config_(std::move(config)), remote_(config_.refresh, config_.retry) {}

    patchbay::Decision check(const patchbay::ClientRequest& http,
                             patchbay::Request request) override;

    // Who the token is, or that a set of keys has to be fetched or waited for first.
    using Judgement = std::variant<Result<Principal>, RemoteKeys::Step>;
    Judgement judge(const std::string& text, const patchbay::Owner& owner,
                    RemoteKeys::Waiter waiter);

    RemoteKeys& remote() { return remote_; }
    const std::string& url() const { return config_.jwks_url; }

private:
    bool is_signed(const jwt::Token& token, const RemoteKeys::Keys& remote) const;

    const jwt::Config config_;
    RemoteKeys remote_;
};

// A check that waits for keys. It fetches them itself, or hears when another has.
class Pending final : public patchbay::Check, private patchbay::HttpHandler {
public:
    Pending(Jwt& plugin, patchbay::Request request, std::string token)
        : Check(request), plugin_(plugin), token_(std::move(token)) {}

    void go() {
        auto judgement = plugin_.judge(token_, request(), waiter());
        if (const auto* who = std::get_if<Result<Principal>>(&judgement)) return answer(*who);
        follow(std::get<RemoteKeys::Step>(judgement));
    }

    void follow(RemoteKeys::Step step) {
        if (step != RemoteKeys::Step::fetch) return;  // the waiter comes
        fetching_ = true;
        const auto call = patchbay::start_http(request(),
                                               {.url = plugin_.url(),
                                                .headers = {{"Accept", "application/json"}},
                                                .connect_timeout = fetch_patience,
                                                .first_byte_timeout = fetch_patience,
                                                .total_timeout = fetch_patience,
                                                .max_body_bytes = longest_key_set},
                                               *this);
        if (call) return;
        end_fetch(&call.error());
        waiter()();  // decide without it, in a turn of its own
    }

    RemoteKeys::Waiter waiter() {
        return [this, owner = request()] {
            (void)owner.post([this](bool cancelled) {
                if (!cancelled) go();
            });
        };
    }

private:
    void on_head(uint32_t status, const patchbay::HttpHeaders& headers) override {
        status_ = status;
        max_age_ = max_age_of(headers.find("Cache-Control"));
    }

    void on_data(std::string_view bytes) override { body_.append(bytes); }

    void on_done(const Error* error) override {
        end_fetch(error);
        if (!error || error->code != ErrorCode::cancelled) go();
    }

    void end_fetch(const Error* error) {
        if (!std::exchange(fetching_, false)) return;
        if (error && error->code == ErrorCode::cancelled) return plugin_.remote().gave_up();
        auto keys = jwt::parse_key_set(body_);
        if (!error && status_ == 200 && keys) {
            return plugin_.remote().fetched(std::move(*keys), max_age_);
        }
        const auto why = error            ? error->message
                         : status_ != 200 ? "status " + std::to_string(status_)
                                          : keys.error().message;
        request().log().warn("the JWK Set at " + plugin_.url() + " cannot be had: " + why);
        plugin_.remote().failed();
    }

    void answer(const Result<Principal>& who) {
        if (who) {
            request().allow(*who);
        } else {
            request().deny(who.error());
        }
    }

    Jwt& plugin_;
    const std::string token_;
    bool fetching_ = false;
    uint32_t status_ = 0;
    std::string body_;
    std::optional<std::chrono::seconds> max_age_;
};

patchbay::Decision Jwt::check(const patchbay::ClientRequest& http, patchbay::Request request) {
    if (http.scheme != "bearer" || !jwt::looks_like_token(http.credential)) {
        return patchbay::NotMine{};
    }
    auto pending = std::make_unique<Pending>(*this, request, std::string(http.credential));
    auto judgement = judge(std::string(http.credential), request, pending->waiter());
    if (auto* who = std::get_if<Result<Principal>>(&judgement)) {
        if (!*who) return std::unexpected(who->error());
        return std::move(**who);
    }
    pending->follow(std::get<RemoteKeys::Step>(judgement));
    return pending;
}

Jwt::Judgement Jwt::judge(const std::string& text, const patchbay::Owner& owner,
                          RemoteKeys::Waiter waiter) {
    const auto refuse = [&](const std::string& why) -> Judgement {
        owner.log().debug("a token is refused: " + why);
        return Result<Principal>(denied());
    };
    const auto token = jwt::parse_token(text);
    if (!token) return refuse(token.error().message);
    const auto name = token->algorithm->name;
    if (std::ranges::find(config_.algorithms, name) == config_.algorithms.end()) {
        return refuse("its algorithm is not one of the config's");
    }
    auto remote = remote_.keys();
    bool good = is_signed(*token, remote);
    if (!config_.jwks_url.empty() && token->algorithm->family != jwt::Family::hmac) {
        const bool by_own_key = good && is_signed(*token, nullptr);
        if (!by_own_key) {
            const auto step = remote_.next_step(!good, waiter);
            if (step != RemoteKeys::Step::use) return step;
            remote = remote_.keys();
            good = is_signed(*token, remote);
            if (!good && !remote) return Result<Principal>(no_keys());
        }
    }
    if (!good) return refuse("no key has signed it");
    auto who = jwt::check_claims(token->claims, config_.claims, now_ms());
    if (!who) return refuse(who.error().message);
    return who;
}

bool Jwt::is_signed(const jwt::Token& token, const RemoteKeys::Keys& remote) const {
    const auto verified_by = [&](const std::vector<jwt::Key>& keys) {
        const auto found = jwt::candidates(keys, *token.algorithm, token.kid);
        return std::ranges::any_of(found, [&](const jwt::Key* key) {
            return key->verifies(*token.algorithm, token.signed_text, token.signature);
        });
    };
    return verified_by(config_.keys) || (remote && verified_by(*remote));
}

}  // namespace

PATCHBAY_PLUGIN(Jwt,
                {.id = "patchbay.auth.jwt",
                 .version = "0.1.0",
                 .title = "JSON Web Tokens",
                 .description = "Tokens of an issuer: a shared secret, PEM, a JWK Set or its URL",
                 .config = jwt::config_schema});
