//! Iterators, which are lazy: their closures run where they are consumed.

use super::closure::assigned;
use super::edits::Marker;
use super::{Lower, value::meet};
use crate::scope::{Iter, Value};
use crate::trace::{Operand, Step};
use std::rc::Rc;
use syn::{Expr, ExprMethodCall};

impl<'a> Lower<'a, '_> {
    /// The iterator over a value.
    pub(super) fn iterate(&mut self, value: Value<'a>, at: &'a Expr) -> Option<Rc<Iter<'a>>> {
        Some(match value {
            Value::Iter(i) => i,
            Value::Tensor(..) => {
                self.diag.error(
                    at,
                    "a tensor is no sequence: its extents are not known while tracing",
                    "whole-tensor operations, or `scan` over its first dimension",
                );
                return None;
            }
            Value::Tuple(parts) if parts.iter().any(|p| !p.is_static()) => {
                let elem = parts[1..].iter().fold(parts[0].clone(), |a, b| meet(&a, b));
                let array = self.operand(&Value::Tuple(parts));
                Rc::new(Iter::Each(Value::List(array, Box::new(elem))))
            }
            Value::Tuple(_) => Rc::new(Iter::Each(Value::STATIC)),
            other => Rc::new(Iter::Each(other)),
        })
    }

    /// The element that the present iteration of loop `site` is at.
    pub(super) fn item_of(&mut self, iter: &Iter<'a>, site: u16) -> Value<'a> {
        match iter {
            Iter::Each(v) => self.part_at(v, Step::Iter(site)),
            Iter::Some(v) => self.part_at(v, Step::Any),
            Iter::Zip(a, b) => {
                let a = self.item_of(a, site);
                let b = self.item_of(b, site);
                Value::Tuple(vec![a, b])
            }
            Iter::Enumerate(a) => Value::Tuple(vec![Value::STATIC, self.item_of(a, site)]),
            Iter::Map(a, f) => {
                let x = self.item_of(a, site);
                self.apply_closure(f, vec![x])
            }
            Iter::Filter(a, f, arm) => {
                let x = self.item_of(a, site);
                self.apply_closure(f, vec![x.clone()]);
                let at = self.open.last().map_or(0, Vec::len);
                self.filters.push((at, *arm));
                x
            }
            Iter::Given(a, f) => {
                let x = self.item_of(a, site);
                let arity = if let Value::Closure(c) = f { c.syntax.inputs.len() } else { 1 };
                // What `scan` carries comes first; it is static.
                let mut args = vec![Value::STATIC; arity.saturating_sub(1)];
                args.push(x);
                let given = self.apply_closure(f, args);
                self.element_of(given)
            }
            Iter::Chain(a, b) => {
                let x = self.item_of(&a.shuffled(), site);
                let y = self.item_of(&b.shuffled(), site);
                self.one_of_both(x, y)
            }
            Iter::Lists(v) => self.sublist(v),
        }
    }

    /// A list of some elements of a list: which, is not followed.
    pub(super) fn sublist(&mut self, list: &Value<'a>) -> Value<'a> {
        match list {
            Value::List(o, elem) => {
                let some = self.project(*o, Step::Any, thunder_core::types::Ty::UNKNOWN);
                Value::List(some, elem.clone())
            }
            Value::Unknown(o) => {
                let some = self.project(*o, Step::Any, thunder_core::types::Ty::UNKNOWN);
                Value::List(some, Box::new(Value::Unknown(Operand::Hole)))
            }
            v if v.is_static() => Value::STATIC,
            _ => Value::Unknown(Operand::Hole),
        }
    }

    /// What an `Option` or a list holds.
    fn element_of(&mut self, value: Value<'a>) -> Value<'a> {
        match value {
            Value::Option(inner) => *inner,
            Value::Tuple(parts) if parts.is_empty() => Value::STATIC,
            Value::Tuple(parts) => {
                let first = parts[0].clone();
                parts[1..].iter().fold(first, |a, b| meet(&a, b))
            }
            Value::Iter(i) => {
                let site = 0;
                self.item_of(&i.shuffled(), site)
            }
            v @ Value::List(..) => self.part_at(&v, Step::Any),
            other => other,
        }
    }

    /// A value that is one of two.
    fn one_of_both(&mut self, x: Value<'a>, y: Value<'a>) -> Value<'a> {
        if x.is_static() && y.is_static() {
            return Value::STATIC;
        }
        let kind = meet(&x, &y);
        let both = self.operand(&Value::Tuple(vec![x, y]));
        let one = self.project(both, Step::Any, Self::ty(&kind));
        super::value::with_operand(&kind, one)
    }

    /// The elements of an iterator, one after another, and what one of them is.
    fn any_of(&mut self, m: &'a ExprMethodCall, iter: &Rc<Iter<'a>>) -> (Value<'a>, Value<'a>) {
        let all = self.collect(m, iter);
        let elem = match &all {
            Value::Failed => Value::Failed,
            v if v.is_static() => Value::STATIC,
            v => self.part_at(v, Step::Any),
        };
        (all, elem)
    }

    /// Walks a closure that std calls with elements, any number of times; gives what it gives. Whether it traces
    /// anything besides an iterator's own closures, the trace can't follow.
    fn called_on(
        &mut self,
        m: &'a ExprMethodCall,
        iter: &Rc<Iter<'a>>,
        at: &'a Expr,
        f: &Value<'a>,
        args: Vec<Value<'a>>,
    ) -> Value<'a> {
        let Value::Closure(c) = f else { return Value::STATIC };
        let site = self.site(c.syntax);
        let names = assigned(&c.syntax.body);
        let (value, kept) = self.repeat(site, &names, |s| s.apply_closure(f, args.clone()));
        if kept && iter.host().is_some() {
            let what = format!("a closure of `{}` that calls what is traced, after another,", m.method);
            return self.not_traced(at, &what, "`collect` into a `Vec` first");
        }
        if kept {
            self.mark_closure(c.syntax, Marker::Iter(site));
        }
        value
    }

    /// Whether a closure traces anything, when it is given these values.
    fn traces(&mut self, f: &Value<'a>, args: Vec<Value<'a>>) -> bool {
        let mark = (self.diag.mark(), self.vars.len());
        let (_, nodes) = self.nested(|s| s.apply_closure(f, args));
        let traced = self.traced(&nodes);
        self.diag.rewind(mark.0);
        self.vars.truncate(mark.1);
        traced
    }

    /// Whether nodes are certainly recorded: not arithmetic that may turn out to be plain Rust.
    fn traced(&self, nodes: &[crate::trace::Node]) -> bool {
        use crate::trace::Node;
        nodes.iter().any(|n| match n {
            Node::Op { dst, .. } => self.vars.get(*dst as usize).is_none_or(|ty| !ty.shape.is_unknown()),
            Node::Project { .. } | Node::Pack { .. } | Node::Assign { .. } | Node::Collect { .. } => false,
            Node::Choice { arms, .. } => arms.iter().any(|a| self.traced(a)),
            Node::Repeat { body, .. } => self.traced(body),
            _ => true,
        })
    }

    /// What one element is, of an iterator that is not walked here.
    fn sample(&mut self, iter: &Rc<Iter<'a>>) -> Value<'a> {
        let filters = self.filters.len();
        let mark = self.diag.mark();
        let (x, _) = self.nested(|s| s.item_of(&iter.shuffled(), 0));
        self.filters.truncate(filters);
        self.diag.rewind(mark);
        super::value::with_unknown(&x)
    }

    /// A method of an iterator.
    pub(super) fn iterator_method(&mut self, m: &'a ExprMethodCall, iter: Rc<Iter<'a>>) -> Value<'a> {
        let mut args = self.exprs(&m.args);
        let name = m.method.to_string();
        if iter_is_static(&iter) && self.function_to_std(m) {
            return Value::Failed;
        }
        match (name.as_str(), args.len()) {
            (
                "iter" | "into_iter" | "by_ref" | "clone" | "copied" | "cloned" | "peekable" | "fuse"
                | "take" | "take_while",
                _,
            ) => {
                for f in &args {
                    self.static_closure(f);
                }
                Value::Iter(iter)
            }
            ("skip" | "step_by" | "skip_while" | "zip" | "nth", _) if iter.filters() => {
                let what = format!("`{name}` after a filter that calls what is traced");
                self.not_traced(&m.method, &what, "`collect` into a `Vec` first; or an `if` in the loop")
            }
            ("rev" | "skip" | "step_by" | "skip_while", _) => {
                for f in &args {
                    self.static_closure(f);
                }
                Value::Iter(Rc::new(iter.shuffled()))
            }
            ("chain", 1) => match args.pop().and_then(|other| self.iterate(other, &m.args[0])) {
                Some(other) if iter.host().is_none() && other.host().is_none() => {
                    Value::Iter(Rc::new(Iter::Chain(iter, other)))
                }
                Some(_) => self.not_traced(
                    &m.method,
                    "`chain` after a closure",
                    "`chain` the lists first, and then `map`; or `collect` each into a `Vec`",
                ),
                None => Value::Failed,
            },
            ("filter_map" | "flat_map" | "map_while" | "scan", 1 | 2) => {
                let x = self.sample(&iter);
                let Some(f @ Value::Closure(c)) = args.last() else {
                    return self.not_understood(&m.args, "a function that is no closure here");
                };
                let mut given = vec![Value::STATIC; c.syntax.inputs.len().saturating_sub(1)];
                given.push(x);
                if self.traces(f, given) {
                    let what = format!("`{name}` with a closure that traces something");
                    return self.not_traced(&m.method, &what, "`map` and `filter`, or a `for` loop");
                }
                Value::Iter(Rc::new(Iter::Given(iter, f.clone())))
            }
            ("flatten", 0) => match &*iter {
                Iter::Each(v) | Iter::Some(v) => {
                    let inner = self.part_at(v, Step::Any);
                    match inner {
                        Value::Option(x) => {
                            let o = self.operand(&x);
                            Value::Iter(Rc::new(Iter::Some(Value::List(o, x))))
                        }
                        v => Value::Iter(Rc::new(Iter::Some(v))),
                    }
                }
                _ => self.not_understood(&m.method, "this method of an iterator over tensors"),
            },
            ("inspect" | "cycle", _) if iter_is_static(&iter) => {
                for f in &args {
                    self.static_closure(f);
                }
                Value::Iter(Rc::new(iter.shuffled()))
            }
            ("min_by" | "max_by" | "min_by_key" | "max_by_key", 1) => {
                let (_, x) = self.any_of(m, &iter);
                let given = if name.ends_with("key") { vec![x.clone()] } else { vec![x.clone(), x.clone()] };
                let value = self.called_on(m, &iter, &m.args[0], &args[0], given);
                self.must_be_static(&m.args[0], &plain_or_static(&value), "an order");
                match (x, value) {
                    (Value::Failed, _) | (_, Value::Failed) => Value::Failed,
                    (x, _) if x.is_static() => Value::STATIC,
                    (x, _) => Value::Option(Box::new(x)),
                }
            }
            ("rposition" | "rfind" | "find", 1) if iter.host().is_none() => {
                let (_, x) = self.any_of(m, &iter);
                let value = self.called_on(m, &iter, &m.args[0], &args[0], vec![x.clone()]);
                self.predicate(&m.args[0], &args[0], &value, &format!("`{name}`"));
                match x {
                    Value::Failed => Value::Failed,
                    x if x.is_static() || name == "rposition" => Value::STATIC,
                    x => Value::Option(Box::new(x)),
                }
            }
            ("reduce", 1) => {
                let (_, x) = self.any_of(m, &iter);
                if x.is_tensor() || matches!(x, Value::Failed) {
                    if x.is_tensor() {
                        let help = "`fold`, from the first: `rest.iter().fold(first, |a, b| …)`";
                        self.not_traced(&m.method, "`reduce` of tensors", help);
                    }
                    return Value::Failed;
                }
                let value = self.called_on(m, &iter, &m.args[0], &args[0], vec![x.clone(), x.clone()]);
                if x.is_static() && value.is_static() { Value::STATIC } else { Value::Option(Box::new(x)) }
            }
            ("partition", 1) => {
                let (all, x) = self.any_of(m, &iter);
                let value = self.called_on(m, &iter, &m.args[0], &args[0], vec![x.clone()]);
                self.predicate(&m.args[0], &args[0], &value, "`partition`");
                if matches!(x, Value::Failed) {
                    return Value::Failed;
                }
                let some = self.sublist(&all);
                Value::Tuple(vec![some.clone(), some])
            }
            ("enumerate", 0) => Value::Iter(Rc::new(Iter::Enumerate(iter))),
            ("zip", 1) => match args.pop().and_then(|other| self.iterate(other, &m.args[0])) {
                Some(other) => Value::Iter(Rc::new(Iter::Zip(iter, other))),
                None => Value::Failed,
            },
            ("map" | "for_each" | "filter", 1) if self.given(&m.args[0], &args[0], iter_is_static(&iter)) => {
                Value::Failed
            }
            ("map", 1) => match args.pop() {
                Some(f) => Value::Iter(Rc::new(Iter::Map(iter, f))),
                None => Value::Failed,
            },
            ("filter", 1) => self.filter(m, iter, &args[0]),
            ("for_each", 1) => self.for_each(m, &iter, &args[0]),
            ("any" | "all" | "position", 1) => {
                let site = self.site(m);
                let names = self.closure_names(&iter, &args[0]);
                let (value, kept) = self.repeat(site, &names, |s| {
                    let x = s.item_of(&iter, site);
                    s.apply_closure(&args[0], vec![x])
                });
                self.predicate(&m.args[0], &args[0], &value, &format!("`{name}`"));
                self.mark_host(kept, &iter, Some(&args[0]), site);
                if matches!(value, Value::Failed) { Value::Failed } else { Value::STATIC }
            }
            ("fold", 2) => self.fold(m, &iter, args),
            ("collect", 0) => self.collect(m, &iter),
            ("next" | "last" | "nth", _) if !has_closure(&iter) => {
                let elem = match &*iter {
                    Iter::Each(v) | Iter::Some(v) => self.part_at(v, Step::Any),
                    _ => return self.not_understood(&m.method, "this method of an iterator over tensors"),
                };
                if elem.is_static() { Value::STATIC } else { Value::Option(Box::new(elem)) }
            }
            ("find", 1) if iter.host().is_some() => {
                // A choice by static values: which element it is, only the run knows.
                let elem = match &*iter {
                    Iter::Each(v) | Iter::Some(v) => self.part_at(v, Step::Any),
                    _ => return self.not_understood(&m.method, "this method of an iterator over tensors"),
                };
                let value = self.apply_closure(&args[0], vec![elem.clone()]);
                self.predicate(&m.args[0], &args[0], &value, "`find`");
                if elem.is_static() { Value::STATIC } else { Value::Option(Box::new(elem)) }
            }
            ("len", 0) => Value::STATIC,
            (
                "sum" | "product" | "count" | "min" | "max" | "is_sorted" | "eq" | "cmp" | "ne" | "lt" | "le"
                | "gt" | "ge" | "last" | "next" | "nth" | "unzip" | "try_fold" | "cycle" | "inspect"
                | "collect_vec",
                _,
            ) => {
                let (all, elem) = self.any_of(m, &iter);
                for f in &args {
                    self.static_closure(f);
                }
                // No tensor can be summed or compared by std: what rustc lets through is static.
                let plain = matches!(
                    name.as_str(),
                    "sum"
                        | "product"
                        | "min"
                        | "max"
                        | "is_sorted"
                        | "eq"
                        | "cmp"
                        | "ne"
                        | "lt"
                        | "le"
                        | "gt"
                        | "ge"
                );
                match elem {
                    _ if matches!(all, Value::Failed) => Value::Failed,
                    // How many there are is static, whatever they are.
                    _ if name == "count" => Value::STATIC,
                    Value::Unknown(_) if plain => Value::STATIC,
                    v if v.is_static()
                        && args.iter().all(|a| a.is_static() || matches!(a, Value::Closure(_))) =>
                    {
                        Value::STATIC
                    }
                    _ => {
                        let what = format!("`{name}` of an iterator over tensors");
                        self.diag.error(
                            &m.method,
                            format!("{what} can't be traced"),
                            "`map`, `zip`, `enumerate`, `fold`, `for`, `collect`",
                        );
                        Value::Failed
                    }
                }
            }
            (name, _) if super::option::only_option(name) => {
                self.diag.error(
                    &m.method,
                    format!(
                        "`{name}` is a method of an `Option`, and `map` on a field may be one of an iterator"
                    ),
                    "say what it is: `let y: Option<_> = self.x.map(…);`",
                );
                Value::Failed
            }
            _ if crate::check::unknown_operation::of_list(&m.method, self.diag) => Value::Failed,
            _ => self.not_understood(&m.method, "this method of an iterator"),
        }
    }

    /// Refuses a tensor where std needs a closure to give a `bool`.
    pub(super) fn predicate(&mut self, at: &'a Expr, f: &Value<'a>, value: &Value<'a>, what: &str) {
        let at = if let Value::Closure(c) = f { &*c.syntax.body } else { at };
        self.must_be_static(at, value, what);
    }

    /// Refuses a function by name where a closure would get tensors. Whether it did.
    pub(super) fn given(&mut self, at: &'a Expr, f: &Value<'a>, is_static: bool) -> bool {
        match f {
            Value::Callable(..) => crate::check::opaque_call::given_on(at, self.diag),
            Value::Static(_) if !is_static && matches!(at, Expr::Path(_)) => {
                crate::check::opaque_call::given(at, self.diag);
            }
            _ => return false,
        }
        true
    }

    fn filter(&mut self, m: &'a ExprMethodCall, iter: Rc<Iter<'a>>, f: &Value<'a>) -> Value<'a> {
        let x = self.sample(&iter);
        let mark = self.vars.len();
        let (value, nodes) = self.nested(|s| s.apply_closure(f, vec![x]));
        let traced = self.traced(&nodes);
        self.vars.truncate(mark);
        self.predicate(&m.args[0], f, &value, "`filter`");
        if value.is_tensor() || matches!(value, Value::Failed) {
            return Value::Failed;
        }
        let Value::Closure(c) = f else { return Value::Iter(Rc::new(iter.shuffled())) };
        if !traced {
            return Value::Iter(Rc::new(iter.shuffled()));
        }
        // What is kept goes on, the rest of the iteration is an arm.
        let site = self.site(m);
        self.edits.expr(&c.syntax.body, super::edits::Edit::Kept { site });
        Value::Iter(Rc::new(Iter::Filter(iter, f.clone(), site)))
    }

    fn for_each(&mut self, m: &'a ExprMethodCall, iter: &Rc<Iter<'a>>, f: &Value<'a>) -> Value<'a> {
        let site = self.site(m);
        let names = self.closure_names(iter, f);
        let (_, kept) = self.repeat(site, &names, |s| {
            let x = s.item_of(iter, site);
            s.apply_closure(f, vec![x]);
        });
        self.mark_host(kept, iter, Some(f), site);
        Value::unit()
    }

    fn fold(&mut self, m: &'a ExprMethodCall, iter: &Rc<Iter<'a>>, mut args: Vec<Value<'a>>) -> Value<'a> {
        // The accumulator is a name that no user can write.
        const ACC: &str = "#acc";
        let (Some(f), Some(init)) = (args.pop(), args.pop()) else { return Value::Failed };
        let site = self.site(m);
        let mut names = self.closure_names(iter, &f);
        names.push(ACC.into());
        let outer = self.scope.bindings.len();
        self.scope.bind(ACC, init);
        let (_, kept) = self.repeat(site, &names, |s| {
            let x = s.item_of(iter, site);
            let acc = s.scope.find(ACC).map_or(Value::Failed, |b| b.value.clone());
            let next = s.apply_closure(&f, vec![acc, x]);
            s.scope.assign(ACC, super::expr::settle(next));
        });
        let out = self.scope.find(ACC).map_or(Value::Failed, |b| b.value.clone());
        self.scope.bindings.truncate(outer);
        self.mark_host(kept, iter, Some(&f), site);
        out
    }

    /// The elements in a list.
    pub(super) fn collect(&mut self, m: &'a ExprMethodCall, iter: &Rc<Iter<'a>>) -> Value<'a> {
        match &**iter {
            Iter::Each(v) => return v.clone(),
            // No closure tells the iterations apart: which elements these are is not followed.
            Iter::Some(v) => return self.sublist(v),
            i if i.host().is_none() => {
                let x = self.item_of(&i.shuffled(), 0);
                if x.is_static() || matches!(x, Value::Failed) {
                    return x;
                }
                let o = self.operand(&x);
                let some = self.project(o, Step::Any, thunder_core::types::Ty::UNKNOWN);
                return Value::List(some, Box::new(x));
            }
            _ => {}
        }
        self.collect_repeat(m, iter.host(), |s, site| s.item_of(iter, site))
    }

    fn closure_names(&self, iter: &Iter<'a>, f: &Value<'a>) -> Vec<String> {
        let mut names = iter.host().map(|h| assigned(&h.body)).unwrap_or_default();
        if let Value::Closure(c) = f {
            names.extend(assigned(&c.syntax.body));
        }
        names
    }

    fn mark_host(&mut self, kept: bool, iter: &Iter<'a>, f: Option<&Value<'a>>, site: u16) {
        if !kept {
            return;
        }
        let own = match f {
            Some(Value::Closure(c)) => Some(c.syntax),
            _ => None,
        };
        if let Some(c) = iter.host().or(own) {
            self.mark_closure(c, Marker::Iter(site));
        }
    }
}

/// Whether a slice has a method of this name that gives parts of it.
pub(super) fn parts_of_slices(name: &str) -> bool {
    matches!(
        name,
        "windows" | "chunks" | "chunks_exact" | "rchunks" | "split_first" | "split_last" | "split_at"
    )
}

impl<'a> Lower<'a, '_> {
    /// A method of a slice that gives parts of it.
    pub(super) fn parts_of_slice(&mut self, m: &'a ExprMethodCall, list: &Value<'a>) -> Value<'a> {
        for e in &m.args {
            let value = self.expr(e);
            if crate::check::value_dependent_shape::extent(e, &value, self.diag) {
                return Value::Failed;
            }
        }
        let rest = self.sublist(list);
        match m.method.to_string().as_str() {
            "split_at" => Value::Tuple(vec![rest.clone(), rest]),
            "split_first" | "split_last" => {
                let one = self.part_at(list, Step::Any);
                Value::Option(Box::new(Value::Tuple(vec![one, rest])))
            }
            _ => Value::Iter(Rc::new(Iter::Lists(list.clone()))),
        }
    }
}

/// Whether an iterator certainly goes over static values.
fn iter_is_static(iter: &Rc<Iter<'_>>) -> bool {
    Value::Iter(iter.clone()).is_static()
}

fn has_closure(iter: &Iter<'_>) -> bool {
    iter.host().is_some()
}

impl<'a> Lower<'a, '_> {
    /// A method of a `Vec`, a slice or an array of unknown length.
    pub(super) fn list_method(&mut self, m: &'a ExprMethodCall, list: Value<'a>) -> Value<'a> {
        let Value::List(o, elem) = &list else { return Value::Failed };
        let name = m.method.to_string();
        match (name.as_str(), m.args.len()) {
            ("push", 1) => {
                let value = self.expr(&m.args[0]);
                if let Some(id) = crate::names::ident(&m.receiver)
                    && self.captured(&id.to_string())
                {
                    crate::check::side_effect::captured(&m.method, &id.to_string(), self.diag);
                    return Value::Failed;
                }
                if matches!(value, Value::Failed) {
                    return Value::Failed;
                }
                let kind = super::value::with_operand(&value, Operand::Hole);
                let kind = if value.is_static() { Value::STATIC } else { kind };
                let value = self.operand(&value);
                if let Operand::Var(dst) = o {
                    self.push(crate::trace::Node::Collect { dst: *dst, value });
                }
                if let Some(id) = crate::names::ident(&m.receiver) {
                    let kind = meet(elem, &kind);
                    let id = id.to_string();
                    if let Some(b) = self.scope.bindings.iter_mut().rev().find(|b| b.name == id) {
                        b.value = Value::List(*o, Box::new(kind));
                    }
                }
                Value::unit()
            }
            ("clone" | "to_vec" | "as_slice" | "try_into" | "unwrap" | "as_ref" | "into_boxed_slice", 0) => {
                list
            }
            ("len" | "is_empty", 0) => Value::STATIC,
            // No tensor can be compared by std: what rustc lets through is static.
            ("contains" | "starts_with" | "ends_with" | "binary_search" | "join", 1) | ("concat", 0)
                if !elem.is_tensor() =>
            {
                self.exprs(&m.args);
                Value::STATIC
            }
            ("first" | "last" | "get" | "pop", _) => {
                self.exprs(&m.args);
                let elem = self.part_at(&list, Step::Any);
                Value::Option(Box::new(elem))
            }
            ("extend", 1) => {
                let more = self.expr(&m.args[0]);
                let Some(iter) = self.iterate(more, &m.args[0]) else { return Value::Failed };
                let site = self.site(m);
                let o = *o;
                let names = iter.host().map(|h| assigned(&h.body)).unwrap_or_default();
                if iter.host().is_none() {
                    return self.not_understood(&m.method, "`extend` by this");
                }
                let (_, kept) = self.repeat(site, &names, |s| {
                    let x = s.item_of(&iter, site);
                    let value = s.operand(&x);
                    if let Operand::Var(dst) = o {
                        s.push(crate::trace::Node::Collect { dst, value });
                    }
                });
                self.mark_host(kept, &iter, None, site);
                Value::unit()
            }
            ("map", 1) => {
                let f = self.expr(&m.args[0]);
                let iter = Rc::new(Iter::Map(Rc::new(Iter::Each(list)), f));
                self.collect(m, &iter)
            }
            (name, _) if parts_of_slices(name) => self.parts_of_slice(m, &list),
            _ => self.iterator_method(m, Rc::new(Iter::Each(list))),
        }
    }
}

/// A value that std compares: of what is no tensor, what rustc lets through is static.
fn plain_or_static<'a>(value: &Value<'a>) -> Value<'a> {
    if matches!(value, Value::Unknown(_)) { Value::STATIC } else { value.clone() }
}
