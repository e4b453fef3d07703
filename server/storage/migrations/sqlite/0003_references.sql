-- A profile names its wallet and its master before they are there, which is checked at the commit only. As long as
-- something is to be checked, SQLite looks at each new wallet and user for profiles that name it: without these indexes,
-- through all profiles there are.
CREATE INDEX profile_by_wallet ON profile (wallet);
CREATE INDEX profile_by_master ON profile (master) WHERE master IS NOT NULL;
