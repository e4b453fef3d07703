//! A small disk that can be filled and made read-only: a file system in memory, in a namespace of its own, so that nobody
//! needs to be root and nobody else sees it.

use crate::server::Home;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// Leaves the tests of disks out, for machines that let nobody make namespaces.
const LEAVE_OUT: &str = "FLORIN_TEST_WITHOUT_NAMESPACES";

/// The disk that a home is on. It goes with this value.
#[derive(Debug)]
pub struct Disk {
    folder: String,
    /// Keeps the namespace until its input ends.
    keeper: Child,
}

impl Disk {
    /// An empty home on a new disk of this size; nothing if such tests are left out.
    #[must_use]
    pub fn new(size: &str) -> Option<(Self, Home)> {
        if std::env::var_os(LEAVE_OUT).is_some() {
            eprintln!("left out, as {LEAVE_OUT} asks");
            return None;
        }
        let home = Home::new();
        let folder = home.folder().to_str().expect("a name in UTF-8").to_owned();
        let mount = "mount -t tmpfs -o size=$0,mode=700 florin \"$1\" && echo ready && exec cat";
        let mut keeper = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", mount, size, &folder])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("util-linux");
        let mut line = String::new();
        let said = BufReader::new(keeper.stdout.as_mut().expect("piped")).read_line(&mut line);
        assert!(
            said.is_ok() && line == "ready\n",
            "a disk cannot be made here: allow user namespaces, or set {LEAVE_OUT}=1 to leave such tests out"
        );
        let disk = Self { folder, keeper };
        let home = home.behind(disk.inside());
        Some((disk, home))
    }

    /// What stands before a command that is to see the disk.
    fn inside(&self) -> Vec<String> {
        let id = self.keeper.id().to_string();
        ["nsenter", "--preserve-credentials", "--user", "--mount", "--target", &id].map(str::to_owned).to_vec()
    }

    fn run(&self, script: &str) {
        let words = self.inside();
        let output = Command::new(&words[0])
            .args(&words[1..])
            .args(["sh", "-c", script, &self.folder])
            .output()
            .expect("a shell");
        assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Takes all the space that is left.
    pub fn fill(&self) {
        self.run("! dd if=/dev/zero of=\"$0/filler\" bs=4k 2> /dev/null");
    }

    /// Gives it back.
    pub fn free(&self) {
        self.run("rm \"$0/filler\"");
    }

    /// Nobody may have a file open to write.
    pub fn make_read_only(&self) {
        self.run("mount -o remount,ro \"$0\"");
    }

    /// The other way round.
    pub fn make_writable(&self) {
        self.run("mount -o remount,rw \"$0\"");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}
