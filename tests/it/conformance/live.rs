//! The reference file against a live server, operation by operation: is it served, are its example requests taken, does
//! its answer have the documented shape, and does every documented length count?
//!
//! Prints a line for each operation, and at the end how many of the 81 do all of it. What falls short must stand, with a
//! reason, in one of the lists here. The operations of single sign-on have no result codes, and most of them more than
//! one step: they are tried in `sso`.

use super::examples::{aliased, in_kind, mended_request};
use super::scene::{self, Scene};
use super::sso;
use super::tables::wider;
use super::{Exceptions, Expected, Faults, expected};
use florin_sdk_core::Kind;
use florin_sdk_core::operation::{self, Callers, Field, Spec};
use florin_tests::http::{Answer, Api, Target};
use florin_tests::reference::{Documented, Param, Pattern};
use florin_tests::sample;
use florin_tests::world::World;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Examples that are turned away for what they say, not for how: operation, the field, why.
const TURNED_AWAY: &[(&str, &str, &str)] = &[
    ("AcceptPayment", "method", "applepay needs a payment processor; this server settles from wallets"),
    ("UpdateBridgeExternalAccount", "accountdata.attributename", "stands for the name of an attribute"),
];

/// Fields of answers that the sample's answer does not show: operation, place, why.
const NOT_SHOWN: &[(&str, &str, &str)] = &[];

/// Fields whose lengths cannot be tried one by one: operation, field, why.
const NOT_TRIED: &[(&str, &str, &str)] = &[];

/// What was tried of one operation.
#[derive(Default)]
pub(super) struct Tried {
    pub(super) examples: usize,
    pub(super) shown: usize,
    hidden: Vec<String>,
    pub(super) lengths: usize,
}

/// A value of this length, in the unit of its kind; none if there is none.
fn of_length(kind: Kind, length: usize) -> Option<Value> {
    let padded = |start: &str, end: &str| {
        let room = length.checked_sub(start.len() + end.len());
        room.map_or_else(|| "a".repeat(length), |room| format!("{start}{}{end}", "a".repeat(room)))
    };
    Some(match kind {
        Kind::Amount => json!("1".repeat(length)),
        Kind::Currency if length > 4 => json!(padded("AAA.", "")),
        Kind::Currency => json!("A".repeat(length)),
        Kind::Email => json!(padded("", "@example.com")),
        Kind::Url => json!(padded("https://example.com/", "")),
        Kind::Number => json!(length),
        Kind::List => json!((0..length).map(|number| format!("name{number}")).collect::<Vec<_>>()),
        Kind::Object if length == 2 => json!({}),
        Kind::Object => json!({ "a": "a".repeat(length.checked_sub(r#"{"a":""}"#.len())?) }),
        Kind::Json => json!("a".repeat(length.checked_sub(2)?)),
        Kind::Bool | Kind::Time | Kind::Id(_) | Kind::Key(_) => return None,
        _ => json!("a".repeat(length)),
    })
}

/// Whether the server finds fault with the length of a field, or with anything else of it.
fn faults_of(answer: &Answer, name: &str) -> (bool, bool) {
    let faults = answer.faults();
    let mut about = faults.iter().filter(|fault| fault.field.rsplit('.').next() == Some(name)).peekable();
    let any = about.peek().is_some();
    // The words that the server's check of lengths and ranges has, and no other check.
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let range = |rest: &str| rest.split_once(" to ").is_some_and(|(least, most)| digits(least) && digits(most));
    let of_length = |reason: &str| {
        let counted =
            reason.strip_prefix("must have ").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        counted || reason.strip_prefix("must be ").is_some_and(range)
    };
    (about.any(|fault| of_length(&fault.reason)), any)
}

/// The sample request with this value at a field, which may be in an object of its own.
fn with(base: &Value, within: &str, name: &str, value: Value) -> Value {
    let mut request = base.clone();
    match within.split('.').nth(1) {
        Some(object) => request[object][name] = value,
        None => request[name] = value,
    }
    request
}

struct Live<'a> {
    world: &'a World,
    scene: &'a Scene,
    spec: Spec,
    expected: &'a Expected,
    faults: &'a mut Faults,
    turned_away: &'a Exceptions,
    not_shown: &'a Exceptions,
    not_tried: &'a Exceptions,
}

impl Live<'_> {
    fn api(&self) -> &Api {
        if self.spec.callers == Callers::Mobile { &self.world.alice.app } else { &self.world.provider }
    }

    fn documented(&self) -> &Documented {
        &self.expected.documented
    }

    /// Served at each of its paths, by its method and no other of the three.
    async fn served(&mut self) {
        for path in self.spec.paths {
            let mut path = path.to_string();
            for param in &self.expected.documented.path_params {
                path = path.replace(&format!("{{{}}}", param.name), &param.sample());
            }
            let whole = format!("{}{path}", self.spec.base);
            let answer = self.world.server.api().exchange(self.spec.method.as_str(), &whole, None).await;
            let routed = answer.status == 200 && answer.json().is_some_and(|json| json.contains_key("resultcode"));
            let name = self.spec.name;
            self.faults.unless(routed, || format!("{name} {path} is not served: {} {}", answer.status, answer.text()));
        }
    }

    /// Each documented example, with the credential that may do everything or whose currency it is about: whatever becomes
    /// of it, the request is sound.
    async fn examples(&mut self, tried: &mut Tried) {
        let documented = &self.expected.documented;
        let api = if self.spec.name == "CreateBridgeCurrency" { &self.scene.starbucks } else { self.api() };
        let api = api.clone();
        // The page's addresses are none of the network (A-067): such an operator would not have them checked.
        let unchecked = self.spec.name == "SetAddressTrustline";
        if unchecked {
            scene::check_addresses(self.world, false).await;
        }
        for (index, example) in documented.example_requests.iter().enumerate() {
            let target = match (&example.json, &example.raw) {
                (Some(json), _) if example.kind == "json" => {
                    let mut json = mended_request(self.spec.name, index, json.clone());
                    aliased(self.spec.name, &mut json);
                    for param in documented.path_params.iter().filter(|p| self.spec.paths[0].contains(&p.name)) {
                        json[&param.name] = in_kind(&self.spec, &param.name, &param.sample());
                    }
                    Target::of(&self.spec, &json)
                }
                (_, Some(raw)) => {
                    let (_, url) = raw.split_once(' ').expect("method and URL");
                    let place = url.find("/v1/").expect("a version");
                    Target { method: self.spec.method, path: format!("/api{}", &url[place..]), body: None }
                }
                _ => continue,
            };
            let answer = api.send_target(&target).await;
            let name = self.spec.name;
            let sound = answer.status == 200 && !matches!(answer.code(), 10003 | 20000);
            let allowed = !sound && answer.faults().iter().all(|fault| self.turned_away.allow(name, &fault.field));
            self.faults.unless(sound || allowed, || format!("{name} example {index}: {}", answer.text()));
            tried.examples += 1;
        }
        if unchecked {
            scene::check_addresses(self.world, true).await;
        }
    }

    /// The answer to the sample request, field by field.
    async fn shape(&mut self, request: &Value, tried: &mut Tried) {
        let answer = self.api().send_json(&self.spec, request).await;
        let name = self.spec.name;
        if answer.code() != 10000 {
            self.faults.unless(false, || format!("{name}: its sample is refused: {}", answer.text()));
            return;
        }
        let json = Value::Object(answer.json().expect("an object"));
        for param in &self.expected.documented.response_params {
            let place = [param.within.as_str(), &param.name].join(".").trim_start_matches('.').to_owned();
            let optional = param.optional || param.applies_when.is_some();
            let parents = nodes(&json, &param.within);
            let mut seen = false;
            for parent in parents {
                let Some(value) = parent.get(&param.name) else {
                    let allowed = optional || self.not_shown.allow(name, &place);
                    self.faults.unless(allowed, || format!("{name} answers no {place}: {json}"));
                    continue;
                };
                seen = true;
                let kind = match value {
                    Value::String(_) => "String",
                    Value::Number(_) => "Number",
                    Value::Bool(_) => "Boolean",
                    Value::Array(_) => "Array",
                    Value::Object(_) | Value::Null => "JSON",
                };
                let wanted = param.kind.as_deref().unwrap_or(kind);
                let same = kind == wanted || wanted == "JSON" && kind != "Boolean";
                self.faults.unless(same, || format!("{name} {place} is a {kind}, not a {wanted}"));
            }
            if seen {
                tried.shown += 1;
            } else {
                tried.hidden.push(place.clone());
                let allowed = optional || self.not_shown.allow(name, &place);
                self.faults.unless(allowed, || format!("{name}: the sample's answer does not show {place}: {json}"));
            }
        }
    }

    /// One below, at, and one above each end.
    async fn lengths(&mut self, base: &Value, tried: &mut Tried) {
        let additions = self.expected.additions.iter().flat_map(|addition| &addition.request_params);
        let params: Vec<&Param> = self.expected.documented.request_params.iter().chain(additions).collect();
        for param in params {
            let within = param.within.as_deref().unwrap_or("body");
            let field = self.spec.fields.iter().find(|field| field.name == param.name);
            let (kind, bounds) = match (field, within.contains('.')) {
                (Some(field), false) => (field.kind, self.bounds(field, param)),
                (_, true) => (nested_kind(param), param.bounds()),
                (None, false) => continue, // see WITHOUT
            };
            if let Some((least, most)) = bounds {
                self.ends(base, (within, &param.name), kind, (least, most), tried).await;
            }
        }
        for param in &self.expected.documented.path_params {
            let used = self.spec.paths.iter().all(|path| path.contains(&format!("{{{}}}", param.name)));
            let field = self.spec.fields.iter().find(|field| field.name == param.name);
            let (Some(field), true, Some(pattern)) = (field, used, param.pattern()) else { continue };
            let most = match pattern {
                Pattern::Text(_, most) => most,
                Pattern::Digits(_, most) if most < 9 => 10_usize.pow(u32::try_from(most).expect("few")) - 1,
                _ => continue,
            };
            // An empty segment is another path, so only the upper end.
            let most = wider(self.spec.name, field.name).map_or(most, |(_, most)| most);
            self.ends(base, ("path", field.name), field.kind, (0, most), tried).await;
        }
    }

    fn bounds(&self, field: &Field, param: &Param) -> Option<(usize, usize)> {
        if let Some(bounds) = wider(self.spec.name, field.name) {
            return Some(bounds);
        }
        match (field.kind, param.bounds()) {
            // Of a number the page has digits where it has no range.
            (Kind::Number, None) => field.bounds,
            (_, bounds) => bounds,
        }
    }

    async fn ends(
        &mut self,
        base: &Value,
        (within, name): (&str, &str),
        kind: Kind,
        (least, most): (usize, usize),
        tried: &mut Tried,
    ) {
        let operation = self.spec.name;
        if self.not_tried.allow(operation, name) {
            return;
        }
        let below = least.checked_sub(1);
        for (length, inside) in [(below, false), (Some(least), true), (Some(most), true), (most.checked_add(1), false)]
        {
            let Some(length) = length.filter(|length| within != "path" || *length > 0) else { continue };
            let Some(value) = of_length(kind, length) else { continue };
            let target = Target::of(&self.spec, &with(base, within, name, value));
            let answer = self.api().send_target(&target).await;
            let (too, any) = faults_of(&answer, name);
            let right = answer.status == 200 && if inside { !too } else { answer.code() == 20000 && any };
            let what = format!("{operation}.{name} of {length} ({least} to {most})");
            self.faults.unless(right, || format!("{what}: {}", answer.text()));
            tried.lengths += 1;
        }
    }
}

/// What a field of an inner object holds.
fn nested_kind(param: &Param) -> Kind {
    match param.kind.as_deref() {
        Some("Array") => Kind::List,
        Some("Number") => Kind::Number,
        Some("Boolean") => Kind::Bool,
        Some("JSON") => Kind::Object,
        _ if param.name == "url" => Kind::Url,
        _ => Kind::Line,
    }
}

/// The objects at a place such as `results[].transportlist[].transport` or `profileaddresslist.{bridgename}`.
fn nodes<'a>(json: &'a Value, within: &str) -> Vec<&'a Value> {
    let mut at = vec![json];
    for step in within.split('.').filter(|step| !step.is_empty()) {
        at = at
            .into_iter()
            .flat_map(|node| -> Vec<&Value> {
                if step.starts_with('{') {
                    return node.as_object().map(|map| map.values().collect()).unwrap_or_default();
                }
                let (name, list) = step.strip_suffix("[]").map_or((step, false), |name| (name, true));
                match node.get(name) {
                    Some(Value::Array(items)) if list => items.iter().collect(),
                    Some(value) if !list => vec![value],
                    _ => Vec::new(),
                }
            })
            .collect();
    }
    at
}

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_operation_at_a_live_server() {
    let mut world = World::new().await;
    let scene = Scene::new(&world).await;
    let (mut faults, mut report) = (Faults::default(), String::new());
    let (turned_away, not_shown) = (Exceptions::new(TURNED_AWAY), Exceptions::new(NOT_SHOWN));
    let not_tried = Exceptions::new(NOT_TRIED);
    let (mut sound, mut documented) = (0, 0);
    let mut signing_on = sso::try_all(&world).await;
    for expected in &expected() {
        let name = expected.documented.name.as_str();
        if expected.documented.later {
            continue;
        }
        documented += usize::from(!expected.is_own);
        let before = faults.0.len();
        let mut tried = Tried::default();
        let spec = operation::all().into_iter().find(|spec| spec.name == name);
        let line = if let Some(spec) = spec {
            let mut live = Live {
                world: &world,
                scene: &scene,
                spec,
                expected,
                faults: &mut faults,
                turned_away: &turned_away,
                not_shown: &not_shown,
                not_tried: &not_tried,
            };
            live.served().await;
            match sample::of(&world, name).await {
                Some(request) => {
                    live.lengths(&request, &mut tried).await;
                    // Made anew: a request within its bounds may have been carried out.
                    let request = sample::of(&world, name).await.expect("a sample");
                    live.shape(&request, &mut tried).await;
                }
                None => live.faults.unless(false, || format!("{name} has no sample")),
            }
            live.examples(&mut tried).await;
            format!(
                "{} {} {}; {} examples taken; {} fields of the answer{}; {} lengths",
                live.documented().method,
                live.documented().paths[0],
                live.documented().access,
                tried.examples,
                tried.shown,
                if tried.hidden.is_empty() {
                    String::new()
                } else {
                    format!(" (not shown: {})", tried.hidden.join(", "))
                },
                tried.lengths
            )
        } else {
            let method = expected.documented.method.as_str();
            let path = format!("/auth{}", expected.documented.paths[0]);
            let answer = world.server.api().exchange(method, &path, None).await;
            let served = !matches!(answer.status, 404 | 405 | 500..);
            faults.unless(served, || format!("{name} {path} is not served: {}", answer.status));
            let (tried, wrong) = signing_on.remove(name).unwrap_or_default();
            faults.unless(tried.shown > 0, || format!("{name} is not built, or not tried"));
            faults.0.extend(wrong.0);
            format!(
                "{method} {path} {}; {} examples taken; {} fields of the answer; {} lengths",
                expected.documented.access, tried.examples, tried.shown, tried.lengths
            )
        };
        let right = faults.0.len() == before;
        sound += usize::from(right && !expected.is_own);
        let mark = if right { "ok" } else { "FAULTS" };
        writeln!(report, "{name:44} {mark}: {line}").expect("a String takes everything");
    }
    eprintln!("{report}{sound} of {documented} documented operations");
    faults.none();
    for exceptions in [turned_away, not_shown, not_tried] {
        exceptions.all_met();
    }
    assert!(signing_on.is_empty());
    assert_eq!((sound, documented), (81, 81));
    assert_eq!(world.server.terminate().await.code(), Some(0));
    world.server.home.verify().await.sound();
}

#[test]
fn the_reader_of_shapes_finds_what_is_there() {
    let json = json!({"a": [{"b": {"c": 1}}, {"b": {}}], "m": {"x": {"y": 1}, "z": {"y": 2}}});
    assert_eq!(nodes(&json, "a[].b").len(), 2);
    assert_eq!(nodes(&json, "m.{name}").len(), 2);
    assert!(nodes(&json, "a.b").is_empty() && nodes(&json, "nothing[]").is_empty());
    assert_eq!(of_length(Kind::Object, 20).unwrap().to_string().len(), 20);
    assert_eq!(of_length(Kind::Url, 30).unwrap().as_str().unwrap().len(), 30);
    assert_eq!(of_length(Kind::Currency, 16).unwrap(), json!("AAA.aaaaaaaaaaaa"));
}
