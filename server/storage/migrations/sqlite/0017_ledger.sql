-- Fees, tiers, bridge currencies, tips. Each column stands in a `record!` of the domain, in the same order.

CREATE TABLE fee_schedule (
    fsid    INTEGER PRIMARY KEY,
    name    TEXT    NOT NULL,
    rules   TEXT    NOT NULL,
    deleted INTEGER,
    created INTEGER NOT NULL
) STRICT;
CREATE INDEX profile_by_fee_schedule ON profile (fee_schedule) WHERE fee_schedule IS NOT NULL;

CREATE TABLE tier (
    level   INTEGER PRIMARY KEY,
    name    TEXT    NOT NULL,
    open    INTEGER NOT NULL CHECK (open IN (0, 1)),
    terms   TEXT    NOT NULL,
    deleted INTEGER,
    changed INTEGER NOT NULL
) STRICT;
CREATE INDEX profile_by_tier ON profile (tier);

-- What a profile has used up of its tier's limits.
CREATE TABLE tier_used (
    upid     INTEGER NOT NULL REFERENCES profile (upid),
    action   TEXT    NOT NULL,
    currency INTEGER NOT NULL REFERENCES currency (number),
    entries  TEXT    NOT NULL,
    changed  INTEGER NOT NULL,
    PRIMARY KEY (upid, action, currency)
) STRICT;

CREATE TABLE merchant (
    upid          INTEGER PRIMARY KEY REFERENCES profile (upid),
    business_name TEXT    NOT NULL,
    info          TEXT    NOT NULL,
    accepted      INTEGER NOT NULL
) STRICT;

ALTER TABLE currency ADD COLUMN parent TEXT;
ALTER TABLE currency ADD COLUMN bridge TEXT;
ALTER TABLE currency ADD COLUMN network_issuer TEXT;
ALTER TABLE currency ADD COLUMN issuer_address TEXT;

ALTER TABLE payment_request ADD COLUMN paid_currency INTEGER REFERENCES currency (number);
ALTER TABLE payment_request ADD COLUMN paid_units TEXT;
CREATE INDEX payment_request_waiting ON payment_request (status, expires);
