-- Who belongs to which profile, and roles that profiles make. Each column stands in a `record!` of the domain, in the
-- same order.

ALTER TABLE app_user ADD COLUMN language TEXT COLLATE "C";
ALTER TABLE app_user ADD COLUMN time_zone TEXT COLLATE "C";
ALTER TABLE app_user ADD COLUMN confirmed BIGINT;

-- A role that a profile made, for itself and those below; `ended` when it was deleted.
CREATE TABLE custom_role (
    number      BIGINT           PRIMARY KEY,
    upid        BIGINT           NOT NULL REFERENCES profile (upid) DEFERRABLE INITIALLY DEFERRED,
    name        TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    rights      TEXT COLLATE "C" NOT NULL,
    created     BIGINT           NOT NULL,
    ended       BIGINT
);
CREATE UNIQUE INDEX custom_role_by_name ON custom_role (upid, name) WHERE ended IS NULL;

CREATE TABLE membership (
    upid    BIGINT           NOT NULL REFERENCES profile (upid) DEFERRABLE INITIALLY DEFERRED,
    uuid    BIGINT           NOT NULL REFERENCES app_user (uuid) DEFERRABLE INITIALLY DEFERRED,
    roles   TEXT COLLATE "C" NOT NULL,
    status  TEXT COLLATE "C" NOT NULL,
    created BIGINT           NOT NULL,
    PRIMARY KEY (upid, uuid)
);
CREATE INDEX membership_by_user ON membership (uuid);

-- Until now a person who signs in was inactive as long as the address was not confirmed, and only then.
UPDATE app_user SET confirmed = created WHERE email IS NOT NULL AND status = 'active';
UPDATE app_user SET status = 'active' WHERE email IS NOT NULL;
INSERT INTO membership (upid, uuid, roles, status, created)
    SELECT upid, master, CASE system WHEN 1 THEN 'system-admin' ELSE 'profile-admin' END, 'active', created
    FROM profile WHERE master IS NOT NULL;
