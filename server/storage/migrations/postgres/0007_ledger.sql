-- Money that comes in and goes out. Each column stands in a `record!` of the domain, in the same order.

-- The platform's own wallets: where fees go, and what stands for the networks outside (`outside:NETWORK`).
CREATE TABLE house_wallet (
    currency    BIGINT           NOT NULL, -- 0: all
    purpose     TEXT COLLATE "C" NOT NULL,
    waid        BIGINT           NOT NULL UNIQUE REFERENCES wallet (waid) DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (currency, purpose)
);

CREATE TABLE withdrawal (
    txid        BIGINT           PRIMARY KEY REFERENCES ledger_transaction (txid) DEFERRABLE INITIALLY DEFERRED,
    hoid        BIGINT           NOT NULL UNIQUE REFERENCES hold (hoid) DEFERRABLE INITIALLY DEFERRED,
    waid        BIGINT           NOT NULL REFERENCES wallet (waid) DEFERRABLE INITIALLY DEFERRED,
    currency    BIGINT           NOT NULL REFERENCES currency (number) DEFERRABLE INITIALLY DEFERRED,
    units       NUMERIC(39, 0)   NOT NULL,
    fee         NUMERIC(39, 0)   NOT NULL,
    method      TEXT COLLATE "C" NOT NULL,
    network     TEXT COLLATE "C" NOT NULL,
    creator     BIGINT           NOT NULL REFERENCES profile (upid) DEFERRABLE INITIALLY DEFERRED,
    state       TEXT COLLATE "C" NOT NULL,
    created     BIGINT           NOT NULL,
    ended       BIGINT           REFERENCES ledger_transaction (txid) DEFERRABLE INITIALLY DEFERRED,
    closed      BIGINT
);

-- What is known of a deposit or withdrawal outside the platform.
CREATE TABLE outside (
    txid        BIGINT           PRIMARY KEY REFERENCES ledger_transaction (txid) DEFERRABLE INITIALLY DEFERRED,
    network_id  TEXT COLLATE "C",
    source      TEXT COLLATE "C",
    destination TEXT COLLATE "C",
    code        BIGINT,
    message     TEXT COLLATE "C"
);
