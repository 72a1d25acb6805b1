-- SPDX-License-Identifier: Apache-2.0
-- 002: holds of members, the nodes of the fleet, a history that may be cut.

-- A CHECK cannot be changed: the table is made anew. Its ids go on where they were.
CREATE TABLE override_002 (
    id         INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused: an id names one act for ever
    kind       TEXT    NOT NULL CHECK (kind IN ('drain', 'dial', 'failover', 'freeze', 'held')),
    service    TEXT    NOT NULL,
    region     TEXT    NOT NULL,
    nth        INTEGER NOT NULL CHECK (nth BETWEEN 0 AND 63), -- held: which of the service's members
                                                              -- in that region, 0 = the first
    value      INTEGER NOT NULL CHECK (value BETWEEN 0 AND 1000000),
    by         TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    since_ms   INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL                   -- 0 = until cleared
) STRICT;

-- A hold was a drain of a service by the daemon itself.
INSERT INTO override_002
    SELECT id, CASE WHEN kind = 'drain' AND by = 'fairlead' AND service <> '' THEN 'held' ELSE kind END,
           service, region, 0, value, by, reason, since_ms, expires_ms FROM override;
DELETE FROM sqlite_sequence WHERE name = 'override_002';
UPDATE sqlite_sequence SET name = 'override_002' WHERE name = 'override';
DROP TABLE override;
ALTER TABLE override_002 RENAME TO override;

-- A service fails over to one region only; all else is one per scope.
CREATE UNIQUE INDEX override_scope
    ON override (kind, service, CASE kind WHEN 'failover' THEN '' ELSE region END, nth);

-- Who has linked to this name server: so that after a restart it knows whom to wait for.
CREATE TABLE node (
    role     TEXT    NOT NULL CHECK (role IN ('regiond', 'prober')),
    region   TEXT    NOT NULL,                    -- '' for a prober
    name     TEXT    NOT NULL,
    first_ms INTEGER NOT NULL,                    -- when it first linked
    last_ms  INTEGER NOT NULL,                    -- its last word
    PRIMARY KEY (role, region, name)
) STRICT, WITHOUT ROWID;

-- Rows up to cut_seq have left the table; the chain goes on from their last hash.
ALTER TABLE chain ADD COLUMN cut_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chain ADD COLUMN cut_hash BLOB NOT NULL
    DEFAULT x'0000000000000000000000000000000000000000000000000000000000000000'
    CHECK (length(cut_hash) = 32);

CREATE TRIGGER chain_cut_grows BEFORE UPDATE OF cut_seq ON chain WHEN NEW.cut_seq < OLD.cut_seq
    BEGIN SELECT RAISE(ABORT, 'a cut only moves on'); END;
DROP TRIGGER event_stays;
CREATE TRIGGER event_stays BEFORE DELETE ON event
    WHEN OLD.seq > (SELECT cut_seq FROM chain WHERE name = 'event')
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
DROP TRIGGER audit_stays;
CREATE TRIGGER audit_stays BEFORE DELETE ON audit
    WHEN OLD.seq > (SELECT cut_seq FROM chain WHERE name = 'audit')
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;

-- After a change that failed, a write of about the size of one tells whether the disk takes it again.
CREATE TABLE probe (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    bytes BLOB NOT NULL
) STRICT;

INSERT INTO probe VALUES (1, x'');

-- Overrides that named what a configuration did not have. They stay on record and out of force, also
-- when the name comes back, until they are said again or cleared.
CREATE TABLE asleep (
    id INTEGER PRIMARY KEY -- of the override
) STRICT;

CREATE TRIGGER override_wakes AFTER DELETE ON override
    BEGIN DELETE FROM asleep WHERE id = OLD.id; END;
