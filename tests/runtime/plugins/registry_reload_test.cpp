#include "runtime/plugins/instance.hpp"
#include "runtime/plugins/registry.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace patchbay::plugins {
namespace {

namespace fs = std::filesystem;

// A registry with a folder for copies, and a library in a file of its own.
class RegistryReloadTest : public ::testing::Test {
protected:
    RegistryReloadTest() {
        std::string pattern = (fs::temp_directory_path() / "patchbay-reload-XXXXXX").string();
        folder = mkdtemp(pattern.data());
        library = folder / "paced.so";
        install("fixture_paced");
        limit->count = 2;
        registry = std::make_unique<Registry>(
            std::vector<std::string>{FIXTURE_FOLDER},
            HostServices{.version = "0.0.0", .fault_limit = limit}, folder / "copies");
    }
    ~RegistryReloadTest() override {
        registry.reset();
        fs::remove_all(folder);
    }

    void install(const std::string& build) const {
        fs::copy_file(fs::path(FIXTURE_FOLDER) / (build + ".so"), folder / "begun");
        fs::permissions(folder / "begun", fs::perms::others_write, fs::perm_options::remove);
        fs::rename(folder / "begun", library);
    }

    InstanceSpec spec(const std::string& name = "it", const std::string& config = "{}") const {
        return {.name = name, .library = library, .config_json = config};
    }

    config::Checked<RegistryChanges> reload(std::vector<InstanceSpec> specs,
                                            const std::string& only = "") const {
        return registry->reload({.folders = {FIXTURE_FOLDER}, .specs = specs, .only = only},
                                [](const InstanceSet&) { return config::Problems(); });
    }

    InstanceStatus status(size_t index = 0) const { return registry->list().at(index); }

    void fail_too_often() const {
        for (int i = 0; i < 2; ++i) registry->find("it")->fault("did wrong");
    }

    fs::path folder;
    fs::path library;
    std::shared_ptr<FaultLimit> limit = std::make_shared<FaultLimit>();
    std::unique_ptr<Registry> registry;
};

TEST_F(RegistryReloadTest, UnchangedFileIsNotLoadedTwice) {
    ASSERT_TRUE(registry->load({spec()}));
    const auto before = registry->find("it");

    const auto changes = reload({spec()});

    ASSERT_TRUE(changes);
    EXPECT_EQ(changes->unchanged, std::vector<std::string>{"it"});
    EXPECT_EQ(registry->find("it"), before);
}

TEST_F(RegistryReloadTest, ChangedFileIsLoadedBesideTheOldCode) {
    ASSERT_TRUE(registry->load({spec()}));
    const auto old = registry->find("it");
    const auto old_hash = status().sha256;
    install("fixture_paced_next");

    const auto changes = reload({spec()});

    ASSERT_TRUE(changes) << config::sentences(changes.error());
    EXPECT_EQ(changes->replaced, std::vector<std::string>{"it"});
    EXPECT_EQ(status().version, "2.0.0");
    EXPECT_NE(status().sha256, old_hash);
    EXPECT_EQ(status().path, fs::canonical(library).string());
    EXPECT_TRUE(old->is_alive()) << "it drains";
    EXPECT_EQ(status().draining, 1u);
}

TEST_F(RegistryReloadTest, ChangeOfOneInstanceLooksAtNoOthersFile) {
    ASSERT_TRUE(registry->load({spec("it"), spec("other")}));
    install("fixture_paced_next");

    const auto changes = reload({spec("it"), spec("other")}, "other");

    ASSERT_TRUE(changes);
    EXPECT_EQ(changes->replaced, std::vector<std::string>{"other"});
    EXPECT_EQ(changes->unchanged, std::vector<std::string>{"it"});
}

TEST_F(RegistryReloadTest, BrokenFileChangesNothing) {
    ASSERT_TRUE(registry->load({spec()}));
    const auto before = registry->find("it");
    std::ofstream(library) << "no library";

    const auto changes = reload({spec()});

    ASSERT_FALSE(changes);
    EXPECT_EQ(changes.error().at(0).pointer, "/plugins/it");
    EXPECT_EQ(registry->find("it"), before);
    EXPECT_EQ(status().state, InstanceState::on);
}

TEST_F(RegistryReloadTest, FileThatIsGoneIsNotNeededByWhatRuns) {
    ASSERT_TRUE(registry->load({spec()}));
    fs::remove(library);

    EXPECT_TRUE(reload({spec()}));
    EXPECT_EQ(status().state, InstanceState::on);
}

TEST_F(RegistryReloadTest, InstanceThatIsSwitchedOffDrainsWhileItIsInUse) {
    ASSERT_TRUE(registry->load({spec()}));
    auto user = registry->find("it");
    auto disabled = spec();
    disabled.enabled = false;

    ASSERT_TRUE(reload({disabled}));
    EXPECT_EQ(status().state, InstanceState::draining);
    EXPECT_EQ(status().draining, 1u);
    user.reset();

    EXPECT_EQ(status().state, InstanceState::off);
    EXPECT_EQ(status().draining, 0u);
}

TEST_F(RegistryReloadTest, InstanceThatLeftTheConfigIsListedWhileItDrains) {
    ASSERT_TRUE(registry->load({spec()}));
    auto user = registry->find("it");

    ASSERT_TRUE(reload({}));
    EXPECT_EQ(status().state, InstanceState::draining);
    EXPECT_EQ(status().reason, "removed from the config");
    user.reset();

    EXPECT_TRUE(registry->list().empty());
}

TEST_F(RegistryReloadTest, TooManyFaultsTurnAnInstanceOffUntilItIsTriedAgain) {
    ASSERT_TRUE(registry->load({spec()}));
    fail_too_often();

    EXPECT_EQ(status().state, InstanceState::off);
    EXPECT_EQ(status().reason, "turned off after 2 faults in 60 s; the last: did wrong");
    EXPECT_FALSE(is_alive(*registry->find("it")));
    EXPECT_TRUE(registry->find("it")->is_made()) << "what runs on it goes on";

    const auto changes = reload({spec()}, "it");
    ASSERT_TRUE(changes);
    EXPECT_EQ(changes->replaced, std::vector<std::string>{"it"});
    EXPECT_EQ(status().state, InstanceState::on);
    EXPECT_EQ(status().faults.total, 0u);
}

TEST_F(RegistryReloadTest, FaultyInstanceThatNoLongerStartsStaysOffAndHoldsUpNoReload) {
    ASSERT_TRUE(registry->load({spec(), spec("other")}));
    fail_too_often();
    std::ofstream(folder / "refuses") << "";
    setenv("PACED_REFUSES", (folder / "refuses").c_str(), 1);

    const auto changes = reload({spec(), spec("other")});
    unsetenv("PACED_REFUSES");

    ASSERT_TRUE(changes) << config::sentences(changes.error());
    EXPECT_EQ(changes->unchanged, std::vector<std::string>{"other"});
    EXPECT_EQ(status(0).state, InstanceState::off);
    EXPECT_EQ(status(1).state, InstanceState::on);
}

TEST_F(RegistryReloadTest, FaultsOfWhatDrainsAreShownBesideThoseOfWhatTookItsPlace) {
    ASSERT_TRUE(registry->load({spec()}));
    auto user = registry->find("it");
    ASSERT_TRUE(reload({spec("it", R"({"words":9})")}));

    user->fault("did wrong");

    EXPECT_EQ(status().faults.total, 0u);
    ASSERT_EQ(status().draining_faults.size(), 1u);
    EXPECT_EQ(status().draining_faults[0].newest.at(0).text, "did wrong");
    user.reset();
    EXPECT_TRUE(status().draining_faults.empty());
}

TEST_F(RegistryReloadTest, ChangeOfAnotherInstanceLeavesAFaultyOneOff) {
    ASSERT_TRUE(registry->load({spec(), spec("other")}));
    fail_too_often();

    ASSERT_TRUE(reload({spec(), spec("other", R"({"words":9})")}, "other"));

    EXPECT_EQ(status(0).state, InstanceState::off);
    EXPECT_EQ(status(1).state, InstanceState::on);
}

TEST_F(RegistryReloadTest, CopiesAreEmptiedByTheNextRegistry) {
    const auto copy = folder / "copies" / (std::string(64, 'a') + ".so");
    fs::create_directory(folder / "copies");
    for (const auto& path : {copy, folder / "copies" / "notes.txt"}) std::ofstream(path) << "x";

    const Registry next({}, {.version = "0.0.0"}, folder / "copies");

    EXPECT_FALSE(fs::exists(copy));
    EXPECT_TRUE(fs::exists(folder / "copies" / "notes.txt"));
}

}  // namespace
}  // namespace patchbay::plugins
