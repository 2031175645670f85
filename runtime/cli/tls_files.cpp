#include "runtime/cli/tls_files.hpp"

#include <spdlog/spdlog.h>

#include <chrono>

namespace patchbay::cli {
namespace {

constexpr auto pointer_of(net::CertificateProblem::File file) {
    return file == net::CertificateProblem::File::certificate ? "/server/tls/certificate"
                                                              : "/server/tls/key";
}

}  // namespace

config::Checked<std::shared_ptr<const net::TlsContext>> load_tls(const config::Config& config) {
    const auto& tls = config.server.tls;
    if (!tls) return nullptr;
    auto loaded = net::TlsContext::load({.certificate = tls->certificate, .key = tls->key});
    if (loaded) return std::move(*loaded);
    config::Problems problems;
    for (auto& problem : loaded.error()) {
        problems.push_back(
            {pointer_of(problem.file), std::move(problem.found), std::move(problem.expected)});
    }
    return std::unexpected(std::move(problems));
}

std::vector<std::string> tls_warnings(const net::TlsContext* tls) {
    if (tls == nullptr) return {};
    using std::chrono::floor, std::chrono::seconds, std::chrono::system_clock;
    return tls->certificate().warnings(floor<seconds>(system_clock::now()));
}

void log_tls(const net::TlsContext& tls) {
    spdlog::info("TLS: the certificate is good until {}",
                 net::to_text(tls.certificate().valid_until()));
    for (const auto& sentence : tls_warnings(&tls)) spdlog::warn("{}", sentence);
}

}  // namespace patchbay::cli
