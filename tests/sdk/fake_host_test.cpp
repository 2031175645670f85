// The fake host sees what breaks the contract. The plugin here is plain C in its manner: the C++
// layer would prevent most of it.
#include <patchbay/testing/fake_host.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <thread>

namespace {

using patchbay::ErrorCode;
using patchbay::testing::FakeHost;
using Faults = std::vector<std::string>;
using namespace std::chrono_literals;

// What the plugin under test does, set by each test.
struct Behaviour {
    const patchbay_host* host = nullptr;
    std::function<patchbay_status(const patchbay_chat_request&, patchbay_stream)> open;
    std::function<void()> cancel = [] {};
    std::function<patchbay_status(patchbay_request)> check;
    int closed = 0;

    const patchbay_stream_1& stream() const {
        return *static_cast<const patchbay_stream_1*>(
            host->get_interface(host, {PATCHBAY_STREAM_1, sizeof PATCHBAY_STREAM_1 - 1}));
    }
};

Behaviour* behaviour = nullptr;

const patchbay_provider_1 provider = {.open =
                                          [](void* instance, const patchbay_chat_request* request,
                                             patchbay_stream stream, void** chat) {
                                              *chat = instance;
                                              return behaviour->open(*request, stream);
                                          },
                                      .resume = [](void*) {},
                                      .cancel = [](void*, patchbay_reason) { behaviour->cancel(); },
                                      .close = [](void*) { ++behaviour->closed; },
                                      .models = nullptr};

const patchbay_auth_1 auth = {
    .check = [](void*, const patchbay_http_request*, patchbay_request request,
                void**) { return behaviour->check(request); },
    .cancel = [](void*, patchbay_reason) {},
    .close = [](void*) {}};

const patchbay_plugin plugin = {
    .abi = PATCHBAY_ABI_MAJOR,
    .draft = PATCHBAY_ABI_DRAFT,
    .id = "org.example.bad",
    .version = "1",
    .about_json = "",
    .create = [](const patchbay_host* host, patchbay_str, void** instance) -> patchbay_status {
        behaviour->host = host;
        *instance = behaviour;
        return PATCHBAY_OK;
    },
    .destroy = [](void*) {},
    .get_interface = [](patchbay_str id) -> const void* {
        return patchbay::text_of(id) == PATCHBAY_AUTH_1 ? static_cast<const void*>(&auth)
                                                        : &provider;
    }};

patchbay_event text_event(std::string_view text) {
    patchbay_event event = {};
    event.kind = PATCHBAY_EVENT_DELTA;
    event.text = patchbay::view_of(text);
    return event;
}

class FakeHostTest : public testing::Test {
protected:
    FakeHostTest() { behaviour = &plugin_behaviour; }

    void SetUp() override { ASSERT_TRUE(host.create(plugin, "{}")); }

    patchbay_status emit(patchbay_stream stream, const patchbay_event& event) {
        return behaviour->stream().emit(behaviour->host, stream, &event, 1);
    }
    patchbay_status finish(patchbay_stream stream, uint32_t reason = PATCHBAY_FINISH_STOP) {
        return behaviour->stream().finish(behaviour->host, stream, reason, nullptr);
    }

    Behaviour plugin_behaviour;
    FakeHost host;
};

TEST_F(FakeHostTest, AnAnswerInOrderHasNoFaults) {
    behaviour->open = [&](const auto&, patchbay_stream stream) {
        EXPECT_EQ(emit(stream, text_event("x")), PATCHBAY_OK);
        return finish(stream);
    };

    ASSERT_TRUE(host.open());
    host.run();

    EXPECT_EQ(host.faults(), Faults());
    EXPECT_EQ(behaviour->closed, 1);
}

TEST_F(FakeHostTest, ASecondFinishAndALateEmitAreFaults) {
    behaviour->open = [&](const auto&, patchbay_stream stream) -> patchbay_status {
        finish(stream);
        EXPECT_EQ(finish(stream), PATCHBAY_E_BAD_STATE);
        EXPECT_EQ(emit(stream, text_event("x")), PATCHBAY_E_BAD_STATE);
        return PATCHBAY_OK;
    };

    ASSERT_TRUE(host.open());

    EXPECT_EQ(host.faults(), (Faults{"a second finish", "emit after finish"}));
}

TEST_F(FakeHostTest, AnEndWithoutAnErrorOrWithAnUnknownReasonIsAFailure) {
    for (const uint32_t reason : {uint32_t{PATCHBAY_FINISH_ERROR}, 99u}) {
        behaviour->open = [&](const auto&, patchbay_stream stream) -> patchbay_status {
            EXPECT_EQ(finish(stream, reason), reason == 99 ? PATCHBAY_E_BAD_REQUEST : PATCHBAY_OK);
            return PATCHBAY_OK;
        };
        const auto chat = host.open();
        ASSERT_TRUE(chat);
        EXPECT_EQ((*chat)->finish_reason(), PATCHBAY_FINISH_ERROR);
        EXPECT_EQ((*chat)->error()->code, ErrorCode::internal);
    }
    host.run();
    EXPECT_EQ(host.faults(), Faults{"finish with an unknown reason"});
}

TEST_F(FakeHostTest, AfterTheEndNothingBeginsAndWhatWaitsIsCancelled) {
    std::vector<patchbay_status> heard;
    const patchbay_posted hear = [](void* user, patchbay_status status) {
        static_cast<std::vector<patchbay_status>*>(user)->push_back(status);
    };
    behaviour->open = [&](const auto&, patchbay_stream stream) -> patchbay_status {
        const auto* raw = behaviour->host;
        const auto& timers = *static_cast<const patchbay_timer_1*>(
            raw->get_interface(raw, patchbay::view_of(PATCHBAY_TIMER_1)));
        patchbay_handle timer = {};
        const uint64_t hour = 3'600'000'000;
        EXPECT_EQ(timers.start(raw, stream, hour, hear, &heard, &timer), PATCHBAY_OK);
        EXPECT_EQ(behaviour->stream().post(raw, stream, hear, &heard), PATCHBAY_OK);
        finish(stream);
        EXPECT_EQ(timers.start(raw, stream, 1, hear, &heard, &timer), PATCHBAY_E_CANCELLED);
        EXPECT_EQ(behaviour->stream().post(raw, stream, hear, &heard), PATCHBAY_E_STALE);
        return PATCHBAY_OK;
    };

    ASSERT_TRUE(host.open());
    host.run();

    EXPECT_EQ(heard, (std::vector<patchbay_status>{PATCHBAY_E_CANCELLED, PATCHBAY_E_CANCELLED}));
    EXPECT_EQ(behaviour->closed, 1);
    EXPECT_EQ(host.faults(), Faults());
}

TEST_F(FakeHostTest, APostDuringACancelIsHeardAsOne) {
    behaviour->open = [](const auto&, patchbay_stream) { return PATCHBAY_OK; };
    auto chat = host.open();
    ASSERT_TRUE(chat);
    patchbay_status heard = PATCHBAY_E_INTERNAL;

    (*chat)->cancel();
    behaviour->stream().post(
        behaviour->host, (*chat)->handle(),
        [](void* user, patchbay_status status) { *static_cast<patchbay_status*>(user) = status; },
        &heard);
    host.run();

    EXPECT_EQ(heard, PATCHBAY_OK);
    finish((*chat)->handle(), PATCHBAY_FINISH_CANCELLED);
}

TEST_F(FakeHostTest, AnEventOfAnUnknownKindIsDroppedAlone) {
    patchbay_event events[] = {text_event("a"), text_event("?"), text_event("b")};
    events[1].kind = 99;
    behaviour->open = [&](const auto&, patchbay_stream stream) {
        EXPECT_EQ(behaviour->stream().emit(behaviour->host, stream, events, 3), PATCHBAY_OK);
        return finish(stream);
    };

    auto chat = host.open();

    ASSERT_TRUE(chat);
    EXPECT_EQ((*chat)->text(), "ab");
    EXPECT_EQ(host.faults(), Faults{"emit of an event of an unknown kind"});
}

TEST_F(FakeHostTest, AnEmitAfterCloseIsStaleAndAFault) {
    patchbay_stream kept = {};
    behaviour->open = [&](const auto&, patchbay_stream stream) {
        kept = stream;
        return finish(stream);
    };
    ASSERT_TRUE(host.open());
    host.run();

    EXPECT_EQ(emit(kept, text_event("x")), PATCHBAY_E_STALE);

    EXPECT_EQ(host.faults(), Faults{"emit after close"});
}

TEST_F(FakeHostTest, BadEventsAreRefused) {
    behaviour->open = [&](const auto&, patchbay_stream stream) {
        EXPECT_EQ(emit(stream, text_event("\xC3")), PATCHBAY_E_BAD_REQUEST);
        EXPECT_EQ(emit(stream, text_event(std::string(65 * 1024, 'x'))), PATCHBAY_E_BAD_REQUEST);
        auto event = text_event("x");
        event.channel = 2;
        EXPECT_EQ(emit(stream, event), PATCHBAY_E_BAD_REQUEST);
        event.kind = 99;  // it alone is dropped
        EXPECT_EQ(emit(stream, event), PATCHBAY_OK);
        return finish(stream);
    };

    auto chat = host.open();

    ASSERT_TRUE(chat);
    EXPECT_TRUE((*chat)->events().empty());
    EXPECT_EQ(host.faults().size(), 4u);
}

TEST_F(FakeHostTest, IgnoringAPauseMeetsTheCap) {
    behaviour->open = [](const auto&, patchbay_stream) { return PATCHBAY_OK; };
    auto chat = host.open();
    ASSERT_TRUE(chat);
    (*chat)->pause();

    const std::string text(60 * 1024, 'x');
    const auto event = text_event(text);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(emit((*chat)->handle(), event), PATCHBAY_PAUSE);

    EXPECT_EQ(emit((*chat)->handle(), event), PATCHBAY_E_LIMIT);
    EXPECT_EQ((*chat)->emits_while_paused(), 4u);
    EXPECT_EQ(emit((*chat)->handle(), event), PATCHBAY_E_CANCELLED);
    finish((*chat)->handle(), PATCHBAY_FINISH_CANCELLED);
    EXPECT_EQ((*chat)->finish_reason(), PATCHBAY_FINISH_ERROR);
    EXPECT_EQ((*chat)->error()->code, ErrorCode::limit);
}

TEST_F(FakeHostTest, ACancelThatIsNotObeyedIsAFaultAfterFiveSeconds) {
    behaviour->open = [](const auto&, patchbay_stream) { return PATCHBAY_OK; };
    auto chat = host.open();
    ASSERT_TRUE(chat);

    (*chat)->cancel();
    host.advance(4999ms);
    EXPECT_EQ(emit((*chat)->handle(), text_event("x")), PATCHBAY_E_CANCELLED);
    EXPECT_FALSE((*chat)->closed());
    host.advance(1ms);

    EXPECT_TRUE((*chat)->closed());
    EXPECT_EQ(host.faults(), Faults{"no finish within 5 s of cancel"});
}

TEST_F(FakeHostTest, AFailureWithoutAReasonIsAFault) {
    behaviour->open = [](const auto&, patchbay_stream) { return PATCHBAY_E_UPSTREAM; };

    const auto chat = host.open();

    ASSERT_FALSE(chat);
    EXPECT_EQ(chat.error().code, ErrorCode::upstream);
    EXPECT_EQ(host.faults(), Faults{"open failed without set_error"});
}

TEST_F(FakeHostTest, ALaneFunctionFromAForeignThreadIsRefused) {
    behaviour->open = [](const auto&, patchbay_stream) { return PATCHBAY_OK; };
    auto chat = host.open();
    ASSERT_TRUE(chat);

    std::thread([&] {
        EXPECT_EQ(emit((*chat)->handle(), text_event("x")), PATCHBAY_E_WRONG_THREAD);
        EXPECT_EQ(finish((*chat)->handle()), PATCHBAY_E_WRONG_THREAD);
    }).join();

    EXPECT_EQ(host.faults(),
              (Faults{"emit from a foreign thread", "finish from a foreign thread"}));
    finish((*chat)->handle());
}

TEST_F(FakeHostTest, TheLaneIsTheThreadThatTookIt) {
    behaviour->open = [](const auto&, patchbay_stream) { return PATCHBAY_OK; };
    const auto stream = (*host.open())->handle();

    std::thread([&] {
        host.turns().take_lane();
        EXPECT_EQ(finish(stream), PATCHBAY_OK);
    }).join();
    EXPECT_EQ(emit(stream, text_event("x")), PATCHBAY_E_WRONG_THREAD);
    host.turns().take_lane();
    host.run();

    EXPECT_EQ(host.faults(), Faults{"emit from a foreign thread"});
    EXPECT_EQ(behaviour->closed, 1);
}

TEST_F(FakeHostTest, ACheckWithoutAVerdictDenies) {
    behaviour->check = [](patchbay_request) { return PATCHBAY_OK; };

    const auto& check = host.check({});

    EXPECT_TRUE(check.denied());
    EXPECT_EQ(host.faults(), Faults{"check returned OK without complete"});
}

TEST_F(FakeHostTest, AVerdictThatSaysBothDenies) {
    behaviour->check = [](patchbay_request request) {
        const auto* raw = behaviour->host;
        const auto* verdicts = static_cast<const patchbay_verdict_1*>(
            raw->get_interface(raw, {PATCHBAY_VERDICT_1, sizeof PATCHBAY_VERDICT_1 - 1}));
        const patchbay_principal principal = {};
        const patchbay_error error = {};
        const patchbay_verdict both = {.allow = &principal, .deny = &error};
        EXPECT_EQ(verdicts->complete(raw, request, &both), PATCHBAY_E_BAD_REQUEST);
        return PATCHBAY_OK;
    };

    const auto& check = host.check({});

    EXPECT_TRUE(check.denied());
    EXPECT_FALSE(check.allowed());
}

// The parts of an answer that a call with such limits hears of, and how it ended.
struct Heard {
    std::string text;
    patchbay_status end = PATCHBAY_OK;
};

TEST_F(FakeHostTest, AnAnswerBeyondTheLimitsOfItsCallIsCutOff) {
    Heard heard;
    const patchbay_http_handler handler = {
        .head = nullptr,
        .data =
            [](void* user, patchbay_str bytes) {
                static_cast<Heard*>(user)->text += patchbay::text_of(bytes);
            },
        .event =
            [](void* user, const patchbay_sse_event* event) {
                static_cast<Heard*>(user)->text += patchbay::text_of(event->data);
            },
        .done =
            [](void* user, const patchbay_error* error) {
                static_cast<Heard*>(user)->end = error ? error->code : PATCHBAY_OK;
            }};
    const auto ask = [&](uint32_t flags, uint64_t max_body, uint64_t max_line) {
        heard = {};
        host.http().answer("http://a.test/", {.chunks = {"data: one\n\n", "data: tw", "o\n\n"}});
        behaviour->open = [&](const auto&, patchbay_stream stream) {
            const auto* const http =
                static_cast<const patchbay_http_1*>(behaviour->host->get_interface(
                    behaviour->host, patchbay::view_of(PATCHBAY_HTTP_1)));
            patchbay_http_start call = {};
            call.method = patchbay::view_of("GET");
            call.url = patchbay::view_of("http://a.test/");
            call.flags = flags;
            call.max_body_bytes = max_body;
            call.max_line_bytes = max_line;
            patchbay_handle started = {};
            return http->start(behaviour->host, stream, &call, &handler, &heard, &started);
        };
        behaviour->cancel = [&] {};
        EXPECT_TRUE(host.open());
        host.run();
        return heard.text + " " + std::to_string(heard.end);
    };
    const auto too_large = std::to_string(PATCHBAY_E_TOO_LARGE);

    EXPECT_EQ(ask(0, 0, 0), "data: one\n\ndata: two\n\n 0");
    EXPECT_EQ(ask(0, 12, 0), "data: one\n\n " + too_large);
    EXPECT_EQ(ask(PATCHBAY_HTTP_SPLIT_SSE, 0, 9), "onetwo 0");
    EXPECT_EQ(ask(PATCHBAY_HTTP_SPLIT_SSE, 0, 8), " " + too_large);
}

TEST(SseSplitterTest, SplitsLikeABrowser) {
    patchbay::testing::SseSplitter splitter;

    auto events = splitter.add(": hi\r\n\r\nevent: e\r\nid: 1\r\ndata: a\r\ndata:b\r\n\r");
    EXPECT_TRUE(splitter.add("\nevent: empty\n\nerror: x\nda").empty());
    const auto more = splitter.add("ta:  c\n\n");
    EXPECT_TRUE(splitter.add("data: last").empty());
    const auto last = splitter.end();

    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].name, "e");
    EXPECT_EQ(events[0].id, "1");
    EXPECT_EQ(events[0].data, "a\nb");
    ASSERT_EQ(more.size(), 1u);
    EXPECT_EQ(more[0].name, "");
    EXPECT_EQ(more[0].data, " c");
    ASSERT_EQ(last.size(), 1u);
    EXPECT_EQ(last[0].data, "last");
}

TEST(LoadPluginTest, WhatIsNoPluginIsRefused) {
    EXPECT_EQ(patchbay::testing::load_plugin("/does/not/exist.so").error().code,
              ErrorCode::not_found);
    EXPECT_EQ(patchbay::testing::load_plugin("libm.so.6").error().code, ErrorCode::unsupported);
}

}  // namespace
