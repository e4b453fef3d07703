//! A disk that forgets what was not flushed when its power is cut.
//!
//! It lies below SQLite: this test program has its own `pwrite`, `fsync` and so on, which the linker prefers to those of
//! the C library. They do what is asked and keep, for the files in the folder of a [`Disk`], what a disk would have for
//! sure: the bytes of the last flush, and each change since then. At the cut everything stops; [`Disk::power_on`] makes
//! the files as a disk may have them afterwards: of each change that was not flushed, any sectors or none, and of names
//! that were made or removed since the folder was flushed, either state. That is what POSIX allows.
#![allow(unsafe_code, reason = "functions of the C library are replaced")]

use fastrand::Rng;
use rusqlite::ffi;
use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

/// The disks of this process.
static DISKS: Mutex<Vec<Arc<Disk>>> = Mutex::new(Vec::new());

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A folder on a disk that forgets. Its folder goes when it does.
pub(crate) struct Disk {
    folder: PathBuf,
    /// Whether SQLite is kept from flushing: see [`without_flushes`].
    flushing: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What each name stands for since the folder was flushed, oldest first.
    names: BTreeMap<String, Vec<File>>,
    /// How many changes and flushes there will be until the cut.
    left: Option<u64>,
    /// Whether the power is off.
    off: bool,
    /// The change at which the power went.
    last: Option<(String, Change)>,
    /// How often each file was flushed.
    flushes: BTreeMap<String, u64>,
}

#[derive(Default)]
struct File {
    /// Its content at the last flush.
    flushed: Vec<u8>,
    changes: Vec<Change>,
    /// Whether the folder was flushed since it got its name.
    named: bool,
    removed: bool,
}

enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write(at, bytes) => {
                let end = at + bytes.len();
                content.resize(content.len().max(end), 0);
                content[*at..end].copy_from_slice(bytes);
            }
            Self::Length(length) => content.resize(*length, 0),
        }
    }

    /// Some of its sectors, each with this chance in a hundred.
    fn apply_torn(&self, content: &mut Vec<u8>, chance: u8, rng: &mut Rng) {
        match self {
            Self::Write(at, bytes) => {
                let (mut from, end) = (*at, at + bytes.len());
                while from < end {
                    let to = end.min((from / SECTOR + 1) * SECTOR);
                    if rng.u8(..100) < chance {
                        Self::Write(from, bytes[from - at..to - at].to_vec()).apply(content);
                    }
                    from = to;
                }
            }
            Self::Length(_) if rng.u8(..100) < chance => self.apply(content),
            Self::Length(_) => {}
        }
    }
}

impl File {
    /// As the program sees it.
    fn seen(&self) -> Vec<u8> {
        let mut content = self.flushed.clone();
        self.changes.iter().for_each(|change| change.apply(&mut content));
        content
    }

    /// As it may be after the cut.
    fn left(&self, rng: &mut Rng) -> Vec<u8> {
        let mut content = self.flushed.clone();
        match rng.u8(..4) {
            0 => {}
            1 => return self.seen(),
            // In order, up to one of them.
            2 => {
                let whole = rng.usize(..=self.changes.len());
                self.changes[..whole].iter().for_each(|change| change.apply(&mut content));
                if let Some(torn) = self.changes.get(whole) {
                    torn.apply_torn(&mut content, 50, rng);
                }
            }
            _ => {
                let chance = rng.u8(1..100);
                self.changes.iter().for_each(|change| change.apply_torn(&mut content, chance, rng));
            }
        }
        content
    }
}

impl Disk {
    /// An empty one.
    pub(crate) fn new(flushing: bool) -> Arc<Self> {
        Self::with(BTreeMap::new(), flushing)
    }

    fn with(files: BTreeMap<String, Vec<u8>>, flushing: bool) -> Arc<Self> {
        static REGISTERED: Once = Once::new();
        // SAFETY: `without_flushes` opens and closes no database.
        REGISTERED.call_once(|| unsafe { rusqlite::auto_extension::register_auto_extension(without_flushes).unwrap() });
        let folder = tempfile::Builder::new().prefix("florin-disk-").tempdir().unwrap().keep();
        let folder = folder.canonicalize().unwrap();
        let mut state = State::default();
        for (name, content) in files {
            std::fs::write(folder.join(&name), &content).unwrap();
            state.names.insert(name, vec![File { flushed: content, named: true, ..File::default() }]);
        }
        let disk = Arc::new(Self { folder, flushing, state: Mutex::new(state) });
        locked(&DISKS).push(disk.clone());
        disk
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The power goes at the so-manieth change or flush from now.
    pub(crate) fn cut_after(&self, changes: u64) {
        locked(&self.state).left = Some(changes);
    }

    pub(crate) fn is_off(&self) -> bool {
        locked(&self.state).off
    }

    /// How often a file was flushed.
    pub(crate) fn flushes(&self, name: &str) -> u64 {
        locked(&self.state).flushes.get(name).copied().unwrap_or_default()
    }

    /// Cuts the power, if it is still there, and gives what the disk has when it comes back.
    ///
    /// Nobody may have the folder's files open any more.
    pub(crate) fn power_on(&self, rng: &mut Rng) -> Arc<Self> {
        let mut state = locked(&self.state);
        state.off = true;
        // What was recorded is all that was done, or this test would prove nothing.
        for (name, files) in &state.names {
            let seen = files.last().filter(|file| !file.removed).map(File::seen).unwrap_or_default();
            let real = std::fs::read(self.folder.join(name)).unwrap_or_default(); // a new one may have been opened
            assert!(real == seen, "{name} was changed behind the disk's back");
        }
        if let Some((name, change)) = state.last.take() {
            state.current(&name).changes.push(change);
        }
        let mut files = BTreeMap::new();
        for (name, versions) in &state.names {
            let mut possible: Vec<Option<&File>> = versions.iter().map(Some).collect();
            if versions.first().is_some_and(|first| !first.named) || versions.last().is_some_and(|last| last.removed) {
                possible.push(None);
            }
            if let Some(file) = possible[rng.usize(..possible.len())] {
                files.insert(name.clone(), file.left(rng));
            }
        }
        Self::with(files, self.flushing)
    }

    /// Takes note of something that is to be done to a file; whether it can be done.
    fn note(&self, name: &str, act: Act) -> bool {
        // The shared memory beside the database does not outlive those who share it.
        if name.ends_with("-shm") {
            return true;
        }
        let mut state = locked(&self.state);
        if state.off {
            return false;
        }
        if let Some(left) = &mut state.left {
            *left = left.saturating_sub(1);
            if *left == 0 {
                state.off = true;
                if let Act::Change(change) = act {
                    state.last = Some((name.to_owned(), change));
                }
                return false;
            }
        }
        match act {
            Act::Change(change) => state.current(name).changes.push(change),
            Act::Flush if name.is_empty() => state.flush_names(),
            Act::Flush => {
                *state.flushes.entry(name.to_owned()).or_default() += 1;
                let file = state.current(name);
                for change in std::mem::take(&mut file.changes) {
                    change.apply(&mut file.flushed);
                }
            }
            Act::Remove => state.current(name).removed = true,
        }
        true
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // What stays behind is in the system's folder for such things.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Takes a disk away: nothing is noted any more.
pub(crate) fn remove(disk: &Arc<Disk>) {
    locked(&DISKS).retain(|other| !Arc::ptr_eq(other, disk));
}

enum Act {
    Change(Change),
    /// Of a file, or of the folder, whose name is empty.
    Flush,
    Remove,
}

impl State {
    /// The file that the name stands for now.
    fn current(&mut self, name: &str) -> &mut File {
        let files = self.names.entry(name.to_owned()).or_default();
        if files.last().is_none_or(|file| file.removed) {
            files.push(File::default());
        }
        files.last_mut().unwrap()
    }

    fn flush_names(&mut self) {
        for files in self.names.values_mut() {
            files.drain(..files.len() - 1);
            files[0].named = true;
        }
        self.names.retain(|_, files| !files[0].removed);
    }
}

/// The disk that a path is on, and its name there.
fn disk_of(path: &Path) -> Option<(Arc<Disk>, String)> {
    locked(&DISKS).iter().find_map(|disk| {
        let name = path.strip_prefix(&disk.folder).ok()?;
        Some((disk.clone(), name.to_str()?.to_owned()))
    })
}

/// Whether something can be done to what a descriptor or a path stands for.
fn may(path: &Path, act: Act) -> bool {
    disk_of(path).is_none_or(|(disk, name)| disk.note(&name, act))
}

fn path_of(descriptor: c_int) -> PathBuf {
    if locked(&DISKS).is_empty() {
        return PathBuf::new();
    }
    std::fs::read_link(format!("/proc/self/fd/{descriptor}")).unwrap_or_default()
}

/// What a call on a disk without power gives.
fn dead() -> c_int {
    // SAFETY: the C library's own place for it.
    unsafe { *libc::__errno_location() = libc::EIO };
    -1
}

#[unsafe(no_mangle)]
extern "C" fn pwrite64(descriptor: c_int, bytes: *const c_void, count: usize, at: i64) -> isize {
    // SAFETY: what the caller of `pwrite` promises.
    let slice = unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), count) };
    let path = path_of(descriptor);
    let change = || Change::Write(usize::try_from(at).unwrap_or_default(), slice.to_vec());
    if disk_of(&path).is_some() && !may(&path, Act::Change(change())) {
        return dead().try_into().unwrap_or(-1);
    }
    // SAFETY: as the caller asked.
    let written = unsafe { libc::syscall(libc::SYS_pwrite64, descriptor, bytes, count, at) };
    written.try_into().unwrap_or(-1)
}

#[unsafe(no_mangle)]
extern "C" fn ftruncate64(descriptor: c_int, length: i64) -> c_int {
    let change = Change::Length(usize::try_from(length).unwrap_or_default());
    if !may(&path_of(descriptor), Act::Change(change)) {
        return dead();
    }
    // SAFETY: as the caller asked.
    unsafe { libc::syscall(libc::SYS_ftruncate, descriptor, length) }.try_into().unwrap_or(-1)
}

/// The files of a [`Disk`] are never flushed in earnest, which makes the tests quick.
fn flush(descriptor: c_int, call: libc::c_long) -> c_int {
    let path = path_of(descriptor);
    match disk_of(&path) {
        Some((disk, name)) => {
            // The store's own flushes are none either where SQLite has none.
            if !disk.flushing || disk.note(&name, Act::Flush) { 0 } else { dead() }
        }
        // SAFETY: as the caller asked.
        None => unsafe { libc::syscall(call, descriptor) }.try_into().unwrap_or(-1),
    }
}

#[unsafe(no_mangle)]
extern "C" fn fsync(descriptor: c_int) -> c_int {
    flush(descriptor, libc::SYS_fsync)
}

#[unsafe(no_mangle)]
extern "C" fn fdatasync(descriptor: c_int) -> c_int {
    flush(descriptor, libc::SYS_fdatasync)
}

#[unsafe(no_mangle)]
extern "C" fn unlink(path: *const c_char) -> c_int {
    // SAFETY: what the caller of `unlink` promises.
    let name = unsafe { CStr::from_ptr(path) };
    let name = Path::new(std::ffi::OsStr::from_bytes(name.to_bytes()));
    if name.exists() && !may(name, Act::Remove) {
        return dead();
    }
    // SAFETY: as the caller asked.
    unsafe { libc::syscall(libc::SYS_unlinkat, libc::AT_FDCWD, path, 0) }.try_into().unwrap_or(-1)
}

/// Called by SQLite for each connection that is opened. On a disk that is not to be flushed it says
/// `PRAGMA synchronous = OFF`, and sees to it that nobody says otherwise: so the store itself needs no way to be told.
unsafe extern "C" fn without_flushes(
    database: *mut ffi::sqlite3,
    _: *mut *mut c_char,
    _: *const ffi::sqlite3_api_routines,
) -> c_int {
    // SAFETY: SQLite hands over a database that is open, and keeps the name as long as it is.
    let file = unsafe { ffi::sqlite3_db_filename(database, c"main".as_ptr()) };
    if file.is_null() {
        return ffi::SQLITE_OK;
    }
    // SAFETY: a text of SQLite's.
    let path = Path::new(std::ffi::OsStr::from_bytes(unsafe { CStr::from_ptr(file) }.to_bytes()));
    if disk_of(path).is_none_or(|(disk, _)| disk.flushing) {
        return ffi::SQLITE_OK;
    }
    let (none, text) = (std::ptr::null_mut(), c"PRAGMA synchronous = OFF");
    // SAFETY: the database is open, and the callback is a function that lives as long as the program.
    unsafe {
        ffi::sqlite3_exec(database, text.as_ptr(), None, none, none.cast());
        ffi::sqlite3_set_authorizer(database, Some(keep_off), none)
    }
}

unsafe extern "C" fn keep_off(
    _: *mut c_void,
    action: c_int,
    name: *const c_char,
    _: *const c_char,
    _: *const c_char,
    _: *const c_char,
) -> c_int {
    // SAFETY: the name of the pragma, a text of SQLite's.
    let ignored =
        action == ffi::SQLITE_PRAGMA && unsafe { CStr::from_ptr(name) }.to_bytes().eq_ignore_ascii_case(b"synchronous");
    if ignored { ffi::SQLITE_IGNORE } else { ffi::SQLITE_OK }
}
