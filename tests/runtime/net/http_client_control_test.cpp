// Pausing, resuming, cancelling, from outside and from inside a handler.
#include "http_client_fixture.hpp"

#include <future>

namespace patchbay::net {
namespace {

using namespace std::chrono_literals;

// Waits for a promise of the upstream's thread, within the tests' patience.
template <class T>
std::optional<T> outcome(std::promise<T>& promise) {
    auto future = promise.get_future();
    if (future.wait_for(patience) != std::future_status::ready) return std::nullopt;
    return future.get();
}

TEST_F(HttpClientTest, ReadsNothingFromAPausedUpstreamAndLosesNothing) {
    std::promise<size_t> blocked;
    std::promise<void> resumed;
    const std::string pattern(4000, 'x');
    LoopbackUpstream upstream([&](UpstreamPeer& peer) {
        peer.shrink_send_buffer();
        peer.read_request();
        peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        const size_t sent = peer.send_until_stalled(pattern, 300ms);
        blocked.set_value(sent);
        resumed.get_future().wait();
    });
    RecordingHandler handler;
    HttpCallId id = 0;
    handler.at_head = [&] { client->pause(id); };

    thread.call(
        [&] { id = client->start({.method = "GET", .url = upstream.url()}, handler).value(); });
    const auto sent = outcome(blocked);

    ASSERT_TRUE(sent);
    EXPECT_GT(*sent, 0u);
    EXPECT_LT(*sent, 16u << 20);  // what the kernel's two buffers hold, and no more
    EXPECT_EQ(handler.data.size(), 0u);
    resume(id);
    resumed.set_value();
    ASSERT_TRUE(handler.done());
    EXPECT_FALSE(handler.error);
    EXPECT_EQ(handler.data.size(), *sent);
}

TEST_F(HttpClientTest, StandsStillWhilePausedWhateverTheTimeLimits) {
    std::promise<void> resumed;
    LoopbackUpstream upstream([&](UpstreamPeer& peer) {
        peer.read_request();
        peer.send(sse_head() + chunk("data: one\n\n"));
        resumed.get_future().wait();
        peer.send(chunk("data: two\n\n") + "0\r\n\r\n");
    });
    RecordingHandler handler;
    const HttpCallId id = start({.method = "GET",
                                 .url = upstream.url(),
                                 .split_sse = true,
                                 .first_byte_timeout = 150ms,
                                 .idle_timeout = 150ms},
                                handler);
    ASSERT_TRUE(handler.wait_for([&] { return handler.events.size() == 1; }));

    pause(id);
    const bool ended = [&] {
        std::promise<void> later;  // three times the limit, on the loop's own clock
        thread.call([&] { thread.loop().after(450ms, [&] { later.set_value(); }); });
        later.get_future().wait();
        return handler.ended();
    }();
    resumed.set_value();
    resume(id);

    EXPECT_FALSE(ended);
    ASSERT_TRUE(handler.done());
    EXPECT_FALSE(handler.error) << handler.error->message;
    EXPECT_EQ(handler.events, (std::vector<std::string>{"one", "two"}));
}

TEST_F(HttpClientTest, StillTimesOutAfterAPause) {
    LoopbackUpstream upstream([&](UpstreamPeer& peer) {
        peer.read_request();
        peer.send(sse_head() + chunk("data: one\n\n"));
        peer.wait_until_closed();
    });
    RecordingHandler handler;
    const HttpCallId id =
        start({.method = "GET", .url = upstream.url(), .split_sse = true, .idle_timeout = 100ms},
              handler);
    ASSERT_TRUE(handler.wait_for([&] { return handler.events.size() == 1; }));

    pause(id);
    resume(id);

    ASSERT_TRUE(handler.done());
    EXPECT_EQ(handler.error->code, ErrorCode::timeout);
}

TEST_F(HttpClientTest, KeepsParsedEventsInOrderWhenPausedAmongThem) {
    LoopbackUpstream upstream([](UpstreamPeer& peer) {
        peer.read_request();
        std::string events;
        for (int i = 0; i < 50; ++i) events += fmt::format("data: {}\n\n", i);
        peer.send(sse_head() + chunk(events) + "0\r\n\r\n");
    });
    RecordingHandler handler;
    HttpCallId id = 0;
    bool paused = false;
    bool called_while_paused = false;
    handler.at_event = [&] {
        called_while_paused = called_while_paused || paused;
        paused = true;
        client->pause(id);
        thread.loop().post([&] {
            paused = false;
            client->resume(id);
        });
    };
    handler.at_done = [&] { called_while_paused = called_while_paused || paused; };

    thread.call([&] {
        id = client->start({.method = "GET", .url = upstream.url(), .split_sse = true}, handler)
                 .value();
    });

    ASSERT_TRUE(handler.done());
    EXPECT_FALSE(called_while_paused);
    ASSERT_EQ(handler.events.size(), 50u);
    for (int i = 0; i < 50; ++i) EXPECT_EQ(handler.events[i], std::to_string(i));
}

TEST_F(HttpClientTest, MayBePausedBeforeItHasBegun) {
    LoopbackUpstream upstream([](UpstreamPeer& peer) {
        peer.read_request();
        peer.send(plain_answer("hello"));
    });
    RecordingHandler handler;
    HttpCallId id = 0;

    thread.call([&] {
        id = client->start({.method = "GET", .url = upstream.url()}, handler).value();
        client->pause(id);
        client->pause(id);
    });
    std::promise<void> later;
    thread.call([&] { thread.loop().after(100ms, [&] { later.set_value(); }); });
    later.get_future().wait();
    EXPECT_EQ(handler.heads, 0);
    resume(id);

    ASSERT_TRUE(handler.done());
    EXPECT_FALSE(handler.error);
    EXPECT_EQ(handler.data, "hello");
}

TEST_F(HttpClientTest, EndsTheUpstreamsConnectionAtOnceWhenCancelled) {
    std::promise<Clock::time_point> seen;
    LoopbackUpstream upstream([&](UpstreamPeer& peer) {
        peer.read_request();
        peer.send(sse_head() + chunk("data: one\n\n"));
        if (peer.wait_until_closed()) seen.set_value(Clock::now());
    });
    RecordingHandler handler;
    const HttpCallId id = get_events(upstream.url(), handler);
    ASSERT_TRUE(handler.wait_for([&] { return handler.events.size() == 1; }));

    const auto before = Clock::now();
    cancel(id);
    cancel(id);

    const auto at = outcome(seen);
    ASSERT_TRUE(at);
    EXPECT_LT(*at - before, 1s);  // milliseconds; the rest is for a busy machine
    ASSERT_TRUE(handler.done());
    EXPECT_EQ(handler.error->code, ErrorCode::cancelled);
    EXPECT_EQ(running(), 0u);
    EXPECT_EQ(handler.dones, 1);
}

TEST_F(HttpClientTest, TellsOfACancelLaterAlsoWhenPausedOrUnresolved) {
    LoopbackUpstream upstream([&](UpstreamPeer& peer) { peer.wait_until_closed(); });
    RecordingHandler paused, unresolved;
    bool told_inside = false;

    thread.call([&] {
        const auto first = client->start({.method = "GET", .url = upstream.url()}, paused).value();
        const auto second =
            client->start({.method = "GET", .url = "http://x.invalid/"}, unresolved).value();
        client->pause(first);
        client->cancel(first);
        client->cancel(second);
        told_inside = paused.dones + unresolved.dones > 0;
        client->pause(first);
        client->resume(first);
    });

    ASSERT_TRUE(paused.done() && unresolved.done());
    EXPECT_FALSE(told_inside);
    EXPECT_EQ(paused.error->code, ErrorCode::cancelled);
    EXPECT_EQ(unresolved.error->code, ErrorCode::cancelled);
}

// Each of the handler's calls is a place to cancel from.
class CancelInside : public HttpClientTest, public testing::WithParamInterface<const char*> {};

TEST_P(CancelInside, EndsWithCancelledAndNothingElse) {
    const std::string where = GetParam();
    LoopbackUpstream upstream([&](UpstreamPeer& peer) {
        peer.read_request();
        const std::string events = "data: 1\n\ndata: 2\n\n";
        peer.send(where == "data" ? plain_answer(events)
                                  : sse_head() + chunk(events) + "0\r\n\r\n");
        peer.wait_until_closed();
    });
    RecordingHandler handler;
    HttpCallId id = 0;
    const auto cancel_it = [&] { client->cancel(id); };
    (where == "head"    ? handler.at_head
     : where == "data"  ? handler.at_data
     : where == "event" ? handler.at_event
                        : handler.at_done) = cancel_it;

    thread.call([&] {
        id = client->start({.method = "GET", .url = upstream.url(), .split_sse = true}, handler)
                 .value();
    });

    ASSERT_TRUE(handler.done());
    thread.call([] {});  // a turn more, for a second on_done that must not come
    EXPECT_EQ(handler.dones, 1);
    if (where == "done") {
        EXPECT_FALSE(handler.error);
        return;
    }
    EXPECT_EQ(handler.error->code, ErrorCode::cancelled);
    EXPECT_EQ(handler.heads, 1);
    EXPECT_EQ(handler.events.size(), where == "event" ? 1u : 0u);
}

INSTANTIATE_TEST_SUITE_P(Everywhere, CancelInside, testing::Values("head", "data", "event", "done"),
                         [](const auto& param) { return std::string(param.param); });

TEST_F(HttpClientTest, LetsAHandlerCancelPauseAndStartOtherCalls) {
    LoopbackUpstream upstream([](UpstreamPeer& peer) {
        while (!peer.read_request().empty())
            peer.send(sse_head() + chunk("data: x\n\n") + "0\r\n\r\n");
    });
    LoopbackUpstream endless([](UpstreamPeer& peer) {
        peer.read_request();
        peer.send(sse_head());
        peer.wait_until_closed();
    });
    RecordingHandler first, second, victim;
    HttpCallId victim_id = 0;
    first.at_event = [&] {
        client->pause(victim_id);
        client->resume(victim_id);
        client->cancel(victim_id);
    };
    first.at_done = [&] {
        ASSERT_TRUE(
            client->start({.method = "GET", .url = upstream.url(), .split_sse = true}, second));
    };

    victim_id = get_events(endless.url(), victim);
    get_events(upstream.url(), first);

    ASSERT_TRUE(victim.done() && first.done() && second.done());
    EXPECT_EQ(victim.error->code, ErrorCode::cancelled);
    EXPECT_FALSE(first.error || second.error);
    EXPECT_EQ(upstream.connections(), 1);
}

TEST_F(HttpClientTest, CallsNobodyAnyMoreWhenTheClientGoes) {
    std::promise<bool> closed;
    LoopbackUpstream upstream([&](UpstreamPeer& peer) {
        peer.read_request();
        peer.send(sse_head() + chunk("data: one\n\n"));
        closed.set_value(peer.wait_until_closed());
    });
    RecordingHandler streaming, unresolved, cancelled;
    get_events(upstream.url(), streaming);
    ASSERT_TRUE(streaming.wait_for([&] { return streaming.events.size() == 1; }));

    thread.call([&] {
        ASSERT_TRUE(client->start({.method = "GET", .url = "http://x.invalid/"}, unresolved));
        client->cancel(
            client->start({.method = "GET", .url = "http://y.invalid/"}, cancelled).value());
        client.reset();
    });

    EXPECT_EQ(outcome(closed), true);
    thread.call([] {});
    EXPECT_EQ(streaming.dones + unresolved.dones + cancelled.dones, 0);
}

// Random pausing, resuming and cancelling over many streams: nothing is lost, doubled or reordered.
TEST_F(HttpClientTest, SurvivesRandomPausesAndCancels) {
    constexpr int count = 60;
    LoopbackUpstream upstream([](UpstreamPeer& peer) {
        while (!peer.read_request().empty()) {
            if (!peer.send(sse_head())) return;
            for (int i = 0; i < 200; ++i)
                if (!peer.send(chunk(fmt::format("data: {}\n\n", i)))) return;
            peer.send("0\r\n\r\n");
        }
    });
    std::vector<RecordingHandler> handlers(count);
    std::vector<HttpCallId> ids(count);
    unsigned random = 12345;
    const auto next = [&random] { return (random = random * 1664525u + 1013904223u) >> 8; };
    for (int i = 0; i < count; ++i)
        handlers[i].at_event = [&, i] {
            const unsigned choice = next() % 40;
            const int other = static_cast<int>(next() % count);
            if (choice == 0) client->pause(ids[i]);
            if (choice == 1) client->pause(ids[other]);
            if (choice == 2 && other % 5 == 0) client->cancel(ids[other]);
            if (choice < 3)
                thread.loop().post([&, i, other] {
                    client->resume(ids[i]);
                    client->resume(ids[other]);
                });
        };

    thread.call([&] {
        for (int i = 0; i < count; ++i)
            ids[i] = client
                         ->start({.method = "GET", .url = upstream.url(), .split_sse = true},
                                 handlers[i])
                         .value();
    });

    for (auto& handler : handlers) ASSERT_TRUE(handler.done());
    thread.call([] {});  // the last resume has been and gone
    for (int i = 0; i < count; ++i) {
        for (size_t at = 0; at < handlers[i].events.size(); ++at)
            ASSERT_EQ(handlers[i].events[at], std::to_string(at)) << i;
        if (handlers[i].error) {
            EXPECT_EQ(handlers[i].error->code, ErrorCode::cancelled) << i;
        } else {
            EXPECT_EQ(handlers[i].events.size(), 200u) << i;
        }
    }
}

}  // namespace
}  // namespace patchbay::net
