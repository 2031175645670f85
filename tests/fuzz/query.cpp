// Short texts of a request: ids and cursors read back as they were written, origins and addresses
// of proxies never match what they do not name, targets that were read can be routed.
#include "fuzz.hpp"

#include "db/id.hpp"
#include "runtime/http/client_address.hpp"
#include "runtime/http/cors.hpp"
#include "runtime/http/json_input.hpp"
#include "runtime/http/query_input.hpp"
#include "runtime/http/routes.hpp"
#include "runtime/http/target.hpp"
#include "runtime/net/gzip_encoder.hpp"

#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string text(text_of(data, size));
    if (const auto id = patchbay::RunId::parse(text)) {
        const auto again = patchbay::RunId::parse(id->str());
        expect(again && *again == *id, "an id reads back");
    }
    if (const auto number = patchbay::http::decimal(text)) {
        expect(patchbay::http::decimal(std::to_string(*number)) == number, "a number reads back");
    }
    const patchbay::http::Cors cors({"https://app.example.com", "http://localhost:*"});
    if (cors.allows(text)) {
        const bool known =
            text == "https://app.example.com" || text.starts_with("http://localhost");
        expect(known, "no other origin is allowed");
    }
    const patchbay::http::TrustedProxies proxies({"10.0.0.0/8"});
    expect(proxies.client_of("192.0.2.1", text) == "192.0.2.1", "an untrusted peer is the client");
    (void)proxies.client_of("10.0.0.1", text);
    if (const auto target = patchbay::http::read_target(text)) {
        expect(patchbay::http::is_utf8(target->path), "a path is UTF-8");
        expect(target->raw_path.starts_with('/'), "a path begins at the root");
        // Its segments can be decoded one by one as well: else this would throw.
        const auto match = patchbay::http::find_route("GET", target->raw_path);
        for (const auto& argument : match.args) expect(!argument.empty(), "no argument is empty");
    }
    (void)patchbay::net::GzipEncoder::is_accepted(text);
    return 0;
}
