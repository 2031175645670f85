// A config file in a folder of its own, and an environment that a test makes up.
#pragma once

#include "runtime/config/load.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace patchbay::config {

class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "config-XXXXXX").string();
        path_ = mkdtemp(pattern.data());
    }
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream(path_ / name) << text;
        return (path_ / name).string();
    }

private:
    std::filesystem::path path_;
};

using Variables = std::map<std::string, std::string>;

inline Environment environment_of(Variables variables) {
    return [variables = std::move(variables)](const std::string& name) {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
}

inline Checked<Config> load_text(const std::string& text, Variables variables = {}) {
    const TemporaryFolder folder;
    return load({.file = folder.write("patchbay.json", text),
                 .environment = environment_of(std::move(variables))});
}

// A config that is in order, with `more` members beside what is required.
inline std::string valid_with(const std::string& more) {
    return R"({"plugins": {"demo": {"library": "d"}, "keys": {"library": "k"}}, "auth": ["keys"],
               "models": {"default": "demo/demo"})" +
           (more.empty() ? "" : ", " + more) + "}";
}

// All that load() complained of, a line each; "" when it did not.
inline std::string complaints(const std::string& text, Variables variables = {}) {
    const auto config = load_text(text, std::move(variables));
    return config ? "" : sentences(config.error());
}

}  // namespace patchbay::config
