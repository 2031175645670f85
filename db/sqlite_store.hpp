// Store, by SQLite: wires the ledger, the writer's thread, maintenance and the readers together.
#pragma once

#include "db/data_folder.hpp"
#include "db/ledger.hpp"
#include "db/log_writer.hpp"
#include "db/maintenance.hpp"
#include "db/reader_pool.hpp"
#include "db/store.hpp"

namespace patchbay {

class SqliteStore : public Store {
public:
    static Result<std::unique_ptr<Store>> open(const StoreOptions& options);
    ~SqliteStore() override;

    void submit(std::vector<std::unique_ptr<Batch>> batches) override;
    Result<void> admits_runs() const override;

    Result<std::vector<OpenRun>> open_runs() override;
    Result<EventPage> events(const InteractionId& id, uint64_t after, size_t max_events,
                             size_t max_bytes, const std::optional<RunId>& run) override;
    Result<InteractionRecord> interaction(const InteractionId& id) override;
    Result<InteractionPage> interactions(const std::string& owner, size_t limit,
                                         const std::string& page) override;
    Result<RunRecord> run(const RunId& id) override;
    Result<std::vector<RunRecord>> open_runs_of(const InteractionId& id) override;
    Result<std::optional<Batch::Duplicate>> find_idempotent(const std::string& owner,
                                                            const std::string& key) override;
    Result<MessagePage> messages(const InteractionId& id, const MessageId& after, size_t limit,
                                 size_t max_bytes) override;
    Result<std::vector<MessageRecord>> recent_messages(const InteractionId& id,
                                                       uint32_t before_turn, size_t limit,
                                                       size_t max_bytes) override;

    Result<void> insert_interaction(const InteractionRecord& record) override;
    Result<InteractionRecord> update_interaction(const InteractionId& id,
                                                 std::optional<std::string> title,
                                                 std::optional<std::string> metadata_json) override;
    Result<void> delete_interaction(const InteractionId& id) override;
    Result<void> insert_credential(const CredentialRecord& record) override;
    Result<void> revoke_credential(const std::string& id, int64_t now_ms) override;
    Result<std::vector<CredentialRecord>> credentials() override;
    Result<std::optional<std::string>> value(const std::string& instance,
                                             const std::string& key) override;
    Result<std::vector<std::string>> keys(const KeyRange& range) override;
    std::vector<Result<void>> change_values(std::span<const ValueChange> changes) override;
    Result<void> backup(const std::string& path) override;
    const StoreCounters& counters() const override { return counters_; }
    void close() override;

private:
    explicit SqliteStore(const StoreOptions& options);

    Result<void> start(const StoreOptions& options);
    Result<void> open_ledger();
    void fold_everything();

    // Runs `change(Database&)` as one synced transaction.
    template <class Change>
    auto write(Change change) -> decltype(change(std::declval<Database&>()));
    template <class Change>
    auto write_locked(Change change) -> decltype(change(std::declval<Database&>()));

    const std::string path_;
    const std::string vfs_;
    const bool read_only_;
    StoreCounters counters_;
    std::optional<DataFolder> folder_;
    Ledger ledger_;
    ReaderPool readers_;
    std::unique_ptr<LogWriter> writer_;         // none when read-only
    std::unique_ptr<Maintenance> maintenance_;  // none when read-only
    bool closed_ = false;
};

}  // namespace patchbay
