-- Secrets at rest, and what an operator sets.

CREATE TABLE seal_key (
    component TEXT COLLATE "C" PRIMARY KEY,
    open      BYTEA            CHECK (octet_length(open) = 32),
    wrapped   BYTEA,
    salt      BYTEA            CHECK (octet_length(salt) = 32),
    memory    BIGINT           NOT NULL,
    passes    BIGINT           NOT NULL,
    changed   BIGINT           NOT NULL,
    CHECK ((open IS NULL) = (wrapped IS NOT NULL AND salt IS NOT NULL))
);

CREATE TABLE setting (
    name    TEXT COLLATE "C" PRIMARY KEY,
    value   TEXT COLLATE "C" NOT NULL,
    changed BIGINT           NOT NULL
);
