// load: opens many streams at once and measures how their tokens arrive.
#include "bench/load_report.hpp"
#include "bench/load_run.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

constexpr const char* openai_body =
    R"({"model":"fake","stream":true,"stream_options":{"include_usage":true},)"
    R"("messages":[{"role":"user","content":"go"}]})";
constexpr const char* patchbay_body = R"({"message":"go"})";

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot read " + path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// The address and the path of "http://HOST:PORT/path".
std::pair<std::string, std::string> split_url(const std::string& url) {
    if (!url.starts_with("http://")) throw std::runtime_error("not an http:// URL: " + url);
    const size_t slash = url.find('/', 7);
    const std::string host = url.substr(7, slash == std::string::npos ? slash : slash - 7);
    return {host.find(':') == std::string::npos ? host + ":80" : host,
            slash == std::string::npos ? "/" : url.substr(slash)};
}

std::string head_for(const std::string& host, const std::string& path,
                     const std::vector<std::string>& headers) {
    std::string head = "POST " + path + " HTTP/1.1\r\nHost: " + host +
                       "\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\n";
    for (const std::string& header : headers) head += header + "\r\n";
    return head + "Content-Length: ";
}

// The body of the next turn: an object, with one member more.
std::string with_interaction(const std::string& body, std::string_view interaction) {
    if (interaction.empty() || !body.starts_with('{')) return body;
    return R"({"interaction_id":")" + std::string(interaction) + "\"," + body.substr(1);
}

}  // namespace

int main(int argc, char** argv) {
    bench::LoadOptions options;
    std::string url, body, body_file, json_file;
    std::vector<std::string> headers;
    const std::map<std::string, bench::Dialect> modes = {{"openai", bench::Dialect::openai},
                                                         {"patchbay", bench::Dialect::patchbay}};
    CLI::App app{"Opens many streams at once and measures how their tokens arrive"};
    app.add_option("url", url, "where to POST, http://IPV4:PORT/path")->required();
    app.add_option("--mode", options.dialect, "openai or patchbay: how tokens and the end look")
        ->transform(CLI::CheckedTransformer(modes));
    app.add_option("--body", body, "the request's JSON (default: one that suits the mode)");
    app.add_option("--body-file", body_file, "a file with it");
    app.add_option("--header", headers, "'Name: value', any number of times")->take_all();
    app.add_option("--streams", options.streams, "at the same time")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--turns", options.turns, "of each conversation (patchbay), one after the other")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--stalled", options.stalled, "streams beside them that nobody reads")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    app.add_option("--ramp-ms", options.ramp_ms, "over which they are opened")
        ->capture_default_str();
    app.add_option("--seconds", options.seconds, "open new ones until then; 0 = each once")
        ->capture_default_str();
    app.add_option("--expect-tokens", options.expect_tokens, "of each stream; 0 = any number")
        ->capture_default_str();
    app.add_option("--stall-seconds", options.stall_seconds, "silence that is a failure")
        ->capture_default_str();
    app.add_option("--json", json_file, "write the figures there, too");
    CLI11_PARSE(app, argc, argv);

    try {
        bench::raise_open_file_limit();
        const auto [host, path] = split_url(url);
        if (!body_file.empty()) body = read_file(body_file);
        if (body.empty())
            body = options.dialect == bench::Dialect::openai ? openai_body : patchbay_body;
        options.server = bench::parse_address(host);
        options.request = [head = head_for(host, path, headers),
                           body](std::string_view interaction) {
            const std::string whole = with_interaction(body, interaction);
            return head + std::to_string(whole.size()) + "\r\n\r\n" + whole;
        };

        const bench::LoadFigures figures = bench::LoadRun(options).run();
        std::fputs(bench::table_of(figures).c_str(), stdout);
        if (!json_file.empty() && !(std::ofstream(json_file) << bench::json_of(figures)))
            throw std::runtime_error("cannot write " + json_file);
        return figures.whole == figures.started ? 0 : 1;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "load: %s\n", error.what());
        return 2;
    }
}
