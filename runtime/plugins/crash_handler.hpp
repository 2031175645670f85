// Names the plugin in which the process crashed.
#pragma once

namespace patchbay::plugins {

// From now on SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT write one line to standard error: the
// signal, and the instance, slot and run of the plugin call that the crashing thread was in; where
// it was in none, the library whose code crashed. Then the signal takes its course: what handled it
// before, else a core dump. Call once, at the start.
void install_crash_handler();

}  // namespace patchbay::plugins
