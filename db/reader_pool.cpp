#include "db/reader_pool.hpp"

namespace patchbay {

ReaderPool::ReaderPool(std::string path, std::string vfs, size_t limit)
    : path_(std::move(path)), vfs_(std::move(vfs)), limit_(limit) {}

Result<ReaderPool::Lease> ReaderPool::take() {
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [this] { return closed_ || in_use_ < limit_; });
    if (closed_) return failure(ErrorCode::unavailable, "the store is closed");
    ++in_use_;
    if (!idle_.empty()) {
        auto database = std::move(idle_.back());
        idle_.pop_back();
        return Lease(*this, std::move(database));
    }
    lock.unlock();
    auto opened = open();
    if (!opened) give_back(nullptr);
    return opened;
}

Result<ReaderPool::Lease> ReaderPool::open() {
    auto database = Database::open(path_, OpenMode::read_only, vfs_);
    if (!database) return std::unexpected(database.error());
    return Lease(*this, std::move(*database));
}

void ReaderPool::give_back(std::unique_ptr<Database> database) {
    {
        const std::lock_guard lock(mutex_);
        --in_use_;
        if (database && !closed_) idle_.push_back(std::move(database));
        database.reset();  // before close() goes on
    }
    returned_.notify_all();
}

void ReaderPool::close() {
    std::unique_lock lock(mutex_);
    closed_ = true;
    returned_.notify_all();
    returned_.wait(lock, [this] { return in_use_ == 0; });
    idle_.clear();
}

}  // namespace patchbay
