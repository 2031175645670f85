#include "runtime/cli/log_pattern.hpp"

#include <gtest/gtest.h>

namespace patchbay::cli {
namespace {

TEST(LogPatternTest, AMessageIsOneLineWhateverIsInIt) {
    const std::string message("a\nb\r\x1b[31m\x7f\0naïve", 17);
    const spdlog::details::log_msg line(spdlog::log_clock::time_point(std::chrono::seconds(1)), {},
                                        "", spdlog::level::warn, message);
    spdlog::memory_buf_t text;

    log_formatter()->format(line, text);

    EXPECT_EQ(fmt::to_string(text),
              "1970-01-01T00:00:01.000Z warning a\\x0ab\\x0d\\x1b[31m\\x7f\\x00naïve\n");
}

}  // namespace
}  // namespace patchbay::cli
