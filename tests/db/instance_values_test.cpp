// What plugin instances keep: each has a space of its own, with limits and ends.
#include "db/clock.hpp"
#include "store_fixture.hpp"

namespace patchbay {
namespace {

using Keys = std::vector<std::string>;

class InstanceValuesTest : public StoreTest {
protected:
    Result<void> put(const std::string& key, std::string value, int64_t expires_at_ms = 0,
                     const std::string& instance = "a") {
        const ValueChange change{instance, key, std::move(value), expires_at_ms};
        return store->change_values({&change, 1}).at(0);
    }
    Result<void> remove(const std::string& key) {
        const ValueChange change{.instance = "a", .key = key};
        return store->change_values({&change, 1}).at(0);
    }
    std::string get(const std::string& key, const std::string& instance = "a") {
        return store->value(instance, key)->value_or("none");
    }
    Keys keys(const std::string& prefix, const std::string& after = "", size_t limit = 1000) {
        return store->keys({.instance = "a", .prefix = prefix, .after = after, .limit = limit})
            .value();
    }
    int64_t number(const std::string& sql) {
        return query_number(options.data_dir + "/patchbay.db", sql);
    }
    static int64_t past() { return unix_ms() - 1; }
};

TEST_F(InstanceValuesTest, AValueIsReadBackUntilItIsReplacedOrRemoved) {
    open();
    const std::string bytes("\0\xff binary", 9);

    EXPECT_EQ(get("k"), "none");
    EXPECT_TRUE(put("k", bytes));
    EXPECT_EQ(get("k"), bytes);
    EXPECT_TRUE(put("k", ""));
    EXPECT_EQ(get("k"), "");
    EXPECT_TRUE(remove("k"));
    EXPECT_TRUE(remove("k"));
    EXPECT_EQ(get("k"), "none");
}

TEST_F(InstanceValuesTest, InstancesDoNotSeeEachOther) {
    open();
    put("k", "mine");
    put("k", "theirs", 0, "b");
    put("only", "theirs", 0, "b");

    EXPECT_EQ(get("k"), "mine");
    EXPECT_EQ(get("k", "b"), "theirs");
    EXPECT_EQ(keys(""), (Keys{"k"}));
}

TEST_F(InstanceValuesTest, ValuesOutliveTheStore) {
    open();
    put("k", "v");
    close();

    open();

    EXPECT_EQ(get("k"), "v");
}

TEST_F(InstanceValuesTest, KeysComeInTheOrderOfTheirBytesFromAfterOn) {
    open();
    for (const auto* key : {"b", "a", "ab", "a\x01", "\xc3\xa9", "B", "a\x7f", "a\xff\xff"})
        put(key, "");

    EXPECT_EQ(keys(""), (Keys{"B", "a", "a\x01", "ab", "a\x7f", "a\xff\xff", "b", "\xc3\xa9"}));
    EXPECT_EQ(keys("a"), (Keys{"a", "a\x01", "ab", "a\x7f", "a\xff\xff"}));
    EXPECT_EQ(keys("a", "a"), (Keys{"a\x01", "ab", "a\x7f", "a\xff\xff"}));
    EXPECT_EQ(keys("a", "a", 2), (Keys{"a\x01", "ab"}));
    EXPECT_EQ(keys("a", "aa"), (Keys{"ab", "a\x7f", "a\xff\xff"}));  // need not be there
    EXPECT_EQ(keys("a", "B"), keys("a"));                            // before the prefix
    EXPECT_EQ(keys("a", "b"), Keys{});
    EXPECT_EQ(keys("a\xff"), (Keys{"a\xff\xff"}));
    EXPECT_EQ(keys("\xff"), Keys{});
}

TEST_F(InstanceValuesTest, WhatHasExpiredIsNotThere) {
    open();
    put("gone", "v", past());
    put("stays", "v", unix_ms() + 3'600'000);

    EXPECT_EQ(get("gone"), "none");
    EXPECT_EQ(get("stays"), "v");
    EXPECT_EQ(keys(""), (Keys{"stays"}));
    put("gone", "again");
    EXPECT_EQ(get("gone"), "again");
}

TEST_F(InstanceValuesTest, WhatHasExpiredIsCleanedAway) {
    open();
    std::vector<ValueChange> changes;
    for (int i = 0; i < 500; ++i) changes.push_back({"a", std::to_string(i), "v", past()});
    changes.push_back({"a", "stays", "v", 0});
    store->change_values(changes);
    close();

    open();  // its maintenance looks at once

    EXPECT_TRUE(eventually([&] { return number("SELECT count(*) FROM instance_values") == 1; }));
    EXPECT_EQ(number("SELECT bytes FROM instance_sizes"), 6);
}

TEST_F(InstanceValuesTest, AFullInstanceTakesNoMoreUntilItRemovesSomething) {
    open();
    const std::string large(64 * 1024 - 4, 'x');  // with its key of four bytes: 64 KiB
    std::vector<ValueChange> changes;
    for (int i = 0; i < 1024; ++i) changes.push_back({"a", std::to_string(1000 + i), large, 0});
    changes.push_back({"a", "more", "", 0});
    changes.push_back({"b", "more", large, 0});

    const auto results = store->change_values(changes);

    for (int i = 0; i < 1024; ++i) EXPECT_TRUE(results[static_cast<size_t>(i)]);
    EXPECT_EQ(results[1024].error().code, ErrorCode::storage);
    EXPECT_TRUE(results[1025]);  // another's space
    EXPECT_EQ(get("more"), "none");
    EXPECT_TRUE(put("1000", large));  // no larger than before
    EXPECT_FALSE(put("1000", large + "x"));
    EXPECT_TRUE(remove("1000"));
    EXPECT_TRUE(put("more", large));
}

TEST_F(InstanceValuesTest, WhatHasExpiredIsInNobodysWay) {
    open();
    const std::string large(64 * 1024 - 4, 'x');
    std::vector<ValueChange> changes;
    for (int i = 0; i < 1024; ++i)
        changes.push_back({"a", std::to_string(1000 + i), large, unix_ms() + 100});
    for (const auto& done : store->change_values(changes)) ASSERT_TRUE(done);

    EXPECT_TRUE(eventually([&] { return put("more", large).has_value(); }));
}

TEST_F(InstanceValuesTest, SizesFollowEveryChange) {
    open();
    put("key", "12345");
    put("key", "123");
    put("other", "1");
    remove("other");

    EXPECT_EQ(number("SELECT bytes FROM instance_sizes WHERE instance='a'"), 6);
}

}  // namespace
}  // namespace patchbay
