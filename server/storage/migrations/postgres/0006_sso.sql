-- Single sign-on. Each column stands in a `record!` of the domain, in the same order.

-- What access tokens are signed with. One that was retired keeps no private part.
CREATE TABLE signing_key (
    number   BIGINT PRIMARY KEY,
    kid      TEXT COLLATE "C"    NOT NULL UNIQUE,
    modulus  BYTEA    NOT NULL,
    exponent BYTEA    NOT NULL,
    private  BYTEA,
    created  BIGINT NOT NULL,
    retired  BIGINT
);

CREATE TABLE application (
    number    BIGINT PRIMARY KEY,
    client_id TEXT COLLATE "C"    NOT NULL UNIQUE,
    upid      BIGINT NOT NULL REFERENCES profile (upid) DEFERRABLE INITIALLY DEFERRED,
    name      TEXT COLLATE "C"    NOT NULL,
    public    INTEGER NOT NULL CHECK (public IN (0, 1)),
    secret    BYTEA    CHECK (secret IS NULL OR octet_length(secret) = 32),
    redirects TEXT COLLATE "C"    NOT NULL,
    created   BIGINT NOT NULL,
    deleted   BIGINT,
    CHECK (public = 1 OR secret IS NOT NULL)
);
CREATE INDEX application_by_profile ON application (upid);

-- What a person lets an application do.
CREATE TABLE consent (
    number      BIGINT PRIMARY KEY,
    application BIGINT NOT NULL REFERENCES application (number) DEFERRABLE INITIALLY DEFERRED,
    uuid        BIGINT NOT NULL REFERENCES app_user (uuid) DEFERRABLE INITIALLY DEFERRED,
    upid        BIGINT NOT NULL REFERENCES profile (upid) DEFERRABLE INITIALLY DEFERRED,
    scope       TEXT COLLATE "C"    NOT NULL,
    created     BIGINT NOT NULL,
    revoked     BIGINT
);
CREATE INDEX consent_by_user ON consent (uuid);

-- What stands behind an access token.
CREATE TABLE session (
    id      BIGINT PRIMARY KEY,
    uuid    BIGINT NOT NULL REFERENCES app_user (uuid) DEFERRABLE INITIALLY DEFERRED,
    upid    BIGINT NOT NULL REFERENCES profile (upid) DEFERRABLE INITIALLY DEFERRED,
    client  BIGINT REFERENCES application (number) DEFERRABLE INITIALLY DEFERRED,
    consent BIGINT REFERENCES consent (number) DEFERRABLE INITIALLY DEFERRED,
    scope   TEXT COLLATE "C"    NOT NULL,
    mobile  INTEGER NOT NULL CHECK (mobile IN (0, 1)),
    lookup  BYTEA    NOT NULL UNIQUE CHECK (octet_length(lookup) = 32),
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    revoked BIGINT
);
CREATE INDEX session_by_user ON session (uuid, expires);

CREATE TABLE authorization_code (
    number       BIGINT PRIMARY KEY,
    hash         BYTEA    NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    application  BIGINT NOT NULL REFERENCES application (number) DEFERRABLE INITIALLY DEFERRED,
    uuid         BIGINT NOT NULL REFERENCES app_user (uuid) DEFERRABLE INITIALLY DEFERRED,
    upid         BIGINT NOT NULL REFERENCES profile (upid) DEFERRABLE INITIALLY DEFERRED,
    scope        TEXT COLLATE "C"    NOT NULL,
    redirect_uri TEXT COLLATE "C"    NOT NULL,
    challenge    TEXT COLLATE "C",
    nonce        TEXT COLLATE "C",
    signed_in    BIGINT NOT NULL,
    created      BIGINT NOT NULL,
    expires      BIGINT NOT NULL,
    used         BIGINT,
    consent      BIGINT REFERENCES consent (number) DEFERRABLE INITIALLY DEFERRED
);

CREATE TABLE refresh_token (
    number    BIGINT PRIMARY KEY,
    hash      BYTEA    NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    consent   BIGINT NOT NULL REFERENCES consent (number) DEFERRABLE INITIALLY DEFERRED,
    created   BIGINT NOT NULL,
    used      BIGINT,
    successor BIGINT,
    again     INTEGER NOT NULL CHECK (again IN (0, 1))
);

-- Who is signed in on the pages.
CREATE TABLE sign_in (
    number  BIGINT PRIMARY KEY,
    hash    BYTEA    NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    uuid    BIGINT NOT NULL REFERENCES app_user (uuid) DEFERRABLE INITIALLY DEFERRED,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    ended   BIGINT
);
CREATE INDEX sign_in_by_user ON sign_in (uuid, expires);

-- Signing in with an account elsewhere.
CREATE TABLE strategy (
    number        BIGINT PRIMARY KEY,
    id            TEXT COLLATE "C"    NOT NULL UNIQUE,
    client_id     TEXT COLLATE "C"    NOT NULL,
    client_secret BYTEA    NOT NULL,
    callback_url  TEXT COLLATE "C"    NOT NULL,
    updated       BIGINT NOT NULL
);

CREATE TABLE external_identity (
    number   BIGINT PRIMARY KEY,
    strategy TEXT COLLATE "C"    NOT NULL,
    subject  TEXT COLLATE "C"    NOT NULL,
    uuid     BIGINT NOT NULL REFERENCES app_user (uuid) DEFERRABLE INITIALLY DEFERRED,
    created  BIGINT NOT NULL,
    UNIQUE (strategy, subject)
);
