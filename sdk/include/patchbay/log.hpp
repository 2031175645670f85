// The host's log. Never put a secret, a prompt or an answer into it.
//
// Life       as long as the instance that it was made for.
// Threads    [any-thread]; never blocks: lines beyond the log's buffer are dropped and counted.
// Limits     4 KiB of a line are kept.
// Errors     none: without a log the lines are dropped.
#pragma once

#include <patchbay/abi/log.h>
#include <patchbay/view.hpp>

#include <string_view>

namespace patchbay {

enum class LogLevel : uint32_t {
    debug = PATCHBAY_LOG_DEBUG,
    info = PATCHBAY_LOG_INFO,
    warn = PATCHBAY_LOG_WARN,
    error = PATCHBAY_LOG_ERROR,
};

class Log {
public:
    // `table` may be null. `scope`: the stream or request whose ids the lines bear, or none.
    Log(const patchbay_host* host, const patchbay_log_1* table,
        patchbay_handle scope = {0}) noexcept
        : host_(host), table_(table), scope_(scope) {}

    // Whether lines of this level are written: ask before you build a costly one.
    bool enabled(LogLevel level) const noexcept {
        return table_ && table_->enabled(host_, static_cast<uint32_t>(level)) != 0;
    }

    // `fields_json`: "" or a JSON object. Both are copied.
    void write(LogLevel level, std::string_view message,
               std::string_view fields_json = {}) const noexcept {
        if (!enabled(level)) return;
        table_->write(host_, static_cast<uint32_t>(level), scope_, view_of(message),
                      view_of(fields_json));
    }

    void debug(std::string_view message) const noexcept { write(LogLevel::debug, message); }
    void info(std::string_view message) const noexcept { write(LogLevel::info, message); }
    void warn(std::string_view message) const noexcept { write(LogLevel::warn, message); }
    void error(std::string_view message) const noexcept { write(LogLevel::error, message); }

private:
    const patchbay_host* host_;
    const patchbay_log_1* table_;
    patchbay_handle scope_;
};

}  // namespace patchbay
