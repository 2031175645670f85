// How a line of the server's log is laid out, on standard error.
#pragma once

#include <spdlog/formatter.h>

#include <memory>

namespace patchbay::cli {

// "2026-01-31T12:00:00.000Z warning TEXT". A message stays one line: what clients and upstreams
// have written may be in it, and must not begin a line of its own, nor steer a terminal.
std::unique_ptr<spdlog::formatter> log_formatter();

}  // namespace patchbay::cli
