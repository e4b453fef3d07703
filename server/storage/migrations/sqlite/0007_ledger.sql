-- Money that comes in and goes out. Each column stands in a `record!` of the domain, in the same order.

-- The platform's own wallets: where fees go, and what stands for the networks outside (`outside:NETWORK`).
CREATE TABLE house_wallet (
    currency INTEGER NOT NULL, -- 0: all
    purpose  TEXT    NOT NULL,
    waid     INTEGER NOT NULL UNIQUE REFERENCES wallet (waid),
    PRIMARY KEY (currency, purpose)
) STRICT;

CREATE TABLE withdrawal (
    txid     INTEGER PRIMARY KEY REFERENCES ledger_transaction (txid),
    hoid     INTEGER NOT NULL UNIQUE REFERENCES hold (hoid),
    waid     INTEGER NOT NULL REFERENCES wallet (waid),
    currency INTEGER NOT NULL REFERENCES currency (number),
    units    TEXT    NOT NULL,
    fee      TEXT    NOT NULL,
    method   TEXT    NOT NULL,
    network  TEXT    NOT NULL,
    creator  INTEGER NOT NULL REFERENCES profile (upid),
    state    TEXT    NOT NULL,
    created  INTEGER NOT NULL,
    ended    INTEGER REFERENCES ledger_transaction (txid),
    closed   INTEGER
) STRICT;

-- What is known of a deposit or withdrawal outside the platform.
CREATE TABLE outside (
    txid        INTEGER PRIMARY KEY REFERENCES ledger_transaction (txid),
    network_id  TEXT,
    source      TEXT,
    destination TEXT,
    code        INTEGER,
    message     TEXT
) STRICT;
