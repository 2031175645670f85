#include "runtime/config/expand.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace patchbay::config {
namespace {

constexpr std::streamsize longest_file = 64 * 1024;  // bytes of a ${file:…}

bool is_variable_name(std::string_view name) {
    const auto fits = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
    return !name.empty() && std::isdigit(static_cast<unsigned char>(name.front())) == 0 &&
           std::ranges::all_of(name, fits);
}

Result<std::string> read_reference_file(const std::string& path) {
    if (!path.starts_with('/')) {
        return failure(ErrorCode::bad_request, "${file:" + path + "}, whose path is not absolute");
    }
    std::ifstream file(path, std::ios::binary);
    std::string content(static_cast<size_t>(longest_file) + 1, '\0');
    file.read(content.data(), longest_file + 1);
    content.resize(static_cast<size_t>(file.gcount()));
    if (!file.eof()) {
        return failure(ErrorCode::not_found, "${file:" + path +
                                                 "}, which cannot be read or is "
                                                 "longer than 64 KiB");
    }
    while (content.ends_with('\n') || content.ends_with('\r')) content.pop_back();
    return content;
}

// `inner` is what stands between "${" and "}".
Result<std::string> resolve(std::string_view inner, const Environment& environment) {
    constexpr std::string_view file_prefix = "file:";
    if (inner.starts_with(file_prefix)) {
        return read_reference_file(std::string(inner.substr(file_prefix.size())));
    }
    const auto separator = inner.find(":-");
    const std::string name(inner.substr(0, separator));
    if (!is_variable_name(name)) {
        return failure(ErrorCode::bad_request, "a reference that is none");
    }
    auto value = environment(name);
    const bool has_default = separator != std::string_view::npos;
    if (has_default && (!value || value->empty())) return std::string(inner.substr(separator + 2));
    if (!value) return failure(ErrorCode::not_found, "${" + name + "}, which is not set");
    return *value;
}

// The JSON writer is the judge: it refuses what is not UTF-8.
bool is_utf8(const std::string& text) {
    try {
        (void)Json(text).dump();
        return true;
    } catch (const Json::exception&) {
        return false;
    }
}

bool is_off(const Json& plugin) {
    const auto enabled = plugin.find("enabled");
    return enabled != plugin.end() && (*enabled == false || *enabled == "false");
}

class Expander {
public:
    Expander(const Environment& environment, Problems& problems)
        : environment_(environment), problems_(problems) {}

    void visit(Json& value, const std::string& pointer) {
        if (value.is_string()) return expand_text(value, pointer);
        if (value.is_array()) {
            for (size_t i = 0; i < value.size(); ++i)
                visit(value[i], step(pointer, std::to_string(i)));
        }
        if (!value.is_object()) return;
        for (auto& [key, member] : value.items()) {
            if (pointer == "/plugins")
                visit_plugin(member, step(pointer, key));
            else
                visit(member, step(pointer, key));
        }
    }

    Expanded take() { return std::move(expanded_); }

private:
    // A plugin that is off may speak of variables that are not set.
    void visit_plugin(Json& plugin, const std::string& pointer) {
        if (!plugin.is_object()) return visit(plugin, pointer);
        if (plugin.contains("enabled")) visit(plugin["enabled"], step(pointer, "enabled"));
        if (is_off(plugin)) return;
        for (auto& [key, member] : plugin.items()) {
            if (key != "enabled") visit(member, step(pointer, key));
        }
    }

    void expand_text(Json& value, const std::string& pointer) {
        const auto& text = value.get_ref<const std::string&>();
        if (text.find("${") == std::string::npos) return;
        auto result = expand(text, environment_);
        if (result && !is_utf8(*result)) {
            problems_.push_back({pointer, "a reference to bytes that are no text",
                                 "a variable, or a file, that is UTF-8"});
            return;
        }
        if (result) {
            value = std::move(*result);
            expanded_.insert(pointer);
            return;
        }
        const bool is_missing = result.error().code == ErrorCode::not_found;
        problems_.push_back({pointer, result.error().message,
                             is_missing
                                 ? "a variable that is set, a default as in ${NAME:-default},"
                                   " or a file that can be read"
                                 : "${NAME}, ${NAME:-default} or ${file:/path}"});
    }

    const Environment& environment_;
    Problems& problems_;
    Expanded expanded_;
};

}  // namespace

Environment process_environment() {
    return [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): never set
        if (value == nullptr) return std::nullopt;
        return value;
    };
}

Result<std::string> expand(std::string_view text, const Environment& environment) {
    std::string result;
    while (true) {
        const auto start = text.find("${");
        result += text.substr(0, start);
        if (start == std::string_view::npos) return result;
        if (start > 0 && text[start - 1] == '$') {  // "$${"
            result += '{';
            text.remove_prefix(start + 2);
            continue;
        }
        const auto end = text.find('}', start);
        if (end == std::string_view::npos) {
            return failure(ErrorCode::bad_request, "a \"${\" without its \"}\"");
        }
        auto value = resolve(text.substr(start + 2, end - start - 2), environment);
        if (!value) return value;
        result += *value;
        text.remove_prefix(end + 1);
    }
}

bool has_reference(std::string_view text) {
    for (auto place = text.find("${"); place != text.npos; place = text.find("${", place + 2)) {
        if (place == 0 || text[place - 1] != '$') return true;
    }
    return false;
}

Expanded expand_document(Json& document, const Environment& environment, Problems& problems) {
    Expander expander(environment, problems);
    expander.visit(document, "");
    return expander.take();
}

}  // namespace patchbay::config
