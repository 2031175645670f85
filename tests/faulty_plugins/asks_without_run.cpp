// Middleware that wants to read the conversation before there is a run that could.
#include <patchbay/history.hpp>
#include <patchbay/middleware.hpp>

namespace {

class AsksWithoutRun : public patchbay::Middleware {
public:
    explicit AsksWithoutRun(const patchbay::Host&) {}

    patchbay::Admission on_request(const patchbay::Turn&, const patchbay::Gate& gate,
                                   const patchbay::Output&) override {
        const auto read = patchbay::read_history(
            gate, 0, [gate](const patchbay::Result<std::string>&) { gate.pass(); });
        if (!read) return {};
        return patchbay::Pending();
    }
};

}  // namespace

PATCHBAY_PLUGIN(AsksWithoutRun, {.id = "patchbay.tests.asks_without_run", .version = "1.0.0"});
