// What a test tells the library of faults, and hears from it: a file of numbers that both map.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace patchbay::faults {

// Each field is one number of 8 bytes, in this order: tests/system/faults.py writes them.
struct Control {
    std::atomic<int64_t> clock_offset_ms;  // added to the wall clock
    std::atomic<int64_t> write_error;      // errno of every write and truncation; 0 = none
    std::atomic<int64_t> sync_error;       // of every sync; what it should have written is lost
    std::atomic<int64_t> read_error;
    std::atomic<int64_t> open_error;
    std::atomic<int64_t> full;       // not 0: files keep their size, as on a disk without space
    std::atomic<int64_t> cut_after;  // changes until the power is cut; 0 = never
    std::atomic<int64_t> cut_now;    // 1: the power is cut at once; 2: only this process is killed
    std::atomic<int64_t> changes;    // answers: writes, syncs and changes of folders so far
    std::atomic<int64_t> failed;     // answers: calls that were made to fail
};

// The settings of this process; null when the environment asks for no faults. Its variables:
//   PATCHBAY_FAULTS         the file of numbers
//   PATCHBAY_FAULTS_FOLDER  files below it are on the disk that fails
//   PATCHBAY_FAULTS_IMAGE   a folder to be made, with what the disk holds after the cut
//   PATCHBAY_FAULTS_CERTAIN what the disk held of it when the process before was killed; may be ""
//   PATCHBAY_FAULTS_SEED    of the dice that say what the disk had written by then
struct Settings {
    Control* control;
    std::string folder;
    std::string image;
    std::string certain;
    uint64_t seed;
};
const Settings* settings();

}  // namespace patchbay::faults
