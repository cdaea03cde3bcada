//! What the language rejects: one rule a file.
//!
//! A message names the construct, says why in a clause, and shows what to write instead. It stands on one token
//! where one is at fault. What a rule has reported is [`Value::Failed`], of which nothing more is said.
//!
//! A file bears the name of the folder of its tests, `tests/reject/<rule>`. Only `host_operation` has no file: outside of
//! a body no macro reads what is written, and `thunder_core::tensor` has the methods that say so.

pub mod attribute_write;
pub mod conditional_compilation;
pub mod foreign_tensor;
pub mod hidden_state;
pub mod host_read;
pub mod in_place_mutation;
pub mod no_derivative;
pub mod opaque_call;
pub mod recursion;
pub mod shape;
pub mod side_effect;
pub mod unkeyed_randomness;
pub mod unknown_operation;
pub mod value_dependent_branch;
pub mod value_dependent_shape;

use crate::diagnostics::Diagnostics;
use crate::lower::Arg;
use crate::scope::Value;
use syn::{Macro, Path};

/// What a call gives one of whose arguments leaves.
pub fn never<'a>(args: &[Arg<'a>]) -> Option<Value<'a>> {
    args.iter().any(|(_, v)| matches!(v, Value::Never)).then_some(Value::Never)
}

/// Refuses a function that is known by its path to have an effect, or to read what changes.
pub fn path(path: &Path, diag: &mut Diagnostics) -> bool {
    unkeyed_randomness::path(path, diag)
        || hidden_state::path(path, diag)
        || side_effect::path(path, diag)
        || host_read::path(path, diag)
}

/// Refuses a macro that is not one of those a body may call.
pub fn macro_call(m: &Macro, diag: &mut Diagnostics) {
    let _ = conditional_compilation::macro_call(m, diag)
        || hidden_state::macro_call(m, diag)
        || side_effect::macro_call(m, diag)
        || opaque_call::macro_call(m, diag);
}

/// The segments of a path.
fn segments(path: &Path) -> Vec<String> {
    path.segments.iter().map(|s| s.ident.to_string()).collect()
}

/// Whether the path is `std`'s module `module`, or something of it as `use` brings it in: `fs::read`, `std::fs::read`.
fn in_module(names: &[String], modules: &[&str]) -> bool {
    let names = match names.first().map(String::as_str) {
        Some("std" | "core" | "alloc") => &names[1..],
        _ => names,
    };
    names.len() > 1 && modules.contains(&names[0].as_str())
        || names.len() > 2 && modules.contains(&names[1].as_str())
}
