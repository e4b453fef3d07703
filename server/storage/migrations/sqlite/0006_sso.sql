-- Single sign-on. Each column stands in a `record!` of the domain, in the same order.

-- What access tokens are signed with. One that was retired keeps no private part.
CREATE TABLE signing_key (
    number   INTEGER PRIMARY KEY,
    kid      TEXT    NOT NULL UNIQUE,
    modulus  BLOB    NOT NULL,
    exponent BLOB    NOT NULL,
    private  BLOB,
    created  INTEGER NOT NULL,
    retired  INTEGER
) STRICT;

CREATE TABLE application (
    number    INTEGER PRIMARY KEY,
    client_id TEXT    NOT NULL UNIQUE,
    upid      INTEGER NOT NULL REFERENCES profile (upid),
    name      TEXT    NOT NULL,
    public    INTEGER NOT NULL CHECK (public IN (0, 1)),
    secret    BLOB    CHECK (secret IS NULL OR length(secret) = 32),
    redirects TEXT    NOT NULL,
    created   INTEGER NOT NULL,
    deleted   INTEGER,
    CHECK (public = 1 OR secret IS NOT NULL)
) STRICT;
CREATE INDEX application_by_profile ON application (upid);

-- What a person lets an application do.
CREATE TABLE consent (
    number      INTEGER PRIMARY KEY,
    application INTEGER NOT NULL REFERENCES application (number),
    uuid        INTEGER NOT NULL REFERENCES app_user (uuid),
    upid        INTEGER NOT NULL REFERENCES profile (upid),
    scope       TEXT    NOT NULL,
    created     INTEGER NOT NULL,
    revoked     INTEGER
) STRICT;
CREATE INDEX consent_by_user ON consent (uuid);

-- What stands behind an access token.
CREATE TABLE session (
    id      INTEGER PRIMARY KEY,
    uuid    INTEGER NOT NULL REFERENCES app_user (uuid),
    upid    INTEGER NOT NULL REFERENCES profile (upid),
    client  INTEGER REFERENCES application (number),
    consent INTEGER REFERENCES consent (number),
    scope   TEXT    NOT NULL,
    mobile  INTEGER NOT NULL CHECK (mobile IN (0, 1)),
    lookup  BLOB    NOT NULL UNIQUE CHECK (length(lookup) = 32),
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    revoked INTEGER
) STRICT;
CREATE INDEX session_by_user ON session (uuid, expires);

CREATE TABLE authorization_code (
    number       INTEGER PRIMARY KEY,
    hash         BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    application  INTEGER NOT NULL REFERENCES application (number),
    uuid         INTEGER NOT NULL REFERENCES app_user (uuid),
    upid         INTEGER NOT NULL REFERENCES profile (upid),
    scope        TEXT    NOT NULL,
    redirect_uri TEXT    NOT NULL,
    challenge    TEXT,
    nonce        TEXT,
    signed_in    INTEGER NOT NULL,
    created      INTEGER NOT NULL,
    expires      INTEGER NOT NULL,
    used         INTEGER,
    consent      INTEGER REFERENCES consent (number)
) STRICT;

CREATE TABLE refresh_token (
    number    INTEGER PRIMARY KEY,
    hash      BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    consent   INTEGER NOT NULL REFERENCES consent (number),
    created   INTEGER NOT NULL,
    used      INTEGER,
    successor INTEGER,
    again     INTEGER NOT NULL CHECK (again IN (0, 1))
) STRICT;

-- Who is signed in on the pages.
CREATE TABLE sign_in (
    number  INTEGER PRIMARY KEY,
    hash    BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    uuid    INTEGER NOT NULL REFERENCES app_user (uuid),
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    ended   INTEGER
) STRICT;
CREATE INDEX sign_in_by_user ON sign_in (uuid, expires);

-- Signing in with an account elsewhere.
CREATE TABLE strategy (
    number        INTEGER PRIMARY KEY,
    id            TEXT    NOT NULL UNIQUE,
    client_id     TEXT    NOT NULL,
    client_secret BLOB    NOT NULL,
    callback_url  TEXT    NOT NULL,
    updated       INTEGER NOT NULL
) STRICT;

CREATE TABLE external_identity (
    number   INTEGER PRIMARY KEY,
    strategy TEXT    NOT NULL,
    subject  TEXT    NOT NULL,
    uuid     INTEGER NOT NULL REFERENCES app_user (uuid),
    created  INTEGER NOT NULL,
    UNIQUE (strategy, subject)
) STRICT;
