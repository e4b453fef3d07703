//! What a simulated network keeps.

use crate::store::record;
use florin_sdk_core::{JsonObject, Timestamp};

record! {
    /// A simulated network.
    SimNetwork in "sim_network" key {
        /// Its name: the bridge's.
        network: String,
    } {
        /// The platform's own address on it.
        main: String,
        /// The newest block.
        height: i64,
        /// When that was closed.
        closed: Timestamp,
        /// How long until the next one, in milliseconds; 0: only by hand.
        block_ms: i64,
        /// How it treats what is submitted.
        mode: String,
        /// For how many more submissions; -1: until it is changed.
        count: i64,
        /// How late `late` is, in milliseconds.
        late_ms: i64,
    }
}

record! {
    /// An account of a simulated network that was opened.
    SimAccount in "sim_account" key {
        /// The network.
        network: String,
        /// The address.
        address: String,
    } {
        /// Later ones are greater.
        number: i64,
        /// Whether the platform holds its key.
        ours: bool,
        /// Whether it refuses what comes without a tag.
        tag_required: bool,
        /// When it was opened.
        created: Timestamp,
    }
}

record! {
    /// What an account of a simulated network has of an asset, and how much of it it accepts.
    SimHolding in "sim_holding" key {
        /// The network.
        network: String,
        /// The address.
        address: String,
        /// The asset.
        asset: String,
    } {
        /// Later ones are greater.
        number: i64,
        /// What it has, in the smallest unit.
        units: i128,
        /// The most that it accepts; nothing of the network's own currency.
        most: Option<i128>,
    }
}

record! {
    /// A payment on a simulated network.
    SimTransaction in "sim_transaction" key {
        /// Later ones are greater.
        number: i64,
    } {
        /// The network.
        network: String,
        /// The network's name for it.
        network_id: String,
        /// The id that it was submitted under; none of others' payments.
        id: Option<String>,
        /// How many copies of it arrived. One was carried out.
        copies: u32,
        /// Who pays.
        source: String,
        /// Who receives.
        destination: String,
        /// The receiver's tag.
        tag: Option<i64>,
        /// What arrives.
        asset: String,
        /// How much arrives, in its smallest unit.
        units: i128,
        /// What leaves.
        paid_asset: String,
        /// How much leaves, in its smallest unit.
        paid: i128,
        /// `pending`, `final`, `failed`.
        status: String,
        /// Why it failed, or will.
        reason: Option<String>,
        /// The block that it is in.
        height: Option<i64>,
        /// No block takes it before.
        not_before: Timestamp,
        /// When it arrived.
        created: Timestamp,
    }
}

record! {
    /// A submission that is still on its way.
    SimLate in "sim_late" key {
        /// Later ones are greater.
        number: i64,
    } {
        /// The network.
        network: String,
        /// What was submitted.
        sending: JsonObject,
        /// When it arrives.
        arrives: Timestamp,
    }
}
