// What secrets.h resolves: texts with references, of which a test says what they stand for.
#pragma once

#include <patchbay/abi/secrets.h>
#include <patchbay/error.hpp>
#include <patchbay/view.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace patchbay::testing {

class FakeSecrets {
public:
    // `reference`: "${NAME}" or "${file:/path}". No variable and no file is looked at but these.
    void add(const std::string& reference, std::string value) {
        values_[reference] = std::move(value);
    }

    // As in the config file: "${NAME}", "${NAME:-default}" and "${file:/path}" anywhere in a text,
    // "$${" for "${".
    Result<std::string> resolve(std::string_view text) const {
        std::string resolved;
        while (true) {
            const auto start = text.find("${");
            resolved += text.substr(0, start);
            if (start == text.npos) return resolved;
            if (start > 0 && text[start - 1] == '$') {
                resolved += '{';
                text.remove_prefix(start + 2);
                continue;
            }
            const auto end = text.find('}', start);
            if (end == text.npos)
                return failure(ErrorCode::bad_request, "a \"${\" without a \"}\"");
            auto value = value_of(text.substr(start + 2, end - start - 2));
            if (!value) return value;
            resolved += *value;
            text.remove_prefix(end + 1);
        }
    }

    // --- for the fake host ----------------------------------------------------------------------
    patchbay_status resolve(patchbay_str reference, patchbay_str* value) {
        if (!value || (!reference.data && reference.size > 0)) return PATCHBAY_E_BAD_REQUEST;
        auto resolved = resolve(text_of(reference));
        if (!resolved) return status_of(resolved.error().code);
        const std::lock_guard lock(mutex_);
        *value = view_of(std::string_view(lent_.emplace_back(std::move(*resolved))));
        return PATCHBAY_OK;
    }

private:
    Result<std::string> value_of(std::string_view inner) const {
        if (inner.starts_with("file:/")) return added(inner);
        const auto separator = inner.find(":-");
        const auto name = inner.substr(0, separator);
        if (!is_variable(name)) return failure(ErrorCode::bad_request, "a reference that is none");
        auto value = added(name);
        if (separator == inner.npos || (value && !value->empty())) return value;
        return std::string(inner.substr(separator + 2));
    }
    Result<std::string> added(std::string_view inner) const {
        const auto found = values_.find("${" + std::string(inner) + "}");
        if (found == values_.end()) return failure(ErrorCode::not_found, "it is not set");
        return found->second;
    }
    static bool is_variable(std::string_view name) {
        const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
        const auto fits = [&](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
        };
        return !name.empty() && !is_digit(name.front()) && std::ranges::all_of(name, fits);
    }

    std::map<std::string, std::string> values_;
    std::mutex mutex_;              // of what follows: jobs resolve, too
    std::deque<std::string> lent_;  // for longer than the call for which a server lends them
};

}  // namespace patchbay::testing
