//! Which operation a path means, where several stand at the same place.
//!
//! A router knows a place of a path, not what stands there. So operations whose paths have one form share a route, and
//! the texts at the open places say which of them is meant: `/profile/upid_…` and `/profile/apikey_…`,
//! `/wallet/list/upid_…` and `/wallet/list/name_…`. Written-out segments come first. Source: ambiguities A-101.

use florin_sdk_core::Kind;
use florin_sdk_core::operation::Field;

/// The form of a path: written-out segments, and at each open place a name of the place's own.
pub(crate) fn form(path: &str) -> String {
    let open = |(place, segment): (usize, &str)| {
        if segment.contains('{') { format!("{{{}}}", place_name(place)) } else { segment.to_owned() }
    };
    path.split('/').enumerate().map(open).collect::<Vec<_>>().join("/")
}

fn place_name(place: usize) -> String {
    format!("p{place}")
}

/// How well the texts at the open places fit a path; the greatest is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// Not without an error, which is then about this path's own field.
    Wrong,
    /// A text that anything may stand in.
    Open,
    /// A text that begins as the field's must, as `upid_` or `name_`.
    Named,
}

/// The names and texts of a path's parameters.
pub(crate) type Params = Vec<(String, String)>;

/// Which of the paths of one form is meant by the texts at its open places, and its parameters. None, if the texts can
/// be none of them.
pub(crate) fn pick<'a>(
    candidates: impl Iterator<Item = (&'a str, &'a [Field])>,
    texts: &[(String, String)],
) -> Option<(usize, Params)> {
    let mut best: Option<(Fit, usize, Params)> = None;
    for (index, (path, fields)) in candidates.enumerate() {
        let Some((fit, params)) = take(path, fields, texts) else { continue };
        // Of two that fit alike the first counts.
        if best.as_ref().is_none_or(|(greatest, ..)| fit > *greatest) {
            best = Some((fit, index, params));
        }
    }
    best.map(|(_, index, params)| (index, params))
}

fn take(path: &str, fields: &[Field], texts: &[(String, String)]) -> Option<(Fit, Params)> {
    let (mut fit, mut params) = (Fit::Named, Vec::new());
    for (place, segment) in path.split('/').enumerate().filter(|(_, segment)| segment.contains('{')) {
        let name = place_name(place);
        let (_, text) = texts.iter().find(|(at, _)| *at == name)?;
        fit = fit.min(take_segment(segment, text, fields, &mut params)?);
    }
    Some((fit, params))
}

/// One segment: a parameter, one behind written-out text, or two with written-out text between them.
fn take_segment(segment: &str, text: &str, fields: &[Field], params: &mut Params) -> Option<Fit> {
    let (before, rest) = segment.split_once('{')?;
    let text = text.strip_prefix(before)?;
    let (name, rest) = rest.split_once('}')?;
    let kind = fields.iter().find(|field| field.name == name).map(|field| field.kind);
    let Some((between, second)) = rest.split_once('{') else {
        let prefix = match kind {
            Some(Kind::Id(prefix) | Kind::Key(prefix)) => Some(prefix),
            _ => None,
        };
        let begins = prefix.is_some_and(|prefix| text.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('_')));
        params.push((name.to_owned(), text.to_owned()));
        return Some(match prefix {
            _ if begins || !before.is_empty() => Fit::Named,
            None => Fit::Open,
            Some(_) => Fit::Wrong,
        });
    };
    // The last separator counts: a name may have one in it, a number has none.
    let (first, last) = text.rsplit_once(between)?;
    params.push((name.to_owned(), first.to_owned()));
    params.push((second.strip_suffix('}')?.to_owned(), last.to_owned()));
    Some(Fit::Open)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn field(name: &'static str, kind: Kind) -> Field {
        Field { name, aliases: &[], kind, required: true, bounds: None, doc: "" }
    }

    const UPID: &[Field] = &[field("upid", Kind::Id("upid"))];
    const KEY: &[Field] = &[field("apikey", Kind::Key("apikey"))];
    const NAME: &[Field] = &[field("walletname", Kind::Line)];
    const DEVICE: &[Field] = &[field("deviceid", Kind::Line)];
    const BRIDGE: &[Field] = &[field("bridgename", Kind::Line), field("instanceid", Kind::Number)];

    fn picked(candidates: &[(&'static str, &'static [Field])], place: usize, text: &str) -> Option<(usize, Params)> {
        pick(candidates.iter().copied(), &[(place_name(place), text.to_owned())])
    }

    fn one(name: &str, text: &str) -> Params {
        vec![(name.to_owned(), text.to_owned())]
    }

    #[test]
    fn paths_of_one_form_share_a_route() {
        assert_eq!(form("/profile/{upid}"), form("/profile/{apikey}"));
        assert_eq!(form("/wallet/list/{upid}"), form("/wallet/list/name_{walletname}"));
        assert_eq!(form("/profile/{upid}/apikey/{akid}"), "/profile/{p2}/apikey/{p4}");
        assert_eq!(form("/profile/team"), "/profile/team");
        assert_eq!(form("/system/bridge/{bridgename}-{instanceid}/balances"), "/system/bridge/{p3}/balances");
    }

    #[test]
    fn the_text_says_which_is_meant() {
        let profiles = [("/profile/{upid}", UPID), ("/profile/{apikey}", KEY)];
        assert_eq!(picked(&profiles, 2, "upid_1"), Some((0, one("upid", "upid_1"))));
        assert_eq!(picked(&profiles, 2, "apikey_1"), Some((1, one("apikey", "apikey_1"))));
        assert_eq!(picked(&profiles, 2, "uuid_1"), Some((0, one("upid", "uuid_1"))), "the error is the first's");
        let wallets = [("/wallet/list/{upid}", UPID), ("/wallet/list/name_{walletname}", NAME)];
        assert_eq!(picked(&wallets, 3, "name_upid_1"), Some((1, one("walletname", "upid_1"))));
        assert_eq!(picked(&wallets, 3, "upid_1"), Some((0, one("upid", "upid_1"))));
        assert_eq!(picked(&wallets, 3, "Main"), Some((0, one("upid", "Main"))));
        assert_eq!(picked(&wallets[1..], 3, "Main"), None);
        let transports = [("/transports/{deviceid}", DEVICE), ("/transports/{upid}", UPID)];
        assert_eq!(picked(&transports, 2, "upid_1"), Some((1, one("upid", "upid_1"))));
        assert_eq!(picked(&transports, 2, "my phone"), Some((0, one("deviceid", "my phone"))));
    }

    #[test]
    fn a_segment_may_hold_two() {
        let bridges = [("/bridge/{bridgename}-{instanceid}", BRIDGE)];
        let both = |name: &str, number: &str| {
            Some((0, vec![("bridgename".to_owned(), name.to_owned()), ("instanceid".to_owned(), number.to_owned())]))
        };
        assert_eq!(picked(&bridges, 2, "ripple-1"), both("ripple", "1"));
        assert_eq!(picked(&bridges, 2, "my-bridge-12"), both("my-bridge", "12"));
        assert_eq!(picked(&bridges, 2, "ripple"), None);
    }
}
