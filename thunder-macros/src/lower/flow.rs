//! Control flow on static values: arms become choices, loops repeats.

use super::closure::{assigned, assigned_in};
use super::edits::{Edit, Marker, Place};
use super::value::meet;
use super::{Loop, Lower, block::has_work};
use crate::check::{conditional_compilation, value_dependent_branch};
use crate::scope::{Iter, Scope, Value};
use crate::trace::{Node, Operand};
use syn::{
    Expr, ExprBreak, ExprContinue, ExprForLoop, ExprIf, ExprLet, ExprLoop, ExprMatch, ExprWhile, Label,
    Lifetime,
};

/// The arms of a choice walked so far.
struct Arms<'a> {
    values: Vec<Value<'a>>,
    nodes: Vec<Vec<Node>>,
    scopes: Vec<Scope<'a>>,
}

impl<'a> Lower<'a, '_> {
    fn arm(&mut self, arms: &mut Arms<'a>, f: impl FnOnce(&mut Self) -> Value<'a>) {
        let base = self.scope.clone();
        let (value, nodes) = self.nested(f);
        let mut after = std::mem::replace(&mut self.scope, base);
        self.scope.after(&after);
        after.bindings.truncate(self.scope.bindings.len());
        arms.values.push(value);
        arms.nodes.push(nodes);
        arms.scopes.push(after);
    }

    /// Joins the arms: what they give, and what they assigned. Whether anything happens in them.
    fn merge(&mut self, site: u16, arms: Arms<'a>) -> (Value<'a>, bool) {
        let Arms { values, mut nodes, scopes } = arms;
        let live: Vec<bool> = values.iter().map(|v| !matches!(v, Value::Never)).collect();
        for i in 0..self.scope.bindings.len() {
            let before = self.scope.bindings[i].version;
            let changed = scopes.iter().zip(&live).any(|(s, live)| *live && s.bindings[i].version > before);
            if !changed {
                continue;
            }
            let column = scopes
                .iter()
                .zip(&live)
                .map(|(s, live)| if *live { s.bindings[i].value.clone() } else { Value::Never })
                .collect();
            let joined = self.join(column, &mut nodes);
            let b = &mut self.scope.bindings[i];
            b.version = scopes.iter().map(|s| s.bindings[i].version).max().unwrap_or(before) + 1;
            b.value = joined;
        }
        let value = self.join(values, &mut nodes);
        let kept = nodes.iter().any(|n| has_work(n));
        if kept {
            self.push(Node::Choice { site, arms: nodes });
        }
        (value, kept)
    }

    pub(super) fn if_else(&mut self, i: &'a ExprIf) -> Value<'a> {
        let outer = self.scope.bindings.len();
        self.condition(&i.cond, "`if`");
        let mut arms = Arms { values: Vec::new(), nodes: Vec::new(), scopes: Vec::new() };
        self.arm(&mut arms, |s| s.block(&i.then_branch));
        // What the condition bound is not in sight in the other arm.
        self.scope.bindings.truncate(outer);
        arms.scopes.iter_mut().for_each(|s| s.bindings.truncate(outer));
        match &i.else_branch {
            Some((_, e)) => self.arm(&mut arms, |s| s.expr(e)),
            None => self.arm(&mut arms, |_| Value::unit()),
        }
        let site = self.site(i);
        let (value, kept) = self.merge(site, arms);
        if kept {
            self.edits.marker(&i.then_branch, Marker::Arm(site, 0));
            match &i.else_branch {
                Some((_, e)) => self.edits.marker(&**e, Marker::Arm(site, 1)),
                None => {
                    self.edits.missing.insert(Place::of(i), Marker::Arm(site, 1));
                }
            }
        }
        value
    }

    /// A condition, with what its `let`s bind.
    fn condition(&mut self, e: &'a Expr, what: &str) {
        match e {
            Expr::Binary(b) if matches!(b.op, syn::BinOp::And(_)) && has_let(e) => {
                self.condition(&b.left, what);
                self.condition(&b.right, what);
            }
            Expr::Let(l) => {
                self.condition_let(l);
            }
            Expr::Paren(p) => self.condition(&p.expr, what),
            _ => {
                let value = self.expr(e);
                self.must_be_static(e, &value, what);
            }
        }
    }

    /// Refuses a tensor where Rust needs a static value; what may be one is checked by rustc.
    pub(super) fn must_be_static(&mut self, e: &'a Expr, value: &Value<'a>, what: &str) {
        value_dependent_branch::branch(e, what, value, self.diag);
        if matches!(value, Value::Unknown(_) | Value::Module(_)) {
            self.edits.expr(e, Edit::Condition);
        }
    }

    pub(super) fn condition_let(&mut self, l: &'a ExprLet) -> Value<'a> {
        let value = self.expr(&l.expr);
        let branches = value_dependent_branch::branch(&*l.expr, "`if let`", &value, self.diag);
        self.bind_refutable(&l.pat, if branches { Value::Failed } else { value });
        Value::STATIC
    }

    pub(super) fn match_arms(&mut self, m: &'a ExprMatch) -> Value<'a> {
        let on = self.expr(&m.expr);
        let on = if value_dependent_branch::branch(&*m.expr, "`match`", &on, self.diag) {
            Value::Failed
        } else {
            on
        };
        let mut arms = Arms { values: Vec::new(), nodes: Vec::new(), scopes: Vec::new() };
        for a in &m.arms {
            conditional_compilation::attributes(&a.attrs, self.diag);
            self.arm(&mut arms, |s| {
                s.bind_refutable(&a.pat, on.clone());
                if let Some((_, guard)) = &a.guard {
                    s.condition(guard, "a match guard");
                }
                s.expr(&a.body)
            });
        }
        let site = self.site(m);
        let (value, kept) = self.merge(site, arms);
        if kept {
            for (k, a) in m.arms.iter().enumerate() {
                self.edits.marker(&*a.body, Marker::Arm(site, k as u16));
            }
        }
        value
    }

    /// Runs `body` as the body of a loop that assigns to `names`; gives its last value, and whether anything
    /// happens in it.
    pub(super) fn repeat<T>(
        &mut self,
        site: u16,
        names: &[String],
        mut body: impl FnMut(&mut Self) -> T,
    ) -> (T, bool) {
        // What a closure assigns to that a name in sight is bound to: the body may call it.
        let mut names = names.to_vec();
        for b in &self.scope.bindings {
            if let Value::Closure(c) = &b.value {
                names.extend(assigned(&c.syntax.body));
            }
        }
        names.sort();
        names.dedup();
        let carried: Vec<(String, Value<'a>)> = names
            .iter()
            .filter_map(|n| self.scope.find(n).map(|b| (n.clone(), b.value.clone())))
            .filter(|(_, v)| !v.is_static() && !matches!(v, Value::Unset | Value::Failed | Value::Closure(_)))
            .collect();
        let label = self.label.take();
        let mut kinds: Vec<Value<'a>> = carried.iter().map(|(_, v)| v.clone()).collect();
        // What a carried value has in common with itself an iteration later only shrinks, so this ends.
        loop {
            let before =
                (self.diag.mark(), self.vars.len(), self.open.last().map_or(0, Vec::len), self.scope.clone());
            let mut cells = Vec::new();
            for ((name, value), kind) in carried.iter().zip(&kinds) {
                let mut arms = [Vec::new()];
                let cell = self.cell(kind, value, &mut arms);
                let [nodes] = arms;
                for n in nodes {
                    self.push(n);
                }
                self.scope.assign(name, cell.clone());
                cells.push((name.clone(), cell));
            }
            let base = self.scope.bindings.len();
            self.loops.push(Loop { cells: cells.clone(), ends: Vec::new(), label: label.clone() });
            let filters = self.filters.len();
            let (value, mut nodes) = self.nested(|s| {
                let value = body(s);
                s.scope.bindings.truncate(base);
                s.store_cells(0);
                s.close_filters(filters);
                value
            });
            let ends = self.loops.pop().map(|l| l.ends).unwrap_or_default();
            let next: Vec<Value<'a>> = kinds
                .iter()
                .enumerate()
                .map(|(i, k)| ends.iter().fold(k.clone(), |k, end| meet(&k, &end[i])))
                .collect();
            if next.iter().zip(&kinds).any(|(a, b)| !alike(a, b)) {
                kinds = next;
                self.diag.rewind(before.0);
                self.vars.truncate(before.1);
                if let Some(open) = self.open.last_mut() {
                    open.truncate(before.2);
                }
                self.scope = before.3;
                continue;
            }
            for (name, cell) in cells {
                self.scope.assign(&name, cell);
            }
            let kept = has_work(&nodes);
            if kept {
                self.push(Node::Repeat { site, body: std::mem::take(&mut nodes) });
            }
            return (value, kept);
        }
    }

    /// Makes arms of what follows the filters of this iteration.
    fn close_filters(&mut self, outer: usize) {
        while self.filters.len() > outer {
            let Some((at, site)) = self.filters.pop() else { return };
            let kept =
                self.open.last_mut().map(|nodes| nodes.split_off(at.min(nodes.len()))).unwrap_or_default();
            self.push(Node::Choice { site, arms: vec![kept, Vec::new()] });
        }
    }

    /// Stores the present values of the carried names of the loop `out` loops out where its next iteration reads them.
    fn store_cells(&mut self, out: u8) {
        let Some(at) = self.loops.len().checked_sub(1 + usize::from(out)) else { return };
        let cells = self.loops[at].cells.clone();
        let values: Vec<Value<'a>> = cells
            .iter()
            .map(|(n, _)| self.scope.find(n).map_or(Value::Failed, |b| b.value.clone()))
            .collect();
        let mut moves = Vec::new();
        for ((_, cell), value) in cells.iter().zip(&values) {
            self.moves(cell, value, &mut moves);
        }
        moves.retain(|(var, value)| *value != Operand::Var(*var));
        // Assignments happen one after another: what a later one reads is saved first.
        let targets: Vec<u16> = moves.iter().map(|(v, _)| *v).collect();
        for m in &mut moves {
            if let Operand::Var(v) = m.1
                && targets.contains(&v)
            {
                let ty = self.vars[v as usize];
                m.1 = self.assign(m.1, ty);
            }
        }
        for (var, value) in moves {
            self.push(Node::Assign { var, value });
        }
        self.loops[at].ends.push(values);
    }

    /// The assignments that move `value` into `cell`.
    fn moves(&mut self, cell: &Value<'a>, value: &Value<'a>, out: &mut Vec<(u16, Operand)>) {
        match (cell, value) {
            (Value::Tuple(cells), Value::Tuple(values)) => {
                for (c, v) in cells.iter().zip(values) {
                    self.moves(c, v, out);
                }
            }
            (Value::Option(cell), Value::Option(value)) => self.moves(cell, value, out),
            (Value::Option(cell), value) => self.moves(cell, value, out),
            (
                Value::Tensor(Operand::Var(c), _)
                | Value::Key(Operand::Var(c))
                | Value::List(Operand::Var(c), _)
                | Value::Module(Operand::Var(c))
                | Value::Unknown(Operand::Var(c)),
                value,
            ) => {
                let value = self.operand(value);
                out.push((*c, value));
            }
            _ => {}
        }
    }

    pub(super) fn for_loop(&mut self, f: &'a ExprForLoop) -> Value<'a> {
        let over = self.expr(&f.expr);
        if matches!(over, Value::Never) {
            return over;
        }
        if matches!(over, Value::Static(crate::scope::Const::Unknown) | Value::Unknown(_) | Value::Module(_))
        {
            self.edits.expr(&f.expr, Edit::Asked { by: "IntoIterator" });
        }
        // The body of a loop over what failed is still checked.
        let iter = self.iterate(over, &f.expr).unwrap_or_else(|| std::rc::Rc::new(Iter::Each(Value::Failed)));
        let site = self.site(f);
        let names = assigned_in(&f.body);
        self.label = label(&f.label);
        let (_, kept) = self.repeat(site, &names, |s| {
            let elem = s.item_of(&iter, site);
            s.bind_pattern(&f.pat, elem);
            s.block(&f.body);
        });
        if kept {
            match iter.host() {
                Some(c) => self.mark_closure(c, Marker::Iter(site)),
                None => self.edits.marker(&f.body, Marker::Iter(site)),
            }
        }
        Value::unit()
    }

    pub(super) fn while_loop(&mut self, w: &'a ExprWhile) -> Value<'a> {
        let site = self.site(w);
        let mut names = assigned_in(&w.body);
        names.extend(assigned(&w.cond));
        self.label = label(&w.label);
        let (_, kept) = self.repeat(site, &names, |s| {
            s.condition(&w.cond, "`while`");
            s.block(&w.body);
        });
        if kept {
            self.edits.marker(&w.body, Marker::Iter(site));
        }
        Value::unit()
    }

    pub(super) fn forever(&mut self, l: &'a ExprLoop) -> Value<'a> {
        let site = self.site(l);
        let names = assigned_in(&l.body);
        self.label = label(&l.label);
        let (_, kept) = self.repeat(site, &names, |s| {
            s.block(&l.body);
        });
        if kept {
            self.edits.marker(&l.body, Marker::Iter(site));
        }
        // What a `break` gives is static; a loop that gives nothing has no other value.
        Value::STATIC
    }

    pub(super) fn break_loop(&mut self, b: &'a ExprBreak) -> Value<'a> {
        if let Some(e) = &b.expr {
            let value = self.expr(e);
            if !value.is_static() {
                if !matches!(value, Value::Failed) {
                    let help = "assign it before: `let mut y; loop { …; y = …; break; }`";
                    self.not_traced(e, "a `break` with a tensor", help);
                }
                return Value::Never;
            }
        }
        if let Some(out) = self.target(b.label.as_ref()) {
            self.store_cells(out);
            self.push(Node::Break(out));
        }
        Value::Never
    }

    pub(super) fn continue_loop(&mut self, c: &'a ExprContinue) -> Value<'a> {
        if let Some(out) = self.target(c.label.as_ref()) {
            self.store_cells(out);
            self.push(Node::Continue(out));
        }
        Value::Never
    }

    /// How many loops out the loop is that a `break` or `continue` speaks of; rustc knows of none that there is not.
    fn target(&mut self, label: Option<&'a Lifetime>) -> Option<u8> {
        let Some(label) = label else { return Some(0) };
        let name = label.ident.to_string();
        let out = self.loops.iter().rev().position(|l| l.label.as_ref() == Some(&name));
        out.and_then(|n| u8::try_from(n).ok())
    }
}

fn label(label: &Option<Label>) -> Option<String> {
    label.as_ref().map(|l| l.name.ident.to_string())
}

fn has_let(e: &Expr) -> bool {
    match e {
        Expr::Let(_) => true,
        Expr::Binary(b) => has_let(&b.left) || has_let(&b.right),
        _ => false,
    }
}

/// Whether two values are known equally well.
fn alike(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a, b) {
        (Value::Tensor(_, x), Value::Tensor(_, y)) => x == y,
        (Value::Tuple(x), Value::Tuple(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| alike(x, y)),
        (Value::Option(x), Value::Option(y)) | (Value::List(_, x), Value::List(_, y)) => alike(x, y),
        (Value::Static(x), Value::Static(y)) => x == y,
        _ => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}
