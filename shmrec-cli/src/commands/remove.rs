//! `shmrec remove`.

use serde_json::json;
use shmrec::RemoveError;

use crate::arguments::Remove;
use crate::context::Context;
use crate::failed::{Failed, Outcome};

pub(crate) fn run(context: &Context, arguments: &Remove) -> Outcome {
    for name in &arguments.names {
        context.options_of(name).remove(name).map_err(|error| not_removed(context, name, error))?;
        if context.output.json {
            context.output.json_line(&json!({ "removed": name }))?;
        } else {
            context.output.line(&format!("removed {name}"))?;
        }
    }
    Ok(())
}

fn not_removed(context: &Context, name: &str, error: RemoveError) -> Failed {
    match error {
        RemoveError::NotFound(_) => context.not_found(name),
        error @ RemoveError::InUse(_) => {
            let failed = Failed::from(error);
            let reader = context.observe(name).ok();
            let pids: Vec<String> = reader
                .and_then(|reader| reader.processes().ok())
                .unwrap_or_default()
                .iter()
                .map(|process| process.pid.to_string())
                .collect();
            if pids.is_empty() { failed } else { failed.hint(format!("they are in the processes {}", pids.join(", "))) }
        }
        error @ RemoveError::Damaged(_) => Failed::from(error).hint(format!("`shmrec doctor --fix {name}` removes it")),
        error => error.into(),
    }
}
