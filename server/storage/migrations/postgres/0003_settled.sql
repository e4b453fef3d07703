-- Rows of these tables change rarely and are read with every transfer, so that each process keeps those that it read. A
-- number says whether what it keeps still holds: it is read at the beginning of each transaction, and whatever changes
-- such a row, by whichever program, changes the number with it.
CREATE TABLE settled (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    epoch BIGINT  NOT NULL
) WITH (fillfactor = 50);
INSERT INTO settled (one, epoch) VALUES (1, 1);

CREATE FUNCTION florin_unsettle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE settled SET epoch = epoch + 1;
    RETURN NULL;
END
$$;

CREATE TRIGGER unsettle AFTER UPDATE OR DELETE OR TRUNCATE ON profile
    FOR EACH STATEMENT EXECUTE FUNCTION florin_unsettle();
CREATE TRIGGER unsettle AFTER UPDATE OR DELETE OR TRUNCATE ON wallet
    FOR EACH STATEMENT EXECUTE FUNCTION florin_unsettle();
CREATE TRIGGER unsettle AFTER UPDATE OR DELETE OR TRUNCATE ON currency
    FOR EACH STATEMENT EXECUTE FUNCTION florin_unsettle();
CREATE TRIGGER unsettle AFTER UPDATE OR DELETE OR TRUNCATE ON api_key
    FOR EACH STATEMENT EXECUTE FUNCTION florin_unsettle();
