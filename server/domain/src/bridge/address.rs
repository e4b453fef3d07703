//! Addresses of outside networks, checked as those networks do: an address with a letter changed is money lost.
//!
//! The checks can be turned off ([`Checks`]): the contract's own page prints addresses that no network would take
//! (ambiguities A-067). Then only length and characters are looked at.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How strictly addresses are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checks {
    /// As the network does, with checksums.
    Full,
    /// Only length and characters.
    Shape,
}

/// What an address of a network looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressKind {
    /// XRP Ledger: Base58 with an alphabet of its own, version 0, 20 bytes, 4 bytes of double SHA-256.
    Ripple,
    /// Stellar: strkey of an account (`G…`) or a multiplexed one (`M…`), Base32 with a CRC16.
    Stellar,
    /// Bitcoin: Base58Check of versions 0 and 5, or Bech32 and Bech32m of the main network.
    Bitcoin,
    /// An international bank account number: ISO 13616 with its mod 97 check and its country's form.
    Iban,
    /// An account number of any bank: letters, digits, spaces, `-`, `/` and points.
    BankAccount,
    /// Whatever an operator can make sense of.
    Any,
}

/// An address, and the destination tag or memo that came with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// The address itself.
    pub address: String,
    /// The tag or memo.
    pub tag: Option<i64>,
}

impl Destination {
    /// As the contract writes it: `<address>-<tag>`.
    #[must_use]
    pub fn written(&self) -> String {
        match self.tag {
            Some(tag) => format!("{}-{tag}", self.address),
            None => self.address.clone(),
        }
    }
}

impl AddressKind {
    /// Checks an address without a tag; what is wrong with it if anything is.
    ///
    /// # Errors
    /// A reason that completes the sentence "the address …".
    pub fn check(self, text: &str, checks: Checks) -> Result<(), String> {
        if text.is_empty() || text.len() > 90 {
            return Err("must have 1 to 90 characters".to_owned());
        }
        let allowed = match self {
            Self::BankAccount => |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '/' | '.'),
            Self::Iban => |c: char| c.is_ascii_alphanumeric() || c == ' ',
            Self::Ripple | Self::Stellar | Self::Bitcoin => |c: char| c.is_ascii_alphanumeric(),
            Self::Any => |c: char| !c.is_control(),
        };
        if !text.chars().all(allowed) {
            return Err("has characters that no address of this network has".to_owned());
        }
        if checks == Checks::Shape {
            return Ok(());
        }
        match self {
            Self::Ripple => ripple(text),
            Self::Stellar => stellar(text),
            Self::Bitcoin => bitcoin(text),
            Self::Iban => text.parse::<iban::Iban>().map(|_| ()).map_err(|error| format!("is no IBAN: {error}")),
            Self::BankAccount if (4..=34).contains(&text.trim().len()) => Ok(()),
            Self::BankAccount => Err("must have 4 to 34 characters".to_owned()),
            Self::Any => Ok(()),
        }
    }

    /// Takes an address apart. `tags` is the greatest tag of a network that has them.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn read(self, text: &str, tags: Option<i64>, checks: Checks) -> Result<Destination, String> {
        let text = text.trim();
        let (address, tag) = match (tags, text.rsplit_once('-')) {
            (Some(greatest), Some((address, digits))) => {
                let number = Some(digits).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
                let number = number.and_then(|digits| digits.parse::<i64>().ok()).filter(|number| *number <= greatest);
                (address, Some(number.ok_or_else(|| format!("must end in a tag of 0 to {greatest} after the \"-\""))?))
            }
            _ => (text, None),
        };
        self.check(address, checks)?;
        Ok(Destination { address: self.normal(address), tag })
    }

    /// The one spelling that is compared and stored.
    fn normal(self, address: &str) -> String {
        match self {
            Self::Iban => address.chars().filter(|c| *c != ' ').collect::<String>().to_ascii_uppercase(),
            // Bech32 may be written in capitals, as in a QR code.
            Self::Bitcoin if address.get(..3).is_some_and(|start| start == "BC1") => address.to_ascii_lowercase(),
            _ => address.to_owned(),
        }
    }

    /// A new address from random bytes, for a simulated network. A bank account has the form of an IBAN.
    #[must_use]
    pub fn made_of(self, bytes: [u8; 32]) -> String {
        let (short, _) = bytes.split_at(20);
        match self {
            Self::Ripple => base58check(0, short, bs58::Alphabet::RIPPLE),
            Self::Stellar => stellar_strkey::ed25519::PublicKey(bytes).to_string().as_str().to_owned(),
            Self::Bitcoin => bech32::segwit::encode_v0(bech32::hrp::BC, short)
                .unwrap_or_else(|_| base58check(0, short, bs58::Alphabet::BITCOIN)),
            Self::Iban | Self::BankAccount | Self::Any => german_iban(bytes),
        }
    }
}

fn checksum(payload: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(Sha256::digest(payload)).into();
    [a, b, c, d]
}

fn base58check(version: u8, bytes: &[u8], alphabet: &bs58::Alphabet) -> String {
    let mut payload = vec![version];
    payload.extend_from_slice(bytes);
    let sum = checksum(&payload);
    payload.extend_from_slice(&sum);
    bs58::encode(payload).with_alphabet(alphabet).into_string()
}

/// The version of a Base58Check text of 20 bytes.
fn version_of(text: &str, alphabet: &bs58::Alphabet) -> Result<u8, String> {
    let bytes = bs58::decode(text).with_alphabet(alphabet).into_vec();
    let bytes = bytes.map_err(|_| "has a letter that is not in the network's alphabet".to_owned())?;
    let (payload, sum) = bytes.split_last_chunk::<4>().ok_or("is too short")?;
    if checksum(payload) != *sum {
        return Err("has a wrong checksum: a letter is wrong".to_owned());
    }
    match payload {
        [version, rest @ ..] if rest.len() == 20 => Ok(*version),
        _ => Err("has a wrong length".to_owned()),
    }
}

fn ripple(text: &str) -> Result<(), String> {
    match version_of(text, bs58::Alphabet::RIPPLE)? {
        0 => Ok(()),
        _ => Err("is not the address of an account".to_owned()),
    }
}

fn stellar(text: &str) -> Result<(), String> {
    match stellar_strkey::Strkey::from_string(text) {
        Ok(stellar_strkey::Strkey::PublicKeyEd25519(_) | stellar_strkey::Strkey::MuxedAccountEd25519(_)) => Ok(()),
        Ok(_) => Err("is not the address of an account".to_owned()),
        Err(_) => Err("has a wrong checksum or length".to_owned()),
    }
}

fn bitcoin(text: &str) -> Result<(), String> {
    if text.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("bc1")) {
        // Version 0 with Bech32, later ones with Bech32m, as BIP 173 and BIP 350 say.
        return match bech32::segwit::decode(text) {
            Ok((hrp, _, _)) if hrp == bech32::hrp::BC => Ok(()),
            Ok(_) => Err("is not of the main network".to_owned()),
            Err(error) => Err(format!("is no Bech32 address: {error}")),
        };
    }
    match version_of(text, bs58::Alphabet::BITCOIN)? {
        0 | 5 => Ok(()),
        _ => Err("is not of the main network".to_owned()),
    }
}

/// A German IBAN of a bank that is not there, with a right check (ISO 7064 mod 97-10).
fn german_iban(bytes: [u8; 32]) -> String {
    let digits: String = bytes.iter().take(10).map(|byte| char::from(b'0' + byte % 10)).collect();
    let account = format!("99999999{digits}");
    // The account, then the country as numbers (D = 13, E = 14) and 00.
    let rest = account.bytes().chain("131400".bytes()).fold(0_u32, |rest, b| (rest * 10 + u32::from(b - b'0')) % 97);
    format!("DE{:02}{account}", 98 - rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good(kind: AddressKind, list: &[&str]) {
        for text in list {
            assert_eq!(kind.check(text, Checks::Full), Ok(()), "{text}");
        }
    }

    /// Each good address with one letter changed, in every place, is refused: that is what checksums are for.
    fn each_change_is_found(kind: AddressKind, text: &str) {
        for place in 0..text.len() {
            let mut changed: Vec<char> = text.chars().collect();
            changed[place] = if changed[place] == '2' { '3' } else { '2' };
            let changed: String = changed.into_iter().collect();
            assert!(changed == text || kind.check(&changed, Checks::Full).is_err(), "{changed} passed for {text}");
        }
    }

    fn bad(kind: AddressKind, list: &[&str]) {
        for text in list {
            assert!(kind.check(text, Checks::Full).is_err(), "{text} passed");
        }
    }

    #[test]
    fn ripple() {
        // The XRP Ledger's own documents: the account zero, the account one, the genesis account; and the contract's.
        let list = [
            "rrrrrrrrrrrrrrrrrrrrrhoLvTp",
            "rrrrrrrrrrrrrrrrrrrrBZbvji",
            "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh",
            "rvYAfWj5gh67oV6fW32ZzP3Aw4Eubs59B",
            "rG1QQv2nh2gr7RCZ1P8YYcBUKCCN633jCn",
            "rpmGcKEqTFDHd3tvAWFENNLhy2HMy7Yj89",
            "racMPWzRVd38L9txvfY7Mj7zqRA2UNL8Me",
            "r3UbZ8tKpNZau6Ydmrox34FAAjwmJzEHvg",
            "rKYCbogMexAxR3tySTTC7UFbnoKdUK5H19",
        ];
        good(AddressKind::Ripple, &list);
        for text in list {
            each_change_is_found(AddressKind::Ripple, text);
        }
        // The page's invalid ones (A-067), a secret, another network's, nothing.
        bad(
            AddressKind::Ripple,
            &[
                "racZzyXWwvuUT98SsrQP7p65OnmMLkK4j3",
                "rpmABbCdEeF1GhiJ23Klm4NOo5Pq6RS78t",
                "r1hdg234uy234yg5ds5jb2ds8hn9d",
                "snoPBrXtMeMyMHUVTgbuqAfg1SUTb",
                "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
                "",
                "r",
                "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh ",
            ],
        );
        assert_eq!(AddressKind::Ripple.check("racZzyXWwvuUT98SsrQP7p65OnmMLkK4j3", Checks::Shape), Ok(()));
    }

    #[test]
    fn bitcoin() {
        // The genesis block's, BIP 16's kind, and the vectors of BIP 173 and BIP 350 for the main network.
        let list = [
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
            "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
            "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
            "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
            "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y",
            "BC1SW50QGDZ25J",
            "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs",
            "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
        ];
        good(AddressKind::Bitcoin, &list);
        for text in &list[..3] {
            each_change_is_found(AddressKind::Bitcoin, text);
        }
        each_change_is_found(AddressKind::Bitcoin, list[4]);
        bad(
            AddressKind::Bitcoin,
            &[
                // Of a test network.
                "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn",
                "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx",
                // BIP 350's invalid ones: Bech32 for version 1, Bech32m for version 0, wrong length, mixed case, version 17.
                "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd",
                "bc1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqdf4kme",
                "bc1pw5dgrnzv",
                "BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P",
                "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3T4",
                "BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R",
                "bc1gmk9yu",
                "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh",
            ],
        );
        let read = AddressKind::Bitcoin.read("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", None, Checks::Full).unwrap();
        assert_eq!(read.address, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4");
    }

    #[test]
    fn stellar() {
        // SEP 23's own vectors.
        let list = [
            "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ",
            "MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUAAAAAAAAAAAACJUQ",
        ];
        good(AddressKind::Stellar, &list);
        each_change_is_found(AddressKind::Stellar, list[0]);
        bad(
            AddressKind::Stellar,
            &[
                // SEP 23's invalid ones, and what is no account: a hash, a pre-authorised transaction, a seed.
                "GAAAAAAAACGC6",
                "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUACUSI",
                "G47QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVP2I",
                "XBU2RRGLXH3E5CQHTD3ODLDF2BWDCYUSSBLLZ5GNW7JXHDIYKXZWGTOG",
                "SBU2RRGLXH3E5CQHTD3ODLDF2BWDCYUSSBLLZ5GNW7JXHDIYKXZWHOKR",
            ],
        );
    }

    #[test]
    fn iban() {
        // ISO 13616's registry.
        let list = [
            "DE89370400440532013000",
            "DE89 3704 0044 0532 0130 00",
            "GB29NWBK60161331926819",
            "FR1420041010050500013M02606",
            "CH9300762011623852957",
            "NO9386011117947",
            "MT84MALT011000012345MTLCAST001S",
        ];
        good(AddressKind::Iban, &list);
        each_change_is_found(AddressKind::Iban, "DE89370400440532013000");
        bad(AddressKind::Iban, &["DE88370400440532013000", "DE8937040044053201300", "XX89370400440532013000", "DE89"]);
        let read = AddressKind::Iban.read("DE89 3704 0044 0532 0130 00", None, Checks::Full).unwrap();
        assert_eq!(read.address, "DE89370400440532013000");
    }

    #[test]
    fn tags_stand_behind_the_last_dash() {
        let read = |text: &str| AddressKind::Ripple.read(text, Some(i64::from(u32::MAX)), Checks::Full);
        let tagged = read("rG1QQv2nh2gr7RCZ1P8YYcBUKCCN633jCn-123456").unwrap();
        assert_eq!((tagged.address.as_str(), tagged.tag), ("rG1QQv2nh2gr7RCZ1P8YYcBUKCCN633jCn", Some(123_456)));
        assert_eq!(tagged.written(), "rG1QQv2nh2gr7RCZ1P8YYcBUKCCN633jCn-123456");
        assert_eq!(read("rG1QQv2nh2gr7RCZ1P8YYcBUKCCN633jCn").unwrap().tag, None);
        assert!(read("rG1QQv2nh2gr7RCZ1P8YYcBUKCCN633jCn-4294967295").is_ok());
        for wrong in ["-4294967296", "-", "-x", "--1", "-1-2", "-+1", "-99999999999999999999"] {
            assert!(read(&format!("rG1QQv2nh2gr7RCZ1P8YYcBUKCCN633jCn{wrong}")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_a_simulated_network_makes_passes_its_own_check() {
        for seed in 0..=255_u8 {
            let bytes: [u8; 32] = Sha256::digest([seed]).into();
            for kind in [AddressKind::Ripple, AddressKind::Stellar, AddressKind::Bitcoin, AddressKind::Iban] {
                good(kind, &[&kind.made_of(bytes)]);
            }
        }
    }
}
