-- The newest states of balances in the order in which they came, until they are put in their places: in their places at
-- once, they would make each commit write a page for nearly each of them. Rows are used in turns; "number" says which
-- turn it is. Of all states that a balance has here and in its place, the one with the most entries counts.
CREATE TABLE balance_log (
    slot      INTEGER PRIMARY KEY,
    number    INTEGER NOT NULL,
    waid      INTEGER NOT NULL,
    currency  INTEGER NOT NULL,
    available TEXT    NOT NULL,
    held      TEXT    NOT NULL,
    last      INTEGER NOT NULL,
    entries   INTEGER NOT NULL
) STRICT;

-- What each balance is: for whoever looks at a database by hand. Of rows with the greatest "entries" SQLite takes the
-- other cells, too.
CREATE VIEW balance_now AS
SELECT waid, currency, available, held, last, max(entries) AS entries
FROM (
    SELECT waid, currency, available, held, last, entries FROM balance
    UNION ALL
    SELECT waid, currency, available, held, last, entries FROM balance_log
)
GROUP BY waid, currency;
