//! Side effects, hidden state and unkeyed randomness: a trace runs once while it is linked, and never again.

use crate::diagnostics::Diagnostics;
use syn::{Macro, Path};

/// Refuses a macro that is not one of those a body may call.
pub fn macro_call(m: &Macro, diag: &mut Diagnostics) {
    let name = m.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
    let (what, help) = match name.as_str() {
        "println" | "print" | "eprintln" | "eprint" | "dbg" => (
            "a side effect: it would run once while tracing, and never again",
            "`thunder::debug_print(\"x\", &x)`, which is traced, or print the result outside",
        ),
        "write" | "writeln" | "format" | "format_args" => {
            ("text, which a trace does not hold", "format the result outside")
        }
        "trace" | "debug" | "info" | "warn" | "error" | "log" => {
            ("a side effect: it would run once while tracing, and never again", "log the result outside")
        }
        "env" | "option_env" | "include_str" | "include_bytes" => {
            ("hidden state: it would freeze what it holds now", "a parameter, or a `const`")
        }
        "thread_local" => ("hidden state", "a parameter"),
        _ => (
            "an opaque call: what it does is not known while tracing",
            "a `#[thunder]` function; `vec! matches! assert! debug_assert! panic! unreachable!` are allowed",
        ),
    };
    diag.error(&m.path, format!("`{name}!` is {what}"), help);
}

/// Refuses what is known by its path to have an effect or to read what changes.
pub fn path(path: &Path, diag: &mut Diagnostics) -> bool {
    let names: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
    let text = names.join("::");
    let has = |n: &[&str]| names.iter().any(|s| n.contains(&s.as_str()));
    let (what, help) = if has(&["rand", "thread_rng", "fastrand"]) || text == "random" {
        ("unkeyed randomness: it would be drawn once while tracing, and frozen", "a `Key` parameter: `uniform(shape, key)`")
    } else if has(&["Instant", "SystemTime"]) {
        ("the clock: it would be read once while tracing, and frozen", "a parameter")
    } else if has(&["env", "fs", "net", "thread", "process", "mpsc", "io", "File", "TcpStream", "Command"]) {
        ("a side effect or hidden state: it would run once while tracing, and never again", "do it outside, on the result")
    } else if has(&["Cell", "RefCell", "Mutex", "RwLock", "OnceCell", "OnceLock", "LazyLock"])
        || names.iter().any(|n| n.starts_with("Atomic"))
    {
        ("hidden state: a trace has values, not places", "pass it in and return the new value")
    } else {
        return false;
    };
    diag.error(path, format!("`{text}` is {what}"), help);
    true
}
