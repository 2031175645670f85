-- The small stores of plugin instances (patchbay.kv/1), by the instance's name in the config.
CREATE TABLE instance_values (
    instance      TEXT NOT NULL,
    key           BLOB NOT NULL,     -- compares by its bytes
    value         BLOB NOT NULL,
    expires_at_ms INTEGER NOT NULL   -- 0: never
) STRICT;

CREATE UNIQUE INDEX instance_values_in_order ON instance_values(instance, key);
CREATE INDEX instance_values_by_end ON instance_values(expires_at_ms) WHERE expires_at_ms > 0;

-- How large each of them is, kept by the triggers: a put looks here and not through all rows.
CREATE TABLE instance_sizes (
    instance TEXT PRIMARY KEY,
    bytes    INTEGER NOT NULL        -- of keys and values
) STRICT, WITHOUT ROWID;

CREATE TRIGGER instance_values_grow AFTER INSERT ON instance_values BEGIN
    INSERT INTO instance_sizes(instance, bytes)
        VALUES(new.instance, length(new.key) + length(new.value))
        ON CONFLICT(instance) DO UPDATE SET bytes = bytes + excluded.bytes;
END;

CREATE TRIGGER instance_values_change AFTER UPDATE OF value ON instance_values BEGIN
    UPDATE instance_sizes SET bytes = bytes + length(new.value) - length(old.value)
        WHERE instance = new.instance;
END;

CREATE TRIGGER instance_values_shrink AFTER DELETE ON instance_values BEGIN
    UPDATE instance_sizes SET bytes = bytes - length(old.key) - length(old.value)
        WHERE instance = old.instance;
END;
