#include "runtime/cli/log_pattern.hpp"

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>

namespace patchbay::cli {
namespace {

constexpr char escaped_message = '*';

// The message with \xNN for each control character.
class EscapedMessage final : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg& line, const std::tm&,
                spdlog::memory_buf_t& into) override {
        for (const char letter : line.payload) {
            const auto byte = static_cast<unsigned char>(letter);
            if (byte >= 0x20 && byte != 0x7f)
                into.push_back(letter);
            else
                fmt::format_to(std::back_inserter(into), "\\x{:02x}", byte);
        }
    }

    std::unique_ptr<custom_flag_formatter> clone() const override {
        return std::make_unique<EscapedMessage>();
    }
};

}  // namespace

std::unique_ptr<spdlog::formatter> log_formatter() {
    auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
    formatter->add_flag<EscapedMessage>(escaped_message);
    formatter->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %*");
    return formatter;
}

}  // namespace patchbay::cli
