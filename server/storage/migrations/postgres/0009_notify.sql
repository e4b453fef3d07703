-- Notifications: transports, messages in lanes, notices. Each column stands in a `record!` of the domain, in the same order.

-- A message to one receiver (`event`) belongs to a lane: the messages of one wallet to one receiver, sent in order.
ALTER TABLE event ADD COLUMN target BIGINT NOT NULL DEFAULT 0;
ALTER TABLE event ADD COLUMN lane BIGINT NOT NULL DEFAULT 0;
ALTER TABLE event ADD COLUMN place BIGINT NOT NULL DEFAULT 0;
ALTER TABLE event ADD COLUMN transport BIGINT;
ALTER TABLE event ADD COLUMN failed BIGINT;
ALTER TABLE event ADD COLUMN reason TEXT COLLATE "C";
UPDATE event SET target = upid, lane = number, place = 1;
DROP INDEX event_due;
CREATE INDEX event_open ON event (target, lane, place) WHERE due IS NOT NULL;
CREATE INDEX event_failed ON event (upid, number) WHERE failed IS NOT NULL;

-- `due` is when the lane is to be looked at; nothing when it has nothing to send.
CREATE TABLE lane (
    target  BIGINT NOT NULL,
    lane    BIGINT NOT NULL,
    due     BIGINT,
    holder  BIGINT,
    lease   BIGINT NOT NULL,
    entries BIGINT NOT NULL,
    PRIMARY KEY (target, lane)
);
CREATE INDEX lane_due ON lane (due) WHERE due IS NOT NULL;
CREATE INDEX lane_held ON lane (holder) WHERE holder IS NOT NULL;
CREATE INDEX lane_of_target ON lane (target, due) WHERE due IS NOT NULL;
INSERT INTO lane SELECT target, lane, due, NULL, 0, 1 FROM event WHERE due IS NOT NULL;

CREATE TABLE transport (
    ntid          BIGINT PRIMARY KEY,
    upid          BIGINT NOT NULL REFERENCES profile (upid) DEFERRABLE INITIALLY DEFERRED,
    uuid          BIGINT REFERENCES app_user (uuid) DEFERRABLE INITIALLY DEFERRED,
    akid          BIGINT REFERENCES api_key (akid) DEFERRABLE INITIALLY DEFERRED,
    kind          TEXT COLLATE "C"    NOT NULL,
    device        TEXT COLLATE "C",
    settings      TEXT COLLATE "C"    NOT NULL,
    secret        BYTEA,
    old_secret    BYTEA,
    old_until     BIGINT,
    open          BIGINT NOT NULL CHECK (open IN (0, 1)),
    reason        TEXT COLLATE "C",
    failing_since BIGINT,
    deleted       BIGINT,
    created       BIGINT NOT NULL
);
CREATE INDEX transport_by_profile ON transport (upid);
CREATE INDEX transport_by_device ON transport (device) WHERE device IS NOT NULL;
CREATE INDEX transport_open ON transport (open);

-- What happened beside the books. Without foreign keys: it is written often, and read in the order of its numbers.
CREATE TABLE notice (
    number   BIGINT PRIMARY KEY,
    upid     BIGINT NOT NULL,
    kind     TEXT COLLATE "C"    NOT NULL,
    data     TEXT COLLATE "C"    NOT NULL,
    chain    BIGINT NOT NULL,
    position BIGINT NOT NULL,
    created  BIGINT NOT NULL
);

CREATE TABLE notice_head (
    chain  BIGINT PRIMARY KEY,
    length BIGINT NOT NULL
);

CREATE TABLE notify_cursor (
    number  BIGINT PRIMARY KEY,
    version BIGINT NOT NULL,
    cursor  TEXT COLLATE "C"    NOT NULL
);
