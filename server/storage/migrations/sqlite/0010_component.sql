-- Secrets at rest, and what an operator sets.

CREATE TABLE seal_key (
    component TEXT    PRIMARY KEY NOT NULL,
    open      BLOB    CHECK (length(open) = 32),
    wrapped   BLOB,
    salt      BLOB    CHECK (length(salt) = 32),
    memory    INTEGER NOT NULL,
    passes    INTEGER NOT NULL,
    changed   INTEGER NOT NULL,
    CHECK ((open IS NULL) = (wrapped IS NOT NULL AND salt IS NOT NULL))
) STRICT;

CREATE TABLE setting (
    name    TEXT    PRIMARY KEY NOT NULL,
    value   TEXT    NOT NULL,
    changed INTEGER NOT NULL
) STRICT;
