-- Tiers and schedules of fees are read with every transfer and change rarely, too: see 0003.
CREATE TRIGGER unsettle AFTER UPDATE OR DELETE OR TRUNCATE ON tier
    FOR EACH STATEMENT EXECUTE FUNCTION florin_unsettle();
CREATE TRIGGER unsettle AFTER UPDATE OR DELETE OR TRUNCATE ON fee_schedule
    FOR EACH STATEMENT EXECUTE FUNCTION florin_unsettle();
