-- What people sign in with, and mails. Each column stands in a `record!` of the domain, in the same order.

-- Failed attempts: of users by the number of their id, of addresses that nobody has in the numbers below 65536.
CREATE TABLE login_guard (
    number      BIGINT PRIMARY KEY,
    name        BYTEA  NOT NULL CHECK (octet_length(name) = 32),
    failures    BIGINT NOT NULL,
    locked      BIGINT,
    tries       BIGINT NOT NULL,
    tried       BIGINT NOT NULL,
    asked       BIGINT NOT NULL,
    asked_since BIGINT NOT NULL
);

CREATE TABLE user_mfa (
    uuid          BIGINT PRIMARY KEY REFERENCES app_user (uuid) DEFERRABLE INITIALLY DEFERRED,
    seed          BYTEA,
    pending       BYTEA,
    pending_since BIGINT,
    step          BIGINT NOT NULL
);

-- The link of each kind that was sent to a user last. Of its token only the hash is kept.
CREATE TABLE credential_link (
    uuid     BIGINT           NOT NULL REFERENCES app_user (uuid) DEFERRABLE INITIALLY DEFERRED,
    purpose  BIGINT           NOT NULL CHECK (purpose BETWEEN 1 AND 3),
    hash     BYTEA            NOT NULL CHECK (octet_length(hash) = 32),
    email    TEXT COLLATE "C" NOT NULL,
    callback TEXT COLLATE "C",
    created  BIGINT           NOT NULL,
    expires  BIGINT           NOT NULL,
    ended    BIGINT,
    PRIMARY KEY (uuid, purpose)
);
CREATE INDEX credential_link_by_hash ON credential_link (hash);

CREATE TABLE mail (
    number    BIGINT           PRIMARY KEY,
    recipient TEXT COLLATE "C" NOT NULL,
    subject   TEXT COLLATE "C" NOT NULL,
    text      BYTEA,
    due       BIGINT,
    attempts  BIGINT           NOT NULL,
    expires   BIGINT           NOT NULL,
    delivered BIGINT,
    created   BIGINT           NOT NULL
);
CREATE INDEX mail_due ON mail (due) WHERE due IS NOT NULL;

CREATE INDEX profile_by_master ON profile (master) WHERE master IS NOT NULL;
