// my_plugin: an exporter. It writes each batch of spans into the server's log.
#include <patchbay/exporter.hpp>

namespace {

class MyPlugin : public patchbay::Exporter {
public:
    explicit MyPlugin(const patchbay::Host& host) : log_(host.log()) {}

    // On a thread that may block, for 10 s at most. A batch that failed is tried again.
    patchbay::Result<void> export_spans(std::string_view spans_json) override {
        log_.write(patchbay::LogLevel::info, "spans",
                   R"({"spans": )" + std::string(spans_json) + "}");
        return {};
    }

private:
    patchbay::Log log_;
};

}  // namespace

PATCHBAY_PLUGIN(MyPlugin, {.id = "org.example.my_plugin",
                           .version = "0.1.0",
                           .title = "my_plugin",
                           .config = R"({"type": "object", "additionalProperties": false})"});
