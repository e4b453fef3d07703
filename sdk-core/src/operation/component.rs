//! Components of the platform: unlocking them, and what an operator sets. Source: spec/omnigate/operations.json, group
//! Component.

use super::operation;
use crate::model::ComponentName;
#[cfg(feature = "write")]
use crate::secret::Secret;

operation! {
    /// Unlocks a component after a restart of a sealed platform. Until then its operations answer 10001. Nobody needs a
    /// credential for it: the application password is the proof. Each server process is unlocked by itself.
    pub write struct UnlockSystemComponent -> super::Done;
    Post "/system/{component}/unlock"; callers Public; group "components"; timeout Standard; rate Standard;
    rights { own [], child [], any [] }
    required {
        /// The component.
        "component" component: ComponentName;
        /// The application password, as `florin seal` showed it.
        "password" password: Secret = 16..=16;
    }
    optional {}
}

operation! {
    /// What can be set of a component, with values and bounds.
    pub read struct GetSystemAttributeList -> AttributeList;
    Get "/system/{component}/attributelist"; callers Provider; group "components"; timeout Standard; rate Standard;
    rights { own [], child [], any ["readsystemdata"] }
    required {
        /// The component.
        "component" component: ComponentName;
    }
    optional {}
}

operation! {
    /// Sets an attribute of a component. It counts at once, and within a second in other processes on the same database.
    pub write struct SetSystemAttribute -> super::Done;
    Post "/system/{component}/attribute"; callers Provider; group "components"; timeout Standard; rate Standard;
    rights { own [], child [], any ["systemadmin"] }
    required {
        /// The component.
        "component" component: ComponentName;
        /// The attribute's name.
        "name" name: String = 1..=30;
        /// The value, always as a text: `15`, `true`; `-` takes a text away.
        "value" value: String = 1..=400;
    }
    optional {}
}

wire_record! {
    provider
    /// What can be set of a component.
    pub struct AttributeList {
        /// The attributes. The page's table spells it `atttributelist`.
        "attributelist" | "atttributelist" attributes: Vec<SystemAttribute>;
    }
}

wire_record! {
    provider
    /// An attribute of a component.
    pub struct SystemAttribute {
        /// The name to set it by.
        "name" name: String;
        /// What it does, with its unit.
        "description" description: String;
        /// The value that counts now. Not on the page.
        "value" value: Option<String>;
        /// The value as long as none is set. Not on the page.
        "default" default_value: Option<String>;
        /// `number`, `flag` (`true` or `false`), or `text`. Not on the page.
        "type" kind: Option<String>;
        /// The least number. Not on the page.
        "minimum" minimum: Option<u32>;
        /// The greatest number. Not on the page.
        "maximum" maximum: Option<u32>;
    }
}
