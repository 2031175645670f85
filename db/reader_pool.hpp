// Connections that only read, handed out one to a caller. They see the last commit, and are never
// in the writer's way.
#pragma once

#include "db/database.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

namespace patchbay {

class ReaderPool {
public:
    // At most `limit` connections; they are opened as they are needed.
    ReaderPool(std::string path, std::string vfs, size_t limit);

    // A connection, back in the pool when it is destroyed.
    class Lease {
    public:
        Lease(ReaderPool& pool, std::unique_ptr<Database> database)
            : pool_(&pool), database_(std::move(database)) {}
        Lease(Lease&&) noexcept = default;
        Lease& operator=(Lease&&) = delete;
        ~Lease() {
            if (database_) pool_->give_back(std::move(database_));
        }
        Database& operator*() { return *database_; }

    private:
        ReaderPool* pool_;
        std::unique_ptr<Database> database_;
    };

    Result<Lease> take();  // [any-thread] waits while all are in use; `unavailable` once closed
    void close();          // waits for those in use

private:
    void give_back(std::unique_ptr<Database> database);
    Result<Lease> open();

    const std::string path_;
    const std::string vfs_;
    const size_t limit_;
    std::mutex mutex_;
    std::condition_variable returned_;
    std::vector<std::unique_ptr<Database>> idle_;
    size_t in_use_ = 0;
    bool closed_ = false;
};

}  // namespace patchbay
