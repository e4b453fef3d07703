//! What came out.

use crate::count::Count;
use crate::proxy::Tally;
use serde::Serialize;
use std::fmt;

/// What came out.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Whether nothing was lost, doubled or wrong, and the books add up.
    pub ok: bool,
    /// The same seed plans the same operations, faults and kills; the clock still has its part.
    pub seed: u64,
    /// `sqlite` or `postgresql`.
    pub engine: &'static str,
    /// How many server processes there were at a time.
    pub servers: u32,
    /// How many client processes there were at a time.
    pub clients: u32,
    /// How long the clients worked.
    pub seconds: u64,
    /// Exchanges, and the faults in them.
    pub faults: Tally,
    /// How often a server was killed.
    pub server_kills: u64,
    /// How often a client was killed.
    pub client_kills: u64,
    /// What the books say.
    #[serde(flatten)]
    pub count: Count,
    /// Whether `florin verify` found nothing.
    pub verified: bool,
    /// What it found, if it did.
    pub verification: Option<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, engine, servers, clients, seconds, faults, count, .. } = self;
        writeln!(f, "{clients} clients, {servers} server process(es) on {engine}, {seconds} s, seed {seed}")?;
        let list = |list: &mut dyn Iterator<Item = (&str, u64)>| {
            list.map(|(name, number)| format!("{name} {number}")).collect::<Vec<_>>().join(", ")
        };
        let kinds = list(&mut count.kinds.iter().map(|(name, number)| (*name, *number)));
        writeln!(f, "  operations  {}, of which {} had to be refused: {kinds}", count.operations, count.refused)?;
        let (all, kinds) = (faults.exchanges, list(&mut faults.kinds().into_iter()));
        writeln!(f, "  exchanges   {all}, of which {} were spoilt: {kinds}", faults.faults())?;
        writeln!(f, "  kills       {} of servers, {} of clients", self.server_kills, self.client_kills)?;
        writeln!(f, "  journals    {} operations settled after a kill; all empty now", count.resumed)?;
        writeln!(f, "  books       {} duplicates, {} lost, {} wrong", count.duplicates, count.lost, count.wrong)?;
        let verified = if self.verified { "everything adds up" } else { "THE BOOKS DO NOT ADD UP" };
        writeln!(f, "  verify      {verified}")?;
        for finding in &count.findings {
            writeln!(f, "  {:?}: {}: {}", finding.problem, finding.place, finding.detail)?;
        }
        if let Some(found) = &self.verification {
            writeln!(f, "{found}")?;
        }
        write!(f, "{}", if self.ok { "Exactly once." } else { "NOT exactly once." })
    }
}
