#include "runtime/validate/spawned.hpp"

#include "runtime/validate/child.hpp"
#include "runtime/validate/growth.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

namespace patchbay::validate {
namespace {

using std::chrono::steady_clock;

std::unexpected<Error> no_child(const char* what, int number) {
    return failure(ErrorCode::unavailable, fmt::format("{}: {}", what, strerror(number)));
}

// Numbers that a child's own do not meet: dup2 to itself would leave it closed on exec.
Result<Descriptor> memory_file(const char* name) {
    const Descriptor file(memfd_create(name, MFD_CLOEXEC));
    const Descriptor high(fcntl(file.get(), F_DUPFD_CLOEXEC, 10));
    if (high.get() < 0) return no_child("memfd_create", errno);
    return Descriptor(fcntl(high.get(), F_DUPFD_CLOEXEC, 10));
}

struct Pipe {
    Descriptor read;
    Descriptor write;
};

Result<Pipe> make_pipe() {
    std::array<int, 2> ends = {-1, -1};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return no_child("pipe", errno);
    const Descriptor read(ends[0]);
    const Descriptor write(ends[1]);
    return Pipe{Descriptor(fcntl(read.get(), F_DUPFD_CLOEXEC, 10)),
                Descriptor(fcntl(write.get(), F_DUPFD_CLOEXEC, 10))};
}

// What posix_spawn() is to do to the child's descriptors and its process group.
class Setting {
public:
    Setting() {
        posix_spawn_file_actions_init(&actions);
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
        posix_spawnattr_setpgroup(&attributes, 0);
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    }
    ~Setting() {
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
    }
    Setting(const Setting&) = delete;
    Setting& operator=(const Setting&) = delete;

    void hand_down(const Descriptor& descriptor, int number) {
        posix_spawn_file_actions_adddup2(&actions, descriptor.get(), number);
    }

    posix_spawn_file_actions_t actions{};
    posix_spawnattr_t attributes{};
};

constexpr std::chrono::milliseconds most_job_time = std::chrono::minutes(5);  // beside the limit

std::string name_of_end(int status) {
    if (WIFSIGNALED(status)) {
        const char* name = sigabbrev_np(WTERMSIG(status));
        return name ? fmt::format("SIG{}", name) : fmt::format("signal {}", WTERMSIG(status));
    }
    const int code = WEXITSTATUS(status);
    return code == 0 ? "" : fmt::format("exit code {}", code);
}

// This process' own environment, and no caches of a thread's in the child's malloc(): what they
// fill up with looks like a leak. See growth.hpp.
std::vector<std::string> environment_of_child() {
    constexpr std::string_view name = "GLIBC_TUNABLES=";
    std::string tunables(name);
    std::vector<std::string> all;
    for (char** entry = environ; *entry; ++entry) {
        if (std::string_view(*entry).starts_with(name))
            tunables.assign(*entry).push_back(':');
        else
            all.emplace_back(*entry);
    }
    tunables.append(without_thread_caches);
    all.push_back(std::move(tunables));
    return all;
}

// As exec() wants them.
std::vector<char*> pointers_to(std::vector<std::string>& words) {
    std::vector<char*> pointers;
    for (auto& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    return pointers;
}

}  // namespace

Descriptor::~Descriptor() {
    if (number_ >= 0) ::close(number_);
}

void Spawned::Unmap::operator()(LastWords* words) const { munmap(words, sizeof(LastWords)); }

Result<Spawned> Spawned::start(std::string_view test_name, const Subject& subject) {
    auto words_file = memory_file("last words");
    auto subject_file = memory_file("subject");
    auto output = memory_file("output");
    auto pipe = make_pipe();
    if (!words_file || !subject_file || !output || !pipe) return no_child("descriptors", errno);

    const auto json = to_json(subject);
    if (write(subject_file->get(), json.data(), json.size()) != static_cast<ssize_t>(json.size()) ||
        ftruncate(words_file->get(), sizeof(LastWords)) != 0)
        return no_child("memory", errno);
    void* page =
        mmap(nullptr, sizeof(LastWords), PROT_READ | PROT_WRITE, MAP_SHARED, words_file->get(), 0);
    if (page == MAP_FAILED) return no_child("mmap", errno);

    Spawned child;
    child.words_.reset(static_cast<LastWords*>(page));
    Setting setting;
    setting.hand_down(*output, 1);
    setting.hand_down(*output, 2);
    setting.hand_down(pipe->write, verdict_descriptor);
    setting.hand_down(*words_file, last_words_descriptor);
    setting.hand_down(*subject_file, subject_descriptor);

    std::vector<std::string> words = {"patchbay", "plugin", "validate-child",
                                      std::string(test_name)};
    auto environment = environment_of_child();
    if (const int problem =
            posix_spawn(&child.pid_, "/proc/self/exe", &setting.actions, &setting.attributes,
                        pointers_to(words).data(), pointers_to(environment).data()))
        return no_child("posix_spawn", problem);
    child.verdict_ = std::move(pipe->read);
    child.output_ = std::move(*output);
    return child;
}

// It is not reaped: until then nobody else gets its number, nor that of its group.
bool Spawned::has_ended() const {
    siginfo_t information{};
    return waitid(P_PID, static_cast<id_t>(pid_), &information, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           information.si_pid == pid_;
}

// False at the end.
bool Spawned::read_more(std::string& line) const {
    char buffer[4096];
    const auto count = read(verdict_.get(), buffer, sizeof(buffer));
    if (count > 0) line.append(buffer, static_cast<size_t>(count));
    return count > 0;
}

Spawned::End Spawned::wait(std::chrono::milliseconds timeout) {
    using std::chrono::milliseconds;
    constexpr milliseconds tick{20};  // a plugin's own child may hold the pipe open
    const auto start = steady_clock::now();
    const auto limit = [&] {  // a job of the plugin's has its own time
        return timeout + std::min(job_time(*words_), most_job_time);
    };
    End end;
    bool open = true;
    while (!has_ended()) {
        if (steady_clock::now() - start >= limit() && !end.timed_out) {
            end.timed_out = true;
            kill_all();
        }
        pollfd readable = {open ? verdict_.get() : -1, POLLIN, 0};
        poll(&readable, 1, open ? static_cast<int>(tick.count()) : 1);
        if (readable.revents & (POLLIN | POLLHUP)) open = read_more(end.line);
    }
    kill_all();  // what the plugin started and left
    for (pollfd readable = {verdict_.get(), POLLIN, 0};
         open && poll(&readable, 1, 0) == 1 && (readable.revents & POLLIN);)
        open = read_more(end.line);
    int status = 0;
    waitpid(pid_, &status, 0);
    end.signal = name_of_end(status);
    if (end.signal.empty() && end.line.empty()) end.signal = "a call of exit()";
    return end;
}

void Spawned::kill_all() const { kill(-pid_, SIGKILL); }

std::string Spawned::read_output(size_t offset, size_t size) const {
    std::string text(size, '\0');
    const auto count = pread(output_.get(), text.data(), size, static_cast<off_t>(offset));
    text.resize(static_cast<size_t>(std::max<ssize_t>(0, count)));
    return text;
}

std::string Spawned::output(size_t most) const {
    struct stat information {};
    fstat(output_.get(), &information);
    const auto size = static_cast<size_t>(information.st_size);
    if (size <= most) return read_output(0, size);
    return read_output(0, most / 2) + "\n…\n" + read_output(size - most / 2, most / 2);
}

}  // namespace patchbay::validate
