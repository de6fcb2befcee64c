//! `shmrec set`.

use serde_json::json;
use shmrec::{LinkError, ReadError, TrustOwner, Value, WriteError};

use crate::arguments::Set;
use crate::context::Context;
use crate::failed::{Code, Failed, Outcome};
use crate::typed;

pub(crate) fn run(context: &Context, arguments: &Set) -> Outcome {
    let name = arguments.assignments[0].target.name.as_str();
    if let Some(other) = arguments.assignments.iter().map(|a| &a.target.name).find(|other| *other != name) {
        return Err(Failed::new(Code::Usage, format!("{name} and {other} are two segments: one version is of one"))
            .hint("run the command once for each"));
    }
    // Everything is understood before the segment is linked for writing.
    let schema = context.observe(name)?.schema().clone();
    let mut values: Vec<(&str, Value)> = Vec::new();
    for assignment in &arguments.assignments {
        let target = &assignment.target;
        let ty = schema.type_at(&target.path).map_err(|error| {
            Failed::new(Code::NotFound, format!("{name}: {error}"))
                .hint(format!("`shmrec schema {name}` shows what there is"))
        })?;
        let value = typed::value(&ty, &assignment.value)
            .map_err(|refused| Failed::new(Code::Refused, format!("{target}: {refused}; nothing was written")))?;
        values.push((&target.path, value));
    }

    let trust = if arguments.trust_owner { TrustOwner::Anyone } else { TrustOwner::NoOther };
    let options = context.options_of(name).trust_owner(trust).lock_timeout(arguments.timeout);
    let segment = options.dyn_link(name).map_err(|error| not_linked(context, name, error))?;
    let written = match &values[..] {
        // A record that nothing was written to yet gets its first version so.
        [(_, whole @ Value::Record { .. })] if arguments.assignments[0].target.path.is_empty() => segment.write(whole),
        values => segment.set_all(values),
    };
    let version = written.map_err(|error| not_written(context, name, error))?;
    segment.release().map_err(|error| Failed::new(Code::Failed, error.to_string()))?;
    if context.output.json {
        context.output.json(&json!({ "name": name, "version": version.get() }))?;
    } else if context.output.terminal {
        context.output.line(&format!("{name}: version {version}"))?;
    }
    Ok(())
}

fn not_linked(context: &Context, name: &str, error: LinkError) -> Failed {
    match error {
        LinkError::UntrustedOwner(failure) => {
            let owner = match failure.what() {
                shmrec::What::UntrustedOwner { uid } => crate::text::user(*uid),
                _ => "another user".to_owned(),
            };
            Failed::new(
                Code::Permission,
                format!("{name} belongs to {owner}, who could cut it short while this writes"),
            )
            .hint("--trust-owner takes that risk")
        }
        error => context.not_linked(name, error),
    }
}

fn not_written(context: &Context, name: &str, error: WriteError) -> Failed {
    match error {
        WriteError::Read(ReadError::NotYetWritten(_)) => Failed::new(
            Code::NotFound,
            format!("{name}: nothing has been written to it yet, so no field of it can be changed"),
        )
        .hint(format!("write the whole record: shmrec set '{name}={{ … }}'")),
        WriteError::Lock(error) => {
            let failed = Failed::from(WriteError::Lock(error)).at(name);
            match owner(context, name) {
                Some(owner) => failed.hint(owner),
                None => failed,
            }
        }
        error @ (WriteError::Store(_) | WriteError::Path(_)) => {
            let failed = Failed::from(error).at(name);
            Failed { message: format!("{}; nothing was written", failed.message), ..failed }
        }
        error => Failed::from(error).at(name),
    }
}

/// Who has the lock, as far as this user may know.
fn owner(context: &Context, name: &str) -> Option<String> {
    let reader = context.observe(name).ok()?;
    let slot = reader.lock_state().ok()?.owner?.writer_slot?;
    let processes = reader.processes().ok()?;
    let owner = processes.iter().find(|process| process.writer_slots.contains(&slot))?;
    Some(format!("process {} has the lock", owner.pid))
}
