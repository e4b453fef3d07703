-- Attributes that are not shown lie sealed; profiles are found by e-mail address; what is over is found by its end. Each
-- column stands in a `record!` of the domain, in the same order.

ALTER TABLE profile ADD COLUMN secrets BLOB;
ALTER TABLE profile ADD COLUMN email TEXT;
CREATE INDEX profile_by_email ON profile (email) WHERE email IS NOT NULL;
UPDATE profile SET email = lower(json_extract(details, CASE kind WHEN 'organization' THEN '$.adminemail' ELSE '$.email' END))
    WHERE parent IS NULL;

-- Attributes whose values are still to be sealed: no key is at hand here.
CREATE TABLE seal_pass (
    name    TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    upid    INTEGER NOT NULL,
    done    INTEGER NOT NULL CHECK (done IN (0, 1))
) STRICT;
INSERT INTO seal_pass (name, version, upid, done)
    SELECT 'merchantcallbackpassword', 1, -1, 0
    WHERE EXISTS (SELECT 1 FROM profile WHERE extended LIKE '%"merchantcallbackpassword"%');
INSERT INTO seal_pass (name, version, upid, done)
    SELECT 'paymentprocessorsecret', 1, -1, 0
    WHERE EXISTS (SELECT 1 FROM profile WHERE extended LIKE '%"paymentprocessorsecret"%');
INSERT INTO seal_pass (name, version, upid, done)
    SELECT name, 1, -1, 0 FROM extended_attribute WHERE ended IS NULL AND flags LIKE '%mask%';

CREATE INDEX session_by_end ON session (expires);
CREATE INDEX credential_link_by_end ON credential_link (expires);
