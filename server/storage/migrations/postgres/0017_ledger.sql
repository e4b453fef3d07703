-- Fees, tiers, bridge currencies, tips. Each column stands in a `record!` of the domain, in the same order.

CREATE TABLE fee_schedule (
    fsid    BIGINT           PRIMARY KEY,
    name    TEXT COLLATE "C" NOT NULL,
    rules   TEXT COLLATE "C" NOT NULL,
    deleted BIGINT,
    created BIGINT           NOT NULL
);
CREATE INDEX profile_by_fee_schedule ON profile (fee_schedule) WHERE fee_schedule IS NOT NULL;

CREATE TABLE tier (
    level   BIGINT           PRIMARY KEY,
    name    TEXT COLLATE "C" NOT NULL,
    open    INTEGER          NOT NULL CHECK (open IN (0, 1)),
    terms   TEXT COLLATE "C" NOT NULL,
    deleted BIGINT,
    changed BIGINT           NOT NULL
);
CREATE INDEX profile_by_tier ON profile (tier);

-- What a profile has used up of its tier's limits.
CREATE TABLE tier_used (
    upid     BIGINT           NOT NULL REFERENCES profile (upid) DEFERRABLE INITIALLY DEFERRED,
    action   TEXT COLLATE "C" NOT NULL,
    currency BIGINT           NOT NULL REFERENCES currency (number) DEFERRABLE INITIALLY DEFERRED,
    entries  TEXT COLLATE "C" NOT NULL,
    changed  BIGINT           NOT NULL,
    PRIMARY KEY (upid, action, currency)
);

CREATE TABLE merchant (
    upid          BIGINT           PRIMARY KEY REFERENCES profile (upid) DEFERRABLE INITIALLY DEFERRED,
    business_name TEXT COLLATE "C" NOT NULL,
    info          TEXT COLLATE "C" NOT NULL,
    accepted      BIGINT           NOT NULL
);

ALTER TABLE currency ADD COLUMN parent TEXT COLLATE "C";
ALTER TABLE currency ADD COLUMN bridge TEXT COLLATE "C";
ALTER TABLE currency ADD COLUMN network_issuer TEXT COLLATE "C";
ALTER TABLE currency ADD COLUMN issuer_address TEXT COLLATE "C";

ALTER TABLE payment_request ADD COLUMN paid_currency BIGINT REFERENCES currency (number) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE payment_request ADD COLUMN paid_units NUMERIC(39, 0);
CREATE INDEX payment_request_waiting ON payment_request (status, expires);
