// calculator: computes an expression, exactly.
#include <patchbay/tool.hpp>

#include "expression.hpp"

namespace {

constexpr std::string_view description = R"([{
  "name": "calculator",
  "description": "Computes an expression exactly. Operators: + - * / % ^ and parentheses. Functions: abs, floor, ceil, round, min, max. The result is a decimal, or a fraction such as 1/3 with its first decimals.",
  "parameters": {
    "type": "object",
    "properties": {
      "expression": {"type": "string", "minLength": 1, "maxLength": 500,
                     "description": "such as \"(1 + 2.5) * 4 ^ 3\"",
                     "examples": ["(1 + 2.5) * 4 ^ 3"]}
    },
    "required": ["expression"],
    "additionalProperties": false
  },
  "idempotent": true
}])";

class Calculator : public patchbay::Tool {
public:
    explicit Calculator(const patchbay::Host&) {}

    std::string_view describe() override { return description; }

    patchbay::task<std::string> call(patchbay::ToolRun& run) override {
        // Divisions of long fractions take milliseconds together: too long for a lane.
        const auto expression = run.argument("expression");
        const auto computed = co_await run.work([&expression] { return compute(expression); });
        const auto value = patchbay::value_or_raise(computed);
        const auto result = written(value);
        std::string output = "{\"result\":\"" + result + "\"";
        if (result.find('/') != result.npos) output += ",\"decimal\":\"" + decimal(value) + "\"";
        co_return output + "}";
    }
};

}  // namespace

PATCHBAY_PLUGIN(Calculator, {.id = "patchbay.tools.calculator",
                             .version = "1.0.0",
                             .title = "Calculator",
                             .description = "Computes expressions exactly.",
                             .config = R"({"type": "object", "additionalProperties": false})"});
