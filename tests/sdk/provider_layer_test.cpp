// The C++ layer for providers: what throws, fails or comes late stays within the contract.
#include <patchbay/http.hpp>
#include <patchbay/provider.hpp>
#include <patchbay/testing/fake_host.hpp>
#include <patchbay/timer.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <stdexcept>
#include <thread>

namespace {

using patchbay::ChatRequest;
using patchbay::Error;
using patchbay::ErrorCode;
using patchbay::FinishReason;
using patchbay::Status;
using patchbay::Stream;
using patchbay::testing::FakeChat;
using patchbay::testing::FakeHost;
using namespace std::chrono_literals;

// A provider whose open() each test writes itself. The address travels in the config.
using Script = std::function<Status(const ChatRequest&, Stream)>;

class Scripted : public patchbay::Provider {
public:
    Scripted(const patchbay::Host&, std::string_view config)
        : script_(*reinterpret_cast<const Script*>(std::stoull(std::string(config)))) {}

    Status open(const ChatRequest& request, Stream stream) override {
        return script_(request, stream);
    }

private:
    const Script& script_;
};

constexpr patchbay::PluginInfo info = {.id = "org.example.scripted",
                                       .version = "1.0.0",
                                       .title = "A \"title\"\\\n",
                                       .description = "",
                                       .config = R"({"type": "object"})"};
constexpr patchbay_plugin plugin = patchbay::detail::make_plugin<Scripted, info>();

class ProviderLayerTest : public testing::Test {
protected:
    FakeChat& open(Script written) {
        script = std::move(written);
        EXPECT_TRUE(host.create(plugin, std::to_string(reinterpret_cast<uintptr_t>(&script))));
        const auto chat = host.open();
        if (!chat) throw std::runtime_error(chat.error().message);
        return **chat;
    }

    void TearDown() override {
        host.shut_down();
        EXPECT_EQ(host.faults(), std::vector<std::string>());
    }

    void expect_internal(FakeChat& chat, const std::string& reason) {
        EXPECT_TRUE(host.run_until([&] { return chat.closed(); }));
        ASSERT_TRUE(chat.error());
        EXPECT_EQ(chat.error()->code, ErrorCode::internal);
        EXPECT_EQ(chat.error()->message, reason);
    }

    Script script;
    FakeHost host;
};

TEST_F(ProviderLayerTest, TheTableSaysWhatThePluginIs) {
    const auto about = nlohmann::json::parse(plugin.about_json);

    EXPECT_EQ(about["title"], "A \"title\"\\\n");
    EXPECT_EQ(about["config_schema"]["type"], "object");
    EXPECT_EQ(about["interfaces"], nlohmann::json::parse(R"(["patchbay.provider/1"])"));
    EXPECT_EQ(plugin.get_interface({"patchbay.provider/10", 20}), nullptr);
    EXPECT_EQ(plugin.get_interface({"patchbay.auth/1", 15}), nullptr);
    EXPECT_NE(plugin.get_interface({"patchbay.provider/1", 19}), nullptr);
}

TEST_F(ProviderLayerTest, AWholeAnswerMayBeWrittenInOpen) {
    auto& chat = open([](const ChatRequest&, Stream stream) -> Status {
        stream.text("thinking", patchbay::Channel::reasoning);
        stream.status("busy");
        stream.progress(50);
        stream.metadata("{}");
        stream.text("Hello");
        stream.finish(FinishReason::stop);
        return {};
    });

    host.run();

    EXPECT_TRUE(chat.closed());
    EXPECT_EQ(chat.text(), "Hello");
    EXPECT_EQ(chat.text(PATCHBAY_CHANNEL_REASONING), "thinking");
    EXPECT_EQ(chat.events(PATCHBAY_EVENT_PROGRESS).at(0).percent, 50u);
}

TEST_F(ProviderLayerTest, AFailedOpenGivesItsReason) {
    script = [](const ChatRequest&, Stream) -> Status {
        return std::unexpected(Error{.code = ErrorCode::rate_limited,
                                     .message = "slower",
                                     .retryable = true,
                                     .user_safe = true,
                                     .retry_after_ms = 5,
                                     .http_status = 429,
                                     .detail_json = "{}"});
    };
    ASSERT_TRUE(host.create(plugin, std::to_string(reinterpret_cast<uintptr_t>(&script))));

    const auto chat = host.open();

    ASSERT_FALSE(chat);
    EXPECT_EQ(chat.error().code, ErrorCode::rate_limited);
    EXPECT_EQ(chat.error().message, "slower");
    EXPECT_TRUE(chat.error().retryable);
    EXPECT_TRUE(chat.error().user_safe);
    EXPECT_EQ(chat.error().retry_after_ms, 5);
    EXPECT_EQ(chat.error().http_status, 429);
    EXPECT_EQ(chat.error().detail_json, "{}");
}

TEST_F(ProviderLayerTest, WhatOpenThrowsFailsIt) {
    for (const bool standard : {true, false}) {
        FakeHost own;
        script = [&](const ChatRequest&, Stream) -> Status {
            if (standard) throw std::runtime_error("boom");
            throw 42;
        };
        ASSERT_TRUE(own.create(plugin, std::to_string(reinterpret_cast<uintptr_t>(&script))));

        const auto chat = own.open();

        ASSERT_FALSE(chat);
        EXPECT_EQ(chat.error().code, ErrorCode::internal);
        EXPECT_EQ(chat.error().message, standard ? "boom" : "an exception of an unknown type");
    }
}

TEST_F(ProviderLayerTest, WhatTheConstructorThrowsFailsCreate) {
    const auto created = host.create(plugin, "no number");

    ASSERT_FALSE(created);
    EXPECT_EQ(created.error().code, ErrorCode::internal);
    EXPECT_EQ(created.error().message, "stoull");
}

// A chat that throws where it is told to.
class Throwing : public patchbay::Chat,
                 public patchbay::HttpHandler,
                 public patchbay::TimerHandler {
public:
    using Chat::Chat;

    void resume() override { throw std::runtime_error("in resume"); }
    void cancel(patchbay::CancelReason) override { throw std::runtime_error("in cancel"); }
    void on_event(const patchbay::SseEvent&) override { throw std::runtime_error("in event"); }
    void on_done(const Error*) override { ++done; }
    void on_timer(bool cancelled) override {
        if (!cancelled) throw std::runtime_error("in timer");
    }

    int done = 0;
};

TEST_F(ProviderLayerTest, WhatResumeThrowsFailsTheStream) {
    auto& chat = open([](const ChatRequest&, Stream stream) -> Status {
        stream.text("x");
        return std::make_unique<Throwing>(stream);
    });
    chat.pause();
    const patchbay_event event = {.kind = PATCHBAY_EVENT_STATUS};
    EXPECT_EQ(chat.emit(&event, 1), PATCHBAY_PAUSE);

    chat.resume();

    expect_internal(chat, "in resume");
}

TEST_F(ProviderLayerTest, WhatCancelThrowsFailsTheStream) {
    auto& chat = open([](const ChatRequest&, Stream stream) -> Status {
        return std::make_unique<Throwing>(stream);
    });

    chat.cancel();

    expect_internal(chat, "in cancel");
}

TEST_F(ProviderLayerTest, WhatATimerThrowsFailsTheStream) {
    auto& chat = open([](const ChatRequest&, Stream stream) -> Status {
        auto own = std::make_unique<Throwing>(stream);
        EXPECT_TRUE(patchbay::start_timer(stream, 1ms, *own));
        return own;
    });

    expect_internal(chat, "in timer");
}

TEST_F(ProviderLayerTest, WhatAnHttpHandlerThrowsFailsTheStreamAndEndsTheCall) {
    host.http().answer("http://x.test/",
                       {.chunks = {"data: 1\n\ndata: 2\n\n", {"data: 3\n\n", 1h}}});
    auto& chat = open([](const ChatRequest&, Stream stream) -> Status {
        auto own = std::make_unique<Throwing>(stream);
        EXPECT_TRUE(
            patchbay::start_http(stream, {.url = "http://x.test/", .split_sse = true}, *own));
        return own;
    });

    expect_internal(chat, "in event");
    EXPECT_TRUE(host.http().calls().at(0).cancelled);
}

TEST_F(ProviderLayerTest, FunctionsHearCallsAndTimersToo) {
    host.http().answer("http://x.test/",
                       {.headers = {{"content-TYPE", "text/plain"}}, .chunks = {"a", "b"}});
    std::string heard;
    auto& chat = open([&](const ChatRequest&, Stream stream) -> Status {
        patchbay::HttpCallbacks callbacks;
        callbacks.head = [&](uint32_t status, const patchbay::HttpHeaders& headers) {
            heard += std::to_string(status) + std::string(headers.find("Content-Type"));
        };
        callbacks.data = [&](std::string_view bytes) { heard += bytes; };
        callbacks.done = [&, stream](const Error* error) {
            heard += error ? "failed" : "done";
            EXPECT_TRUE(patchbay::start_timer(stream, 1s, [&, stream](bool) {
                heard += "timer";
                stream.finish(FinishReason::stop);
            }));
        };
        EXPECT_TRUE(patchbay::start_http(stream, {.url = "http://x.test/"}, std::move(callbacks)));
        return {};
    });

    host.run_until([&] { return chat.closed(); });

    EXPECT_EQ(heard, "200text/plainabdonetimer");
}

TEST_F(ProviderLayerTest, AFunctionThatThrowsIsFreedAndFailsTheStream) {
    host.http().answer("http://x.test/", {.chunks = {"a"}});
    auto& chat = open([&](const ChatRequest&, Stream stream) -> Status {
        patchbay::HttpCallbacks callbacks;
        callbacks.head = [](uint32_t, const patchbay::HttpHeaders&) { throw std::bad_alloc(); };
        callbacks.done = [](const Error*) { FAIL() << "hears nothing more"; };
        EXPECT_TRUE(patchbay::start_http(stream, {.url = "http://x.test/"}, std::move(callbacks)));
        return {};
    });

    expect_internal(chat, "std::bad_alloc");
}

TEST_F(ProviderLayerTest, ACallThatCannotStartSaysWhy) {
    auto& chat = open([&](const ChatRequest&, Stream stream) -> Status {
        auto own = std::make_unique<Throwing>(stream);
        const auto bad_url = patchbay::start_http(stream, {.url = "ftp://x"}, *own);
        const auto bad_header = patchbay::start_http(
            stream, {.url = "http://x.test/", .headers = {{"A", "b\r\nC: d"}}}, *own);
        const auto past = patchbay::start_timer(stream, -1ms, *own);

        EXPECT_EQ(bad_url.error().code, ErrorCode::bad_request);
        EXPECT_EQ(bad_header.error().code, ErrorCode::bad_request);
        EXPECT_EQ(past.error().code, ErrorCode::bad_request);
        stream.finish(FinishReason::stop);
        return own;
    });

    host.run();

    EXPECT_TRUE(chat.closed());
}

TEST_F(ProviderLayerTest, ATimerThatIsCancelledStillCallsBack) {
    bool was_cancelled = false;
    auto& chat = open([&](const ChatRequest&, Stream stream) -> Status {
        const auto timer = patchbay::start_timer(stream, 1h, [&, stream](bool cancelled) {
            was_cancelled = cancelled;
            stream.finish(FinishReason::stop);
        });
        timer->cancel();
        return {};
    });

    host.run();

    EXPECT_TRUE(was_cancelled);
    EXPECT_TRUE(chat.closed());
}

TEST_F(ProviderLayerTest, AForeignThreadComesBackThroughPost) {
    std::thread worker;
    auto& chat = open([&](const ChatRequest&, Stream stream) -> Status {
        worker = std::thread([stream] {
            EXPECT_TRUE(stream.post([stream](bool cancelled) {
                EXPECT_FALSE(cancelled);
                stream.text("from afar");
                stream.finish(FinishReason::stop);
            }));
        });
        return {};
    });

    EXPECT_TRUE(host.run_until([&] { return chat.closed(); }));

    worker.join();
    EXPECT_EQ(chat.text(), "from afar");
}

TEST_F(ProviderLayerTest, APostAfterTheEndIsStaleAndFreesItsFunction) {
    auto kept = std::make_shared<int>(1);
    std::optional<Stream> late;
    open([&](const ChatRequest&, Stream stream) -> Status {
        late.emplace(stream);
        stream.finish(FinishReason::stop);
        return {};
    });
    host.run();

    const auto posted = late->post([kept](bool) {});

    ASSERT_FALSE(posted);
    EXPECT_EQ(posted.error().code, ErrorCode::stale);
    EXPECT_EQ(kept.use_count(), 1);
}

TEST_F(ProviderLayerTest, AChatEndsOnceWhateverComesFirst) {
    class Eager : public patchbay::Chat {
    public:
        explicit Eager(Stream stream) : Chat(stream) {
            finish(FinishReason::length);
            fail({.code = ErrorCode::upstream});
            abandon("again");
            finish(FinishReason::stop);
        }
    };
    auto& chat = open([](const ChatRequest&, Stream stream) -> Status {
        return std::make_unique<Eager>(stream);
    });

    chat.cancel();
    host.run();

    EXPECT_EQ(chat.finish_reason(), PATCHBAY_FINISH_LENGTH);
}

}  // namespace
