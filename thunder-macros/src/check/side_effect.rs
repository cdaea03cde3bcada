//! Side effects: a body runs once, while it is linked, and never again.

use crate::diagnostics::Diagnostics;
use quote::ToTokens;
use syn::{Macro, Path, Token};

const ONCE: &str = "it would happen once, while tracing, and never again";

/// `println!`, `dbg!`, `write!`, logging.
pub fn macro_call(m: &Macro, diag: &mut Diagnostics) -> bool {
    let names = super::segments(&m.path);
    let Some(name) = names.last() else { return false };
    let help = match name.as_str() {
        "println" | "print" | "eprintln" | "eprint" | "dbg" => {
            "`debug_print(\"x\", &x)`, which is traced and prints at every run; or print the result outside"
        }
        "write" | "writeln" | "format" | "format_args" => "format the result outside",
        "trace" | "debug" | "info" | "warn" | "error" | "log" | "event" | "span" => {
            "log the result outside; `debug_print(\"x\", &x)` is traced"
        }
        "thread_local" | "include" => "declare it outside",
        _ => return false,
    };
    let name = names.join("::");
    diag.error(&m.path, format!("a side effect: `{name}!` in a trace; {ONCE}"), help);
    true
}

/// Files, the network, threads, channels, cells.
pub fn path(path: &Path, diag: &mut Diagnostics) -> bool {
    let names = super::segments(path);
    let (what, help) = if super::in_module(&names, &["fs", "io", "net", "process", "os", "ffi"])
        || has(
            &names,
            &[
                "File",
                "TcpStream",
                "TcpListener",
                "UdpSocket",
                "Command",
                "OpenOptions",
                "BufReader",
                "BufWriter",
                "stdin",
                "stdout",
                "stderr",
            ],
        ) {
        ("reaches out of the trace", "do it outside: pass in what is read, and write the result")
    } else if super::in_module(&names, &["thread", "mpsc", "sync"]) && !atomic_or_lock(&names) {
        (
            "leaves the thread that traces",
            "leave it out: operations that don't depend on each other run side by side already",
        )
    } else if has(&names, &["Cell", "RefCell", "UnsafeCell", "OnceCell", "LazyCell"])
        || atomic_or_lock(&names)
    {
        ("makes a place that is changed", "a new binding, or a value that is returned")
    } else if super::in_module(&names, &["ptr", "alloc"]) {
        ("reaches into memory", "operations on tensors")
    } else {
        return false;
    };
    let name = names.join("::");
    diag.error(path, format!("a side effect: `{name}` {what}; {ONCE}"), help);
    true
}

fn has(names: &[String], owners: &[&str]) -> bool {
    names.iter().any(|n| owners.contains(&n.as_str()))
}

fn atomic_or_lock(names: &[String]) -> bool {
    has(names, &["Mutex", "RwLock", "OnceLock", "LazyLock", "Condvar", "Barrier", "Once"])
        || names.iter().any(|n| n.starts_with("Atomic"))
}

/// Whether a type's values are places: `RefCell`, `Mutex`.
pub fn is_cell(name: &str) -> bool {
    let names = [name.to_string()];
    has(&names, &["Cell", "RefCell", "UnsafeCell", "OnceCell", "LazyCell"]) || atomic_or_lock(&names)
}

/// A parameter or a field of such a type.
pub fn cell_type(name: &syn::Ident, diag: &mut Diagnostics) {
    diag.error(
        name,
        format!("a side effect: what a `{name}` holds can change while a trace can't see it"),
        "the value itself; what changes is taken by value and returned",
    );
}

/// `unsafe`.
pub fn unsafe_code(token: Token![unsafe], diag: &mut Diagnostics) {
    diag.error(
        token,
        "a side effect: what `unsafe` code does can't be traced; a trace has only checked operations",
        "do it outside, and pass the result as a parameter",
    );
}

/// `async`, `.await`.
pub fn async_code(token: impl ToTokens, diag: &mut Diagnostics) {
    let name = token.to_token_stream().to_string();
    diag.error(
        token,
        format!("a side effect: `{name}` waits, and a trace has nothing to wait for"),
        "a plain call; await outside, and pass the result as a parameter",
    );
}

/// A push to, or an assignment of, what was captured from outside a closure that a transform or another item runs.
pub fn captured(at: impl ToTokens, name: &str, diag: &mut Diagnostics) {
    diag.error(
        at,
        format!("a side effect: `{name}` lives outside this closure, which may run otherwise than once"),
        "return it from the closure: a tuple of tensors is a result too",
    );
}

/// A raw pointer.
pub fn pointer(p: &syn::TypePtr, diag: &mut Diagnostics) {
    diag.error(
        p,
        "a side effect: what is done through a raw pointer can't be traced",
        "the value itself, or a reference to it",
    );
}
