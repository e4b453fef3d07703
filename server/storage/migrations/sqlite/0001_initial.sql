-- The tables of the first version. Each column stands in a `record!` of the domain, in the same order.
--
-- Amounts ("units" and the like) are counts of a currency's smallest unit and wider than SQLite's integers, so they
-- are kept as decimal text. Times are milliseconds since 1970. Ids are the number behind the prefix.

CREATE TABLE profile (
    upid         INTEGER PRIMARY KEY,
    kind         TEXT    NOT NULL,
    parent       INTEGER REFERENCES profile (upid),
    system       INTEGER NOT NULL CHECK (system IN (0, 1)),
    status       TEXT    NOT NULL,
    version      INTEGER NOT NULL,
    tier         INTEGER NOT NULL,
    master       INTEGER REFERENCES app_user (uuid) DEFERRABLE INITIALLY DEFERRED,
    wallet       INTEGER REFERENCES wallet (waid) DEFERRABLE INITIALLY DEFERRED,
    fee_schedule INTEGER,
    issuer_name  TEXT    UNIQUE,
    details      TEXT    NOT NULL,
    extended     TEXT    NOT NULL,
    created      INTEGER NOT NULL
) STRICT;

CREATE TABLE app_user (
    uuid             INTEGER PRIMARY KEY,
    upid             INTEGER NOT NULL REFERENCES profile (upid),
    provider         INTEGER REFERENCES profile (upid),
    provider_user_id TEXT,
    display_name     TEXT,
    metadata         TEXT    NOT NULL,
    status           TEXT    NOT NULL,
    email            TEXT    UNIQUE,
    password         TEXT,
    created          INTEGER NOT NULL,
    UNIQUE (provider, provider_user_id)
) STRICT;

CREATE TABLE api_key (
    akid        INTEGER PRIMARY KEY,
    upid        INTEGER NOT NULL REFERENCES profile (upid),
    hash        BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    tail        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    roles       TEXT    NOT NULL,
    created     INTEGER NOT NULL,
    revoked     INTEGER
) STRICT;
CREATE INDEX api_key_by_profile ON api_key (upid);

CREATE TABLE mobile_token (
    mtid    INTEGER PRIMARY KEY,
    uuid    INTEGER NOT NULL REFERENCES app_user (uuid),
    hash    BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    device  TEXT,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    revoked INTEGER
) STRICT;
CREATE INDEX mobile_token_by_user ON mobile_token (uuid);

CREATE TABLE subscription_key (
    number  INTEGER PRIMARY KEY,
    hash    BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    upid    INTEGER NOT NULL REFERENCES profile (upid),
    product TEXT, -- which part of the MoMo surface it opens; nothing opens all
    sandbox INTEGER NOT NULL CHECK (sandbox IN (0, 1)),
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE wallet (
    waid        INTEGER PRIMARY KEY,
    upid        INTEGER NOT NULL REFERENCES profile (upid),
    name        TEXT    NOT NULL,
    is_default  INTEGER NOT NULL CHECK (is_default IN (0, 1)),
    is_issuance INTEGER NOT NULL CHECK (is_issuance IN (0, 1)),
    market      TEXT,
    short_code  TEXT    NOT NULL,
    status      TEXT    NOT NULL,
    created     INTEGER NOT NULL
) STRICT;
CREATE INDEX wallet_by_profile ON wallet (upid);
CREATE UNIQUE INDEX one_default_wallet ON wallet (upid) WHERE is_default = 1;

CREATE TABLE currency (
    code             TEXT    NOT NULL UNIQUE,
    number           INTEGER PRIMARY KEY,
    name             TEXT    NOT NULL,
    kind             TEXT    NOT NULL,
    decimals         INTEGER NOT NULL CHECK (decimals BETWEEN 0 AND 18),
    display_decimals INTEGER NOT NULL,
    issuer           INTEGER REFERENCES profile (upid),
    issuance         INTEGER REFERENCES wallet (waid),
    reference        TEXT,
    issued           TEXT    NOT NULL,
    redeemed         TEXT    NOT NULL,
    deposit_methods  TEXT    NOT NULL,
    withdraw_methods TEXT    NOT NULL,
    status           TEXT    NOT NULL,
    created          INTEGER NOT NULL
) STRICT;
CREATE INDEX currency_by_issuer ON currency (issuer);

CREATE TABLE balance (
    waid      INTEGER NOT NULL,
    currency  INTEGER NOT NULL,
    available TEXT    NOT NULL,
    held      TEXT    NOT NULL,
    last      INTEGER NOT NULL,
    entries   INTEGER NOT NULL,
    PRIMARY KEY (waid, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger_transaction (
    txid        INTEGER PRIMARY KEY,
    kind        TEXT    NOT NULL,
    method      TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    currency    INTEGER NOT NULL,
    units       TEXT    NOT NULL,
    fee         TEXT    NOT NULL,
    source      INTEGER,
    destination INTEGER,
    description TEXT    NOT NULL,
    reference   TEXT,
    hold        INTEGER, -- a row of "hold", which is written after it and names it
    original    INTEGER,
    created     INTEGER NOT NULL,
    chain       INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    hash        BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TABLE posting (
    posting  INTEGER PRIMARY KEY,
    txid     INTEGER NOT NULL,
    waid     INTEGER NOT NULL,
    currency INTEGER NOT NULL,
    units    TEXT    NOT NULL,
    held     TEXT    NOT NULL,
    balance  TEXT    NOT NULL,
    previous INTEGER,
    place    INTEGER NOT NULL
) STRICT;
-- One posting of 64, to find a place in the middle of a long list: an index of all would cost more than all the rest.
CREATE INDEX posting_landmark ON posting (waid, currency, posting) WHERE place % 64 = 0;

-- `due` is `expires` as long as a hold is open, and nothing afterwards, so that the indexes hold the open ones only.
CREATE TABLE hold (
    hoid     INTEGER PRIMARY KEY,
    waid     INTEGER NOT NULL REFERENCES wallet (waid),
    currency INTEGER NOT NULL REFERENCES currency (number),
    units    TEXT    NOT NULL,
    creator  INTEGER NOT NULL REFERENCES profile (upid),
    created  INTEGER NOT NULL,
    expires  INTEGER NOT NULL,
    placed   INTEGER NOT NULL REFERENCES ledger_transaction (txid),
    status   TEXT    NOT NULL,
    captured TEXT    NOT NULL,
    due      INTEGER,
    ended    INTEGER REFERENCES ledger_transaction (txid),
    closed   INTEGER
) STRICT;
CREATE INDEX hold_due ON hold (due) WHERE due IS NOT NULL;
CREATE INDEX hold_due_in_wallet ON hold (waid, currency, due) WHERE due IS NOT NULL;

CREATE TABLE refunded (
    txid  INTEGER PRIMARY KEY REFERENCES ledger_transaction (txid),
    units TEXT    NOT NULL
) STRICT;

CREATE TABLE chain (
    chain  INTEGER PRIMARY KEY,
    length INTEGER NOT NULL,
    head   BLOB    NOT NULL CHECK (length(head) = 32)
) STRICT;

CREATE TABLE client_reference (
    owner       INTEGER NOT NULL,
    reference   TEXT    NOT NULL,
    operation   TEXT    NOT NULL,
    target      TEXT    NOT NULL,
    number      INTEGER PRIMARY KEY,
    fingerprint BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    code        INTEGER NOT NULL,
    message     TEXT,
    answer      TEXT,
    txid        INTEGER,
    prid        INTEGER,
    decided     INTEGER NOT NULL
) STRICT;

-- Where client references are, by a hash of owner and reference, up to the one that is noted in "hashed". The engine's
-- own: an index that is written in order, a while later.
CREATE TABLE client_reference_hash (
    hash  INTEGER NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (hash, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE hashed (
    name TEXT    PRIMARY KEY,
    upto INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE payment_request (
    prid         INTEGER PRIMARY KEY,
    number       INTEGER NOT NULL UNIQUE,
    creator      INTEGER NOT NULL REFERENCES profile (upid),
    destination  INTEGER NOT NULL REFERENCES wallet (waid),
    source       INTEGER REFERENCES wallet (waid),
    payer        INTEGER REFERENCES profile (upid),
    currency     INTEGER NOT NULL REFERENCES currency (number),
    units        TEXT    NOT NULL,
    method       TEXT    NOT NULL,
    reference    TEXT,
    clerk_name   TEXT,
    clerk        INTEGER REFERENCES app_user (uuid),
    tip          INTEGER NOT NULL CHECK (tip IN (0, 1)),
    status       INTEGER NOT NULL,
    txid         INTEGER REFERENCES ledger_transaction (txid),
    confirmation TEXT,
    created      INTEGER NOT NULL,
    expires      INTEGER NOT NULL,
    closed       INTEGER
) STRICT;
CREATE INDEX payment_request_by_creator ON payment_request (creator, number);
CREATE INDEX payment_request_by_payer ON payment_request (payer, number);
CREATE INDEX payment_request_by_transaction ON payment_request (txid) WHERE txid IS NOT NULL;

-- What happened, for those who want to be told: written with what happened, delivered afterwards. `due` is when it is
-- to be sent (again); nothing when it is done with.
CREATE TABLE event (
    number    INTEGER PRIMARY KEY,
    upid      INTEGER NOT NULL REFERENCES profile (upid),
    kind      TEXT    NOT NULL,
    payload   TEXT    NOT NULL,
    due       INTEGER,
    attempts  INTEGER NOT NULL,
    delivered INTEGER,
    created   INTEGER NOT NULL
) STRICT;
CREATE INDEX event_due ON event (due) WHERE due IS NOT NULL;
