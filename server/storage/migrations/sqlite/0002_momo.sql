-- Mobile money. Each column stands in a `record!` of the domain, in the same order.

-- Whose a phone number, an address or a party code is, as one provider says; nobody's, if `uuid` is nothing.
CREATE TABLE momo_party (
    provider INTEGER NOT NULL REFERENCES profile (upid),
    kind     TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    uuid     INTEGER REFERENCES app_user (uuid),
    created  INTEGER NOT NULL,
    PRIMARY KEY (provider, kind, id)
) STRICT;
CREATE INDEX momo_party_by_user ON momo_party (uuid) WHERE uuid IS NOT NULL;

-- What a merchant's server signs in as, on the MoMo surface.
CREATE TABLE momo_user (
    id            TEXT    PRIMARY KEY,
    upid          INTEGER NOT NULL REFERENCES profile (upid),
    root          INTEGER NOT NULL REFERENCES profile (upid),
    product       TEXT,
    environment   TEXT    NOT NULL,
    currency      TEXT    NOT NULL,
    callback_host TEXT    NOT NULL,
    host          TEXT    NOT NULL,
    key_hash      BLOB    CHECK (key_hash IS NULL OR length(key_hash) = 32),
    twin_url      TEXT,
    twin_secret   TEXT,
    created       INTEGER NOT NULL
) STRICT;

CREATE TABLE momo_token (
    number   INTEGER PRIMARY KEY,
    hash     BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    api_user TEXT    NOT NULL REFERENCES momo_user (id),
    product  TEXT    NOT NULL,
    purpose  TEXT    NOT NULL,
    consent  TEXT,
    created  INTEGER NOT NULL,
    expires  INTEGER NOT NULL
) STRICT;

-- What was asked for on the MoMo surface, and what became of it. `due` is when the clock settles it; nothing when it is
-- settled.
CREATE TABLE momo_request (
    owner           INTEGER NOT NULL REFERENCES profile (upid),
    reference       TEXT    NOT NULL,
    number          INTEGER NOT NULL UNIQUE,
    api_user        TEXT    NOT NULL REFERENCES momo_user (id),
    kind            TEXT    NOT NULL,
    product         TEXT    NOT NULL,
    party_kind      TEXT,
    party_id        TEXT,
    currency        INTEGER REFERENCES currency (number),
    units           TEXT    NOT NULL,
    body            TEXT    NOT NULL,
    status          TEXT    NOT NULL,
    reason          TEXT,
    prid            INTEGER REFERENCES payment_request (prid),
    txid            INTEGER REFERENCES ledger_transaction (txid),
    plan            TEXT    NOT NULL,
    due             INTEGER,
    expires         INTEGER,
    callback_url    TEXT,
    callback_method TEXT    NOT NULL,
    callback        INTEGER,
    noted           INTEGER,
    created         INTEGER NOT NULL,
    closed          INTEGER,
    PRIMARY KEY (owner, reference)
) STRICT;
CREATE INDEX momo_request_due ON momo_request (due) WHERE due IS NOT NULL;
CREATE INDEX momo_request_by_payment ON momo_request (prid) WHERE prid IS NOT NULL;
CREATE INDEX momo_request_by_reference ON momo_request (reference);
CREATE INDEX momo_request_by_party ON momo_request (party_id, kind);
