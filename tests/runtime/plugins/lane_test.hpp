// A lane that runs, a listener that remembers, and the host's log as a journal.
#pragma once

#include "runtime/net/lane.hpp"
#include "runtime/net/resolver.hpp"
#include "runtime/plugins/answer.hpp"
#include "runtime/plugins/plugin_call.hpp"
#include "tests/runtime/plugins/journal.hpp"
#include "tests/runtime/plugins/script.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <future>
#include <mutex>

namespace patchbay::plugins {

class JournalSink : public spdlog::sinks::base_sink<std::mutex> {
public:
    explicit JournalSink(Journal& journal) : journal_(journal) {}

protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        journal_.add(std::string(message.payload.data(), message.payload.size()));
    }
    void flush_() override {}

private:
    Journal& journal_;
};

// Writes "text", "finish REASON CODE" into its journal. What on_events() returns is up to the test.
class Listener : public AnswerListener {
public:
    patchbay_status on_events(std::span<const patchbay_event> events) override {
        for (const auto& event : events)
            journal.add(std::to_string(event.kind) + " " + string_of(event.text));
        return on_events_returns ? on_events_returns() : PATCHBAY_OK;
    }

    void on_finish(uint32_t reason, const Error* error) override {
        message = error ? error->message : "";
        journal.add("finish " + std::to_string(reason) +
                    (error ? " " + std::string(name_of(error->code)) : ""));
    }

    Journal journal;
    std::string message;
    std::function<patchbay_status()> on_events_returns;
};

class LaneTest : public ::testing::Test {
protected:
    LaneTest() {
        former_ = spdlog::default_logger();
        auto logger = std::make_shared<spdlog::logger>("test", std::make_shared<JournalSink>(log));
        logger->set_level(spdlog::level::info);
        spdlog::set_default_logger(logger);
        lane.start();
    }

    ~LaneTest() override {
        EXPECT_TRUE(all_closed()) << "handles are still open";
        lane.stop();
        spdlog::set_default_logger(former_);
    }

    // Runs `task` on the lane and returns what it returned.
    template <class Task>
    auto on_lane(Task task) {
        std::packaged_task<decltype(task())()> packaged(std::move(task));
        auto result = packaged.get_future();
        lane.post([&packaged] { packaged(); });
        if (result.wait_for(std::chrono::seconds(60)) != std::future_status::ready) {
            ADD_FAILURE() << "the lane is stuck";
            std::abort();
        }
        return result.get();
    }

    // Two turns of the loop: what was put off to a later turn has happened.
    void settle() {
        for (int i = 0; i < 3; ++i) on_lane([] {});
    }

    Answer* open(const ChatCall& call = {.messages_json = "[]", .run_id = "run-1"}) {
        auto chat = on_lane([&] { return Answer::open(lane, instance, call, listener); });
        if (chat) return *chat;
        error = chat.error();
        return nullptr;
    }

    bool all_closed() {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (open_handles() > 0 && std::chrono::steady_clock::now() < end) {
            on_lane([] {});
            std::this_thread::yield();
        }
        return open_handles() == 0;
    }

    Journal log;
    net::Resolver resolver;
    net::Lane lane{0, resolver};
    Script script;
    InstanceRef instance = make_instance(script);
    Listener listener;
    Error error;  // of the last open() that failed

private:
    std::shared_ptr<spdlog::logger> former_;
};

}  // namespace patchbay::plugins
