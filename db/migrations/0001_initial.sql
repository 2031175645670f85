-- Ids are UUIDv7, 16 bytes. Times are milliseconds since the epoch, UTC. Money is micro-dollars.

CREATE TABLE interactions (
    id            BLOB PRIMARY KEY,
    owner         TEXT NOT NULL,
    title         TEXT NOT NULL,
    agent         TEXT NOT NULL,
    model         TEXT NOT NULL,
    last_seq      INTEGER NOT NULL,  -- at least as far as segments go; the journal may go further
    compacted_to  INTEGER NOT NULL,
    turns         INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    metadata_json TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX interactions_by_owner ON interactions(owner, created_at_ms, id);

CREATE TABLE runs (
    id                 BLOB NOT NULL UNIQUE,
    interaction_id     BLOB NOT NULL,
    turn               INTEGER NOT NULL,
    status             INTEGER NOT NULL,  -- 1 queued, 2 running, 3 waiting; greater: ended
    attempt            INTEGER NOT NULL,
    first_seq          INTEGER NOT NULL,
    last_seq           INTEGER NOT NULL,  -- 0 while it is open
    agent              TEXT NOT NULL,
    provider           TEXT NOT NULL,
    model              TEXT NOT NULL,
    prompt_tokens      INTEGER NOT NULL,
    completion_tokens  INTEGER NOT NULL,
    cached_tokens      INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    reasoning_tokens   INTEGER NOT NULL,
    usage_estimated    INTEGER NOT NULL,
    cost_micros        INTEGER,           -- NULL: the price is not known
    error_json         TEXT NOT NULL,
    superseded_json    TEXT NOT NULL,     -- [[from, to], …]
    request_json       TEXT NOT NULL,
    owner_node         TEXT NOT NULL,
    epoch              INTEGER NOT NULL,
    lease_until_ms     INTEGER NOT NULL DEFAULT 0,
    started_at_ms      INTEGER NOT NULL,
    ended_at_ms        INTEGER NOT NULL,
    compacted          INTEGER NOT NULL DEFAULT 0,  -- 1: its delta, status and progress are gone
    UNIQUE (interaction_id, turn)
) STRICT;

CREATE INDEX runs_open ON runs(interaction_id, turn) WHERE status <= 3;
CREATE INDEX runs_not_compacted ON runs(interaction_id, turn) WHERE compacted = 0;
CREATE INDEX runs_to_compact ON runs(ended_at_ms) WHERE compacted = 0 AND status > 3;

CREATE TABLE messages (
    id             BLOB NOT NULL UNIQUE,
    interaction_id BLOB NOT NULL,
    run_id         BLOB NOT NULL,
    turn           INTEGER NOT NULL,
    seq            INTEGER NOT NULL,
    parent_id      BLOB,
    role           TEXT NOT NULL,
    status         INTEGER NOT NULL,  -- 1 complete, 2 partial, 3 rolled back
    created_at_ms  INTEGER NOT NULL,
    content_json   TEXT NOT NULL
) STRICT;

CREATE INDEX messages_in_order ON messages(interaction_id, turn, seq);
CREATE INDEX messages_by_run ON messages(run_id);

CREATE TABLE idempotency (
    owner          TEXT NOT NULL,
    key            TEXT NOT NULL,
    request_sha256 BLOB NOT NULL,
    run_id         BLOB NOT NULL,
    created_at_ms  INTEGER NOT NULL,
    PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_by_age ON idempotency(created_at_ms);
CREATE INDEX idempotency_by_run ON idempotency(run_id);

CREATE TABLE credentials (
    id            TEXT PRIMARY KEY,
    sha256        BLOB NOT NULL,
    owner         TEXT NOT NULL,
    name          TEXT NOT NULL,
    role          INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    revoked_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX credentials_valid ON credentials(name) WHERE revoked_at_ms = 0;

-- The end of the log: one row a commit, with the events of all its batches (db/journal_row.hpp).
-- A row goes when all its events lie in segments.
CREATE TABLE journal (
    id      INTEGER PRIMARY KEY,
    payload BLOB NOT NULL
) STRICT;

-- The log before that: a row holds successive events of one run (db/event_codec.hpp). Segments of
-- an interaction do not overlap, and what they cover is the beginning of its log, without a hole.
CREATE TABLE segments (
    interaction_id BLOB NOT NULL,
    last_seq       INTEGER NOT NULL,
    first_seq      INTEGER NOT NULL,
    run_id         BLOB NOT NULL,
    payload        BLOB NOT NULL
) STRICT;

CREATE UNIQUE INDEX segments_in_order ON segments(interaction_id, last_seq, first_seq, run_id);
CREATE INDEX segments_by_run ON segments(run_id);

-- Written and emptied again to find out whether a full disk takes writes again.
CREATE TABLE space_probe (
    id     INTEGER PRIMARY KEY,
    filler BLOB NOT NULL
) STRICT;
