//! The pattern of a `rearrange`: `|b, t, (H, d)| (b, H, t, d)`.

use crate::diagnostics::Diagnostics;
use crate::names;
use syn::{Expr, ExprClosure, Ident, Pat};

/// A rearrange as written: atoms in the input's order, each group of them by index.
pub struct Rearrange {
    /// The atoms' names.
    pub atoms: Vec<Ident>,
    /// The input's dimensions.
    pub inputs: Vec<Vec<usize>>,
    /// The output's dimensions.
    pub outputs: Vec<Vec<usize>>,
}

const HELP: &str = "`x.rearrange(|b, t, (H, d)| (b, H, t, d))`: a capitalised name is an extent in scope, \
                    a lower-case one is fresh";

impl Rearrange {
    /// Reads the closure.
    pub fn parse(c: &ExprClosure, diag: &mut Diagnostics) -> Option<Rearrange> {
        let mut r = Rearrange { atoms: Vec::new(), inputs: Vec::new(), outputs: Vec::new() };
        for p in &c.inputs {
            let group = r.input(p, diag)?;
            r.inputs.push(group);
        }
        match &*c.body {
            Expr::Tuple(t) => {
                for e in &t.elems {
                    let group = r.output(e, diag)?;
                    r.outputs.push(group);
                }
            }
            other => {
                diag.error(other, "a rearrange gives a tuple of dimensions", HELP);
                return None;
            }
        }
        r.check(c, diag)
    }

    fn input(&mut self, p: &Pat, diag: &mut Diagnostics) -> Option<Vec<usize>> {
        match p {
            Pat::Ident(i) if i.by_ref.is_none() && i.subpat.is_none() => {
                if self.atoms.contains(&i.ident) {
                    diag.error(
                        i,
                        format!("`{}` is named twice", i.ident),
                        "give each dimension a name of its own",
                    );
                    return None;
                }
                self.atoms.push(i.ident.clone());
                Some(vec![self.atoms.len() - 1])
            }
            Pat::Paren(p) => self.input(&p.pat, diag),
            Pat::Tuple(t) => {
                let mut group = Vec::new();
                for p in &t.elems {
                    group.extend(self.input(p, diag)?);
                }
                Some(group)
            }
            other => {
                diag.error(other, "a rearrange names dimensions", HELP);
                None
            }
        }
    }

    fn output(&self, e: &Expr, diag: &mut Diagnostics) -> Option<Vec<usize>> {
        match e {
            Expr::Tuple(t) => {
                let mut group = Vec::new();
                for e in &t.elems {
                    group.extend(self.output(e, diag)?);
                }
                Some(group)
            }
            Expr::Paren(p) => self.output(&p.expr, diag),
            other => {
                let Some(id) = names::ident(other) else {
                    diag.error(other, "a rearrange names dimensions", HELP);
                    return None;
                };
                match self.atoms.iter().position(|a| a == id) {
                    Some(i) => Some(vec![i]),
                    None => {
                        diag.error(
                            id,
                            format!("`{id}` is no dimension of the input"),
                            "name it on the left side",
                        );
                        None
                    }
                }
            }
        }
    }

    fn check(self, c: &ExprClosure, diag: &mut Diagnostics) -> Option<Rearrange> {
        let max = thunder_core::types::MAX_RANK;
        if self.atoms.len() > max || self.inputs.len() > max || self.outputs.len() > max {
            diag.error(c, "a rearrange names at most 8 dimensions", "two rearranges");
            return None;
        }
        for (i, atom) in self.atoms.iter().enumerate() {
            let uses = self.outputs.iter().flatten().filter(|&&o| o == i).count();
            if uses == 0 {
                let help = "every dimension of the input is in the output; reduce it first, `x.sum(axis)`, to drop it";
                diag.error(atom, format!("`{atom}` is missing from the output"), help);
                return None;
            }
            if uses > 1 {
                diag.error(
                    atom,
                    format!("`{atom}` is in the output twice"),
                    "each dimension goes to one place",
                );
                return None;
            }
        }
        for group in &self.inputs {
            let free: Vec<&Ident> = group
                .iter()
                .map(|&i| &self.atoms[i])
                .filter(|a| !names::is_capital(&a.to_string()))
                .collect();
            if free.len() > 1 {
                let what = format!(
                    "`{}` and `{}` share one dimension, and nothing gives their extents",
                    free[0], free[1]
                );
                diag.error(free[1], what, "a capitalised name, an extent in scope, for all but one");
                return None;
            }
        }
        Some(self)
    }
}
