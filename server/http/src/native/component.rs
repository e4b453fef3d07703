//! Components: unlocking them, and their attributes.

use crate::App;
use crate::exchange::{Reading, Writing};
use crate::reply::Reply;
use crate::unlock;
use florin_domain::Refusal;
use florin_domain::seal::Component;
use florin_domain::settings::{self, Shape};
use florin_sdk_core::model::ComponentName;
use florin_sdk_core::operation::{
    AttributeList, Done, GetSystemAttributeList, SetSystemAttribute, SystemAttribute, UnlockSystemComponent,
};
use std::net::IpAddr;

fn component(name: &ComponentName) -> Result<Component, Refusal> {
    let component: Component = name.as_str().parse()?;
    // The SSO is unlocked elsewhere and has no attributes.
    if Component::NAMED.contains(&component) { Ok(component) } else { Err(Refusal::field("component", "is not one")) }
}

pub(super) async fn unlock_system_component(app: App, source: Option<IpAddr>, op: UnlockSystemComponent) -> Reply {
    let component = match component(&op.component) {
        Ok(component) => component,
        Err(refusal) => return refusal.into(),
    };
    match unlock::unlock(&app, source, component, op.password).await {
        Ok(()) => Ok("{}".to_owned()).into(),
        Err((refusal, wait)) => Reply { wait, ..refusal.into() },
    }
}

pub(super) fn get_system_attribute_list(
    call: &mut Reading<'_>,
    op: GetSystemAttributeList,
) -> Result<AttributeList, Refusal> {
    let attributes = settings::of(component(&op.component)?).map(|attribute| {
        let (minimum, maximum) = match attribute.shape {
            Shape::Number { min, max } => (Some(min), Some(max)),
            Shape::Flag | Shape::Host => (None, None),
        };
        SystemAttribute {
            name: attribute.name.to_owned(),
            description: attribute.doc.to_owned(),
            value: Some(call.settings.value_of(attribute).as_ref().to_owned()),
            default_value: Some(attribute.default.to_owned()),
            kind: Some(attribute.shape.name().to_owned()),
            minimum,
            maximum,
        }
    });
    Ok(AttributeList { attributes: attributes.collect() })
}

pub(super) fn set_system_attribute(call: &mut Writing<'_>, op: SetSystemAttribute) -> Result<Done, Refusal> {
    settings::set(call.store, component(&op.component)?, &op.name, &op.value)?;
    Ok(Done {})
}
