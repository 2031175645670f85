// openai: answers of any server that speaks OpenAI's chat completions, streamed.
#include "answer.hpp"
#include "config.hpp"
#include "request_body.hpp"

#include <memory>
#include <utility>

namespace {

constexpr std::string_view schema = R"json({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "base_url": {"type": "string", "pattern": "^https?://[^/]+",
                 "description": "up to and including /v1; default https://api.openai.com/v1"},
    "api_key": {"type": "string", "writeOnly": true,
      "description": "sent as a bearer token; empty: none is sent"},
    "organization": {"type": "string", "minLength": 1},
    "project": {"type": "string", "minLength": 1},
    "models": {
      "type": "array",
      "description": "the ids on offer; empty: any id",
      "items": {"anyOf": [
        {"type": "string", "minLength": 1},
        {"type": "object", "required": ["id"], "additionalProperties": false, "properties": {
          "id": {"type": "string", "minLength": 1},
          "context_window": {"type": "integer", "minimum": 1, "description": "tokens"},
          "max_output_tokens": {"type": "integer", "minimum": 1},
          "input_price": {"type": "integer", "minimum": 0,
                          "description": "micro-dollars per 1,000,000 tokens"},
          "output_price": {"type": "integer", "minimum": 0},
          "cached_price": {"type": "integer", "minimum": 0}}}]}
    },
    "max_tokens_field": {"enum": ["max_completion_tokens", "max_tokens"]},
    "include_usage": {"type": "boolean"},
    "traceparent": {"type": "boolean",
      "description": "whether the upstream is told of the trace; default true"},
    "headers": {"type": "object",
                "additionalProperties": {"type": "string", "writeOnly": true}},
    "connect_timeout_ms": {"type": "integer", "minimum": 0, "maximum": 4294967295},
    "first_byte_timeout_ms": {"type": "integer", "minimum": 0, "maximum": 4294967295},
    "idle_timeout_ms": {"type": "integer", "minimum": 0, "maximum": 4294967295},
    "total_timeout_ms": {"type": "integer", "minimum": 0, "maximum": 4294967295}
  }
})json";

class OpenAi final : public patchbay::Provider {
public:
    explicit OpenAi(openai::Config config) : config_(std::move(config)) {}

    static patchbay::Result<std::unique_ptr<OpenAi>> create(const patchbay::Host&,
                                                            std::string_view config_json) {
        auto config = openai::read_config(config_json);
        if (!config) return std::unexpected(config.error());
        return std::make_unique<OpenAi>(std::move(*config));
    }

    patchbay::Status open(const patchbay::ChatRequest& request, patchbay::Stream stream) override {
        auto body = openai::request_body(config_, request);
        if (!body) return std::unexpected(body.error());

        patchbay::HttpRequest call;
        call.method = "POST";
        call.url = config_.url;
        call.body = std::move(*body);
        call.headers = config_.headers;
        if (config_.traceparent && !request.traceparent.empty())
            call.headers.push_back({"traceparent", std::string(request.traceparent)});
        call.split_sse = true;
        call.connect_timeout = config_.connect_timeout;
        call.first_byte_timeout = config_.first_byte_timeout;
        call.idle_timeout = config_.idle_timeout;
        call.total_timeout = config_.total_timeout;

        auto answer = std::make_unique<openai::Answer>(stream, config_);
        if (const auto started = answer->start(call); !started)
            return std::unexpected(started.error());
        return answer;
    }

    std::string_view models() override { return config_.models_json; }

private:
    openai::Config config_;
};

}  // namespace

PATCHBAY_PLUGIN(OpenAi, {.id = "patchbay.providers.openai",
                         .version = "0.1.0",
                         .title = "OpenAI-compatible",
                         .description = "Any server that speaks OpenAI's chat completions",
                         .config = schema});
