// A client on a loop thread, and a handler that writes down what it hears.
#pragma once

#include "loop_thread.hpp"
#include "loopback_upstream.hpp"
#include "runtime/net/http_client.hpp"
#include "runtime/net/resolver.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::net {

// Written on the loop, read by the test once done() or wait_for() has returned.
class RecordingHandler : public HttpHandler {
public:
    std::function<void()> at_head, at_data, at_event, at_done;

    void on_head(int answered, const HeaderViews& views) override {
        const std::unique_lock lock(mutex_);
        status = answered;
        for (const auto& [name, value] : views) headers.emplace_back(name, value);
        heads++;
        tell(at_head);
    }
    void on_data(std::string_view bytes) override {
        const std::unique_lock lock(mutex_);
        data += bytes;
        tell(at_data);
    }
    void on_event(const SseEventView& event) override {
        const std::unique_lock lock(mutex_);
        events.emplace_back(event.data);
        names.emplace_back(event.name);
        tell(at_event);
    }
    void on_done(const Error* reason) override {
        const std::unique_lock lock(mutex_);
        (void)sends.load();
        if (reason != nullptr) error = *reason;
        dones++;
        tell(at_done);
    }

    // False when it has not come about within the tests' patience.
    bool wait_for(const std::function<bool()>& condition) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, patience, condition);
    }
    bool done() {
        return wait_for([this] { return dones > 0; });
    }
    bool ended() {
        const std::unique_lock lock(mutex_);
        return dones > 0;
    }

    int status = 0;
    int heads = 0;
    int dones = 0;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string data;
    std::vector<std::string> events;
    std::vector<std::string> names;
    std::optional<Error> error;

private:
    // Called locked: the hooks run on the loop and touch the client alone.
    void tell(const std::function<void()>& hook) {
        changed_.notify_all();
        if (hook) hook();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
};

class HttpClientTest : public testing::Test {
protected:
    explicit HttpClientTest(ResolverOptions options = {}) : resolver(std::move(options)) {
        thread.call([this] { client = std::make_unique<HttpClient>(thread.loop(), resolver); });
    }
    ~HttpClientTest() override {
        thread.call([this] { client.reset(); });
    }

    HttpCallId start(HttpCallOptions options, HttpHandler& handler) {
        return thread.call([&] {
            auto id = client->start(std::move(options), handler);
            EXPECT_TRUE(id) << id.error().message;
            return id.value_or(0);
        });
    }
    HttpCallId get(const std::string& url, HttpHandler& handler) {
        return start({.method = "GET", .url = url}, handler);
    }
    HttpCallId get_events(const std::string& url, HttpHandler& handler) {
        return start({.method = "GET", .url = url, .split_sse = true}, handler);
    }
    void cancel(HttpCallId id) {
        thread.call([&] { client->cancel(id); });
    }
    void pause(HttpCallId id) {
        thread.call([&] { client->pause(id); });
    }
    void resume(HttpCallId id) {
        thread.call([&] { client->resume(id); });
    }
    size_t running() {
        return thread.call([&] { return client->running(); });
    }

    Resolver resolver;
    LoopThread thread;
    std::unique_ptr<HttpClient> client;
};

}  // namespace patchbay::net
