//! `shmrec get`.

use std::collections::HashMap;

use serde_json::Map;
use shmrec::{DynRecord, Value};

use crate::arguments::Get;
use crate::context::{Context, not_read};
use crate::failed::Outcome;
use crate::target::Target;
use crate::{json, text};

pub(crate) fn run(context: &Context, arguments: &Get) -> Outcome {
    if let [only] = &arguments.targets[..] {
        let reader = context.observe_and_note(&only.name)?;
        // Of one field no more is read than the field.
        let value = reader.get(&only.path).map_err(|error| not_read(&only.name, error))?;
        return if context.output.json {
            Ok(context.output.json(&json::value(&value))?)
        } else {
            print(context, &value)
        };
    }
    // Fields of one segment are of one version.
    let mut records: HashMap<&str, DynRecord> = HashMap::new();
    let mut values = Vec::new();
    for Target { name, path } in &arguments.targets {
        if !records.contains_key(name.as_str()) {
            let record = context.observe_and_note(name)?.read().map_err(|error| not_read(name, error))?;
            records.insert(name, record);
        }
        values.push(records[name.as_str()].get(path).map_err(|error| not_read(name, error))?);
    }
    if context.output.json {
        let all = arguments.targets.iter().zip(&values).map(|(target, value)| (target.to_string(), json::value(value)));
        return Ok(context.output.json(&all.collect::<Map<_, _>>().into())?);
    }
    values.iter().try_for_each(|value| print(context, value))
}

/// A text without its quotes, as scripts want it; only on a terminal without what that would obey.
fn print(context: &Context, value: &Value) -> Outcome {
    let printed = match value {
        Value::String(text) if context.output.terminal => text::clean(text),
        Value::String(text) => text.clone(),
        value => text::value(value),
    };
    Ok(context.output.line(&printed)?)
}
