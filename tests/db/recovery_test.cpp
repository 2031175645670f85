#include "db/clock.hpp"
#include "store_fixture.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace patchbay {
namespace {

class RecoveryTest : public StoreTest {
protected:
    std::string database() const { return options.data_dir + "/patchbay.db"; }

    // The files as a kill at this moment would leave them, in a folder of their own.
    StoreOptions killed_copy(const std::string& name) const {
        const HeldSnapshot hold(database());
        StoreOptions copy;
        copy.data_dir = folder / name;
        std::filesystem::create_directory(copy.data_dir);
        for (const char* file : {"/patchbay.db", "/patchbay.db-wal"}) {
            if (!std::filesystem::exists(options.data_dir + file)) continue;
            std::filesystem::copy_file(options.data_dir + file, copy.data_dir + file);
        }
        return copy;
    }
};

TEST_F(RecoveryTest, KilledStoreHasEverythingThatWasDelivered) {
    open();
    const auto id = InteractionId::make();
    write_run(id, 1, {"a", "b"}, unix_ms());
    Turn live(id, 2);
    Turn queued(id, 3);
    commit(live.begin(false));
    commit(live.delta("c"));
    commit(queued.begin(false, RunStatus::queued));
    commit(live.delta("d"));

    options = killed_copy("killed");
    open();

    const auto events = all_events(id);
    EXPECT_EQ(events.size(), 12u);
    EXPECT_TRUE(is_gapless(events));
    EXPECT_EQ(text_of(events), "abcd");
}

TEST_F(RecoveryTest, OpenRunsAreListedWithTheTrueLastSeq) {
    open();
    const auto id = InteractionId::make();
    Turn live(id, 1);
    Turn queued(id, 2);
    commit(live.begin(true));
    commit(queued.begin(false, RunStatus::queued));
    for (int i = 0; i < 4; ++i) commit(live.delta("x"));  // the row of the interaction lags behind
    write_run(InteractionId::make(), 1, {}, unix_ms());

    options = killed_copy("killed");
    open();
    const auto open_runs = store->open_runs();

    ASSERT_EQ(open_runs->size(), 2u);
    EXPECT_EQ((*open_runs)[0].run.id, live.run.id);
    EXPECT_EQ((*open_runs)[0].run.status, RunStatus::running);
    EXPECT_EQ((*open_runs)[1].run.id, queued.run.id);
    EXPECT_EQ((*open_runs)[1].run.status, RunStatus::queued);
    EXPECT_EQ((*open_runs)[0].interaction.last_seq, 8u);
    EXPECT_EQ((*open_runs)[1].interaction.last_seq, 8u);
}

TEST_F(RecoveryTest, SeqsGoOnAfterARestart) {
    open();
    Turn live(InteractionId::make(), 1);
    commit(live.begin(true));
    commit(live.delta("a"));

    options = killed_copy("killed");
    open();
    const auto next = commit(live.delta("b"));

    EXPECT_FALSE(next->error);
    EXPECT_EQ(next->last_seq, 4u);
    EXPECT_EQ(text_of(all_events(live.run.interaction)), "ab");
}

TEST_F(RecoveryTest, SeqsGoOnAfterACleanClose) {
    open();
    Turn live(InteractionId::make(), 1);
    commit(live.begin(true));
    commit(live.delta("a"));

    open();

    EXPECT_EQ(journal_rows(), 0u);  // all was folded, though the run is open
    EXPECT_EQ(store->open_runs()->at(0).interaction.last_seq, 3u);
    EXPECT_EQ(commit(live.delta("b"))->last_seq, 4u);
    EXPECT_TRUE(is_gapless(all_events(live.run.interaction)));
}

// A child writes and reports what was delivered to it; the parent kills it in the middle.
TEST_F(RecoveryTest, KillNineLosesNothingThatWasDelivered) {
    for (int round = 0; round < 5; ++round) {
        options.data_dir = folder / ("round" + std::to_string(round));
        int report[2];
        ASSERT_EQ(pipe(report), 0);
        const auto id = InteractionId::make();
        close();  // a fork takes no threads along
        const pid_t child = fork();
        if (child == 0) {
            auto opened = open_sqlite_store(options);
            if (!opened) _exit(1);
            store = std::move(*opened);
            Turn turn(id, 1);
            commit(turn.begin(true));
            for (uint64_t i = 0;; ++i) {
                const uint64_t seq = commit(turn.delta(std::to_string(i) + " "))->last_seq;
                if (write(report[1], &seq, sizeof seq) != sizeof seq) _exit(1);
            }
        }
        ::close(report[1]);
        uint64_t delivered = 0;
        for (int i = 0; i < 20 + round * 37; ++i) {
            ASSERT_EQ(read(report[0], &delivered, sizeof delivered),
                      static_cast<ssize_t>(sizeof delivered));
        }
        kill(child, SIGKILL);
        waitpid(child, nullptr, 0);
        uint64_t later = 0;
        while (read(report[0], &later, sizeof later) == sizeof later) delivered = later;
        ::close(report[0]);

        open();
        const auto events = all_events(id);

        EXPECT_GE(events.size(), delivered);
        EXPECT_TRUE(is_gapless(events));
        EXPECT_EQ(store->open_runs()->size(), 1u);
    }
}

TEST_F(RecoveryTest, KilledStoreCanBeReadWithoutAServer) {
    open();
    Turn live(InteractionId::make(), 1);
    commit(live.begin(true));
    commit(live.delta("a"));
    StoreOptions killed = killed_copy("killed");
    killed.read_only = true;

    const auto reader = open_sqlite_store(killed);
    ASSERT_TRUE(reader) << reader.error().message;
    const auto page = (*reader)->events(live.run.interaction, 0, 100, 1000, std::nullopt);

    ASSERT_TRUE(page) << page.error().message;
    EXPECT_EQ(text_of(page->events), "a");
}

TEST_F(RecoveryTest, JournalOfEndedRunsIsFoldedAfterARestart) {
    open();
    Turn live(InteractionId::make(), 1);
    commit(live.begin(true));
    const auto id = InteractionId::make();
    write_run(id, 1, {"a"}, unix_ms());
    options = killed_copy("killed");

    open();

    EXPECT_TRUE(eventually([&] { return journal_rows() == 0; }));
    EXPECT_EQ(text_of(all_events(id)), "a");
    EXPECT_TRUE(is_gapless(all_events(live.run.interaction)));
}

TEST_F(RecoveryTest, DamagedJournalRowIsRefusedByNumber) {
    open();
    Turn live(InteractionId::make(), 1);
    commit(live.begin(true));
    commit(live.delta("a"));
    options = killed_copy("killed");
    execute(database(),
            "UPDATE journal SET payload = substr(payload, 1, length(payload) - 1)"
            " WHERE id = (SELECT max(id) FROM journal)");

    const auto opened = open_sqlite_store(options);

    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::storage);
    EXPECT_NE(opened.error().message.find("of the journal is damaged"), std::string::npos);
}

TEST_F(RecoveryTest, MissingJournalRowIsRefused) {
    open();
    Turn live(InteractionId::make(), 1);
    commit(live.begin(true));
    commit(live.delta("a"));
    commit(live.delta("b"));
    options = killed_copy("killed");
    execute(database(), "DELETE FROM journal WHERE id = (SELECT max(id) - 1 FROM journal)");

    const auto opened = open_sqlite_store(options);

    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().message.find("lacks events"), std::string::npos)
        << opened.error().message;
}

TEST_F(RecoveryTest, SecondServerIsRefusedWithTheFirstOnesProcess) {
    open();

    const auto second = open_sqlite_store(options);

    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::storage);
    EXPECT_NE(second.error().message.find("process " + std::to_string(getpid())), std::string::npos)
        << second.error().message;
    close();
    EXPECT_TRUE(open_sqlite_store(options));
}

TEST_F(RecoveryTest, NewerDatabaseIsRefusedWithBothVersions) {
    open();
    close();
    execute(database(), "PRAGMA user_version = 7");

    const auto opened = open_sqlite_store(options);
    StoreOptions beside = options;
    beside.read_only = true;
    const auto reader = open_sqlite_store(beside);

    for (const auto* refused : {&opened, &reader}) {
        ASSERT_FALSE(*refused);
        EXPECT_NE(refused->error().message.find("is of version 7"), std::string::npos);
        EXPECT_NE(refused->error().message.find("versions up to 2"), std::string::npos);
    }
    EXPECT_EQ(query_number(database(), "PRAGMA user_version"), 7);
}

TEST_F(RecoveryTest, FileThatIsNoDatabaseIsRefused) {
    std::filesystem::create_directory(options.data_dir);
    std::FILE* file = std::fopen(database().c_str(), "w");
    for (int i = 0; i < 1000; ++i) std::fputs("this is no database ", file);
    std::fclose(file);

    const auto opened = open_sqlite_store(options);

    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().message.find("is not a Patchbay database"), std::string::npos)
        << opened.error().message;
}

TEST_F(RecoveryTest, FolderThatCannotBeMadeIsRefused) {
    std::fclose(std::fopen((folder / "file").c_str(), "w"));
    options.data_dir = folder / "file/data";

    const auto opened = open_sqlite_store(options);

    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().message.find("cannot be used"), std::string::npos)
        << opened.error().message;
}

TEST_F(RecoveryTest, FolderThatIsNotWritableIsRefused) {
    if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
    std::filesystem::create_directory(options.data_dir);
    std::filesystem::permissions(
        options.data_dir, std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);

    const auto opened = open_sqlite_store(options);

    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().message.find("make it writable"), std::string::npos);
}

TEST_F(RecoveryTest, FolderIsMadeForItsOwnerAlone) {
    options.data_dir = folder / "a/b/data";
    open();

    EXPECT_EQ(std::filesystem::status(options.data_dir).permissions(),
              std::filesystem::perms::owner_all);
}

TEST_F(RecoveryTest, ReaderWithoutADatabaseIsTold) {
    options.read_only = true;

    const auto opened = open_sqlite_store(options);

    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace patchbay
