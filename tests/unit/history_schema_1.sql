-- A history of schema version 1 as it was written then. Frozen: what comes later has to read it.
PRAGMA auto_vacuum = INCREMENTAL;
CREATE TABLE fact (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE application (
    id INTEGER PRIMARY KEY, app TEXT NOT NULL, name TEXT NOT NULL, identity TEXT NOT NULL,
    UNIQUE (app, name, identity));
CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    application INTEGER REFERENCES application,
    source INTEGER REFERENCES source,
    meter INTEGER,
    count INTEGER,
    by TEXT,
    reason TEXT);
CREATE INDEX entry_by_start ON entry (start, kind);
CREATE INDEX entry_by_end ON entry (end, start, kind);
INSERT INTO application VALUES (1, 'us.zoom.Zoom', 'Zoom', 'sandbox');
INSERT INTO source VALUES (1, 'alsa_input.usb');
INSERT INTO entry VALUES (1, 1, 1000, 2000, 1, 1, 0, NULL, NULL, NULL);
INSERT INTO entry VALUES (2, 2, 1500, 1800, NULL, NULL, NULL, NULL, 'panel (pid 3)', 'a call');
INSERT INTO entry VALUES (3, 1, 3000, 9223372036854775807, 1, 1, 1, NULL, NULL, NULL);
PRAGMA application_id = 1835623271;
PRAGMA user_version = 1;
