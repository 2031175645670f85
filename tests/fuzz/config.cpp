// Configs: any text is a config or a list of mistakes, each with its place; a reference never
// becomes structure.
#include "fuzz.hpp"

#include "runtime/config/expand.hpp"
#include "runtime/config/overrides.hpp"
#include "runtime/config/parse.hpp"
#include "runtime/config/schema.hpp"

#include <string>

namespace config = patchbay::config;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (const auto overrides = config::parse_overrides(text_of(data, size)))
        expect(config::parse_overrides(config::text_of(*overrides)).has_value(),
               "what was read can be written and read again");
    auto document = config::parse(text_of(data, size));
    if (!document) {
        expect(!document.error().empty(), "a refusal has a reason");
        return 0;
    }
    const config::Environment environment = [](const std::string& name) {
        return name == "KEY" ? std::optional<std::string>("\"},{\"") : std::nullopt;
    };
    const auto before = document->size();
    config::Problems problems;
    const auto expanded = config::expand_document(*document, environment, problems);
    expect(document->size() == before, "a value from outside stays a value");
    config::coerce_expanded(*document, expanded);
    (void)config::check_schema(*document, expanded);
    return 0;
}
