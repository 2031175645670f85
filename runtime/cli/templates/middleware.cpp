// my_plugin: a middleware. It lays an instruction before every conversation.
#include <patchbay/middleware.hpp>

namespace {

class MyPlugin : public patchbay::Middleware {
public:
    explicit MyPlugin(const patchbay::Host&) {}

    // Lets each turn in, changed. To refuse one return failure(); to see the answer too, return a
    // watcher: patchbay/middleware.hpp says how.
    patchbay::Admission on_request(const patchbay::Turn&, const patchbay::Gate&,
                                   const patchbay::Output&) override {
        return patchbay::Change{.system = "Be polite."};
    }
};

}  // namespace

PATCHBAY_PLUGIN(MyPlugin, {.id = "org.example.my_plugin",
                           .version = "0.1.0",
                           .title = "my_plugin",
                           .config = R"({"type": "object", "additionalProperties": false})"});
