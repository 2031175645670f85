// Texts that are lent to a plugin for one call, and spoilt when it returns.
//
// Each is an allocation of its own, without a NUL behind it: under AddressSanitizer a plugin that
// reads beyond a view, or keeps one, is caught; without it, it reads rubbish.
#pragma once

#include <patchbay/error.hpp>
#include <patchbay/view.hpp>

#include <algorithm>
#include <deque>
#include <memory>
#include <string_view>
#include <utility>

namespace patchbay::testing {

class LentText {
public:
    LentText() = default;
    LentText(const LentText&) = delete;
    LentText& operator=(const LentText&) = delete;
    ~LentText() {
        for (auto& text : texts_) std::fill_n(text.bytes.get(), text.size, '\xDD');
    }

    patchbay_str lend(std::string_view text) {
        auto& copy = texts_.emplace_back(std::make_unique<char[]>(text.size()), text.size());
        std::ranges::copy(text, copy.bytes.get());
        return {copy.bytes.get(), copy.size};
    }

    patchbay_error lend(const Error& error) {
        auto view = view_of(error);
        view.message = lend(error.message);
        view.detail_json = lend(error.detail_json);
        view.extra_json = lend(error.extra_json);
        return view;
    }

private:
    struct Copy {
        Copy(std::unique_ptr<char[]> text, size_t length) : bytes(std::move(text)), size(length) {}
        std::unique_ptr<char[]> bytes;
        size_t size;
    };
    std::deque<Copy> texts_;
};

}  // namespace patchbay::testing
