#include "runtime/plugins/authenticator.hpp"

#include "tests/runtime/plugins/lane_test.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace patchbay::plugins {
namespace {

using Lines = std::vector<std::string>;

class AuthenticatorTest : public LaneTest {
protected:
    // Starts to ask; the outcome goes into `answers`: "OWNER ROLE" or the error's code.
    void ask(const std::vector<InstanceRef>& instances,
             AuthRequest request = {.credential = "pb_1_x"}) {
        std::vector<AuthPlugin> chain;
        for (const auto& each : instances) chain.push_back({each ? each->name() : "gone", each});
        on_lane([&] {
            authenticate(lane, chain, std::move(request), [this](Result<Principal> result) {
                EXPECT_TRUE(lane.here());
                EXPECT_EQ(PluginCall::current(), nullptr);
                message = result ? "" : result.error().message;
                answers.add(result ? result->owner + " " + std::string(name_of_role(result->role))
                                   : std::string(name_of(result.error().code)));
            });
        });
    }
    static std::string_view name_of_role(Role role) {
        return role == Role::admin ? "admin" : role == Role::premium ? "premium" : "user";
    }
    Lines answer() {
        EXPECT_TRUE(answers.wait_for(""));
        EXPECT_TRUE(all_closed());
        return answers.lines();
    }
    Lines answer_of(std::function<patchbay_status(patchbay_request)> check) {
        script.on_check = [check](const auto&, patchbay_request request) { return check(request); };
        ask({instance});
        return answer();
    }

    Journal answers;
    std::string message;
};

TEST_F(AuthenticatorTest, FirstInstanceThatKnowsTheCredentialsDecides) {
    Script first;
    Script last;
    const auto before = make_instance(first, "before");
    const auto after = make_instance(last, "after");
    script.on_check = [&](const auto&, patchbay_request request) {
        return script.allow(request, "user:alice", PATCHBAY_ROLE_ADMIN);
    };

    ask({before, instance, after});

    EXPECT_EQ(answer(), Lines{"user:alice admin"});
    EXPECT_EQ(first.journal.lines(), Lines{"check"});  // NOT_MINE: no close
    EXPECT_EQ(script.journal.lines(), (Lines{"check", "close"}));
    EXPECT_TRUE(last.journal.lines().empty());
}

TEST_F(AuthenticatorTest, RequestComesAcrossWhole) {
    std::string seen;
    script.on_check = [&](const patchbay_http_request& http, patchbay_request request) {
        for (const auto text : {http.method, http.path, http.query, http.remote, http.credential,
                                http.scheme, http.headers[1].name, http.headers[1].value})
            seen += string_of(text) + "|";
        seen += std::to_string(http.header_count);
        return script.allow(request, "user:a");
    };

    ask({instance}, {.method = "GET",
                     .path = "/p",
                     .query = "q=1",
                     .remote = "127.0.0.1",
                     .headers = {{"A", "1"}, {"B", "2"}},
                     .credential = "c",
                     .scheme = "bearer"});

    EXPECT_EQ(answer(), Lines{"user:a user"});
    EXPECT_EQ(seen, "GET|/p|q=1|127.0.0.1|c|bearer|B|2|2");
}

TEST_F(AuthenticatorTest, NobodyKnowsTheCredentials) {
    EXPECT_EQ(answer_of([](auto) { return PATCHBAY_NOT_MINE; }), Lines{"unauthenticated"});
    EXPECT_EQ(message, "Unauthorized: nobody knows these credentials.");
}

TEST_F(AuthenticatorTest, EmptyChainLetsNobodyIn) {
    ask({}, {});

    EXPECT_EQ(answer(), Lines{"unauthenticated"});
    EXPECT_EQ(message, "Unauthorized: API key is missing.");
}

TEST_F(AuthenticatorTest, VerdictThatHasExpiredLetsNobodyIn) {
    const auto allowed_until = [&](int64_t unix_ms) {
        return [&, unix_ms](patchbay_request request) {
            patchbay_principal principal{};
            principal.owner = text_of("user:a");
            principal.role = PATCHBAY_ROLE_ADMIN;
            principal.expires_at_ms = unix_ms;
            const patchbay_verdict verdict{.allow = &principal};
            return host_verdict.complete(script.host, request, &verdict);
        };
    };

    EXPECT_EQ(answer_of(allowed_until(1)), Lines{"unauthenticated"});
    EXPECT_EQ(message, "Unauthorized: these credentials have expired.");
    EXPECT_EQ(answer_of(allowed_until(253'402'300'800'000)),  // the year 10000
              (Lines{"unauthenticated", "user:a admin"}));
    EXPECT_EQ(instance->faults(), 0u);
}

TEST_F(AuthenticatorTest, DenialCarriesItsCode) {
    EXPECT_EQ(answer_of([&](auto request) { return script.deny(request, PATCHBAY_E_FORBIDDEN); }),
              Lines{"forbidden"});
}

TEST_F(AuthenticatorTest, FailedCheckDeniesWithItsReason) {
    EXPECT_EQ(answer_of([&](auto) {
                  patchbay_error why{};
                  why.code = PATCHBAY_E_RATE_LIMITED;
                  why.message = text_of("too fast");
                  script.host->set_error(script.host, &why);
                  return PATCHBAY_E_RATE_LIMITED;
              }),
              Lines{"rate_limited"});
    EXPECT_EQ(message, "too fast");
    EXPECT_EQ(script.journal.lines(), Lines{"check"});
}

TEST_F(AuthenticatorTest, FailedCheckDeniesAlsoAfterItAllowed) {
    EXPECT_EQ(answer_of([&](auto request) {
                  script.allow(request, "user:a");
                  return PATCHBAY_E_UPSTREAM;
              }),
              Lines{"upstream"});
}

TEST_F(AuthenticatorTest, ExceptionDenies) {
    EXPECT_EQ(answer_of([](auto) -> patchbay_status { throw std::runtime_error("boo"); }),
              Lines{"internal"});
}

TEST_F(AuthenticatorTest, ContradictionsDeny) {
    EXPECT_EQ(answer_of([](auto) { return PATCHBAY_OK; }), Lines{"internal"});
    EXPECT_EQ(answer_of([](auto) { return PATCHBAY_PAUSE; }).back(), "internal");
    EXPECT_EQ(answer_of([&](auto request) {
                  script.allow(request, "user:a");
                  return PATCHBAY_NOT_MINE;
              }).back(),
              "internal");
    EXPECT_EQ(answers.lines().size(), 3u);
    EXPECT_EQ(instance->faults(), 3u);
}

TEST_F(AuthenticatorTest, InvalidVerdictsDeny) {
    const std::string long_owner(257, 'x');
    std::vector<std::function<patchbay_status(patchbay_request)>> verdicts{
        [&](auto request) { return script.allow(request, ""); },
        [&](auto request) { return script.allow(request, long_owner); },
        [&](auto request) { return script.allow(request, "user:\xFF"); },
        [&](auto request) { return script.allow(request, "user:\n"); },
        [&](auto request) { return script.allow(request, "user:a", 0); },
        [&](auto request) { return script.allow(request, "user:a", 4); },
        [&](auto request) { return host_verdict.complete(script.host, request, nullptr); },
        [&](auto request) {
            patchbay_principal principal{};
            principal.owner = text_of("user:a");
            principal.role = PATCHBAY_ROLE_USER;
            principal.extra_json = text_of("[1]");
            const patchbay_verdict no_object{.allow = &principal};
            return host_verdict.complete(script.host, request, &no_object);
        },
        [&](auto request) {
            const patchbay_verdict neither{};
            return host_verdict.complete(script.host, request, &neither);
        },
        [&](auto request) {
            const patchbay_principal principal{};
            const patchbay_error why{};
            const patchbay_verdict both{.allow = &principal, .deny = &why};
            return host_verdict.complete(script.host, request, &both);
        },
        [&](auto request) {
            const patchbay_change change{};
            const patchbay_verdict of_another_kind{.change = &change};
            return host_verdict.complete(script.host, request, &of_another_kind);
        }};

    auto no_limit = std::make_shared<FaultLimit>();
    no_limit->count = 0;
    instance = make_instance(script, "scripted", {.version = "0.0.0", .fault_limit = no_limit});

    for (const auto& verdict : verdicts) {
        const auto lines = answer_of([&](auto request) {
            EXPECT_EQ(verdict(request), PATCHBAY_E_BAD_REQUEST);
            return PATCHBAY_OK;
        });
        EXPECT_EQ(lines.back(), "internal");
    }
    EXPECT_EQ(answers.lines().size(), verdicts.size());
    EXPECT_EQ(instance->faults(), verdicts.size());
}

TEST_F(AuthenticatorTest, DenialWithoutFailureCodeIsInternal) {
    EXPECT_EQ(answer_of([&](auto request) { return script.deny(request, PATCHBAY_OK); }),
              Lines{"internal"});
}

TEST_F(AuthenticatorTest, SecondVerdictIsRefusedAndCounted) {
    EXPECT_EQ(answer_of([&](auto request) {
                  script.deny(request, PATCHBAY_E_FORBIDDEN);
                  EXPECT_EQ(script.allow(request, "user:a"), PATCHBAY_E_BAD_STATE);
                  return PATCHBAY_OK;
              }),
              Lines{"forbidden"});
    EXPECT_EQ(instance->faults(), 1u);
}

TEST_F(AuthenticatorTest, PendingCheckAnswersLater) {
    patchbay_handle timer{};

    EXPECT_EQ(answer_of([&](auto request) {
                  script.timer(
                      request, 1000,
                      [&, request](auto) {
                          EXPECT_EQ(script.allow(request, "user:late"), PATCHBAY_OK);
                          EXPECT_TRUE(answers.lines().empty());  // on a later turn
                      },
                      timer);
                  return PATCHBAY_PENDING;
              }),
              Lines{"user:late user"});
    EXPECT_EQ(script.journal.lines(), (Lines{"check", "close"}));
}

TEST_F(AuthenticatorTest, PendingCheckThatThrowsDenies) {
    patchbay_request held{};
    script.on_cancel = [&](auto) { script.allow(held, "user:evil"); };
    patchbay_handle timer{};

    EXPECT_EQ(answer_of([&](auto request) {
                  held = request;
                  script.timer(
                      request, 1000, [](auto) { throw 1; }, timer);
                  return PATCHBAY_PENDING;
              }),
              Lines{"internal"});
    EXPECT_EQ(script.journal.lines(), (Lines{"check", "cancel 5", "close"}));
}

TEST_F(AuthenticatorTest, PendingCheckThatNeverAnswersLetsNobodyIn) {
    patchbay_request held{};
    script.on_cancel = [&](auto) { EXPECT_EQ(script.allow(held, "user:evil"), PATCHBAY_OK); };

    EXPECT_EQ(answer_of([&](auto request) {
                  held = request;
                  return PATCHBAY_PENDING;
              }),
              Lines{"unavailable"});

    EXPECT_EQ(message, "scripted did not answer within 5 s");
    EXPECT_EQ(script.journal.lines(), (Lines{"check", "cancel 3", "close"}));
    EXPECT_EQ(instance->faults(), 1u);
    on_lane([&] { EXPECT_EQ(script.allow(held, "user:evil"), PATCHBAY_E_STALE); });
}

TEST_F(AuthenticatorTest, InstanceThatIsOffLetsNobodyIn) {
    script.on_check = [&](const auto&, patchbay_request request) {
        return script.allow(request, "user:a");
    };

    ask({nullptr, instance});
    EXPECT_EQ(answer(), Lines{"unavailable"});
    EXPECT_EQ(message, "The auth plugin 'gone' is off.");

    instance->destroy();
    ask({instance});
    EXPECT_EQ(answer().back(), "unavailable");
}

TEST_F(AuthenticatorTest, CredentialsAreLentUntilTheCallReturns) {
    const auto record =
        std::make_shared<const CredentialRecord>(CredentialRecord{.id = "1",
                                                                  .sha256 = std::string(32, 'h'),
                                                                  .owner = "user:a",
                                                                  .name = "laptop",
                                                                  .role = Role::premium,
                                                                  .revoked_at_ms = 7});
    Script keys;
    const auto key_plugin = make_instance(
        keys, "keys",
        {.find_credential = [&](std::string_view id) { return id == "1" ? record : nullptr; },
         .version = "0.0.0"});
    keys.on_check = [&](const auto&, patchbay_request request) {
        patchbay_credential found{};
        EXPECT_EQ(host_secrets.find_credential(keys.host, text_of("2"), &found),
                  PATCHBAY_E_NOT_FOUND);
        EXPECT_EQ(host_secrets.find_credential(keys.host, text_of("1"), &found), PATCHBAY_OK);
        EXPECT_EQ(record.use_count(), 2);
        EXPECT_EQ(string_of(found.name) + string_of(found.sha256), "laptop" + record->sha256);
        EXPECT_EQ(found.revoked, 1u);
        return keys.allow(request, string_of(found.owner), found.role);
    };

    ask({key_plugin});

    EXPECT_EQ(answer(), Lines{"user:a premium"});
    EXPECT_EQ(record.use_count(), 1);
    patchbay_credential found{};
    EXPECT_EQ(host_secrets.find_credential(keys.host, text_of("1"), &found),
              PATCHBAY_E_WRONG_THREAD);
}

TEST_F(AuthenticatorTest, SecretsAreResolvedInControlCallsAlone) {
    Script vault;
    const auto holder =
        make_instance(vault, "vault",
                      {.resolve_secret = [](std::string_view reference) -> Result<std::string> {
                           if (reference == "${KEY}") return "s3cret";
                           return failure(ErrorCode::not_found, "unset");
                       },
                       .version = "0.0.0"});
    patchbay_str value{};

    {
        PluginCall call(*holder, "create", PluginCall::Where::control);
        EXPECT_EQ(host_secrets.resolve(vault.host, text_of("${KEY}"), &value), PATCHBAY_OK);
        EXPECT_EQ(string_of(value), "s3cret");
        EXPECT_EQ(host_secrets.resolve(vault.host, text_of("${NO}"), &value), PATCHBAY_E_NOT_FOUND);
    }
    EXPECT_EQ(host_secrets.resolve(vault.host, text_of("${KEY}"), &value), PATCHBAY_E_WRONG_THREAD);
}

}  // namespace
}  // namespace patchbay::plugins
