// Commits a group of batches as one transaction.
#pragma once

#include "db/journal_row.hpp"
#include "db/ledger.hpp"
#include "db/store.hpp"

#include <memory>
#include <span>
#include <vector>

namespace patchbay {

class GroupCommit {
public:
    explicit GroupCommit(Ledger& ledger) : ledger_(ledger) {}

    // Gives the events their seqs and writes everything. A batch that cannot be written for a
    // reason of its own gets its `error` and leaves no trace; when the transaction fails, all get
    // `storage`, and no seq is consumed. Takes the ledger's lock.
    void commit(std::span<const std::unique_ptr<Batch>> group);

private:
    // A batch that is in the transaction: what enters the live logs when it is committed.
    struct Staged {
        Batch* batch;
        LiveLog* log;
        int64_t row;
    };

    Result<void> write(std::span<const std::unique_ptr<Batch>> group, bool synced);
    Result<void> stage(Batch& batch);
    Result<void> write_rows_of(Batch& batch, LiveLog& log);
    Result<void> write_projections(Batch& batch, LiveLog& log);
    Result<LiveLog*> log_of(const Batch& batch);
    Result<void> flush_row();
    void publish();
    void publish_runs(const Batch& batch, LiveLog& log);
    void take_back();
    bool staged_open(const Batch& batch, const LiveLog& log) const;

    Ledger& ledger_;
    JournalRowWriter row_;
    int64_t next_row_ = 0;
    std::vector<Staged> staged_;
    std::vector<LiveLog*> loaded_;  // put into the live logs for this group
};

}  // namespace patchbay
