-- Extended attributes of profiles that an operator described. Each column stands in a `record!` of the domain, in the
-- same order; `ended` when the description was taken away.

CREATE TABLE extended_attribute (
    name     TEXT NOT NULL PRIMARY KEY,
    kind     TEXT NOT NULL,
    label    TEXT NOT NULL,
    flags    TEXT NOT NULL,
    priority INTEGER,
    created  INTEGER NOT NULL,
    ended    INTEGER
) STRICT;

