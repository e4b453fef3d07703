-- What people sign in with, and mails. Each column stands in a `record!` of the domain, in the same order.

-- Failed attempts: of users by the number of their id, of addresses that nobody has in the numbers below 65536.
CREATE TABLE login_guard (
    number      INTEGER PRIMARY KEY,
    name        BLOB    NOT NULL CHECK (length(name) = 32),
    failures    INTEGER NOT NULL,
    locked      INTEGER,
    tries       INTEGER NOT NULL,
    tried       INTEGER NOT NULL,
    asked       INTEGER NOT NULL,
    asked_since INTEGER NOT NULL
) STRICT;

CREATE TABLE user_mfa (
    uuid          INTEGER PRIMARY KEY REFERENCES app_user (uuid),
    seed          BLOB,
    pending       BLOB,
    pending_since INTEGER,
    step          INTEGER NOT NULL
) STRICT;

-- The link of each kind that was sent to a user last. Of its token only the hash is kept.
CREATE TABLE credential_link (
    uuid     INTEGER NOT NULL REFERENCES app_user (uuid),
    purpose  INTEGER NOT NULL CHECK (purpose BETWEEN 1 AND 3),
    hash     BLOB    NOT NULL CHECK (length(hash) = 32),
    email    TEXT    NOT NULL,
    callback TEXT,
    created  INTEGER NOT NULL,
    expires  INTEGER NOT NULL,
    ended    INTEGER,
    PRIMARY KEY (uuid, purpose)
) STRICT;
CREATE INDEX credential_link_by_hash ON credential_link (hash);

CREATE TABLE mail (
    number    INTEGER PRIMARY KEY,
    recipient TEXT    NOT NULL,
    subject   TEXT    NOT NULL,
    text      BLOB,
    due       INTEGER,
    attempts  INTEGER NOT NULL,
    expires   INTEGER NOT NULL,
    delivered INTEGER,
    created   INTEGER NOT NULL
) STRICT;
CREATE INDEX mail_due ON mail (due) WHERE due IS NOT NULL;
