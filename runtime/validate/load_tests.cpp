// Tests of loading: the table, its interfaces, hosts of other ages.
#include "runtime/plugins/abi_text.hpp"
#include "runtime/plugins/about.hpp"
#include "runtime/plugins/interfaces.hpp"
#include "runtime/plugins/library.hpp"
#include "runtime/validate/config_samples.hpp"
#include "runtime/validate/elf_file.hpp"
#include "runtime/validate/last_words.hpp"
#include "runtime/validate/scene.hpp"
#include "runtime/validate/session.hpp"
#include "runtime/validate/temporary_copy.hpp"
#include "runtime/validate/test_case.hpp"

#include <patchbay/view.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <filesystem>

namespace patchbay::validate {
namespace {

using plugins::load_library;

constexpr std::chrono::milliseconds slow_load{100};

Verdict loads(const Subject& subject) {
    const auto start = std::chrono::steady_clock::now();
    const auto plugin = load(subject);
    const auto took = std::chrono::steady_clock::now() - start;
    if (!plugin) return failed(plugin.error().message);
    if (took > slow_load)
        return warned(fmt::format("it took {} ms",
                                  std::chrono::ceil<std::chrono::milliseconds>(took).count()));
    return passed();
}

Verdict table(const Subject& subject) {
    const auto loaded = load(subject);
    if (!loaded) return failed(loaded.error().message);
    const auto& plugin = **loaded;
    const std::string_view id = plugin.id;
    if (id.empty() || !plugins::is_json("\"" + std::string(id) + "\"") || id.find('.') == id.npos)
        return failed(
            fmt::format("id is \"{}\": it should be like \"org.example.my_provider\"", id));
    if (!*plugin.version) return failed("version is empty");
    if (loaded.value() != load(subject).value_or(nullptr))
        return failed("it has another table when it is loaded again");
    return passed();
}

// Passed: a host refuses the file with `number` at this offset.
Verdict refused_with(const Subject& subject, uint64_t offset, uint32_t number,
                     std::string_view what) {
    const TemporaryCopy copy(subject.path);
    if (auto patched = copy.patch(offset, &number, sizeof(number)); !patched)
        return failed(patched.error().message);
    const auto loaded = load_library(copy.path());
    if (!loaded && loaded.error().code == ErrorCode::unsupported) return passed();
    return failed(loaded ? fmt::format("a host took it although its {} number is another one", what)
                         : loaded.error().message);
}

// The same file with another number in its table, as a future or an ancient build would have it.
Verdict other_abi(const Subject& subject) {
    const auto file = read_elf(subject.path);
    if (!file) return failed(file.error().message);
    for (const auto& symbol : file->symbols) {
        if (symbol.name != "patchbay_plugin_entry" || !symbol.defined) continue;
        const auto offset = file->offset_of(symbol.address);
        if (!offset) return failed("its table is not in the file: make it constant");
        const auto abi = refused_with(subject, *offset + offsetof(patchbay_plugin, abi),
                                      PATCHBAY_ABI_MAJOR + 7, "ABI");
        if (abi.outcome != Outcome::passed) return abi;
        return refused_with(subject, *offset + offsetof(patchbay_plugin, draft),
                            PATCHBAY_ABI_DRAFT + 7, "draft");
    }
    return failed("it exports no patchbay_plugin_entry");
}

Verdict beside_itself(const Subject& subject) {
    const auto first = load(subject);
    if (!first) return failed(first.error().message);
    const TemporaryCopy copy(subject.path);
    // Another build, for whoever knows libraries by their content: nobody reads behind the end.
    constexpr uint8_t any = 1;
    std::error_code problem;
    const auto end = std::filesystem::file_size(copy.path(), problem);
    if (problem) return failed(copy.path() + ": " + problem.message());
    if (auto patched = copy.patch(end, &any, sizeof(any)); !patched)
        return failed(patched.error().message);
    const auto second = load_library(copy.path());
    if (!second) return failed("a copy of it does not load beside it: " + second.error().message);
    if (second->entry == *first) return failed("a copy of it has the first one's table");
    if (std::strcmp(second->entry->id, (*first)->id) != 0) return failed("a copy has another id");
    return passed();
}

Verdict unknown_ids(const Subject& subject) {
    const auto loaded = load(subject);
    if (!loaded) return failed(loaded.error().message);
    std::vector<std::string> ids = {"", "patchbay.", "patchbay.unknown/1", "x",
                                    std::string(5000, 'p')};
    for (const auto known : plugins::known_interfaces()) {
        const std::string id(known);
        ids.push_back(id + "1");
        ids.push_back(id + " ");
        ids.push_back(id + std::string(1, '\0'));
        ids.push_back(id.substr(0, id.size() - 1) + "99");
        ids.push_back(id.substr(0, id.size() - 2));
    }
    for (const auto& id : ids) {
        LentMemory lent("get_interface", true);
        if ((*loaded)->get_interface(lent.text(view_of(std::string_view(id)), "interface_id")))
            return failed(fmt::format("it has an interface \"{}\"", id.substr(0, 40)));
    }
    return passed();
}

Verdict interfaces(const Subject& subject) {
    const auto loaded = load(subject);
    if (!loaded) return failed(loaded.error().message);
    const auto& plugin = **loaded;
    const auto about = plugins::parse_about(plugin.about_json);
    for (const auto id : plugins::known_interfaces()) {
        const auto* first = plugin.get_interface(view_of(id));
        const bool told =
            about && std::ranges::find(about->interfaces, id) != about->interfaces.end();
        if (told && !first)
            return failed(fmt::format("about_json has {}, get_interface() not", id));
        if (first != plugin.get_interface(view_of(id)))
            return failed(fmt::format("{} is another table every time", id));
    }
    const auto tables = plugins::negotiate_interfaces([&](std::string_view id) {
        return Result<const void*>(plugin.get_interface(view_of(id)));
    });
    if (!tables) return failed(tables.error().message);
    const bool any = !tables->ids().empty();
    return any ? passed() : failed("it offers no interface that this host knows");
}

Verdict about_json(const Subject& subject) {
    const auto loaded = load(subject);
    if (!loaded) return failed(loaded.error().message);
    const auto about = plugins::parse_about((*loaded)->about_json);
    if (!about) return failed(about.error().message);
    if (about->config_schema.is_null()) return passed();
    const auto checked = plugins::check_config(*about, "{}");
    if (!checked && checked.error().code == ErrorCode::internal)
        return failed(checked.error().message);
    return passed();
}

// Makes an instance in a host with these traits and plays an ordinary scene. A refusal must have a
// reason.
Verdict live_in(const Subject& subject, HostTraits traits, const std::string& host) {
    const auto loaded = load(subject);
    if (!loaded) return failed(loaded.error().message);
    const auto config = config_for(subject, **loaded);
    Session session(**loaded, std::move(traits));
    const auto made = session.create(config);
    if (!made) {
        for (const auto& finding : session.probe().findings())
            return failed(fmt::format("{}: {}", host, finding.what));
        return passed();
    }
    play_ordinary(session, subject);
    session.shut_down();
    return passed();
}

Verdict older_host(const Subject& subject) {
    const auto loaded = load(subject);
    if (!loaded) return failed(loaded.error().message);
    std::set<std::string> asked;
    {
        Session session(**loaded, {});
        if (const auto made = session.create(config_for(subject, **loaded)); !made)
            return skipped("it makes no instance: " + made.error().message);
        play_ordinary(session, subject);
        asked = session.asked_interfaces();
    }
    for (const auto& id : asked) {
        const auto verdict = live_in(subject, {.hidden = {id}}, "a host without " + id);
        if (verdict.outcome == Outcome::failed) return verdict;
    }
    return live_in(subject, {.hidden = asked}, "a host without any interface");
}

bool is_found(const std::vector<Finding>& findings, Breach breach) {
    return std::ranges::any_of(findings, [&](const auto& other) { return other.breach == breach; });
}

// What a scene finds in the host of a later version, and not in this one.
Result<std::optional<Finding>> found_only_in(const HostTraits& newer, const Subject& subject,
                                             const patchbay_plugin& plugin, const Scene& scene) {
    const auto findings = play_scene(subject, plugin, newer, scene);
    if (!findings) return std::unexpected(findings.error());
    if (findings->empty()) return std::nullopt;
    const auto usual = play_scene(subject, plugin, {}, scene);
    if (!usual) return std::unexpected(usual.error());
    for (const auto& finding : *findings)
        if (!is_found(*usual, finding.breach)) return finding;
    return std::nullopt;
}

Verdict newer_host(const Subject& subject) {
    const HostTraits newer = {.version = "99.12.3-next", .newer = true};
    auto verdict = live_in(subject, newer, "a host of version 99");
    const auto loaded = load(subject);
    if (!loaded || verdict.outcome == Outcome::failed) return verdict;
    for (const auto* kind : kinds_of(**loaded)) {
        const bool upstream = asks_upstream(subject, **loaded, *kind);
        for (const auto& scene : kind->scenes) {
            if (scene.about_upstream && !upstream) continue;
            const auto found = found_only_in(newer, subject, **loaded, scene);
            if (!found) return verdict;  // no instance
            if (*found)
                return failed("in a host of version 99 " + sentence_of(**found, scene.name));
        }
    }
    return verdict;
}

constexpr std::array<TestCase, 9> tests = {{
    {"load.loads", "It loads with RTLD_NOW and RTLD_LOCAL",
     "Do little in constructors of globals: create() is the place.", &loads},
    {"load.table", "Its table is filled in", "See patchbay_plugin in abi/plugin.h.", &table},
    {"load.other_abi", "With another number of the ABI or its draft it is refused",
     "Let `abi` be PATCHBAY_ABI_MAJOR and `draft` PATCHBAY_ABI_DRAFT, in a constant table.",
     &other_abi},
    {"load.beside_itself", "A copy of it loads beside it, as at an upgrade",
     "Build with hidden visibility, and take no lock or file when it is loaded.", &beside_itself},
    {"load.unknown_ids", "Interfaces that it does not know are NULL",
     "Compare the whole id with its length; it does not end with a NUL.", &unknown_ids},
    {"load.interfaces", "Its interfaces are complete and constant",
     "Fill every function that the header does not call optional, in a static constant table.",
     &interfaces},
    {"load.about", "about_json is in order, and config_schema a JSON Schema",
     "See about_json in abi/plugin.h.", &about_json},
    {"load.older_host", "A host that lacks an interface is met with a reason, or without harm",
     "Check what host->get_interface() returns; fail create() with set_error(), or do without.",
     &older_host},
    {"load.newer_host", "A host of a later version is met like this one",
     "Do not compare the host's version: ask for interfaces. Ignore events of kinds that you do "
     "not "
     "know, and treat error codes that you do not know like INTERNAL.",
     &newer_host},
}};

}  // namespace

Result<const patchbay_plugin*> load(const Subject& subject) {
    const auto library = load_library(subject.path);
    if (!library) return std::unexpected(library.error());
    note(last_words().plugin, library->entry->id);
    note(last_words().version, library->entry->version);
    return library->entry;
}

std::span<const TestCase> load_tests() { return tests; }

}  // namespace patchbay::validate
