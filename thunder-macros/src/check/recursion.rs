//! Recursion: a trace is finite, and a traced function that reaches itself would have none.

use crate::diagnostics::Diagnostics;
use quote::ToTokens;
use std::collections::HashMap;
use syn::visit::{self, Visit};
use syn::{Expr, ExprCall, Item, Path};

const HELP: &str = "a loop over static values, `for _ in 0..depth`; or `scan`";

/// A call of the item itself.
pub fn direct(at: impl ToTokens, name: &str, diag: &mut Diagnostics) {
    diag.error(
        at,
        format!("unbounded recursion: `{name}` calls itself, and tracing it would never end"),
        HELP,
    );
}

/// Whether `path` is `name`, or `self::name`.
pub fn names(path: &Path, name: &str) -> bool {
    let s = super::segments(path);
    match &s[..] {
        [one] => one == name,
        [first, last] => first == "self" && last == name,
        _ => false,
    }
}

/// Calls in a circle between the functions of a module.
pub fn mutual(items: &[Item], diag: &mut Diagnostics) {
    struct Calls<'a>(Vec<(&'a Path, String)>);
    impl<'a> Visit<'a> for Calls<'a> {
        fn visit_expr_call(&mut self, c: &'a ExprCall) {
            if let Expr::Path(p) = &*c.func
                && let Some(last) = p.path.segments.last()
                && names(&p.path, &last.ident.to_string())
            {
                self.0.push((&p.path, last.ident.to_string()));
            }
            visit::visit_expr_call(self, c);
        }
    }
    let mut calls: HashMap<String, Vec<(&Path, String)>> = HashMap::new();
    let mut order = Vec::new();
    for item in items {
        if let Item::Fn(f) = item {
            let mut c = Calls(Vec::new());
            c.visit_block(&f.block);
            order.push(f.sig.ident.to_string());
            calls.insert(f.sig.ident.to_string(), c.0);
        }
    }
    let reaches = |from: &str, to: &str| {
        let (mut open, mut seen) = (vec![from.to_string()], Vec::new());
        while let Some(name) = open.pop() {
            if name == to {
                return true;
            }
            if !seen.contains(&name) {
                open.extend(calls.get(&name).into_iter().flatten().map(|(_, n)| n.clone()));
                seen.push(name);
            }
        }
        false
    };
    for name in &order {
        for (path, callee) in &calls[name] {
            if callee != name && calls.contains_key(callee) && reaches(callee, name) {
                let what = format!(
                    "unbounded recursion: `{callee}` calls `{name}` again, and tracing them would never end"
                );
                diag.error(path, what, HELP);
            }
        }
    }
}
