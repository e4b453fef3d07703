-- Who belongs to which profile, and roles that profiles make. Each column stands in a `record!` of the domain, in the
-- same order.

ALTER TABLE app_user ADD COLUMN language TEXT;
ALTER TABLE app_user ADD COLUMN time_zone TEXT;
ALTER TABLE app_user ADD COLUMN confirmed INTEGER;

-- A role that a profile made, for itself and those below; `ended` when it was deleted.
CREATE TABLE custom_role (
    number      INTEGER PRIMARY KEY,
    upid        INTEGER NOT NULL REFERENCES profile (upid),
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    rights      TEXT    NOT NULL,
    created     INTEGER NOT NULL,
    ended       INTEGER
) STRICT;
CREATE UNIQUE INDEX custom_role_by_name ON custom_role (upid, name) WHERE ended IS NULL;

CREATE TABLE membership (
    upid    INTEGER NOT NULL REFERENCES profile (upid),
    uuid    INTEGER NOT NULL REFERENCES app_user (uuid),
    roles   TEXT    NOT NULL,
    status  TEXT    NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (upid, uuid)
) STRICT;
CREATE INDEX membership_by_user ON membership (uuid);

-- Until now a person who signs in was inactive as long as the address was not confirmed, and only then.
UPDATE app_user SET confirmed = created WHERE email IS NOT NULL AND status = 'active';
UPDATE app_user SET status = 'active' WHERE email IS NOT NULL;
INSERT INTO membership (upid, uuid, roles, status, created)
    SELECT upid, master, CASE system WHEN 1 THEN 'system-admin' ELSE 'profile-admin' END, 'active', created
    FROM profile WHERE master IS NOT NULL;
