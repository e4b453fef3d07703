-- Client references are found by a hash of their owner and text, and kept single by a second one of the whole key: 28
-- bytes of an index for each rather than some 70, in an index of which each one changes a page anywhere. What is found is
-- compared in full (`statement.rs`, "place").
-- The table at once, rather than at the end: who waits for it then has not made an index in vain.
LOCK TABLE client_reference IN ACCESS EXCLUSIVE MODE;
CREATE UNIQUE INDEX client_reference_place ON client_reference (
    hashtextextended(reference, hashint8extended(owner, 0)),
    hashtextextended(target,
        hashtextextended(operation, hashtextextended(reference, hashint8extended(owner, 1))))
);
ALTER TABLE client_reference DROP CONSTRAINT client_reference_owner_reference_operation_target_key;
