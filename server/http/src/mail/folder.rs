//! Mails in a folder: for a fresh install, and for those who try things out. Each is two files, one for mail programs
//! (`.eml`) and one for others (`.json`). They hold keys to accounts, so nobody but their owner may read them.

use florin_domain::mail::Attempt;
use florin_sdk_core::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A mail in the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// Its number; later ones are greater.
    pub number: i64,
    /// Whom it is for.
    pub to: String,
    /// Who sends it.
    pub from: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// When it was written.
    pub created: Timestamp,
}

/// Puts a mail into the folder. Done again, it is there once.
pub(super) async fn put(folder: PathBuf, mail: Stored, whole: Vec<u8>) -> Attempt {
    let number = mail.number;
    let written = tokio::task::spawn_blocking(move || {
        private_folder(&folder)?;
        let json = serde_json::to_vec_pretty(&mail)?;
        write(&folder, &format!("{number}.eml"), &whole)?;
        write(&folder, &format!("{number}.json"), &json)
    });
    match written.await {
        Ok(Ok(())) => Attempt::Taken,
        Ok(Err(error)) => {
            tracing::warn!(mail = number, %error, "a mail could not be written to its folder; it is tried again");
            Attempt::Failed
        }
        Err(_) => Attempt::Failed,
    }
}

fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Under another name first, so that nobody sees half of it.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let unfinished = folder.join(format!("{name}.new"));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(unfinished, folder.join(name))
}

/// The mails in a folder, the newest first, at most so many. None if there is no folder.
pub(crate) fn list(folder: &Path, most: usize) -> io::Result<Vec<Stored>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut numbers: Vec<i64> = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        numbers.extend(name.to_str().and_then(|name| name.strip_suffix(".json")?.parse::<i64>().ok()));
    }
    numbers.sort_unstable_by(|one, other| other.cmp(one));
    numbers.truncate(most);
    let read = |number| Ok(serde_json::from_slice(&fs::read(folder.join(format!("{number}.json")))?)?);
    numbers.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_put_is_listed_and_nobody_else_reads_it() {
        let home = std::env::temp_dir().join(format!("florin-mail-test-{}", std::process::id()));
        let folder = home.join("deep");
        assert_eq!(list(&folder, 10).unwrap(), []);
        let mail = |number| Stored {
            number,
            to: "a@example.com".to_owned(),
            from: "b@example.com".to_owned(),
            subject: "Hello".to_owned(),
            text: "Text".to_owned(),
            created: Timestamp::from_millis(number),
        };
        for number in [1, 3, 2, 3] {
            assert_eq!(put(folder.clone(), mail(number), b"whole".to_vec()).await, Attempt::Taken);
        }
        let numbers = |most| list(&folder, most).unwrap().iter().map(|mail| mail.number).collect::<Vec<_>>();
        assert_eq!((numbers(10), numbers(2)), (vec![3, 2, 1], vec![3, 2]));
        assert_eq!(list(&folder, 1).unwrap(), [mail(3)]);
        #[cfg(unix)]
        for path in [folder.clone(), folder.join("1.eml"), folder.join("1.json")] {
            let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(&path).unwrap());
            assert_eq!(mode & 0o077, 0, "{}", path.display());
        }
        fs::remove_dir_all(home).unwrap();
    }
}
