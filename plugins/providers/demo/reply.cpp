#include "reply.hpp"

#include <algorithm>
#include <array>

namespace demo {
namespace {

constexpr uint32_t quoted_words = 12;
constexpr size_t quoted_bytes = 64;  // of one word

constexpr std::string_view first_sentence =
    "A naïve café – 你好 🙂 – shows that every character arrives whole.";

constexpr std::array<std::string_view, 12> sentences = {
    "The log is written before the answer is shown.",
    "A word that was seen is a word that was kept.",
    "Streams may break, but the conversation goes on.",
    "Each event has its number, and no number is missing.",
    "Whoever comes back asks only for what is new.",
    "Zwölf Boxkämpfer jagen Viktor quer über den großen Deich.",
    "This sentence costs nothing, since no model wrote it.",
    "The same question always gets the same answer.",
    "Две реки встречаются, und beide fließen weiter.",
    "A plugin is a small library behind a small interface.",
    "Slow readers are waited for, and lost ones are not.",
    "東京は夜 🌃 – and the tokens keep coming.",
};

constexpr bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// FNV-1a, so that the text is the same on every machine.
uint64_t hash(uint64_t seed, std::string_view text) {
    for (const char c : text) seed = (seed ^ static_cast<unsigned char>(c)) * 1099511628211ull;
    return seed;
}

// Steps a splitmix64 generator.
uint64_t next_random(uint64_t& state) {
    uint64_t mixed = state += 0x9E3779B97F4A7C15ull;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ull;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBull;
    return mixed ^ (mixed >> 31);
}

// Collects words until there are enough.
class Composer {
public:
    explicit Composer(uint32_t words) : left_(words) {}

    bool full() const { return left_ == 0; }

    // Adds the words of `text`, at most `limit`, none longer than `bytes`.
    void add(std::string_view text, uint32_t limit = ~0u, size_t bytes = std::string_view::npos) {
        constexpr std::string_view space = " \t\r\n\v\f";
        size_t at = 0;
        while (left_ > 0 && limit > 0 && (at = text.find_first_not_of(space, at)) != text.npos) {
            const auto end = std::min(text.find_first_of(space, at), text.size());
            add_word(text.substr(at, end - at), bytes);
            --limit;
            at = end;
        }
    }

    std::string take() { return std::move(text_); }

private:
    void add_word(std::string_view word, size_t bytes) {
        if (!text_.empty()) text_ += ' ';
        if (word.size() > bytes) {
            while (bytes > 0 && is_continuation(word[bytes])) --bytes;
            text_.append(word.substr(0, bytes)).append("…");
        } else {
            text_ += word;
        }
        --left_;
    }

    std::string text_;
    uint32_t left_;
};

}  // namespace

std::string compose_reply(std::string_view model, std::string_view question, uint64_t messages,
                          uint32_t words) {
    const auto number = std::to_string(messages);
    uint64_t state = hash(hash(hash(14695981039346656037ull, model), question), number);

    Composer composer(words);
    composer.add("Message " + number + " to " + std::string(model) + " was:");
    composer.add(question, quoted_words, quoted_bytes);
    composer.add("– and this is the answer.");
    composer.add(first_sentence);
    while (!composer.full()) composer.add(sentences[next_random(state) % sentences.size()]);
    return composer.take();
}

size_t position_after(std::string_view prefill, std::string_view reply) {
    if (!reply.starts_with(prefill)) return 0;
    const bool cut = prefill.size() < reply.size() && is_continuation(reply[prefill.size()]);
    return cut ? 0 : prefill.size();
}

size_t end_of_piece(std::string_view reply, size_t from) {
    return std::min(reply.find(' ', from + 1), reply.size());
}

}  // namespace demo
