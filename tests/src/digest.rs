//! A digest of everything in a database, to show that nothing changed.

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// One digest for each table, over all its rows, and one for the schema. All are of the same moment.
///
/// Two databases with the same rows have the same digests, in whatever order the rows lie.
#[must_use]
pub fn tables(database: &Connection) -> BTreeMap<String, String> {
    let moment = database.unchecked_transaction().expect("a transaction");
    let mut digests = BTreeMap::new();
    let schema = rows(&moment, "SELECT type, name, tbl_name, sql FROM sqlite_schema");
    digests.insert("(schema)".to_owned(), digest(schema));
    let mut names = moment.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").expect("SQL");
    let names: Vec<String> =
        names.query_map([], |row| row.get(0)).expect("tables").collect::<Result<_, _>>().expect("names");
    for name in names {
        let quoted = name.replace('"', "\"\"");
        digests.insert(name, digest(rows(&moment, &format!("SELECT * FROM \"{quoted}\""))));
    }
    digests
}

fn digest(mut rows: Vec<[u8; 32]>) -> String {
    rows.sort_unstable();
    let mut all = Sha256::new();
    for row in &rows {
        all.update(row);
    }
    format!("{} rows {:02x?}", rows.len(), <[u8; 32]>::from(all.finalize()))
}

/// A digest of each row, in which no two different rows can look alike.
fn rows(database: &Connection, query: &str) -> Vec<[u8; 32]> {
    let mut statement = database.prepare(query).expect("SQL");
    let columns = statement.column_count();
    let mut rows = statement.query([]).expect("rows");
    let mut digests = Vec::new();
    while let Some(row) = rows.next().expect("a row") {
        let mut digest = Sha256::new();
        for column in 0..columns {
            let (kind, bytes) = match row.get_ref(column).expect("a cell") {
                ValueRef::Null => (0_u8, Vec::new()),
                ValueRef::Integer(number) => (1, number.to_be_bytes().to_vec()),
                ValueRef::Real(number) => (2, number.to_be_bytes().to_vec()),
                ValueRef::Text(text) => (3, text.to_vec()),
                ValueRef::Blob(bytes) => (4, bytes.to_vec()),
            };
            digest.update([kind]);
            digest.update(u64::try_from(bytes.len()).expect("a length").to_be_bytes());
            digest.update(bytes);
        }
        digests.push(digest.finalize().into());
    }
    digests
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

    fn database() -> Connection {
        let database = Connection::open_in_memory().unwrap();
        database.execute_batch("CREATE TABLE a (x, y); INSERT INTO a VALUES (1, 'one'), (2, 'two')").unwrap();
        database
    }

    #[test]
    fn each_change_shows_and_the_order_of_rows_does_not() {
        let before = tables(&database());
        let other = database();
        other.execute_batch("DELETE FROM a; INSERT INTO a VALUES (2, 'two'), (1, 'one')").unwrap();
        assert_eq!(changes(&before, &tables(&other)), Vec::<String>::new());
        for (change, table) in [
            ("UPDATE a SET y = 'One' WHERE x = 1", "a"),
            ("UPDATE a SET x = '1' WHERE x = 1", "a"),
            ("UPDATE a SET y = NULL WHERE x = 1", "a"),
            ("INSERT INTO a VALUES (1, 'one')", "a"),
            ("DELETE FROM a WHERE x = 2", "a"),
            ("CREATE INDEX i ON a (x)", "(schema)"),
        ] {
            let other = database();
            other.execute_batch(change).unwrap();
            assert_eq!(changes(&before, &tables(&other)), [table], "{change}");
        }
    }
}
