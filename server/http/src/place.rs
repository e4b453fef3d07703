//! Paths that several operations share.
//!
//! A router wants one name for each place of a path; the contract has several there (`{upid}` to read, `{deviceid}` and
//! `{ntid}` to delete), and two in one segment. So operations are mounted by the shape of their paths, and which of them
//! is meant is told by the method and by how the parameters begin.

use florin_sdk_core::Kind;
use florin_sdk_core::operation::Spec;

/// A part of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// Stands there as it is.
    Text(&'static str),
    /// A parameter.
    Name(&'static str),
}

/// The segments of a path that have parameters in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Vec<Piece>>);

/// The path with a name of its own for each segment that has parameters: what operations of one shape share.
pub(crate) fn shape(path: &str) -> String {
    let name = |(place, segment): (usize, &str)| {
        if segment.contains('{') { format!("{{s{place}}}") } else { segment.to_owned() }
    };
    path.split('/').enumerate().map(name).collect::<Vec<_>>().join("/")
}

impl Template {
    /// Of one of an operation's paths.
    pub(crate) fn of(path: &'static str) -> Self {
        Self(path.split('/').filter(|segment| segment.contains('{')).map(pieces).collect())
    }

    /// How much it says of what fits it: what says more is asked first.
    pub(crate) fn weight(&self, spec: &Spec) -> usize {
        let weigh = |piece: &Piece| match piece {
            Piece::Text(_) => 2,
            Piece::Name(name) => usize::from(id_prefix(spec, name).is_some()),
        };
        self.0.iter().flatten().map(weigh).sum()
    }

    /// The parameters in the texts of the segments, if they have this form.
    pub(crate) fn take(&self, texts: &[String]) -> Option<Vec<(&'static str, String)>> {
        let mut found = Vec::new();
        if self.0.len() != texts.len() {
            return None;
        }
        for (pieces, text) in self.0.iter().zip(texts) {
            take(pieces, text, &mut found)?;
        }
        Some(found)
    }
}

/// Whether each parameter that must be an id or a key is one.
pub(crate) fn fits(spec: &Spec, parameters: &[(&'static str, String)]) -> bool {
    parameters.iter().all(|(name, text)| {
        id_prefix(spec, name).is_none_or(|(prefix, length)| {
            let digits = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).unwrap_or_default();
            digits.len() == length && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    })
}

/// What a parameter begins with, and how many digits it has behind that.
fn id_prefix(spec: &Spec, name: &str) -> Option<(&'static str, usize)> {
    match spec.fields.iter().find(|field| field.name == name)?.kind {
        Kind::Id(prefix) => Some((prefix, 16)),
        Kind::Key(prefix) => Some((prefix, 32)),
        _ => None,
    }
}

fn pieces(segment: &'static str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (place, part) in segment.split('{').enumerate() {
        let (name, text) = part.split_once('}').filter(|_| place > 0).unwrap_or(("", part));
        pieces.extend((!name.is_empty()).then_some(Piece::Name(name)));
        pieces.extend((!text.is_empty()).then_some(Piece::Text(text)));
    }
    pieces
}

/// Two parameters part at the last place where what stands between them is found.
fn take(pieces: &[Piece], text: &str, found: &mut Vec<(&'static str, String)>) -> Option<()> {
    match pieces {
        [] => text.is_empty().then_some(()),
        [Piece::Text(there), rest @ ..] => take(rest, text.strip_prefix(there)?, found),
        [Piece::Name(name), Piece::Text(between), rest @ ..] => {
            let (value, after) = text.rsplit_once(between)?;
            found.push((name, value.to_owned()));
            take(rest, after, found)
        }
        [Piece::Name(name), ..] => {
            found.push((name, text.to_owned()));
            Some(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_comes_apart() {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let own = |list: &[(&'static str, &str)]| {
            Some(list.iter().map(|(name, text)| (*name, (*text).to_owned())).collect::<Vec<_>>())
        };
        assert_eq!(shape("/wallet/{waid}/list/{a}-{b}"), "/wallet/{s2}/list/{s4}");
        let named = Template::of("/wallet/list/name_{walletname}");
        assert_eq!(named.take(&texts(&["name_My wallet"])), own(&[("walletname", "My wallet")]));
        assert_eq!(named.take(&texts(&["upid_1"])), None);
        let two = Template::of("/system/bridge/{bridgename}-{instanceid}/balances");
        assert_eq!(two.take(&texts(&["a-b-1"])), own(&[("bridgename", "a-b"), ("instanceid", "1")]));
        assert_eq!(two.take(&texts(&["ab"])), None);
        assert_eq!(Template::of("/a/{x}/{y}").take(&texts(&["1", "2"])), own(&[("x", "1"), ("y", "2")]));
    }
}
