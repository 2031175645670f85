// Errors as they cross the ABI.
#pragma once

#include <patchbay/abi/error.h>
#include <patchbay/error.hpp>

namespace patchbay::plugins {

// A plugin's error, copied and made safe to log: the message is one printable line of at most
// 4 KiB, the detail a JSON object of at most 64 KiB or nothing. An unknown code reads as internal.
Error copy_of(const patchbay_error& error);

// `error` for a plugin: borrows its texts.
patchbay_error view_of(const Error& error);

}  // namespace patchbay::plugins
