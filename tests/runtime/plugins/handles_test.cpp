#include "runtime/plugins/handles.hpp"

#include "tests/runtime/plugins/lane_test.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace patchbay::plugins {
namespace {

class HandlesTest : public LaneTest {
protected:
    patchbay_handle add(HandleKind kind = HandleKind::stream) {
        return handles().add(kind, &object, lane, "run-1");
    }
    patchbay_status find(patchbay_handle handle, HandleKind kind = HandleKind::stream) {
        return on_lane([=] {
            void* found = nullptr;
            return handles().find(handle, kind, found);
        });
    }
    static void remove(patchbay_handle handle) {
        ASSERT_TRUE(handles().retire(handle));
        handles().free(handle);
    }

    int object = 0;
};

TEST_F(HandlesTest, HandleFindsItsObjectOnItsLaneAlone) {
    const auto handle = add();
    void* found = nullptr;

    const auto foreign = handles().find(handle, HandleKind::stream, found);
    const auto status = on_lane([&] { return handles().find(handle, HandleKind::stream, found); });

    EXPECT_EQ(foreign, PATCHBAY_E_WRONG_THREAD);
    EXPECT_EQ(status, PATCHBAY_OK);
    EXPECT_EQ(found, &object);
    EXPECT_EQ(handles().run_id_of(handle), "run-1");
    EXPECT_EQ(find(handle, HandleKind::timer), PATCHBAY_E_STALE);
    remove(handle);
}

TEST_F(HandlesTest, RemovedHandleIsStaleAlsoWhenItsSlotIsUsedAgain) {
    const auto first = add();
    remove(first);
    const auto second = add();

    EXPECT_NE(first.bits, second.bits);
    EXPECT_EQ(find(first), PATCHBAY_E_STALE);
    EXPECT_EQ(find(second), PATCHBAY_OK);
    EXPECT_EQ(handles().run_id_of(first), "");
    EXPECT_FALSE(handles().is_current(first, HandleKind::stream));
    remove(second);
}

TEST_F(HandlesTest, ForgedHandlesAreStale) {
    const auto handle = add();
    remove(handle);

    for (const uint64_t bits : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 20, ~uint64_t{0},
                                handle.bits + (uint64_t{1} << 20), handle.bits + 1}) {
        void* found = nullptr;
        net::Lane* found_lane = nullptr;
        EXPECT_EQ(find({bits}), PATCHBAY_E_STALE) << bits;
        EXPECT_EQ(handles().pin({bits}, 10, found, found_lane), PATCHBAY_E_STALE) << bits;
        EXPECT_FALSE(handles().seal({bits}, HandleKind::stream, found_lane)) << bits;
        EXPECT_EQ(handles().run_id_of({bits}), "") << bits;
    }
}

TEST_F(HandlesTest, PinsKeepHandleFromRetiring) {
    auto handle = add();
    void* found = nullptr;
    net::Lane* found_lane = nullptr;
    ASSERT_EQ(handles().pin(handle, 2, found, found_lane), PATCHBAY_OK);
    ASSERT_EQ(handles().pin(handle, 2, found, found_lane), PATCHBAY_OK);

    EXPECT_EQ(handles().pin(handle, 2, found, found_lane), PATCHBAY_E_LIMIT);
    EXPECT_FALSE(handles().retire(handle));
    handles().unpin(handle);
    handles().unpin(handle);

    EXPECT_EQ(found, &object);
    EXPECT_EQ(found_lane, &lane);
    remove(handle);
}

TEST_F(HandlesTest, SealedHandleIsFoundButNotPinned) {
    const auto handle = add();
    void* found = nullptr;
    net::Lane* found_lane = nullptr;

    EXPECT_FALSE(handles().seal(handle, HandleKind::call, found_lane));
    EXPECT_TRUE(handles().seal(handle, HandleKind::stream, found_lane));
    EXPECT_FALSE(handles().seal(handle, HandleKind::stream, found_lane));
    EXPECT_EQ(handles().pin(handle, 2, found, found_lane), PATCHBAY_E_STALE);
    EXPECT_EQ(find(handle), PATCHBAY_OK);
    remove(handle);
}

TEST_F(HandlesTest, ExpiredHandleIsStaleWhilePinsAreOut) {
    const auto known = add();
    auto own = known;
    void* found = nullptr;
    net::Lane* found_lane = nullptr;
    ASSERT_EQ(handles().pin(known, 2, found, found_lane), PATCHBAY_OK);

    handles().expire(own);

    EXPECT_EQ(find(known), PATCHBAY_E_STALE);
    EXPECT_FALSE(handles().retire(own));
    handles().unpin(own);
    remove(own);
}

TEST_F(HandlesTest, ThreadsTakeAndGiveSlotsWithoutEverSharingOne) {
    constexpr int threads = 4;
    constexpr int rounds = 3000;
    std::atomic<int> shared{0};
    std::vector<std::jthread> workers;
    for (int i = 0; i < threads; ++i) {
        workers.emplace_back([&] {
            std::vector<patchbay_handle> mine;
            for (int round = 0; round < rounds; ++round) {
                int own = 0;
                mine.push_back(handles().add(HandleKind::stream, &own, lane, "x"));
                void* found = nullptr;
                net::Lane* found_lane = nullptr;
                if (handles().pin(mine.back(), 5, found, found_lane) != PATCHBAY_OK ||
                    found != &own)
                    ++shared;
                handles().unpin(mine.back());
                if (mine.size() < 20) continue;
                for (const auto handle : mine) remove(handle);
                mine.clear();
            }
            for (const auto handle : mine) remove(handle);
        });
    }
    workers.clear();

    EXPECT_EQ(shared, 0);
    EXPECT_EQ(handles().size(), 0u);
}

}  // namespace
}  // namespace patchbay::plugins
