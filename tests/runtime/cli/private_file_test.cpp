#include "runtime/cli/private_file.hpp"

#include "tests/runtime/cli/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace {

int link_error = 0;  // what link() fails with; 0: it links

}  // namespace

// Stands before the system's: for file systems without it. What is not there has no name at all.
int link(const char* from, const char* to) noexcept {
    if (link_error == 0 || ::access(from, F_OK) != 0)
        return ::linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
    errno = link_error;
    return -1;
}

namespace patchbay::cli {
namespace {

namespace fs = std::filesystem;

// A user whom the rights of files bind, for as long as this lives.
class PlainUser {
public:
    explicit PlainUser(const fs::path& folder) {
        constexpr uid_t nobody = 65534;
        if (was_ == 0 && (chown(folder.c_str(), nobody, nobody) != 0 || seteuid(nobody) != 0))
            ADD_FAILURE() << "cannot be another user";
    }
    ~PlainUser() { (void)!seteuid(was_); }

private:
    const uid_t was_ = geteuid();
};

class PrivateFileTest : public ::testing::Test {
protected:
    std::string text() const {
        std::ifstream file(path);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    size_t files() const {
        return static_cast<size_t>(std::distance(fs::directory_iterator(folder), {}));
    }

    TemporaryFolder temporary;
    const fs::path folder = temporary.path();
    const fs::path path = folder / "overrides.json";
};

TEST_F(PrivateFileTest, FileIsReplacedAndNothingIsLeftBeside) {
    ASSERT_TRUE(write_private_file(path, "old"));
    ASSERT_TRUE(write_private_file(path, "new"));

    EXPECT_EQ(text(), "new");
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_EQ(files(), 1u);
}

// A folder that may be written and not opened cannot be synced.
TEST_F(PrivateFileTest, WhatWasThereComesBackWhenTheNewOneIsNotSurelyOnDisk) {
    const PlainUser user(folder);
    ASSERT_TRUE(write_private_file(path, "old"));

    fs::permissions(folder, fs::perms::owner_write | fs::perms::owner_exec);
    const auto replaced = write_private_file(path, "new");
    const auto added = write_private_file(folder / "another", "new");
    fs::permissions(folder, fs::perms::owner_all);

    EXPECT_FALSE(replaced);
    EXPECT_FALSE(added);
    EXPECT_EQ(text(), "old");
    EXPECT_EQ(files(), 1u);
}

class LinklessFileTest : public PrivateFileTest, public ::testing::WithParamInterface<int> {
protected:
    LinklessFileTest() { link_error = GetParam(); }
    ~LinklessFileTest() override { link_error = 0; }
};

TEST_P(LinklessFileTest, FileIsReplacedWhereItCanHaveOneNameOnly) {
    ASSERT_TRUE(write_private_file(path, "old"));
    ASSERT_TRUE(write_private_file(path, "new"));

    EXPECT_EQ(text(), "new");
    EXPECT_EQ(files(), 1u);
}

TEST_P(LinklessFileTest, WhatWasThereComesBackWhereItCanHaveOneNameOnly) {
    const PlainUser user(folder);
    ASSERT_TRUE(write_private_file(path, "old"));

    fs::permissions(folder, fs::perms::owner_write | fs::perms::owner_exec);
    const auto replaced = write_private_file(path, "new");
    fs::permissions(folder, fs::perms::owner_all);

    EXPECT_FALSE(replaced);
    EXPECT_EQ(text(), "old");
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_EQ(files(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Errors, LinklessFileTest, ::testing::Values(EPERM, EOPNOTSUPP, EMLINK));

TEST_F(PrivateFileTest, OtherTroubleLeavesTheOldOneInItsPlace) {
    ASSERT_TRUE(write_private_file(path, "old"));

    link_error = EIO;
    const auto replaced = write_private_file(path, "new");
    link_error = 0;

    EXPECT_FALSE(replaced);
    EXPECT_EQ(text(), "old");
    EXPECT_EQ(files(), 1u);
}

}  // namespace
}  // namespace patchbay::cli
