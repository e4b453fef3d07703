-- Mobile money. Each column stands in a `record!` of the domain, in the same order.

-- Whose a phone number, an address or a party code is, as one provider says; nobody's, if `uuid` is nothing.
CREATE TABLE momo_party (
    provider BIGINT           NOT NULL REFERENCES profile (upid) DEFERRABLE INITIALLY DEFERRED,
    kind     TEXT COLLATE "C" NOT NULL,
    id       TEXT COLLATE "C" NOT NULL,
    uuid     BIGINT           REFERENCES app_user (uuid) DEFERRABLE INITIALLY DEFERRED,
    created  BIGINT           NOT NULL,
    PRIMARY KEY (provider, kind, id)
);
CREATE INDEX momo_party_by_user ON momo_party (uuid) WHERE uuid IS NOT NULL;

-- What a merchant's server signs in as, on the MoMo surface.
CREATE TABLE momo_user (
    id            TEXT COLLATE "C" PRIMARY KEY,
    upid          BIGINT           NOT NULL REFERENCES profile (upid) DEFERRABLE INITIALLY DEFERRED,
    root          BIGINT           NOT NULL REFERENCES profile (upid) DEFERRABLE INITIALLY DEFERRED,
    product       TEXT COLLATE "C",
    environment   TEXT COLLATE "C" NOT NULL,
    currency      TEXT COLLATE "C" NOT NULL,
    callback_host TEXT COLLATE "C" NOT NULL,
    host          TEXT COLLATE "C" NOT NULL,
    key_hash      BYTEA            CHECK (key_hash IS NULL OR octet_length(key_hash) = 32),
    twin_url      TEXT COLLATE "C",
    twin_secret   TEXT COLLATE "C",
    created       BIGINT           NOT NULL
);

CREATE TABLE momo_token (
    number   BIGINT           PRIMARY KEY,
    hash     BYTEA            NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    api_user TEXT COLLATE "C" NOT NULL REFERENCES momo_user (id) DEFERRABLE INITIALLY DEFERRED,
    product  TEXT COLLATE "C" NOT NULL,
    purpose  TEXT COLLATE "C" NOT NULL,
    consent  TEXT COLLATE "C",
    created  BIGINT           NOT NULL,
    expires  BIGINT           NOT NULL
);

-- What was asked for on the MoMo surface, and what became of it. `due` is when the clock settles it; nothing when it is
-- settled.
CREATE TABLE momo_request (
    owner           BIGINT           NOT NULL REFERENCES profile (upid) DEFERRABLE INITIALLY DEFERRED,
    reference       TEXT COLLATE "C" NOT NULL,
    number          BIGINT           NOT NULL UNIQUE,
    api_user        TEXT COLLATE "C" NOT NULL REFERENCES momo_user (id) DEFERRABLE INITIALLY DEFERRED,
    kind            TEXT COLLATE "C" NOT NULL,
    product         TEXT COLLATE "C" NOT NULL,
    party_kind      TEXT COLLATE "C",
    party_id        TEXT COLLATE "C",
    currency        BIGINT           REFERENCES currency (number) DEFERRABLE INITIALLY DEFERRED,
    units           NUMERIC(39, 0)   NOT NULL,
    body            TEXT COLLATE "C" NOT NULL,
    status          TEXT COLLATE "C" NOT NULL,
    reason          TEXT COLLATE "C",
    prid            BIGINT           REFERENCES payment_request (prid) DEFERRABLE INITIALLY DEFERRED,
    txid            BIGINT           REFERENCES ledger_transaction (txid) DEFERRABLE INITIALLY DEFERRED,
    plan            TEXT COLLATE "C" NOT NULL,
    due             BIGINT,
    expires         BIGINT,
    callback_url    TEXT COLLATE "C",
    callback_method TEXT COLLATE "C" NOT NULL,
    callback        BIGINT,
    noted           BIGINT,
    created         BIGINT           NOT NULL,
    closed          BIGINT,
    PRIMARY KEY (owner, reference)
);
CREATE INDEX momo_request_due ON momo_request (due) WHERE due IS NOT NULL;
CREATE INDEX momo_request_by_payment ON momo_request (prid) WHERE prid IS NOT NULL;
CREATE INDEX momo_request_by_reference ON momo_request (reference);
CREATE INDEX momo_request_by_party ON momo_request (party_id, kind);
