//! What a call reaches through a trait of std's without naming it: `collect`, `into`, `max`, `Default::default()`.
//!
//! Which type that is, only rustc knows; the body asks it.

use super::Lower;
use super::edits::Edit;
use crate::check::opaque_call;
use crate::names;
use crate::scope::Value;
use syn::{Expr, ExprCall, ExprMethodCall};

impl<'a> Lower<'a, '_> {
    /// Notes what a method of std's reaches, by its name and its arguments.
    pub(super) fn reached_by_method(&mut self, e: &'a Expr, m: &'a ExprMethodCall, receiver: &Value<'a>) {
        let name = m.method.to_string();
        // A method of this name may be the user's own, of a module in a field.
        let certain = !matches!(receiver, Value::Unknown(_) | Value::Module(_));
        if let Some(method) = overflowing(&name, m.args.len())
            && (certain || opaque_call::is_named(&m.receiver))
        {
            self.edits.expr(e, Edit::Overflows { method });
        }
        if !certain && thunder_core::op::method(&name).is_some() {
            return;
        }
        match (name.as_str(), m.args.len()) {
            ("sum" | "product", 0) if certain => {
                let function = if name == "sum" { "sum" } else { "product" };
                self.edits.expr(e, Edit::Total { function });
            }
            ("collect", 0) => self.edits.expr(e, Edit::Asked { by: "FromIterator" }),
            ("unwrap_or_default", 0) => self.edits.expr(e, Edit::Asked { by: "Default" }),
            ("into", 0) => self.edits.expr(e, Edit::Converted { by: "From", fallible: false }),
            ("try_into", 0) => self.edits.expr(e, Edit::Converted { by: "TryFrom", fallible: true }),
            ("parse", 0) => self.edits.expr(e, Edit::Parsed),
            ("to_string", 0) => self.asked_receiver(e, &name, certain, "Display"),
            ("as_ref" | "as_mut", 0) if certain => self.asked_receiver(e, &name, certain, "AsRef"),
            ("borrow", 0) => self.asked_receiver(e, &name, certain, "Borrow"),
            ("zip" | "chain" | "extend", 1) if certain => self.asked_sequence(&m.args[0]),
            ("flatten", 0) if certain => self.asked_receiver(e, &name, certain, "IntoIterator"),
            ("into_iter", 0) if certain => self.asked_receiver(e, &name, certain, "IntoIterator"),
            (name, _) => {
                if let Some(by) = compares(name, m.args.len()) {
                    self.asked_receiver(e, name, certain, by);
                }
                if name.ends_with("_by_key")
                    && let Some(Expr::Closure(c)) = m.args.last()
                {
                    self.asked_value(&c.body, "Ord");
                }
            }
        }
    }

    /// Asks what a method of this name of the trait `by` runs of its receiver. Of a field or a module it may be a traced one.
    fn asked_receiver(&mut self, e: &'a Expr, name: &str, certain: bool, by: &'static str) {
        // Of a generic type nothing is known that rustc could be asked. What every value may have is asked of nothing else.
        let of_every_value = matches!(by, "Display" | "Borrow");
        let or_traced = !certain && !of_every_value && self.types.generics.types.is_empty();
        if or_traced {
            self.edits.twins.0.insert(name.into());
        }
        self.edits.expr(e, Edit::AskedReceiver { by, or_traced });
    }

    /// Asks what walks over the elements of an argument, unless it is std's by its form.
    fn asked_sequence(&mut self, e: &'a Expr) {
        let of_std = match e {
            Expr::Range(_) | Expr::Array(_) | Expr::Macro(_) | Expr::Closure(_) => true,
            // Such a method gives std's iterators, or is refused itself.
            Expr::MethodCall(m) => opaque_call::is_method_of_several(&m.method.to_string()),
            _ => false,
        };
        if !of_std {
            self.edits.expr(e, Edit::Asked { by: "IntoIterator" });
        }
    }

    /// Asks what `by` runs of a value, unless that is a literal.
    fn asked_value(&mut self, e: &'a Expr, by: &'static str) {
        if !matches!(e, Expr::Lit(_) | Expr::Range(_) | Expr::Closure(_) | Expr::Block(_)) {
            self.edits.expr(e, Edit::Asked { by });
        }
    }

    /// Notes what a function of std's reaches, called by its path.
    pub(super) fn reached_by_function(&mut self, e: &'a Expr, c: &'a ExprCall, path: &syn::Path) {
        let Some(name) = path.segments.last().map(|s| s.ident.to_string()) else { return };
        if let Some(method) = overflowing(&name, c.args.len().wrapping_sub(1)) {
            return self.edits.expr(e, Edit::Overflows { method });
        }
        match (name.as_str(), c.args.len()) {
            ("default", 0) => self.edits.expr(e, Edit::Asked { by: "Default" }),
            ("from" | "into", 1) => self.edits.expr(e, Edit::Converted { by: "From", fallible: false }),
            ("try_from" | "try_into", 1) => {
                self.edits.expr(e, Edit::Converted { by: "TryFrom", fallible: true })
            }
            ("from_str", 1) => self.edits.expr(e, Edit::Parsed),
            ("from_iter", 1) => {
                self.asked_sequence(&c.args[0]);
                self.edits.expr(e, Edit::Asked { by: "FromIterator" });
            }
            ("collect", 1) => self.edits.expr(e, Edit::Asked { by: "FromIterator" }),
            ("sum" | "product", 1) => {
                let function = if name == "sum" { "sum" } else { "product" };
                self.edits.expr(e, Edit::Total { function });
            }
            ("to_string", 1) => self.edits.expr(e, Edit::AskedArguments { by: "Display" }),
            ("deref", 1) => self.edits.expr(e, Edit::AskedArguments { by: "Deref" }),
            ("index", 2) => self.edits.expr(e, Edit::AskedArguments { by: "Index" }),
            ("neg", 1) => self.edits.expr(e, Edit::AskedArguments { by: "Neg" }),
            ("not", 1) => self.edits.expr(e, Edit::AskedArguments { by: "Not" }),
            (name, n) => {
                let by = operator_trait(name).or_else(|| compares(name, n.saturating_sub(1)));
                if let Some(by) = by {
                    self.edits.expr(e, Edit::AskedArguments { by });
                }
            }
        }
    }

    /// Whether a function called by a generic type is one of std's traits, of which nothing is known.
    pub(super) fn of_generic(&self, path: &syn::Path) -> bool {
        let owner = path.segments.iter().rev().nth(1).map(|s| s.ident.to_string()).unwrap_or_default();
        let generics = &self.types.generics;
        names::is_capital(&owner) && (generics.types.contains(&owner) || generics.elems.contains(&owner))
    }
}

/// The methods of numbers, with so many arguments, that overflow silently where Rust does not check.
fn overflowing(name: &str, args: usize) -> Option<&'static str> {
    Some(match (name, args) {
        ("pow", 1) => "pow",
        ("next_multiple_of", 1) => "next_multiple_of",
        ("abs", 0) => "abs",
        ("next_power_of_two", 0) => "next_power_of_two",
        _ => return None,
    })
}

/// The trait of a function of `std::ops`.
fn operator_trait(name: &str) -> Option<&'static str> {
    Some(match name {
        "add" => "Add",
        "sub" => "Sub",
        "mul" => "Mul",
        "div" => "Div",
        "rem" => "Rem",
        "bitand" => "BitAnd",
        "bitor" => "BitOr",
        "bitxor" => "BitXor",
        "shl" => "Shl",
        "shr" => "Shr",
        _ => return None,
    })
}

/// The trait by which a method of this name, of so many arguments, compares.
fn compares(name: &str, args: usize) -> Option<&'static str> {
    Some(match (name, args) {
        ("eq" | "ne" | "contains" | "starts_with" | "ends_with" | "strip_prefix" | "strip_suffix", 1)
        | ("dedup", 0) => "PartialEq",
        ("lt" | "le" | "gt" | "ge" | "partial_cmp", 1) | ("is_sorted", 0) => "PartialOrd",
        ("cmp" | "max" | "min" | "binary_search", 1)
        | ("clamp", 2)
        | ("max" | "min" | "sort" | "sort_unstable", 0) => "Ord",
        _ => return None,
    })
}
