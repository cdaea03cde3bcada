//! Calls of functions: of the language, of other items, of constructors and of std.

use super::edits::Edit;
use super::op::Arg;
use super::{Ends, Lower, value::with_operand};
use crate::check::{in_place_mutation, shape};
use crate::names;
use crate::parse::{Callable, Kind};
use crate::scope::{Const, Options, Value};
use crate::trace::{Callee, Node, Operand, Step};
use std::rc::Rc;
use syn::spanned::Spanned;
use syn::{Expr, ExprCall, GenericArgument, Path};
use thunder_core::item::Var;
use thunder_core::op::{ArgKind, free_function};
use thunder_core::types::{Elem, Ty};

impl<'a> Lower<'a, '_> {
    pub(super) fn call(&mut self, e: &'a Expr, c: &'a ExprCall) -> Value<'a> {
        let Expr::Path(p) = &*c.func else {
            let callee = self.expr(&c.func);
            return match callee {
                Value::Closure(_) => {
                    let args = self.exprs(&c.args);
                    self.apply_closure(&callee, args)
                }
                Value::Failed => Value::Failed,
                _ => self.not_understood(&c.func, "a call of this"),
            };
        };
        let Some(name) = p.path.segments.last().map(|s| s.ident.to_string()) else { return Value::Failed };
        if let Some(id) = names::single(&p.path)
            && let Some(b) = self.scope.find(&id.to_string())
        {
            let callee = b.value.clone();
            let args = self.exprs(&c.args);
            return match callee {
                // A closure is known as one: this is a function that was given a name.
                Value::Static(_) => {
                    crate::check::opaque_call::given(&c.func, self.diag);
                    Value::Failed
                }
                Value::Closure(_) => self.apply_closure(&callee, args),
                Value::Callable(v, of) => {
                    let mut fine = true;
                    for ((e, arg), kind) in c.args.iter().zip(&args).zip(&of.params) {
                        let dims = self.types.dims.list();
                        fine &= shape::argument(e, arg, kind, &dims, &self.types.generics.elems, self.diag);
                    }
                    if fine { self.call_closure(v, &of, args, c.func.span()) } else { Value::Failed }
                }
                Value::Failed => Value::Failed,
                _ => self.not_understood(&c.func, "a call of this value"),
            };
        }
        if let Some(kind) = super::transform::named(&name)
            && p.path.segments.len() <= 2
        {
            return self.transform(kind, c);
        }
        if name == "einsum" {
            return self.einsum(e, c);
        }
        if name == "custom" && super::custom::is_call(c) {
            return self.custom(c);
        }
        if let Some(v) = self.walk(&name, c) {
            return v;
        }
        if let Some(v) = self.constructor(e, &p.path, &name, c) {
            return v;
        }
        if in_place_mutation::is_swap(&p.path) && self.swap(&p.path, c)
            || crate::check::path(&p.path, self.diag)
        {
            return Value::Failed;
        }
        let args: Vec<Arg<'a>> = c.args.iter().map(|a| (a, self.expr(a))).collect();
        if let Some(bad) = crate::check::never(&args) {
            return bad;
        }
        if !qualified_by_type(&p.path)
            && let Some(f) = free_function(&name)
        {
            if Self::fits(f, &args) || self.dynamic_extent(f, &args) {
                return self.free_op(f, &p.path, args);
            }
            if crate::check::unkeyed_randomness::missing_key(f, args.len(), p.path.span(), self.diag) {
                return Value::Failed;
            }
        }
        self.function(e, c, p, &name, args)
    }

    /// `mem::swap(&mut x, &mut y)` and its like: fine between static values. Whether it was refused.
    fn swap(&mut self, path: &'a Path, c: &'a ExprCall) -> bool {
        let places: Vec<&'a Expr> = c
            .args
            .iter()
            .filter_map(|a| match a {
                Expr::Reference(r) if r.mutability.is_some() => Some(&*r.expr),
                _ => None,
            })
            .collect();
        if places.is_empty() {
            return false;
        }
        let traced = places.iter().any(|e| {
            let v = self.expr(e);
            !v.is_static() && !matches!(v, Value::Failed)
        });
        if traced {
            in_place_mutation::swap(path, self.diag);
        } else {
            for name in places.iter().filter_map(|e| names::ident(e)) {
                self.scope.assign(&name.to_string(), Value::STATIC);
            }
        }
        traced
    }

    /// Whether a call of an operation would fit, but for a tensor in the place of an extent.
    fn dynamic_extent(&self, f: &thunder_core::op::Method, args: &[Arg<'a>]) -> bool {
        let inside = |kind: &ArgKind, v: &Value<'a>| match (kind, v) {
            (ArgKind::Extent, Value::Tensor(..)) => f.name == "arange",
            (ArgKind::Shape, Value::Tuple(parts)) => parts.iter().any(Value::is_tensor),
            _ => false,
        };
        args.len() == f.args.len() && f.args.iter().zip(args).any(|(kind, (_, v))| inside(kind, v))
    }

    fn free_op(&mut self, f: &thunder_core::op::Method, path: &'a Path, args: Vec<Arg<'a>>) -> Value<'a> {
        let elem = self.type_argument(path);
        let span = path.segments.last().map_or_else(proc_macro2::Span::call_site, |s| s.ident.span());
        self.op_call(f, None, args, elem, span)
    }

    /// The element type in `cast::<f32>` or `zeros::<f32, _>`.
    pub(super) fn type_argument(&self, path: &Path) -> Option<Elem> {
        self.first_type(names::last_args(path)?)
    }

    pub(super) fn first_type(&self, args: &syn::AngleBracketedGenericArguments) -> Option<Elem> {
        args.args.iter().find_map(|a| match a {
            GenericArgument::Type(t) => Some(self.types.elem_of(t)),
            _ => None,
        })
    }

    /// `Some(x)`, `Vec::new()`, tuple structs.
    fn constructor(&mut self, e: &'a Expr, path: &'a Path, name: &str, c: &'a ExprCall) -> Option<Value<'a>> {
        let owner = path.segments.iter().rev().nth(1).map(|s| s.ident.to_string());
        match (owner.as_deref(), name) {
            (_, "Some") | (None, "Ok") => {
                let inner = self.exprs(&c.args).into_iter().next().unwrap_or(Value::Failed);
                Some(if inner.is_static() { Value::STATIC } else { Value::Option(Box::new(inner)) })
            }
            (Some("Box"), "new") => self.exprs(&c.args).into_iter().next(),
            (Some("Vec"), "new" | "with_capacity") => {
                self.exprs(&c.args);
                let list = self.pack(Vec::new());
                Some(Value::List(list, Box::new(Value::Unset)))
            }
            (Some("Default"), "default") => {
                self.edits.expr(e, Edit::Asked { by: "Default" });
                Some(Value::Static(Const::Unknown))
            }
            (Some("Sdpa" | "CrossEntropy"), "default") => {
                Some(Value::Options(Rc::new(Options { fields: Vec::new(), opaque: false })))
            }
            (Some("array"), "from_fn") => {
                let args: Vec<Arg<'a>> = c.args.iter().map(|a| (a, self.expr(a))).collect();
                if self.given_by_name(&args) {
                    return Some(Value::Failed);
                }
                args.iter().for_each(|(e, _)| self.constructor_given(e));
                args.first().map(|(_, f)| self.repeat_closure(f))
            }
            _ if names::is_capital(name) => {
                let asks = !self.in_signature(path);
                self.edits.expr(e, Edit::Constructor { asks });
                let args = self.exprs(&c.args);
                if args.iter().any(|a| matches!(a, Value::Failed)) {
                    return Some(Value::Failed);
                }
                if args.iter().all(Value::is_static) {
                    return Some(Value::STATIC);
                }
                let parts: Vec<(Step, Operand)> =
                    args.iter().enumerate().map(|(i, v)| (Step::Index(i as u32), self.operand(v))).collect();
                Some(Value::Module(self.pack(parts)))
            }
            _ => None,
        }
    }

    /// A call of another item, or of std.
    fn function(
        &mut self,
        e: &'a Expr,
        c: &'a ExprCall,
        p: &'a syn::ExprPath,
        name: &str,
        args: Vec<Arg<'a>>,
    ) -> Value<'a> {
        let all_static = args.iter().all(|(_, v)| v.is_static());
        let std_trait = thunder_core::item::is_std_trait_function(name);
        if all_static
            && std_trait
            && (self.of_generic(&p.path) || p.qself.as_ref().is_some_and(|q| q.position > 0))
        {
            // Of a generic type, or by the trait: `<Config as Default>::default()`.
            self.reached_by_function(e, c, &p.path);
            return Value::STATIC;
        }
        let untraced = |v: &Value<'a>| v.is_static() || matches!(v, Value::Unknown(_) | Value::Module(_));
        if std_trait
            && crate::check::opaque_call::is_pure(&p.path)
            && !all_static
            && args.iter().all(|(_, v)| untraced(v))
        {
            // `f32::from(self.n)`, `Vec::from_iter(self.sizes)`: of which types, the body asks.
            self.reached_by_function(e, c, &p.path);
            return Value::Unknown(Operand::Hole);
        }
        if all_static && crate::check::opaque_call::is_pure(&p.path) {
            self.reached_by_function(e, c, &p.path);
            let first = p.path.segments.first().map(|s| s.ident.clone());
            self.std_names.extend(first.map(crate::check::opaque_call::StdName::Path));
            let calls = crate::check::opaque_call::calls_what_it_is_given(name);
            if calls {
                args.iter().for_each(|(e, _)| self.constructor_given(e));
            }
            let called = calls && self.given_by_name(&args);
            return if called { Value::Failed } else { Value::STATIC };
        }
        if args.iter().any(|(_, v)| matches!(v, Value::Failed)) {
            return Value::Failed;
        }
        if !all_static && p.qself.is_none() && crate::check::opaque_call::of_numbers(&p.path) {
            return self.number_function(p, &args);
        }
        if crate::check::host_read::function(p, &args, self.diag) {
            return Value::Failed;
        }
        if !all_static && crate::check::opaque_call::foreign(&p.path, self.diag)
            || crate::check::unkeyed_randomness::torch_name(name, &args, p.path.span(), self.diag)
        {
            return Value::Failed;
        }
        if self.given_by_name(&args) {
            return Value::Failed;
        }
        if self.own.is(&p.path) {
            crate::check::recursion::direct(&p.path, &self.own.name, self.diag);
            return Value::Failed;
        }
        if self.is_own_function(p, &args) {
            self.edits.twins.1.entry(name.to_string()).or_insert(args.len());
            self.edits.expr(e, Edit::TracedAssociated);
        }
        let callee = if std_trait && (p.qself.is_some() || qualified_by_type(&p.path)) {
            Callee::Either(name.to_string())
        } else if p.qself.is_some() || qualified_by_type(&p.path) {
            Callee::Method(name.to_string())
        } else if p.path.segments.len() == 1 && free_function(name).is_some() {
            // What does not fit an operation's arguments rustc reports better.
            Callee::Method(name.to_string())
        } else {
            self.edits.expr(e, Edit::TracedFn);
            Callee::Fn(bare(&p.path))
        };
        let is_method = matches!(callee, Callee::Method(_));
        let given = self.call_item(callee, None, &args, p.span());
        if is_method { self.asked(e, name, given) } else { given }
    }

    /// A function of Rust's numbers: what it is given, rustc is to say, must be one.
    fn number_function(&mut self, p: &'a syn::ExprPath, args: &[Arg<'a>]) -> Value<'a> {
        let mut fine = true;
        for (e, v) in args {
            match v {
                v if v.is_static() => {}
                Value::Unknown(_) => self.edits.expr(e, Edit::Number { function: "StaticArgument::known" }),
                _ => {
                    crate::check::opaque_call::number_function(&p.path, e, self.diag);
                    fine = false;
                }
            }
        }
        let first = p.path.segments.first().map(|s| s.ident.clone());
        self.std_names.extend(first.map(crate::check::opaque_call::StdName::Path));
        if fine { Value::STATIC } else { Value::Failed }
    }

    /// A call of a method, of which rustc is to say whether it is traced, if it is known whose it is.
    pub(super) fn asked(&mut self, e: &'a Expr, name: &str, given: Value<'a>) -> Value<'a> {
        if let Value::Unknown(Operand::Var(v)) = given {
            self.edits.twins.0.insert(name.to_string());
            let root = match e {
                Expr::MethodCall(m) => in_place_mutation::root(&m.receiver).map(ToString::to_string),
                _ => None,
            };
            let parameter = |name: &String| {
                name == "self" || self.scope.find(name).is_none_or(|b| b.id <= self.parameters)
            };
            let asks = matches!(e, Expr::MethodCall(_)) && !root.as_ref().is_some_and(parameter);
            self.edits.expr(e, Edit::TracedCall { results: vec![v], asks });
        }
        given
    }

    /// Whether a path leads to an associated function of a type, so that the type's twin says whether it is traced.
    ///
    /// What takes a module first may be a trait's method, of which linking knows; so may a generic type's function.
    fn is_own_function(&self, p: &syn::ExprPath, args: &[Arg<'a>]) -> bool {
        let owner = p.path.segments.iter().rev().nth(1).map(|s| s.ident.to_string()).unwrap_or_default();
        let name = p.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
        // `<Model>::make(…)`, `<Model as Make>::make(…)`.
        let plain = match &p.qself {
            None => qualified_by_type(&p.path),
            Some(q) => !self.is_generic(&q.ty),
        };
        plain
            && !(owner == "Self" && (self.own.of_trait || self.own.of.is_none()))
            && !self.types.generics.types.contains(&owner)
            && !self.types.generics.elems.contains(&owner)
            && !names::is_camel(&name)
            && (thunder_core::item::is_std_trait_function(&name)
                || !matches!(args.first(), Some((_, Value::Module(_) | Value::Unknown(_)))))
    }

    /// Whether a type is what a parameter stands for, or `Self` where that may be many types.
    fn is_generic(&self, ty: &syn::Type) -> bool {
        let syn::Type::Path(p) = ty else { return false };
        let generics = &self.types.generics;
        p.path.get_ident().map(ToString::to_string).is_some_and(|id| {
            generics.types.contains(&id)
                || generics.elems.contains(&id)
                || id == "Self" && (self.own.of_trait || self.own.of.is_none())
        })
    }

    /// Refuses a function given by name to an item: the trace has the closures that are written out. Whether it did.
    pub(super) fn given_by_name(&mut self, args: &[Arg<'a>]) -> bool {
        let mut refused = false;
        for (e, v) in args {
            let Expr::Path(p) = e else { continue };
            let last = p.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
            let bound = names::single(&p.path).is_some_and(|id| self.scope.find(&id.to_string()).is_some());
            if matches!(v, Value::Static(Const::Unknown)) && !bound && !names::is_capital(&last) {
                crate::check::opaque_call::given(e, self.diag);
                refused = true;
            }
        }
        refused
    }

    /// An argument as an operand: a closure is traced here, where what it captures is known.
    fn argument(&mut self, value: &Value<'a>) -> Operand {
        let Value::Closure(c) = value else { return self.operand(value) };
        let params: Vec<Var> = c.syntax.inputs.iter().map(|_| self.var(Ty::UNKNOWN)).collect();
        let given = params.iter().map(|v| Value::Unknown(Operand::Var(*v))).collect();
        self.regions.push(self.scope.newest());
        let (result, body) = self.nested(|s| {
            let result = s.apply_closure(value, given);
            s.operand(&result)
        });
        self.regions.pop();
        let dst = self.var(Ty::UNKNOWN);
        self.push(Node::Closure { dst, params, body, result });
        Operand::Var(dst)
    }

    /// Appends a call of a closure that the item was given.
    pub(super) fn call_closure(
        &mut self,
        closure: Var,
        of: &Callable,
        args: Vec<Value<'a>>,
        span: proc_macro2::Span,
    ) -> Value<'a> {
        if args.iter().any(|v| matches!(v, Value::Failed)) {
            return Value::Failed;
        }
        let args = args.iter().map(|v| self.operand(v)).collect();
        let dst = self.var(if let Kind::Tensor(ty) = &of.result { *ty } else { Ty::UNKNOWN });
        self.push(Node::Call { dst, callee: Callee::Closure(closure), args, at: Self::at(span) });
        self.value_of(&of.result, Operand::Var(dst))
    }

    /// Appends a call.
    pub(super) fn call_item(
        &mut self,
        callee: Callee,
        receiver: Option<Value<'a>>,
        args: &[Arg<'a>],
        span: proc_macro2::Span,
    ) -> Value<'a> {
        if receiver.iter().chain(args.iter().map(|(_, v)| v)).any(|v| matches!(v, Value::Failed)) {
            return Value::Failed;
        }
        let places =
            receiver.iter().map(|_| None).chain(args.iter().map(|(e, _)| Some(Ends::of(e)))).collect();
        let args = receiver.iter().chain(args.iter().map(|(_, v)| v)).map(|v| self.argument(v)).collect();
        let dst = self.var(Ty::UNKNOWN);
        self.claims.calls.insert(dst, (span, places));
        self.push(Node::Call { dst, callee, args, at: Self::at(span) });
        with_operand(&Value::Unknown(Operand::Hole), Operand::Var(dst))
    }
}

/// Whether the segment before the last is a type: then the path is an associated function's.
pub(super) fn qualified_by_type(path: &Path) -> bool {
    path.segments.iter().rev().nth(1).is_some_and(|s| names::is_capital(&s.ident.to_string()))
}

/// The path without generic arguments.
fn bare(path: &Path) -> Path {
    let mut path = path.clone();
    for s in &mut path.segments {
        s.arguments = syn::PathArguments::None;
    }
    path
}
