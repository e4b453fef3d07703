-- Notifications: transports, messages in lanes, notices. Each column stands in a `record!` of the domain, in the same order.

-- A message to one receiver (`event`) belongs to a lane: the messages of one wallet to one receiver, sent in order.
ALTER TABLE event ADD COLUMN target INTEGER NOT NULL DEFAULT 0;
ALTER TABLE event ADD COLUMN lane INTEGER NOT NULL DEFAULT 0;
ALTER TABLE event ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
ALTER TABLE event ADD COLUMN transport INTEGER;
ALTER TABLE event ADD COLUMN failed INTEGER;
ALTER TABLE event ADD COLUMN reason TEXT;
UPDATE event SET target = upid, lane = number, place = 1;
DROP INDEX event_due;
CREATE INDEX event_open ON event (target, lane, place) WHERE due IS NOT NULL;
CREATE INDEX event_failed ON event (upid, number) WHERE failed IS NOT NULL;

-- `due` is when the lane is to be looked at; nothing when it has nothing to send.
CREATE TABLE lane (
    target  INTEGER NOT NULL,
    lane    INTEGER NOT NULL,
    due     INTEGER,
    holder  INTEGER,
    lease   INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    PRIMARY KEY (target, lane)
) STRICT, WITHOUT ROWID;
CREATE INDEX lane_due ON lane (due) WHERE due IS NOT NULL;
CREATE INDEX lane_held ON lane (holder) WHERE holder IS NOT NULL;
CREATE INDEX lane_of_target ON lane (target, due) WHERE due IS NOT NULL;
INSERT INTO lane SELECT target, lane, due, NULL, 0, 1 FROM event WHERE due IS NOT NULL;

CREATE TABLE transport (
    ntid          INTEGER PRIMARY KEY,
    upid          INTEGER NOT NULL REFERENCES profile (upid),
    uuid          INTEGER REFERENCES app_user (uuid),
    akid          INTEGER REFERENCES api_key (akid),
    kind          TEXT    NOT NULL,
    device        TEXT,
    settings      TEXT    NOT NULL,
    secret        BLOB,
    old_secret    BLOB,
    old_until     INTEGER,
    open          INTEGER NOT NULL CHECK (open IN (0, 1)),
    reason        TEXT,
    failing_since INTEGER,
    deleted       INTEGER,
    created       INTEGER NOT NULL
) STRICT;
CREATE INDEX transport_by_profile ON transport (upid);
CREATE INDEX transport_by_device ON transport (device) WHERE device IS NOT NULL;
CREATE INDEX transport_open ON transport (open);

-- What happened beside the books. Without foreign keys: it is written often, and read in the order of its numbers.
CREATE TABLE notice (
    number   INTEGER PRIMARY KEY,
    upid     INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    data     TEXT    NOT NULL,
    chain    INTEGER NOT NULL,
    position INTEGER NOT NULL,
    created  INTEGER NOT NULL
) STRICT;

CREATE TABLE notice_head (
    chain  INTEGER PRIMARY KEY,
    length INTEGER NOT NULL
) STRICT;

CREATE TABLE notify_cursor (
    number  INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    cursor  TEXT    NOT NULL
) STRICT;
