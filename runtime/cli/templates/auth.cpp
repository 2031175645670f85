// my_plugin: an auth plugin. Whoever shows the token of ${MY_PLUGIN_TOKEN} is user:my_plugin.
#include <patchbay/auth.hpp>

namespace {

// Takes the same time wherever the two differ: the time must not tell how much was right.
bool same(std::string_view shown, std::string_view token) {
    size_t differences = shown.size() ^ token.size();
    for (size_t i = 0; i < shown.size(); ++i)
        differences |= static_cast<unsigned char>(shown[i] ^ token[i % token.size()]);
    return differences == 0;
}

class MyPlugin : public patchbay::Auth {
public:
    explicit MyPlugin(const patchbay::Host& host)
        : token_(patchbay::resolve_secret(host, "${MY_PLUGIN_TOKEN}").value_or("")) {
        if (token_.empty()) host.log().warn("MY_PLUGIN_TOKEN is not set: nobody is let in");
    }

    // A credential that is not known here may be the next plugin's: NotMine, not a failure.
    patchbay::Decision check(const patchbay::ClientRequest& http, patchbay::Request) override {
        if (token_.empty() || !same(http.credential, token_)) return patchbay::NotMine{};
        return patchbay::Principal{.owner = "user:my_plugin", .credential_id = "my_plugin"};
    }

private:
    const std::string token_;
};

}  // namespace

PATCHBAY_PLUGIN(MyPlugin, {.id = "org.example.my_plugin",
                           .version = "0.1.0",
                           .title = "my_plugin",
                           .config = R"({"type": "object", "additionalProperties": false})"});
