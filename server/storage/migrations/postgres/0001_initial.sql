-- The tables of the first version. Each column stands in a `record!` of the domain, in the same order.
--
-- Amounts ("units" and the like) are counts of a currency's smallest unit: up to 39 digits. Times are milliseconds
-- since 1970. Ids are the number behind the prefix. Texts are compared byte by byte, as the other engine does it.
-- Foreign keys are checked at the commit, as a batch writes table by table.

CREATE TABLE profile (
    upid         BIGINT           PRIMARY KEY,
    kind         TEXT COLLATE "C" NOT NULL,
    parent       BIGINT           REFERENCES profile (upid) DEFERRABLE INITIALLY DEFERRED,
    system       INTEGER          NOT NULL CHECK (system IN (0, 1)),
    status       TEXT COLLATE "C" NOT NULL,
    version      BIGINT           NOT NULL,
    tier         BIGINT           NOT NULL,
    master       BIGINT,
    wallet       BIGINT,
    fee_schedule BIGINT,
    issuer_name  TEXT COLLATE "C" UNIQUE,
    details      TEXT COLLATE "C" NOT NULL,
    extended     TEXT COLLATE "C" NOT NULL,
    created      BIGINT           NOT NULL
);

CREATE TABLE app_user (
    uuid             BIGINT           PRIMARY KEY,
    upid             BIGINT           NOT NULL REFERENCES profile (upid) DEFERRABLE INITIALLY DEFERRED,
    provider         BIGINT           REFERENCES profile (upid) DEFERRABLE INITIALLY DEFERRED,
    provider_user_id TEXT COLLATE "C",
    display_name     TEXT COLLATE "C",
    metadata         TEXT COLLATE "C" NOT NULL,
    status           TEXT COLLATE "C" NOT NULL,
    email            TEXT COLLATE "C" UNIQUE,
    password         TEXT COLLATE "C",
    created          BIGINT           NOT NULL,
    UNIQUE (provider, provider_user_id)
);

CREATE TABLE api_key (
    akid        BIGINT           PRIMARY KEY,
    upid        BIGINT           NOT NULL REFERENCES profile (upid) DEFERRABLE INITIALLY DEFERRED,
    hash        BYTEA            NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    tail        TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    roles       TEXT COLLATE "C" NOT NULL,
    created     BIGINT           NOT NULL,
    revoked     BIGINT
);
CREATE INDEX api_key_by_profile ON api_key (upid);

CREATE TABLE mobile_token (
    mtid    BIGINT           PRIMARY KEY,
    uuid    BIGINT           NOT NULL REFERENCES app_user (uuid) DEFERRABLE INITIALLY DEFERRED,
    hash    BYTEA            NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    device  TEXT COLLATE "C",
    created BIGINT           NOT NULL,
    expires BIGINT           NOT NULL,
    revoked BIGINT
);
CREATE INDEX mobile_token_by_user ON mobile_token (uuid);

CREATE TABLE subscription_key (
    number  BIGINT           PRIMARY KEY,
    hash    BYTEA            NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    upid    BIGINT           NOT NULL REFERENCES profile (upid) DEFERRABLE INITIALLY DEFERRED,
    product TEXT COLLATE "C", -- which part of the MoMo surface it opens; nothing opens all
    sandbox INTEGER          NOT NULL CHECK (sandbox IN (0, 1)),
    created BIGINT           NOT NULL
);

CREATE TABLE wallet (
    waid        BIGINT           PRIMARY KEY,
    upid        BIGINT           NOT NULL REFERENCES profile (upid) DEFERRABLE INITIALLY DEFERRED,
    name        TEXT COLLATE "C" NOT NULL,
    is_default  INTEGER          NOT NULL CHECK (is_default IN (0, 1)),
    is_issuance INTEGER          NOT NULL CHECK (is_issuance IN (0, 1)),
    market      TEXT COLLATE "C",
    short_code  TEXT COLLATE "C" NOT NULL,
    status      TEXT COLLATE "C" NOT NULL,
    created     BIGINT           NOT NULL
);
CREATE INDEX wallet_by_profile ON wallet (upid);
CREATE UNIQUE INDEX one_default_wallet ON wallet (upid) WHERE is_default = 1;

ALTER TABLE profile ADD FOREIGN KEY (master) REFERENCES app_user (uuid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE profile ADD FOREIGN KEY (wallet) REFERENCES wallet (waid) DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE currency (
    code             TEXT COLLATE "C" NOT NULL UNIQUE,
    number           BIGINT           PRIMARY KEY,
    name             TEXT COLLATE "C" NOT NULL,
    kind             TEXT COLLATE "C" NOT NULL,
    decimals         INTEGER          NOT NULL CHECK (decimals BETWEEN 0 AND 18),
    display_decimals INTEGER          NOT NULL,
    issuer           BIGINT           REFERENCES profile (upid) DEFERRABLE INITIALLY DEFERRED,
    issuance         BIGINT           REFERENCES wallet (waid) DEFERRABLE INITIALLY DEFERRED,
    reference        TEXT COLLATE "C",
    issued           NUMERIC(39, 0)   NOT NULL,
    redeemed         NUMERIC(39, 0)   NOT NULL,
    deposit_methods  TEXT COLLATE "C" NOT NULL,
    withdraw_methods TEXT COLLATE "C" NOT NULL,
    status           TEXT COLLATE "C" NOT NULL,
    created          BIGINT           NOT NULL
);
CREATE INDEX currency_by_issuer ON currency (issuer);

-- Half of each page stays free, so that a changed balance finds room beside the old one and no index is touched.
CREATE TABLE balance (
    waid      BIGINT           NOT NULL,
    currency  BIGINT           NOT NULL,
    available NUMERIC(39, 0)   NOT NULL,
    held      NUMERIC(39, 0)   NOT NULL,
    last      BIGINT           NOT NULL,
    entries   BIGINT           NOT NULL,
    PRIMARY KEY (waid, currency)
) WITH (fillfactor = 50);

CREATE TABLE ledger_transaction (
    txid        BIGINT           PRIMARY KEY,
    kind        TEXT COLLATE "C" NOT NULL,
    method      TEXT COLLATE "C" NOT NULL,
    state       TEXT COLLATE "C" NOT NULL,
    currency    BIGINT           NOT NULL,
    units       NUMERIC(39, 0)   NOT NULL,
    fee         NUMERIC(39, 0)   NOT NULL,
    source      BIGINT,
    destination BIGINT,
    description TEXT COLLATE "C" NOT NULL,
    reference   TEXT COLLATE "C",
    hold        BIGINT, -- a row of "hold", which is written after it and names it
    original    BIGINT,
    created     BIGINT           NOT NULL,
    chain       BIGINT           NOT NULL,
    position    BIGINT           NOT NULL,
    hash        BYTEA            NOT NULL CHECK (octet_length(hash) = 32)
);

CREATE TABLE posting (
    posting  BIGINT           PRIMARY KEY,
    txid     BIGINT           NOT NULL,
    waid     BIGINT           NOT NULL,
    currency BIGINT           NOT NULL,
    units    NUMERIC(39, 0)   NOT NULL,
    held     NUMERIC(39, 0)   NOT NULL,
    balance  NUMERIC(39, 0)   NOT NULL,
    previous BIGINT,
    place    BIGINT           NOT NULL
);
-- One posting of 64, to find a place in the middle of a long list: an index of all would cost more than all the rest.
CREATE INDEX posting_landmark ON posting (waid, currency, posting) WHERE place % 64 = 0;

-- `due` is `expires` as long as a hold is open, and nothing afterwards, so that the indexes hold the open ones only.
CREATE TABLE hold (
    hoid     BIGINT           PRIMARY KEY,
    waid     BIGINT           NOT NULL REFERENCES wallet (waid) DEFERRABLE INITIALLY DEFERRED,
    currency BIGINT           NOT NULL REFERENCES currency (number) DEFERRABLE INITIALLY DEFERRED,
    units    NUMERIC(39, 0)   NOT NULL,
    creator  BIGINT           NOT NULL REFERENCES profile (upid) DEFERRABLE INITIALLY DEFERRED,
    created  BIGINT           NOT NULL,
    expires  BIGINT           NOT NULL,
    placed   BIGINT           NOT NULL REFERENCES ledger_transaction (txid) DEFERRABLE INITIALLY DEFERRED,
    status   TEXT COLLATE "C" NOT NULL,
    captured NUMERIC(39, 0)   NOT NULL,
    due      BIGINT,
    ended    BIGINT           REFERENCES ledger_transaction (txid) DEFERRABLE INITIALLY DEFERRED,
    closed   BIGINT
);
CREATE INDEX hold_due ON hold (due) WHERE due IS NOT NULL;
CREATE INDEX hold_due_in_wallet ON hold (waid, currency, due) WHERE due IS NOT NULL;

CREATE TABLE refunded (
    txid  BIGINT         PRIMARY KEY REFERENCES ledger_transaction (txid) DEFERRABLE INITIALLY DEFERRED,
    units NUMERIC(39, 0) NOT NULL
);

CREATE TABLE chain (
    chain  BIGINT           PRIMARY KEY,
    length BIGINT           NOT NULL,
    head   BYTEA            NOT NULL CHECK (octet_length(head) = 32)
);

CREATE TABLE payment_request (
    prid         BIGINT           PRIMARY KEY,
    number       BIGINT           NOT NULL UNIQUE,
    creator      BIGINT           NOT NULL REFERENCES profile (upid) DEFERRABLE INITIALLY DEFERRED,
    destination  BIGINT           NOT NULL REFERENCES wallet (waid) DEFERRABLE INITIALLY DEFERRED,
    source       BIGINT           REFERENCES wallet (waid) DEFERRABLE INITIALLY DEFERRED,
    payer        BIGINT           REFERENCES profile (upid) DEFERRABLE INITIALLY DEFERRED,
    currency     BIGINT           NOT NULL REFERENCES currency (number) DEFERRABLE INITIALLY DEFERRED,
    units        NUMERIC(39, 0)   NOT NULL,
    method       TEXT COLLATE "C" NOT NULL,
    reference    TEXT COLLATE "C",
    clerk_name   TEXT COLLATE "C",
    clerk        BIGINT           REFERENCES app_user (uuid) DEFERRABLE INITIALLY DEFERRED,
    tip          INTEGER          NOT NULL CHECK (tip IN (0, 1)),
    status       BIGINT           NOT NULL,
    txid         BIGINT           REFERENCES ledger_transaction (txid) DEFERRABLE INITIALLY DEFERRED,
    confirmation TEXT COLLATE "C",
    created      BIGINT           NOT NULL,
    expires      BIGINT           NOT NULL,
    closed       BIGINT
);
CREATE INDEX payment_request_by_creator ON payment_request (creator, number);
CREATE INDEX payment_request_by_payer ON payment_request (payer, number);
CREATE INDEX payment_request_by_transaction ON payment_request (txid) WHERE txid IS NOT NULL;

CREATE TABLE client_reference (
    owner       BIGINT           NOT NULL,
    reference   TEXT COLLATE "C" NOT NULL,
    operation   TEXT COLLATE "C" NOT NULL,
    target      TEXT COLLATE "C" NOT NULL,
    number      BIGINT           PRIMARY KEY,
    fingerprint BYTEA            NOT NULL CHECK (octet_length(fingerprint) = 32),
    code        BIGINT           NOT NULL,
    message     TEXT COLLATE "C",
    answer      TEXT COLLATE "C",
    txid        BIGINT,
    prid        BIGINT,
    decided     BIGINT           NOT NULL,
    UNIQUE (owner, reference, operation, target)
);

-- What happened, for those who want to be told: written with what happened, delivered afterwards. `due` is when it is
-- to be sent (again); nothing when it is done with.
CREATE TABLE event (
    number    BIGINT           PRIMARY KEY,
    upid      BIGINT           NOT NULL REFERENCES profile (upid) DEFERRABLE INITIALLY DEFERRED,
    kind      TEXT COLLATE "C" NOT NULL,
    payload   TEXT COLLATE "C" NOT NULL,
    due       BIGINT,
    attempts  BIGINT           NOT NULL,
    delivered BIGINT,
    created   BIGINT           NOT NULL
);
CREATE INDEX event_due ON event (due) WHERE due IS NOT NULL;
