#include "runtime/http/credential_guard.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

namespace patchbay::http {
namespace {

using namespace std::chrono_literals;

constexpr auto window = 1min;
constexpr size_t most_addresses = 65'536;
constexpr size_t network_bytes = 8;  // of an IPv6 address: its /64

std::string network_of(const std::string& address) {
    in6_addr parsed{};
    const bool is_v6 = inet_pton(AF_INET6, address.c_str(), &parsed) == 1;
    if (!is_v6 || IN6_IS_ADDR_V4MAPPED(&parsed)) return address;
    return std::string(reinterpret_cast<const char*>(parsed.s6_addr), network_bytes);
}

}  // namespace

std::optional<std::chrono::milliseconds> CredentialGuard::must_wait(const std::string& address,
                                                                    uint64_t limit,
                                                                    Clock::time_point now) {
    if (limit == 0 || address.empty()) return std::nullopt;
    const std::lock_guard lock(mutex_);
    const auto found = minutes_.find(network_of(address));
    if (found == minutes_.end() || found->second.failures < limit) return std::nullopt;
    const auto over = found->second.began + window;
    if (now >= over) return std::nullopt;
    return std::chrono::ceil<std::chrono::milliseconds>(over - now);
}

void CredentialGuard::count_failure(const std::string& address, Clock::time_point now) {
    if (address.empty()) return;
    const std::lock_guard lock(mutex_);
    if (minutes_.size() >= most_addresses) make_room(now);
    auto& minute = minutes_[network_of(address)];
    if (now >= minute.began + window) minute = {.began = now};
    ++minute.failures;
}

void CredentialGuard::make_room(Clock::time_point now) {
    std::erase_if(minutes_, [&](const auto& entry) { return now >= entry.second.began + window; });
    if (minutes_.size() >= most_addresses) minutes_.clear();
}

}  // namespace patchbay::http
