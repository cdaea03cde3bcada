//! The macros a body may call: `vec! matches! format!`, and those that assert and panic.
//!
//! syn leaves a macro's arguments as tokens. They are parsed before lowering, and kept where they do not move.

use super::edits::{Edit, Place};
use super::{Lower, value::meet};
use crate::check::opaque_call::StdName;
use crate::check::{host_read, value_dependent_branch};
use crate::diagnostics::Diagnostics;
use crate::scope::{Const, Value};
use crate::trace::{Operand, Step};
use std::collections::HashMap;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Expr, Macro, Pat, Token};

/// The arguments of the macro calls in a body, by the place of the call.
pub type Macros = HashMap<Place, Box<MacroArgs>>;

/// The arguments of a macro call.
#[allow(clippy::large_enum_variant)] // It is boxed.
pub enum MacroArgs {
    /// `vec![a, b]`.
    List(Vec<Expr>),
    /// `vec![a; n]`.
    Repeat(Expr, Expr),
    /// `matches!(x, pattern if guard)`.
    Matches(Expr, Pat, Option<Expr>),
    /// `assert!(c, "…", a)`.
    Assert(Vec<Expr>),
    /// `assert_eq!(a, b, "…", c)`.
    Compare(Vec<Expr>),
    /// `panic!("…", a)`.
    Panic(Vec<Expr>),
    /// `format!("…", a)`.
    Text(Vec<Expr>),
}

struct Matches(Expr, Pat, Option<Expr>);

impl Parse for Matches {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let e: Expr = input.parse()?;
        input.parse::<Token![,]>()?;
        let p = Pat::parse_multi_with_leading_vert(input)?;
        let guard = if input.peek(Token![if]) {
            input.parse::<Token![if]>()?;
            Some(input.parse()?)
        } else {
            None
        };
        input.parse::<Option<Token![,]>>()?;
        Ok(Matches(e, p, guard))
    }
}

fn parse(m: &Macro) -> Option<syn::Result<MacroArgs>> {
    let name = m.path.segments.last()?.ident.to_string();
    let list = || {
        Punctuated::<Expr, Token![,]>::parse_terminated
            .parse2(m.tokens.clone())
            .map(|p| p.into_iter().collect::<Vec<Expr>>())
    };
    Some(match name.as_str() {
        "vec" => {
            let repeat = |input: ParseStream<'_>| {
                let e: Expr = input.parse()?;
                input.parse::<Token![;]>()?;
                Ok(MacroArgs::Repeat(e, input.parse()?))
            };
            repeat.parse2(m.tokens.clone()).or_else(|_| list().map(MacroArgs::List))
        }
        "matches" => syn::parse2::<Matches>(m.tokens.clone()).map(|m| MacroArgs::Matches(m.0, m.1, m.2)),
        "assert" | "debug_assert" => list().map(MacroArgs::Assert),
        "assert_eq" | "assert_ne" | "debug_assert_eq" | "debug_assert_ne" => list().map(MacroArgs::Compare),
        "panic" | "unreachable" | "todo" | "unimplemented" => list().map(MacroArgs::Panic),
        "format" => list().map(MacroArgs::Text),
        _ => return None,
    })
}

/// Parses the macro calls in `block`.
pub fn collect(block: &syn::Block, diag: &mut Diagnostics) -> Macros {
    struct Collect<'d> {
        found: Macros,
        diag: &'d mut Diagnostics,
    }
    impl<'a> Visit<'a> for Collect<'_> {
        fn visit_macro(&mut self, m: &'a Macro) {
            match parse(m) {
                Some(Ok(args)) => {
                    let args = Box::new(args);
                    match &*args {
                        MacroArgs::List(l)
                        | MacroArgs::Assert(l)
                        | MacroArgs::Compare(l)
                        | MacroArgs::Panic(l)
                        | MacroArgs::Text(l) => {
                            l.iter().for_each(|e| self.visit_expr(e));
                        }
                        MacroArgs::Repeat(a, b) => {
                            self.visit_expr(a);
                            self.visit_expr(b);
                        }
                        MacroArgs::Matches(e, p, g) => {
                            self.visit_expr(e);
                            self.visit_pat(p);
                            g.iter().for_each(|g| self.visit_expr(g));
                        }
                    }
                    self.found.insert(Place::of(m), args);
                }
                Some(Err(e)) => self.diag.push(e),
                None => {}
            }
            visit::visit_macro(self, m);
        }
    }
    let mut c = Collect { found: HashMap::new(), diag };
    c.visit_block(block);
    c.found
}

impl<'a> Lower<'a, '_> {
    pub(super) fn macro_call(&mut self, m: &'a Macro) -> Value<'a> {
        let macros = self.macros;
        let Some(args) = macros.get(&Place::of(m)) else {
            crate::check::macro_call(m, self.diag);
            return Value::Failed;
        };
        self.std_names.extend(m.path.get_ident().cloned().map(StdName::Macro));
        match &**args {
            MacroArgs::List(list) => {
                let values = self.exprs(list);
                if values.iter().any(|v| matches!(v, Value::Failed)) {
                    return Value::Failed;
                }
                if values.is_empty() {
                    let list = self.pack(Vec::new());
                    return Value::List(list, Box::new(Value::Unset));
                }
                if values.iter().all(Value::is_static) {
                    return Value::STATIC;
                }
                let elem = values[1..].iter().fold(values[0].clone(), |a, b| meet(&a, b));
                let all = self.operand(&Value::Tuple(values));
                Value::List(all, Box::new(super::value::with_operand(&elem, Operand::Hole)))
            }
            MacroArgs::Repeat(e, n) => {
                let value = self.expr(e);
                let count = self.expr(n);
                if crate::check::value_dependent_shape::extent(n, &count, self.diag) {
                    return Value::Failed;
                }
                if value.is_static() {
                    return Value::STATIC;
                }
                let operand = self.operand(&value);
                let all = self.pack(vec![(Step::Any, operand)]);
                Value::List(all, Box::new(super::value::with_operand(&value, Operand::Hole)))
            }
            MacroArgs::Matches(e, p, guard) => {
                let value = self.expr(e);
                let branches = value_dependent_branch::branch(e, "`matches!`", &value, self.diag);
                let value = if branches { Value::Failed } else { value };
                let outer = self.scope.bindings.len();
                self.bind_refutable(p, value);
                if let Some(g) = guard {
                    let value = self.expr(g);
                    self.must_be_static(g, &value, "`matches!`");
                }
                self.scope.bindings.truncate(outer);
                Value::STATIC
            }
            MacroArgs::Assert(list) => {
                let Some((condition, message)) = list.split_first() else { return Value::unit() };
                let value = self.expr(condition);
                self.must_be_static(condition, &value, "`assert!`");
                self.last_words(message);
                Value::unit()
            }
            MacroArgs::Compare(list) => {
                let [a, b, message @ ..] = &list[..] else { return Value::unit() };
                for e in [a, b] {
                    let value = self.expr(e);
                    let branches = value_dependent_branch::branch(e, "`assert!`", &value, self.diag);
                    if !branches && may_hold_tensor(&value) {
                        self.edits.expr(e, Edit::Formatted);
                    }
                }
                self.last_words(message);
                Value::unit()
            }
            MacroArgs::Panic(list) => {
                self.last_words(list);
                Value::Never
            }
            MacroArgs::Text(list) => {
                self.message(list);
                Value::STATIC
            }
        }
    }

    /// The message of a panic: what it calls is called where nothing is traced any more.
    fn last_words(&mut self, list: &'a [Expr]) {
        self.nested(|s| s.message(list));
    }

    /// The arguments of a message: its text, and what it shows.
    fn message(&mut self, list: &'a [Expr]) {
        for e in list {
            let e = argument(e);
            let value = self.expr(e);
            if let Value::Static(Const::Str(s)) = &value {
                self.captures(e, &captured(list, s));
            } else if !host_read::formatted(e, &value, self.diag) && may_hold_tensor(&value) {
                self.edits.expr(e, Edit::Formatted);
            }
        }
    }

    /// What a message names in braces: values in scope, and dimensions.
    fn captures(&mut self, e: &'a Expr, names: &[String]) {
        for name in names {
            let Some(b) = self.scope.find(name) else {
                if self.types.dims.find(name).is_some() {
                    self.used_dims.insert(name.clone());
                }
                continue;
            };
            let value = b.value.clone();
            if !host_read::formatted(e, &value, self.diag) && may_hold_tensor(&value) {
                self.edits.captured.entry(Place::of(e)).or_default().insert(name.clone());
            }
        }
    }
}

/// Whether only rustc knows that a value holds no tensor.
fn may_hold_tensor(value: &Value<'_>) -> bool {
    !value.is_static() && !matches!(value, Value::Failed | Value::Never)
}

/// The names that a message of these arguments captures: those in its text that no argument gives.
pub fn captured(list: &[Expr], text: &str) -> Vec<String> {
    let named = |name: &String| {
        list.iter().any(
            |e| matches!(e, Expr::Assign(a) if crate::names::ident(&a.left).is_some_and(|id| id == name)),
        )
    };
    crate::names::captured(text).into_iter().filter(|name| !named(name)).collect()
}

/// The value of a formatting argument, which may be named.
fn argument(e: &Expr) -> &Expr {
    if let Expr::Assign(a) = e { &a.right } else { e }
}
