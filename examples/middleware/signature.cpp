// signature: a middleware that tells the model how to behave, and signs each answer.
#include <patchbay/middleware.hpp>

namespace {

class Signer : public patchbay::TurnWatcher {
public:
    using TurnWatcher::TurnWatcher;

    void on_end(uint32_t reason) override {
        if (reason == PATCHBAY_FINISH_STOP) out().text("\n\nYours, the model");
    }
};

class Signature : public patchbay::Middleware {
public:
    using Watcher = Signer;

    explicit Signature(const patchbay::Host&) {}

    patchbay::Admission on_request(const patchbay::Turn&, const patchbay::Gate&,
                                   const patchbay::Output& out) override {
        return {patchbay::Change{.system = "Write as in a letter."}, std::make_unique<Signer>(out)};
    }
};

}  // namespace

PATCHBAY_PLUGIN(Signature, {.id = "org.example.signature", .version = "1.0.0"});
