// Identifiers: UUIDv7 (RFC 9562), 16 bytes, typed so that two kinds cannot be swapped.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay {

using IdBytes = std::array<uint8_t, 16>;

IdBytes new_id_bytes();                                        // [any-thread] rises with time
void append_id_text(std::string& out, const IdBytes& bytes);   // 36 characters, lower case
std::optional<IdBytes> parse_id_bytes(std::string_view text);  // nothing unless 8-4-4-4-12 hex

template <class Tag>
class Id {
public:
    Id() = default;  // all zeros: no id
    explicit Id(const IdBytes& bytes) : bytes_(bytes) {}

    static Id make() { return Id(new_id_bytes()); }
    static std::optional<Id> parse(std::string_view text) {
        const auto bytes = parse_id_bytes(text);
        if (!bytes) return std::nullopt;
        return Id(*bytes);
    }

    std::string str() const {
        std::string text;
        append_to(text);
        return text;
    }
    void append_to(std::string& out) const { append_id_text(out, bytes_); }
    const IdBytes& bytes() const { return bytes_; }
    bool empty() const { return bytes_ == IdBytes{}; }

    // The random tail: good for choosing a lane and for hash tables.
    uint64_t hash() const {
        uint64_t tail = 0;
        std::memcpy(&tail, bytes_.data() + 8, sizeof tail);
        return tail;
    }

    auto operator<=>(const Id&) const = default;

private:
    IdBytes bytes_{};
};

using InteractionId = Id<struct InteractionTag>;
using RunId = Id<struct RunTag>;
using MessageId = Id<struct MessageTag>;

}  // namespace patchbay

template <class Tag>
struct std::hash<patchbay::Id<Tag>> {
    size_t operator()(const patchbay::Id<Tag>& id) const noexcept { return id.hash(); }
};
