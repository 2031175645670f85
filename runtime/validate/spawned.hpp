// A child process of this same program, and what it leaves.
#pragma once

#include "runtime/validate/last_words.hpp"
#include "runtime/validate/test_case.hpp"

#include <patchbay/error.hpp>

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace patchbay::validate {

// A file descriptor that is closed.
class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~Descriptor();
    int get() const { return number_; }

private:
    int number_ = -1;
};

class Spawned {
public:
    // Starts /proc/self/exe for the test. unavailable: it cannot be started.
    static Result<Spawned> start(std::string_view test_name, const Subject& subject);

    struct End {
        std::string line;    // what it said; "" = nothing
        std::string signal;  // "SIGSEGV", "exit code 66"; "" = it ended well
        bool timed_out = false;
    };
    // Waits for its end; when it takes too long, the child and what it started are killed. Once.
    End wait(std::chrono::milliseconds timeout);

    const LastWords& last_words() const { return *words_; }

    // What it wrote to its standard output and error: the beginning, where a sanitizer says what it
    // found, and the end, where it died.
    std::string output(size_t most) const;

private:
    struct Unmap {
        void operator()(LastWords* words) const;
    };
    bool has_ended() const;
    std::string read_output(size_t offset, size_t size) const;
    bool read_more(std::string& line) const;
    void kill_all() const;

    pid_t pid_ = -1;
    Descriptor verdict_;
    Descriptor output_;
    std::unique_ptr<LastWords, Unmap> words_;
};

}  // namespace patchbay::validate
