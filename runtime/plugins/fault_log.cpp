#include "runtime/plugins/fault_log.hpp"

#include "db/clock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace patchbay::plugins {
namespace {

constexpr size_t newest_count = 8;
constexpr size_t kind_count = 16;
constexpr const char* other_kinds = "others";

std::string kind_of(std::string_view text) {
    std::string kind;
    for (const unsigned char letter : text) {
        if (std::isdigit(letter) == 0)
            kind += static_cast<char>(letter);
        else if (!kind.ends_with('N'))
            kind += 'N';
    }
    return kind;
}

}  // namespace

FaultLog::FaultLog(std::shared_ptr<const FaultLimit> limit)
    : limit_(limit ? std::move(limit) : std::make_shared<const FaultLimit>()) {}

bool FaultLog::add(std::string_view text, FaultWeight weight) {
    total_.fetch_add(1, std::memory_order_relaxed);
    const std::lock_guard lock(mutex_);
    remember(text);
    if (weight == FaultWeight::forgiven || is_over() || !is_too_many(text)) return false;
    over_.store(true, std::memory_order_release);
    return true;
}

void FaultLog::remember(std::string_view text) {
    if (newest_.size() == newest_count) newest_.pop_back();
    newest_.push_front({std::string(text), unix_ms()});

    auto kind = kind_of(text);
    auto found = std::ranges::find(kinds_, kind, &FaultKind::text);
    if (found == kinds_.end() && kinds_.size() >= kind_count) {
        kind = other_kinds;
        found = std::ranges::find(kinds_, kind, &FaultKind::text);
    }
    if (found == kinds_.end()) found = kinds_.insert(kinds_.end(), {std::move(kind), 0});
    ++found->count;
}

bool FaultLog::is_too_many(std::string_view last) {
    const auto limit = limit_->count.load();
    const auto window = limit_->window.load();
    const auto now = std::chrono::steady_clock::now();
    counted_.push_back(now);
    while (now - counted_.front() > window) counted_.pop_front();
    if (limit == 0) counted_.clear();
    if (limit == 0 || counted_.size() < limit) return false;
    verdict_ = fmt::format("turned off after {} faults in {} s; the last: {}", counted_.size(),
                           static_cast<double>(window.count()) / 1000, last);
    counted_.clear();
    return true;
}

FaultReport FaultLog::report() const {
    const std::lock_guard lock(mutex_);
    return {.total = total(),
            .kinds = kinds_,
            .newest = {newest_.begin(), newest_.end()},
            .verdict = verdict_};
}

}  // namespace patchbay::plugins
