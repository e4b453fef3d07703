-- Bridges to outside networks. Each column stands in a `record!` of the domain, in the same order.

-- The platform's accounts on outside networks. `secrets` are sealed.
CREATE TABLE external_account (
    number      BIGINT PRIMARY KEY,
    bridge      TEXT COLLATE "C" NOT NULL,
    instance    BIGINT NOT NULL,
    identifier  TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    issuing     BIGINT NOT NULL CHECK (issuing IN (0, 1)),
    trackable   BIGINT NOT NULL CHECK (trackable IN (0, 1)),
    attributes  TEXT COLLATE "C" NOT NULL,
    secret_names TEXT COLLATE "C" NOT NULL,
    secrets     BYTEA,
    upid        BIGINT REFERENCES profile (upid) DEFERRABLE INITIALLY DEFERRED,
    created     BIGINT NOT NULL,
    UNIQUE (bridge, identifier)
);

-- Where wallets receive.
CREATE TABLE deposit_address (
    number  BIGINT PRIMARY KEY,
    bridge  TEXT COLLATE "C" NOT NULL,
    method  TEXT COLLATE "C" NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    tag     BIGINT NOT NULL, -- -1: none
    waid    BIGINT NOT NULL REFERENCES wallet (waid) DEFERRABLE INITIALLY DEFERRED,
    created BIGINT NOT NULL,
    UNIQUE (bridge, address, tag)
);
CREATE INDEX deposit_address_by_wallet ON deposit_address (waid, method, number);

-- What came in, by the network's own name for it: each is booked once.
CREATE TABLE bridge_deposit (
    bridge      TEXT COLLATE "C" NOT NULL,
    network_id  TEXT COLLATE "C" NOT NULL,
    number      BIGINT NOT NULL UNIQUE,
    status      TEXT COLLATE "C" NOT NULL,
    reason      TEXT COLLATE "C",
    address     TEXT COLLATE "C" NOT NULL,
    tag         BIGINT,
    asset       TEXT COLLATE "C" NOT NULL,
    amount      TEXT COLLATE "C" NOT NULL,
    sender      TEXT COLLATE "C" NOT NULL,
    height      BIGINT NOT NULL,
    waid        BIGINT REFERENCES wallet (waid) DEFERRABLE INITIALLY DEFERRED,
    txid        BIGINT REFERENCES ledger_transaction (txid) DEFERRABLE INITIALLY DEFERRED,
    created     BIGINT NOT NULL,
    PRIMARY KEY (bridge, network_id)
);
CREATE INDEX bridge_deposit_by_status ON bridge_deposit (bridge, status, number);

-- Up to where a network's blocks were looked through.
CREATE TABLE bridge_position (
    bridge TEXT COLLATE "C" PRIMARY KEY,
    height BIGINT NOT NULL
);

-- The outbox: what is to be sent. `due` is when it is to be worked on; nothing when it has ended.
CREATE TABLE bridge_order (
    number         BIGINT PRIMARY KEY,
    bridge         TEXT COLLATE "C" NOT NULL,
    id             TEXT COLLATE "C" NOT NULL UNIQUE,
    txid           BIGINT REFERENCES ledger_transaction (txid) DEFERRABLE INITIALLY DEFERRED,
    upid           BIGINT NOT NULL REFERENCES profile (upid) DEFERRABLE INITIALLY DEFERRED,
    method         TEXT COLLATE "C" NOT NULL,
    source         TEXT COLLATE "C",
    address        TEXT COLLATE "C" NOT NULL,
    tag            BIGINT,
    asset          TEXT COLLATE "C" NOT NULL,
    amount         TEXT COLLATE "C" NOT NULL,
    arrives        TEXT COLLATE "C",
    arrives_amount TEXT COLLATE "C",
    extra          TEXT COLLATE "C",
    status         TEXT COLLATE "C" NOT NULL,
    network_id     TEXT COLLATE "C",
    reason         TEXT COLLATE "C",
    silent         BIGINT NOT NULL,
    due            BIGINT,
    reference      TEXT COLLATE "C",
    created        BIGINT NOT NULL,
    closed         BIGINT
);
CREATE INDEX bridge_order_due ON bridge_order (due) WHERE due IS NOT NULL;
CREATE INDEX bridge_order_by_bridge ON bridge_order (bridge, number);

-- What the platform's addresses accept.
CREATE TABLE trust_line (
    bridge  TEXT COLLATE "C" NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    asset   TEXT COLLATE "C" NOT NULL,
    number  BIGINT NOT NULL UNIQUE,
    most    TEXT COLLATE "C" NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (bridge, address, asset)
);

-- Simulated networks, of a sandbox: a ledger of their own.
CREATE TABLE sim_network (
    network  TEXT COLLATE "C" PRIMARY KEY,
    main     TEXT COLLATE "C" NOT NULL,
    height   BIGINT NOT NULL,
    closed   BIGINT NOT NULL,
    block_ms BIGINT NOT NULL,
    mode     TEXT COLLATE "C" NOT NULL,
    count    BIGINT NOT NULL,
    late_ms  BIGINT NOT NULL
);

CREATE TABLE sim_account (
    network      TEXT COLLATE "C" NOT NULL,
    address      TEXT COLLATE "C" NOT NULL,
    number       BIGINT NOT NULL UNIQUE,
    ours         BIGINT NOT NULL CHECK (ours IN (0, 1)),
    tag_required BIGINT NOT NULL CHECK (tag_required IN (0, 1)),
    created      BIGINT NOT NULL,
    PRIMARY KEY (network, address)
);

CREATE TABLE sim_holding (
    network TEXT COLLATE "C" NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    asset   TEXT COLLATE "C" NOT NULL,
    number  BIGINT NOT NULL UNIQUE,
    units   NUMERIC(39, 0) NOT NULL,
    most    NUMERIC(39, 0),
    PRIMARY KEY (network, address, asset)
);

CREATE TABLE sim_transaction (
    number      BIGINT PRIMARY KEY,
    network     TEXT COLLATE "C" NOT NULL,
    network_id  TEXT COLLATE "C" NOT NULL,
    id          TEXT COLLATE "C",
    copies      BIGINT NOT NULL,
    source      TEXT COLLATE "C" NOT NULL,
    destination TEXT COLLATE "C" NOT NULL,
    tag         BIGINT,
    asset       TEXT COLLATE "C" NOT NULL,
    units       NUMERIC(39, 0) NOT NULL,
    paid_asset  TEXT COLLATE "C" NOT NULL,
    paid        NUMERIC(39, 0) NOT NULL,
    status      TEXT COLLATE "C" NOT NULL,
    reason      TEXT COLLATE "C",
    height      BIGINT,
    not_before  BIGINT NOT NULL,
    created     BIGINT NOT NULL,
    UNIQUE (network, id)
);
CREATE INDEX sim_transaction_by_height ON sim_transaction (network, status, height);

CREATE TABLE sim_late (
    number  BIGINT PRIMARY KEY,
    network TEXT COLLATE "C" NOT NULL,
    sending TEXT COLLATE "C" NOT NULL,
    arrives BIGINT NOT NULL
);
CREATE INDEX sim_late_by_time ON sim_late (network, arrives);
