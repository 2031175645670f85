// http_get: fetches a text from the web, from hosts that an administrator has listed.
#include <patchbay/tool.hpp>

#include "download.hpp"
#include "page_text.hpp"
#include "page_url.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace {

using nlohmann::json;
using patchbay::ErrorCode;
using patchbay::Failed;
using patchbay::task;
using patchbay::user_error;
using patchbay::value_or_raise;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr int most_redirects = 5;
constexpr size_t most_output = 64 * 1024;  // less the call's id: see tool.hpp

std::string description_for(const std::vector<std::string>& hosts) {
    std::string text =
        "Fetches a page or a document from the web by GET, as text; HTML is given "
        "as it is. Hosts that may be fetched:";
    for (const auto& host : hosts) text += " " + host;
    const auto parameters = json{{"type", "object"},
                                 {"properties",
                                  {{"url",
                                    {{"type", "string"},
                                     {"minLength", 1},
                                     {"maxLength", 2048},
                                     {"description", "such as \"https://example.org/page\""}}}}},
                                 {"required", json::array({"url"})},
                                 {"additionalProperties", false}};
    return json::array({{{"name", "http_get"},
                         {"description", text},
                         {"parameters", parameters},
                         {"idempotent", true}}})
        .dump();
}

class HttpGet : public patchbay::Tool {
public:
    HttpGet(const patchbay::Host&, std::string_view config) {
        const auto object = json::parse(config);
        for (const auto& host : object.at("hosts")) rules_.hosts.push_back(host);
        if (object.contains("schemes")) {
            const auto& schemes = object["schemes"];
            rules_.http = std::ranges::find(schemes, "http") != schemes.end();
            rules_.https = std::ranges::find(schemes, "https") != schemes.end();
        }
        text_bytes_ = object.value("text_bytes", text_bytes_);
        time_ = milliseconds(object.value("timeout_ms", uint32_t{20'000}));
        public_only_ = !object.value("allow_private", false);
        description_ = description_for(rules_.hosts);
    }

    std::string_view describe() override { return description_; }

    task<std::string> call(patchbay::ToolRun& run) override {
        const auto deadline = Clock::now() + time_;
        auto url = value_or_raise(read_url(run.argument("url")));
        for (int redirects = 0;; ++redirects) {
            value_or_raise(rules_.check(url));
            const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
            const auto page = co_await download(run, url, limits(left));
            if (page.location.empty()) co_return output(run, url, page);
            if (redirects == most_redirects)
                throw Failed(user_error(ErrorCode::upstream, "there were more than 5 redirects"));
            url = followed(url, page.location);
        }
    }

private:
    DownloadLimits limits(milliseconds left) const {
        return {.bytes = text_bytes_,
                .time = std::max(left, milliseconds(1)),  // 0 would be no limit
                .public_only = public_only_};
    }

    static PageUrl followed(const PageUrl& from, const std::string& location) {
        auto to = value_or_raise(redirected(from, location));
        if (from.scheme == "https" && to.scheme == "http")
            throw Failed(user_error(ErrorCode::forbidden,
                                    from.host + " redirects from https to http, which is not "
                                                "followed"));
        return to;
    }

    std::string output(const patchbay::ToolRun& run, const PageUrl& url,
                       const Download& page) const {
        if (page.cut && !page.refusal.empty())
            throw Failed(user_error(ErrorCode::unsupported_media_type, page.refusal));
        auto text = page_text(page.bytes, charset_of(page.content_type));
        json answer = {{"status", page.status},
                       {"url", url.text},
                       {"content_type", page_text(page.content_type.substr(0, 200), "")},
                       {"text", ""},
                       {"truncated", false}};
        const size_t taken = answer.dump().size() + run.call_id.size();
        const size_t room = most_output - std::min(taken, most_output);
        const size_t length = length_that_fits(text, text_bytes_, room);
        answer["truncated"] = page.cut || length < text.size();
        text.resize(length);
        answer["text"] = std::move(text);
        return answer.dump();
    }

    UrlRules rules_;
    size_t text_bytes_ = 48 * 1024;
    milliseconds time_;
    bool public_only_ = true;
    std::string description_;
};

constexpr std::string_view config_schema = R"({
  "type": "object",
  "properties": {
    "hosts": {"type": "array", "uniqueItems": true,
              "items": {"type": "string", "pattern": "^(\\*|(\\*\\.)?[a-z0-9._:\\[\\]-]+)$"},
              "description": "that may be fetched, in small letters: \"example.org\", \"*.example.org\" for all below it, \"*\" for all"},
    "schemes": {"type": "array", "items": {"enum": ["http", "https"]}, "uniqueItems": true, "minItems": 1,
                "default": ["https"]},
    "text_bytes": {"type": "integer", "minimum": 1, "maximum": 49152, "default": 49152,
                   "description": "of a page that are given to the model"},
    "timeout_ms": {"type": "integer", "minimum": 1, "maximum": 600000, "default": 20000,
                   "description": "for a page with all its redirects"},
    "allow_private": {"type": "boolean", "default": false,
                      "description": "also fetch from this machine and from private networks"}
  },
  "required": ["hosts"],
  "additionalProperties": false
})";

}  // namespace

PATCHBAY_PLUGIN(HttpGet, {.id = "patchbay.tools.http_get",
                          .version = "1.0.0",
                          .title = "HTTP GET",
                          .description = "Fetches texts from hosts that are listed.",
                          .config = config_schema});
