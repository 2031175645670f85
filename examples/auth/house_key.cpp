// house_key: lets in whoever shows one key, all as the same owner.
#include <patchbay/auth.hpp>

#include <nlohmann/json.hpp>

namespace {

using nlohmann::json;

constexpr const char* config_schema = R"({
    "type": "object", "additionalProperties": false, "required": ["key", "owner"],
    "properties": {
        "key": {"type": "string", "minLength": 16, "description": "Best as ${HOUSE_KEY}"},
        "owner": {"type": "string", "pattern": "^user:.", "examples": ["user:me"],
                  "description": "user:NAME"}}})";

// Takes the same time wherever the two differ: the time must not tell how much was right.
bool same(std::string_view shown, std::string_view key) {
    size_t differences = shown.size() ^ key.size();
    for (size_t i = 0; i < shown.size(); ++i)
        differences |= static_cast<unsigned char>(shown[i] ^ key[i % key.size()]);
    return differences == 0;
}

class HouseKey : public patchbay::Auth {
public:
    HouseKey(const patchbay::Host&, std::string_view config)
        : key_(json::parse(config).at("key")), owner_(json::parse(config).at("owner")) {}

    patchbay::Decision check(const patchbay::ClientRequest& http, patchbay::Request) override {
        if (!same(http.credential, key_)) return patchbay::NotMine{};  // perhaps the next one's
        return patchbay::Principal{.owner = owner_, .credential_id = "house_key"};
    }

private:
    std::string key_;
    std::string owner_;
};

}  // namespace

PATCHBAY_PLUGIN(HouseKey,
                {.id = "org.example.house_key", .version = "1.0.0", .config = config_schema});
