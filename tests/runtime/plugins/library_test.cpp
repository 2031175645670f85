#include "runtime/plugins/library.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace patchbay::plugins {
namespace {

namespace fs = std::filesystem;

// A folder of its own with a copy of a good plugin.
class LibraryTest : public ::testing::Test {
protected:
    LibraryTest() {
        std::string pattern = (fs::temp_directory_path() / "patchbay-library-XXXXXX").string();
        folder = mkdtemp(pattern.data());
        copy = folder / "fixture_echo.so";
        fs::copy_file(fs::path(FIXTURE_FOLDER) / "fixture_echo.so", copy);
        fs::permissions(copy, fs::perms::others_write, fs::perm_options::remove);
    }
    ~LibraryTest() override { fs::remove_all(folder); }

    static Result<Library> load(const std::string& name) {
        const auto path = find_library(name, {FIXTURE_FOLDER});
        return path ? load_library(*path) : std::unexpected(path.error());
    }

    // Another build of the plugin: its content is nobody else's.
    void rebuild() const {
        fs::remove(copy);
        fs::copy_file(fs::path(FIXTURE_FOLDER) / "fixture_echo.so", copy);
        fs::permissions(copy, fs::perms::others_write, fs::perm_options::remove);
        static int number = 0;
        std::ofstream(copy, std::ios::app) << folder << ++number;
    }

    fs::path folder;
    fs::path copy;
};

TEST_F(LibraryTest, LibraryIsFoundByNameInFirstFolderThatHasIt) {
    const auto path = find_library("fixture_echo", {"/nowhere", folder, FIXTURE_FOLDER});

    ASSERT_TRUE(path);
    EXPECT_EQ(*path, copy);
}

TEST_F(LibraryTest, UnknownNameSaysWhereItLookedAndWhatIsNear) {
    const auto path = find_library("fixture_eco", {"/nowhere", FIXTURE_FOLDER});

    ASSERT_FALSE(path);
    EXPECT_EQ(path.error().code, ErrorCode::not_found);
    EXPECT_NE(path.error().message.find("/nowhere, " FIXTURE_FOLDER), std::string::npos);
    EXPECT_NE(path.error().message.find("near it: fixture_echo"), std::string::npos);
}

TEST_F(LibraryTest, PathThatCannotBeLookedAtIsNotFoundAndSaysWhy) {
    const auto path = find_library("/" + std::string(300, 'x') + ".so", {});

    ASSERT_FALSE(path);
    EXPECT_EQ(path.error().code, ErrorCode::not_found);
    EXPECT_NE(path.error().message.find(": File name too long"), std::string::npos);
}

TEST_F(LibraryTest, NameMayNotClimbOutOfFolders) {
    const auto path = find_library("../lib/evil", {FIXTURE_FOLDER});

    ASSERT_FALSE(path);
    EXPECT_EQ(path.error().code, ErrorCode::bad_request);
}

TEST_F(LibraryTest, MissingAbsolutePathIsNamed) {
    const auto path = find_library("/nowhere/at_all.so", {});

    ASSERT_FALSE(path);
    EXPECT_NE(path.error().message.find("/nowhere/at_all.so"), std::string::npos);
}

TEST_F(LibraryTest, GoodPluginLoadsAndLoadsAgainAsTheSame) {
    const auto first = load_library(copy);
    const auto second = load_library(copy);

    ASSERT_TRUE(first) << first.error().message;
    ASSERT_TRUE(second);
    EXPECT_EQ(first->entry, second->entry);
    EXPECT_STREQ(first->entry->id, "org.example.echo");
}

TEST_F(LibraryTest, WorldWritableFileIsRefused) {
    fs::permissions(copy, fs::perms::others_write, fs::perm_options::add);

    const auto library = load_library(copy);

    ASSERT_FALSE(library);
    EXPECT_EQ(library.error().code, ErrorCode::forbidden);
    EXPECT_NE(library.error().message.find("may be written by everybody"), std::string::npos);
}

TEST_F(LibraryTest, WorldWritableFolderIsRefusedUnlessSticky) {
    fs::permissions(folder, fs::perms::others_write, fs::perm_options::add);
    const auto open = load_library(copy);
    fs::permissions(folder, fs::perms::sticky_bit, fs::perm_options::add);
    const auto sticky = load_library(copy);

    ASSERT_FALSE(open);
    EXPECT_EQ(open.error().code, ErrorCode::forbidden);
    EXPECT_TRUE(sticky) << sticky.error().message;
}

TEST_F(LibraryTest, LinkInWorldWritableFolderIsRefused) {
    const auto open_folder = folder / "open";
    fs::create_directory(open_folder);
    fs::create_symlink(copy, open_folder / "link.so");
    fs::permissions(open_folder, fs::perms::others_write, fs::perm_options::add);

    const auto library = load_library(open_folder / "link.so");

    ASSERT_FALSE(library);
    EXPECT_EQ(library.error().code, ErrorCode::forbidden);
}

TEST_F(LibraryTest, FileThatIsNoLibraryIsRefusedWithTheLoadersReason) {
    const auto path = folder / "text.so";
    std::ofstream(path) << "hello";

    const auto library = load_library(path);

    ASSERT_FALSE(library);
    EXPECT_NE(library.error().message.find("text.so"), std::string::npos);
}

TEST_F(LibraryTest, FolderIsNoLibrary) { EXPECT_FALSE(load_library(folder)); }

TEST_F(LibraryTest, LibraryWithoutEntryIsRefused) {
    const auto library = load("fixture_no_entry");

    ASSERT_FALSE(library);
    EXPECT_NE(library.error().message.find("exports no patchbay_plugin_entry"), std::string::npos);
}

TEST_F(LibraryTest, OtherAbiIsRefusedWithBothNumbers) {
    const auto library = load("fixture_newer_abi");

    ASSERT_FALSE(library);
    EXPECT_EQ(library.error().code, ErrorCode::unsupported);
    EXPECT_NE(library.error().message.find("ABI 7, this host speaks ABI 0"), std::string::npos);
}

TEST_F(LibraryTest, OtherDraftIsRefusedWithBothNumbers) {
    const auto library = load("fixture_newer_draft");

    ASSERT_FALSE(library);
    EXPECT_EQ(library.error().code, ErrorCode::unsupported);
    EXPECT_NE(library.error().message.find(
                  fmt::format("was built for draft {} of ABI 0, this host speaks draft {}: rebuild",
                              PATCHBAY_ABI_DRAFT + 7, PATCHBAY_ABI_DRAFT)),
              std::string::npos)
        << library.error().message;
}

TEST_F(LibraryTest, NullMemberIsNamed) {
    const auto library = load("fixture_null_member");

    ASSERT_FALSE(library);
    EXPECT_NE(library.error().message.find("patchbay_plugin_entry.destroy is NULL"),
              std::string::npos);
}

TEST_F(LibraryTest, IdThatIsNoTextIsRefused) {
    const auto library = load("fixture_bad_id");

    ASSERT_FALSE(library);
    EXPECT_NE(library.error().message.find("patchbay_plugin_entry.id is not UTF-8"),
              std::string::npos);
}

TEST_F(LibraryTest, SameContentIsTheSameLibraryUnderEachOfItsNames) {
    const auto other = folder / "other.so";
    fs::copy_file(copy, other);

    const auto first = load_library(copy);
    const auto second = load_library(other);

    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->entry, second->entry);
    EXPECT_EQ(first->sha256, second->sha256);
    EXPECT_EQ(second->path, fs::canonical(other));
}

TEST_F(LibraryTest, OtherContentOfTheSameNameIsLoadedBesideTheOld) {
    const auto copies = (folder / "copies").string();
    rebuild();
    const auto first = load_library(copy, copies);
    rebuild();

    const auto second = load_library(copy, copies);

    ASSERT_TRUE(first && second);
    EXPECT_NE(first->entry, second->entry);
    EXPECT_NE(first->sha256, second->sha256);
    EXPECT_STREQ(first->entry->id, second->entry->id);
    EXPECT_TRUE(fs::exists(copies + "/" + second->sha256 + ".so"));
}

TEST_F(LibraryTest, WithoutCopiesAChangedFileIsRefused) {
    rebuild();
    ASSERT_TRUE(load_library(copy));
    rebuild();

    const auto again = load_library(copy);

    ASSERT_FALSE(again);
    EXPECT_NE(again.error().message.find("restart the server"), std::string::npos);
}

TEST_F(LibraryTest, FolderOfCopiesThatOthersMayWriteIsNotUsed) {
    const auto copies = folder / "copies";
    fs::create_directory(copies);
    fs::permissions(copies, fs::perms::group_write, fs::perm_options::add);
    rebuild();

    const auto library = load_library(copy, copies);

    EXPECT_TRUE(library) << library.error().message;  // from where it lies
    EXPECT_TRUE(fs::is_empty(copies));
}

}  // namespace
}  // namespace patchbay::plugins
