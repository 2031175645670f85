#include "runtime/config/text_file.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace patchbay::config {
namespace {

constexpr size_t longest_text = 4 * 1024 * 1024;  // bytes

std::unexpected<Problems> whole_file(std::string found, std::string expected) {
    return std::unexpected(Problems{{"", std::move(found), std::move(expected)}});
}

}  // namespace

Checked<std::string> read_text_file(const std::string& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) return whole_file("a folder", "a file");
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        const std::string why = std::error_code(errno, std::generic_category()).message();
        return whole_file("no readable file " + path + " (" + why + ")", "a file that can be read");
    }
    std::string text(longest_text + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<size_t>(file.gcount()));
    if (text.size() > longest_text) return whole_file("more than 4 MiB", "a smaller file");
    return text;
}

}  // namespace patchbay::config
