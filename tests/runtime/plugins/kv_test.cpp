// kv.h over a real store: each call is answered exactly once, and what was put is there.
#include "runtime/engine/key_value_service.hpp"
#include "tests/runtime/cli/temporary_folder.hpp"
#include "tests/runtime/plugins/lane_test.hpp"

#include <gtest/gtest.h>

#include <latch>

namespace patchbay::plugins {
namespace {

using Lines = std::vector<std::string>;

class KvTest : public LaneTest {
protected:
    KvTest() { instance = make_instance(script, "scripted", {.values = &values}); }

    Answer* open_stream() {
        script.on_open = [this](const auto&, patchbay_stream opened) {
            stream = opened;
            return PATCHBAY_OK;
        };
        return open();
    }

    // The call's answer goes into the journal, as "NAME CODE VALUE".
    struct Call {
        KvTest& test;
        std::string name;
    };
    static void note(void* user, patchbay_str value, const patchbay_error* error) {
        const std::unique_ptr<Call> call(static_cast<Call*>(user));
        EXPECT_TRUE(call->test.lane.here());
        call->test.script.journal.add(call->name + " " + std::to_string(error ? error->code : 0) +
                                      " " + string_of(value));
    }
    template <class Start>
    patchbay_status start(const std::string& name, Start start) {
        auto call = std::make_unique<Call>(Call{*this, name});
        const auto status = start(call.get());
        if (status == PATCHBAY_OK) static_cast<void>(call.release());
        return status;
    }
    patchbay_status get(std::string_view key, const std::string& name = "get") {
        return start(name, [&](void* user) {
            return host_kv.get(script.host, stream, text_of(key), note, user);
        });
    }
    patchbay_status put(std::string_view key, std::string_view value, uint64_t ttl_ms = 0,
                        const std::string& name = "put") {
        return start(name, [&](void* user) {
            return host_kv.put(script.host, stream, text_of(key), text_of(value), ttl_ms, note,
                               user);
        });
    }
    patchbay_status remove(std::string_view key) {
        return start("remove", [&](void* user) {
            return host_kv.remove(script.host, stream, text_of(key), note, user);
        });
    }
    patchbay_status list(std::string_view prefix, std::string_view after = "") {
        return start("list", [&](void* user) {
            return host_kv.list(script.host, stream, text_of(prefix), text_of(after), note, user);
        });
    }
    // Starts on the lane, and waits for the line.
    template <class Start>
    void expect(const std::string& line, Start start) {
        const auto before = script.journal.count(line);
        on_lane([&] { EXPECT_EQ(start(), PATCHBAY_OK); });
        EXPECT_TRUE(script.journal.wait_for(line, before + 1)) << line;
    }
    void finish() {
        on_lane([&] { EXPECT_EQ(script.finish(stream), PATCHBAY_OK); });
        EXPECT_TRUE(all_closed());
    }

    cli::TemporaryFolder folder;
    std::unique_ptr<Store> store =
        std::move(*open_sqlite_store({.data_dir = folder.path() + "/data"}));
    net::Workers workers{2, 1000};
    engine::KeyValueService values{*store, workers};
    patchbay_stream stream{};
};

TEST_F(KvTest, WhatIsPutIsReadBackUntilItIsRemoved) {
    ASSERT_TRUE(open_stream());

    expect("get -5 ", [&] { return get("k"); });
    expect("put 0 ", [&] { return put("k", "value"); });
    expect("get 0 value", [&] { return get("k"); });
    expect("remove 0 ", [&] { return remove("k"); });
    expect("remove 0 ", [&] { return remove("k"); });
    expect("get -5 ", [&] { return get("k"); });
    finish();
}

TEST_F(KvTest, KeysAreListedAsJsonInTheOrderOfTheirBytes) {
    ASSERT_TRUE(open_stream());
    for (const auto* key : {"a/2", "b", "a/1", "a/\"q\""})
        expect("put 0 ", [&] { return put(key, ""); });

    expect(R"(list 0 ["a/\"q\"","a/1","a/2"])", [&] { return list("a/"); });
    expect(R"(list 0 ["a/2","b"])", [&] { return list("", "a/1"); });
    expect("list 0 []", [&] { return list("x"); });
    finish();
}

TEST_F(KvTest, AnotherInstanceOfTheSameNameFindsWhatTheFirstHasPut) {
    ASSERT_TRUE(open_stream());
    expect("put 0 ", [&] { return put("k", "kept"); });
    finish();

    instance = make_instance(script, "scripted", {.values = &values});
    ASSERT_TRUE(open_stream());
    expect("get 0 kept", [&] { return get("k"); });
    finish();

    instance = make_instance(script, "other", {.values = &values});
    ASSERT_TRUE(open_stream());
    expect("get -5 ", [&] { return get("k"); });
    finish();
}

TEST_F(KvTest, AValueIsGoneAfterItsTime) {
    ASSERT_TRUE(open_stream());
    expect("put 0 ", [&] { return put("k", "v", 1); });
    expect("put 0 ", [&] { return put("far", "v", UINT64_MAX); });

    for (int i = 0; i < 1000 && script.journal.count("get -5 ") == 0; ++i) {
        const auto answers = script.journal.count("get ");
        on_lane([&] { EXPECT_EQ(get("k"), PATCHBAY_OK); });
        ASSERT_TRUE(script.journal.wait_for("get ", answers + 1));
    }

    EXPECT_EQ(script.journal.count("get -5 "), 1u);
    expect("get 0 v", [&] { return get("far"); });
    finish();
}

TEST_F(KvTest, CallsThatCannotBeAreRefusedAndHearNothing) {
    ASSERT_TRUE(open_stream());
    const std::string long_key(257, 'k');
    const std::string long_value(64 * 1024 + 1, 'v');
    on_lane([&] {
        EXPECT_EQ(get(""), PATCHBAY_E_BAD_REQUEST);
        EXPECT_EQ(get(long_key), PATCHBAY_E_BAD_REQUEST);
        EXPECT_EQ(get("\xff"), PATCHBAY_E_BAD_REQUEST);
        EXPECT_EQ(put("", "v"), PATCHBAY_E_BAD_REQUEST);
        EXPECT_EQ(put("k", long_value), PATCHBAY_E_BAD_REQUEST);
        EXPECT_EQ(remove(""), PATCHBAY_E_BAD_REQUEST);
        EXPECT_EQ(list(long_key), PATCHBAY_E_BAD_REQUEST);
        EXPECT_EQ(list("", long_key), PATCHBAY_E_BAD_REQUEST);
        EXPECT_EQ(host_kv.get(script.host, stream, text_of("k"), nullptr, nullptr),
                  PATCHBAY_E_BAD_REQUEST);
        EXPECT_EQ(host_kv.get(script.host, stream, {nullptr, 3}, note, nullptr),
                  PATCHBAY_E_BAD_REQUEST);
    });
    EXPECT_EQ(get("k"), PATCHBAY_E_WRONG_THREAD);
    expect("put 0 ", [&] { return put(std::string(256, 'k'), std::string(64 * 1024, 'v')); });
    finish();
    EXPECT_EQ(script.journal.count("get"), 0u);
    on_lane([&] { EXPECT_EQ(get("k"), PATCHBAY_E_STALE); });
}

TEST_F(KvTest, SixteenCallsOfOneOwnerAtATime) {
    ASSERT_TRUE(open_stream());

    on_lane([&] {
        for (int i = 0; i < 16; ++i) EXPECT_EQ(put("k", "v"), PATCHBAY_OK);
        EXPECT_EQ(put("k", "v"), PATCHBAY_E_LIMIT);
        EXPECT_EQ(get("k"), PATCHBAY_E_LIMIT);
    });

    EXPECT_TRUE(script.journal.wait_for("put 0 ", 16));
    finish();
}

TEST_F(KvTest, WritesKeepTheOrderOfTheirCalls) {
    ASSERT_TRUE(open_stream());
    on_lane([&] {
        for (int i = 0; i < 15; ++i) EXPECT_EQ(put("k", std::to_string(i)), PATCHBAY_OK);
        EXPECT_EQ(put("k", "last", 0, "last"), PATCHBAY_OK);
    });
    ASSERT_TRUE(script.journal.wait_for("last 0"));

    expect("get 0 last", [&] { return get("k"); });
    finish();
}

TEST_F(KvTest, ACancelledOwnerHearsCancelledBeforeClose) {
    Answer* answer = open_stream();
    ASSERT_TRUE(answer);
    script.on_cancel = [&](auto) {
        EXPECT_EQ(put("late", "v"), PATCHBAY_E_CANCELLED);
        script.finish(stream, PATCHBAY_FINISH_CANCELLED);
    };
    std::latch held(2);  // the store's readers are busy, so that nothing is answered meanwhile
    std::latch release(1);
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(workers.post([&] {
            held.count_down();
            release.wait();
        }));
    }
    held.wait();
    on_lane([&] { EXPECT_EQ(get("k"), PATCHBAY_OK); });

    on_lane([&] { answer->cancel(PATCHBAY_REASON_CLIENT); });

    EXPECT_TRUE(script.journal.wait_for("close"));
    const auto lines = script.journal.lines();
    EXPECT_EQ(Lines(lines.end() - 4, lines.end()),
              (Lines{"open", "cancel 1", "get -17 ", "close"}));
    release.count_down();
    workers.stop();  // the late answer finds nobody
    settle();
    EXPECT_EQ(script.journal.count("get"), 1u);
}

TEST_F(KvTest, AWriteThatWasBegunIsDoneAlthoughItsOwnerEnded) {
    ASSERT_TRUE(open_stream());
    on_lane([&] {
        EXPECT_EQ(put("k", "v"), PATCHBAY_OK);
        EXPECT_EQ(script.finish(stream), PATCHBAY_OK);
    });
    EXPECT_TRUE(all_closed());
    EXPECT_EQ(script.journal.count("put"), 1u);  // OK or CANCELLED

    values.stop();

    EXPECT_EQ(*store->value("scripted", "k"), "v");
}

TEST_F(KvTest, AStoreThatIsGoneIsSaidToBeSo) {
    ASSERT_TRUE(open_stream());
    store->close();

    expect("get -22 ", [&] { return get("k"); });
    expect("put -22 ", [&] { return put("k", "v"); });
    finish();
}

TEST_F(KvTest, AServiceThatHasStoppedTakesNothing) {
    ASSERT_TRUE(open_stream());
    values.stop();
    workers.stop();

    on_lane([&] {
        EXPECT_EQ(put("k", "v"), PATCHBAY_E_LIMIT);
        EXPECT_EQ(get("k"), PATCHBAY_E_LIMIT);
    });
    finish();
}

}  // namespace
}  // namespace patchbay::plugins
