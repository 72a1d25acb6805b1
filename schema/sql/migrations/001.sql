-- SPDX-License-Identifier: Apache-2.0
-- 001: overrides, events, audit, last known health.
--
-- Columns that end in _ms are milliseconds since 1970 UTC; '' means "not said" or "all".

CREATE TABLE override (
    id         INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused: an id names one act for ever
    kind       TEXT    NOT NULL CHECK (kind IN ('drain', 'dial', 'failover', 'freeze')),
    service    TEXT    NOT NULL,
    region     TEXT    NOT NULL,
    value      INTEGER NOT NULL CHECK (value BETWEEN 0 AND 1000000),
    by         TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    since_ms   INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL                   -- 0 = until cleared
) STRICT;

-- A service fails over to one region only; all else is one per scope.
CREATE UNIQUE INDEX override_scope
    ON override (kind, service, CASE kind WHEN 'failover' THEN '' ELSE region END);

CREATE TABLE event (
    seq     INTEGER PRIMARY KEY,
    time_ms INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    service TEXT    NOT NULL,
    region  TEXT    NOT NULL,
    "from"  TEXT    NOT NULL,
    "to"    TEXT    NOT NULL,
    cause   TEXT    NOT NULL,
    by      TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    epoch   INTEGER NOT NULL,
    hash    BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TABLE audit (
    seq     INTEGER PRIMARY KEY,
    time_ms INTEGER NOT NULL,
    by      TEXT    NOT NULL,
    "from"  TEXT    NOT NULL,
    verb    TEXT    NOT NULL,
    args    TEXT    NOT NULL,
    result  TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    hash    BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

-- The last row of each chain. Without it rows cut off at the end would not be missed.
CREATE TABLE chain (
    name TEXT    PRIMARY KEY CHECK (name IN ('audit', 'event')),
    seq  INTEGER NOT NULL,
    hash BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

INSERT INTO chain VALUES ('audit', 0, zeroblob(32)), ('event', 0, zeroblob(32));

CREATE TRIGGER event_keeps BEFORE UPDATE ON event
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER event_stays BEFORE DELETE ON event
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER audit_keeps BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_stays BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;

CREATE TABLE health (
    service  TEXT    NOT NULL,
    region   TEXT    NOT NULL,
    health   INTEGER NOT NULL,
    cause    INTEGER NOT NULL,
    since_ms INTEGER NOT NULL,
    flaps    INTEGER NOT NULL,
    PRIMARY KEY (service, region)
) STRICT, WITHOUT ROWID;
