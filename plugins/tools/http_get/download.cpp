#include "download.hpp"

#include "page_text.hpp"

#include <optional>
#include <utility>

namespace {

using patchbay::Error;
using patchbay::ErrorCode;
using patchbay::HttpCall;
using patchbay::HttpHeaders;
using patchbay::Result;

bool is_redirect(uint32_t status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// What the host's callbacks write.
struct Progress {
    Download page;
    std::optional<HttpCall> call;
    size_t wanted;
    bool stopped = false;

    void stop() {
        if (!std::exchange(stopped, true)) call->cancel();
    }

    void head(uint32_t status, const HttpHeaders& headers) {
        page.status = status;
        if (is_redirect(status)) page.location = headers.find("location");
        page.content_type = headers.find("content-type");
        const auto coding = headers.find("content-encoding");
        const auto charset = charset_of(page.content_type);
        if (!is_textual(page.content_type))
            page.refusal = page.content_type.empty()
                               ? "the answer does not say what its content is"
                               : "the content is no text but " +
                                     page_text(page.content_type.substr(0, 200), "");
        else if (!coding.empty() && coding != "identity")
            page.refusal = "the content is compressed, which was not asked for";
        else if (!is_readable(charset))
            page.refusal = "the content is in " + page_text(charset, "") + ", which is not read";
        if (!page.location.empty()) stop();
    }

    void data(std::string_view bytes) {
        if (stopped || bytes.empty()) return;
        if (!page.refusal.empty()) {
            page.cut = true;
            return stop();
        }
        page.bytes += bytes;
        if (page.bytes.size() <= wanted) return;
        page.cut = true;
        stop();
    }

    // A call that was stopped here has brought what was wanted.
    Result<void> end(const Error* error) const {
        if (!error || (stopped && error->code == ErrorCode::cancelled)) return {};
        auto told = *error;  // it names the host and what went wrong with it, and nothing else
        told.user_safe = true;
        return std::unexpected(std::move(told));
    }
};

patchbay::HttpRequest request_for(const PageUrl& url, const DownloadLimits& limits) {
    patchbay::HttpRequest request;
    request.url = url.text;
    request.headers = {
        {"Accept", "text/html, text/plain, application/json, text/*;q=0.9, */*;q=0.5"},
        {"Accept-Encoding", "identity"},
        {"User-Agent", "patchbay-http-get"}};
    request.public_only = limits.public_only;
    request.total_timeout = limits.time;
    return request;
}

}  // namespace

patchbay::task<Download> download(patchbay::Call& call, const PageUrl& url, DownloadLimits limits) {
    const auto request = request_for(url, limits);
    Progress progress = {.page = {}, .call = {}, .wanted = limits.bytes};
    co_await patchbay::Awaited<void>([&](auto done) -> Result<void> {
        auto started = patchbay::start_http(
            call.stream(), request,
            {.head = [&progress](uint32_t status,
                                 const HttpHeaders& headers) { progress.head(status, headers); },
             .data = [&progress](std::string_view bytes) { progress.data(bytes); },
             .event = nullptr,
             .done = [&progress, done = std::move(done)](
                         const Error* error) mutable { done(progress.end(error)); }});
        if (!started) return std::unexpected(std::move(started.error()));
        progress.call = *started;
        return {};
    });
    co_return std::move(progress.page);
}
