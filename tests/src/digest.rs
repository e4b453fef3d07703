//! A digest of everything in a database, to show that nothing changed.

use crate::database::{Cell, Database, Engine};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What the tables are, as opposed to what is in them.
const SQLITE_SCHEMA: &str = "SELECT type, name, tbl_name, sql FROM sqlite_schema";
const POSTGRES_SCHEMA: &str = "
    SELECT 'column', table_name, column_name, data_type || is_nullable || COALESCE(column_default, '')
        FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace";

/// What a server works on by itself: the simulated networks of its sandbox, up to where it has looked through them, and
/// how far it is with an order. Of orders only what was ordered counts.
fn rows_of(name: &str, engine: Engine) -> Option<String> {
    match name {
        "bridge_position" => None,
        // Balances are moved from their log to their places in passing.
        "balance" if engine == Engine::Sqlite => Some("SELECT * FROM balance_now".to_owned()),
        name if name.starts_with("sim_") || name == "balance_log" => None,
        "bridge_order" => Some("SELECT number, id, address, amount, reference FROM bridge_order".to_owned()),
        name => Some(format!("SELECT * FROM \"{}\"", name.replace('"', "\"\""))),
    }
}

/// One digest for each table, over all its rows, and one for the schema. All are of the same moment.
///
/// Two databases with the same rows have the same digests, in whatever order the rows lie.
#[must_use]
pub fn tables(database: &Database) -> BTreeMap<String, String> {
    let schema = match database.engine() {
        Engine::Sqlite => SQLITE_SCHEMA,
        Engine::Postgres => POSTGRES_SCHEMA,
    };
    // Nobody makes tables but the start of a server.
    let rows_of = |name: String| rows_of(&name, database.engine()).map(|rows| (name, rows));
    let (names, rows): (Vec<_>, Vec<_>) = database.tables().into_iter().filter_map(rows_of).unzip();
    let queries: Vec<_> = std::iter::once(schema.to_owned()).chain(rows).collect();
    let names = std::iter::once("(schema)".to_owned()).chain(names);
    names.zip(database.moment(&queries)).map(|(name, rows)| (name, digest(&rows))).collect()
}

fn digest(rows: &[Vec<Cell>]) -> String {
    let mut rows: Vec<_> = rows.iter().map(|row| row_digest(row)).collect();
    rows.sort_unstable();
    let mut all = Sha256::new();
    for row in &rows {
        all.update(row);
    }
    format!("{} rows {:02x?}", rows.len(), <[u8; 32]>::from(all.finalize()))
}

/// A digest of a row, in which no two different rows can look alike.
fn row_digest(row: &[Cell]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for cell in row {
        let (kind, bytes) = match cell {
            Cell::Null => (0_u8, Vec::new()),
            Cell::Integer(number) => (1, number.to_be_bytes().to_vec()),
            Cell::Text(text) => (3, text.as_bytes().to_vec()),
            Cell::Bytes(bytes) => (4, bytes.clone()),
        };
        digest.update([kind]);
        digest.update(u64::try_from(bytes.len()).expect("a length").to_be_bytes());
        digest.update(bytes);
    }
    digest.finalize().into()
}

/// What changed between two digests, by table.
#[must_use]
pub fn changes(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    let names: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    names.into_iter().filter(|name| before.get(*name) != after.get(*name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::{Place, engine};

    /// A database with a table; the place goes last.
    fn database() -> (Database, Place) {
        let place = Place::new();
        let database = place.open(false);
        database.execute("CREATE TABLE a (x INTEGER, y TEXT); INSERT INTO a VALUES (1, 'one'), (2, 'two')");
        (database, place)
    }

    #[test]
    fn each_change_shows_and_the_order_of_rows_does_not() {
        let (mut database, mut place) = database();
        let before = tables(&database);
        database.execute("DELETE FROM a; INSERT INTO a VALUES (2, 'two'), (1, 'one')");
        assert_eq!(changes(&before, &tables(&database)), Vec::<String>::new());
        let mut edits = vec![
            ("UPDATE a SET y = 'One' WHERE x = 1", "a"),
            ("UPDATE a SET y = NULL WHERE x = 1", "a"),
            ("UPDATE a SET y = '' WHERE x = 1", "a"),
            ("INSERT INTO a VALUES (1, 'one')", "a"),
            ("DELETE FROM a WHERE x = 2", "a"),
            ("CREATE INDEX i ON a (x)", "(schema)"),
        ];
        if engine() == Engine::Sqlite {
            edits.push(("UPDATE a SET y = x'6f6e65' WHERE x = 1", "a"));
        }
        for (change, table) in edits {
            (database, place) = self::database();
            database.execute(change);
            assert_eq!(changes(&before, &tables(&database)), [table], "{change}");
        }
        drop((database, place));
    }
}
