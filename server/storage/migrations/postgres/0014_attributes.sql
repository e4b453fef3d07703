-- Extended attributes of profiles that an operator described. Each column stands in a `record!` of the domain, in the
-- same order; `ended` when the description was taken away.

CREATE TABLE extended_attribute (
    name     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind     TEXT COLLATE "C" NOT NULL,
    label    TEXT COLLATE "C" NOT NULL,
    flags    TEXT COLLATE "C" NOT NULL,
    priority BIGINT,
    created  BIGINT NOT NULL,
    ended    BIGINT
);

