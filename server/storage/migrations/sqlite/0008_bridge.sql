-- Bridges to outside networks. Each column stands in a `record!` of the domain, in the same order.

-- The platform's accounts on outside networks. `secrets` are sealed.
CREATE TABLE external_account (
    number      INTEGER PRIMARY KEY,
    bridge      TEXT NOT NULL,
    instance    INTEGER NOT NULL,
    identifier  TEXT NOT NULL,
    description TEXT NOT NULL,
    issuing     INTEGER NOT NULL CHECK (issuing IN (0, 1)),
    trackable   INTEGER NOT NULL CHECK (trackable IN (0, 1)),
    attributes  TEXT NOT NULL,
    secret_names TEXT NOT NULL,
    secrets     BLOB,
    upid        INTEGER REFERENCES profile (upid),
    created     INTEGER NOT NULL,
    UNIQUE (bridge, identifier)
) STRICT;

-- Where wallets receive.
CREATE TABLE deposit_address (
    number  INTEGER PRIMARY KEY,
    bridge  TEXT NOT NULL,
    method  TEXT NOT NULL,
    address TEXT NOT NULL,
    tag     INTEGER NOT NULL, -- -1: none
    waid    INTEGER NOT NULL REFERENCES wallet (waid),
    created INTEGER NOT NULL,
    UNIQUE (bridge, address, tag)
) STRICT;
CREATE INDEX deposit_address_by_wallet ON deposit_address (waid, method, number);

-- What came in, by the network's own name for it: each is booked once.
CREATE TABLE bridge_deposit (
    bridge      TEXT NOT NULL,
    network_id  TEXT NOT NULL,
    number      INTEGER NOT NULL UNIQUE,
    status      TEXT NOT NULL,
    reason      TEXT,
    address     TEXT NOT NULL,
    tag         INTEGER,
    asset       TEXT NOT NULL,
    amount      TEXT NOT NULL,
    sender      TEXT NOT NULL,
    height      INTEGER NOT NULL,
    waid        INTEGER REFERENCES wallet (waid),
    txid        INTEGER REFERENCES ledger_transaction (txid),
    created     INTEGER NOT NULL,
    PRIMARY KEY (bridge, network_id)
) STRICT;
CREATE INDEX bridge_deposit_by_status ON bridge_deposit (bridge, status, number);

-- Up to where a network's blocks were looked through.
CREATE TABLE bridge_position (
    bridge TEXT NOT NULL PRIMARY KEY,
    height INTEGER NOT NULL
) STRICT;

-- The outbox: what is to be sent. `due` is when it is to be worked on; nothing when it has ended.
CREATE TABLE bridge_order (
    number         INTEGER PRIMARY KEY,
    bridge         TEXT NOT NULL,
    id             TEXT NOT NULL UNIQUE,
    txid           INTEGER REFERENCES ledger_transaction (txid),
    upid           INTEGER NOT NULL REFERENCES profile (upid),
    method         TEXT NOT NULL,
    source         TEXT,
    address        TEXT NOT NULL,
    tag            INTEGER,
    asset          TEXT NOT NULL,
    amount         TEXT NOT NULL,
    arrives        TEXT,
    arrives_amount TEXT,
    extra          TEXT,
    status         TEXT NOT NULL,
    network_id     TEXT,
    reason         TEXT,
    silent         INTEGER NOT NULL,
    due            INTEGER,
    reference      TEXT,
    created        INTEGER NOT NULL,
    closed         INTEGER
) STRICT;
CREATE INDEX bridge_order_due ON bridge_order (due) WHERE due IS NOT NULL;
CREATE INDEX bridge_order_by_bridge ON bridge_order (bridge, number);

-- What the platform's addresses accept.
CREATE TABLE trust_line (
    bridge  TEXT NOT NULL,
    address TEXT NOT NULL,
    asset   TEXT NOT NULL,
    number  INTEGER NOT NULL UNIQUE,
    most    TEXT NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (bridge, address, asset)
) STRICT;

-- Simulated networks, of a sandbox: a ledger of their own.
CREATE TABLE sim_network (
    network  TEXT NOT NULL PRIMARY KEY,
    main     TEXT NOT NULL,
    height   INTEGER NOT NULL,
    closed   INTEGER NOT NULL,
    block_ms INTEGER NOT NULL,
    mode     TEXT NOT NULL,
    count    INTEGER NOT NULL,
    late_ms  INTEGER NOT NULL
) STRICT;

CREATE TABLE sim_account (
    network      TEXT NOT NULL,
    address      TEXT NOT NULL,
    number       INTEGER NOT NULL UNIQUE,
    ours         INTEGER NOT NULL CHECK (ours IN (0, 1)),
    tag_required INTEGER NOT NULL CHECK (tag_required IN (0, 1)),
    created      INTEGER NOT NULL,
    PRIMARY KEY (network, address)
) STRICT;

CREATE TABLE sim_holding (
    network TEXT NOT NULL,
    address TEXT NOT NULL,
    asset   TEXT NOT NULL,
    number  INTEGER NOT NULL UNIQUE,
    units   TEXT NOT NULL,
    most    TEXT,
    PRIMARY KEY (network, address, asset)
) STRICT;

CREATE TABLE sim_transaction (
    number      INTEGER PRIMARY KEY,
    network     TEXT NOT NULL,
    network_id  TEXT NOT NULL,
    id          TEXT,
    copies      INTEGER NOT NULL,
    source      TEXT NOT NULL,
    destination TEXT NOT NULL,
    tag         INTEGER,
    asset       TEXT NOT NULL,
    units       TEXT NOT NULL,
    paid_asset  TEXT NOT NULL,
    paid        TEXT NOT NULL,
    status      TEXT NOT NULL,
    reason      TEXT,
    height      INTEGER,
    not_before  INTEGER NOT NULL,
    created     INTEGER NOT NULL,
    UNIQUE (network, id)
) STRICT;
CREATE INDEX sim_transaction_by_height ON sim_transaction (network, status, height);

CREATE TABLE sim_late (
    number  INTEGER PRIMARY KEY,
    network TEXT NOT NULL,
    sending TEXT NOT NULL,
    arrives INTEGER NOT NULL
) STRICT;
CREATE INDEX sim_late_by_time ON sim_late (network, arrives);
