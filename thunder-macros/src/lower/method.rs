//! Method calls, by what is known of the receiver.

use super::Lower;
use super::op::Arg;
use super::option::only_option;
use crate::check::{
    attribute_write, hidden_state, in_place_mutation, opaque_call, recursion, unkeyed_randomness,
    unknown_operation, value_dependent_branch, value_dependent_shape,
};
use crate::scope::{Const, Iter, Value};
use crate::trace::{Callee, Operand, Step};
use std::rc::Rc;
use syn::{Expr, ExprMethodCall, Pat};
use thunder_core::op::{Op, method};
use thunder_core::types::{Axis, Extent, Shape, Text};

impl<'a> Lower<'a, '_> {
    pub(super) fn method_call(&mut self, e: &'a Expr, m: &'a ExprMethodCall) -> Value<'a> {
        let name = m.method.to_string();
        // `self.rate.map(…)` alone may be an iterator's or an array's: what follows tells.
        let on_option = std::mem::take(&mut self.on_option);
        self.on_option = (only_option(&name)
            || matches!(name.as_str(), "unwrap" | "expect" | "is_some" | "is_none"))
            && matches!(*m.receiver, Expr::MethodCall(_));
        let receiver = self.expr(&m.receiver);
        self.on_option = false;
        if matches!(receiver, Value::Failed | Value::Never) {
            self.exprs(&m.args);
            return receiver;
        }
        if self.own.is_method(m) {
            self.exprs(&m.args);
            recursion::direct(&m.method, &self.own.name, self.diag);
            return Value::Failed;
        }
        if crate::check::host_read::method(m, &receiver, self.diag)
            || attribute_write::method(m, self.diag)
            || in_place_mutation::method(m, &receiver, self.diag)
            || hidden_state::method(m, self.is_bound(&m.receiver), self.diag)
            || value_dependent_branch::method(m, &receiver, self.diag)
        {
            return Value::Failed;
        }
        if !matches!(receiver, Value::Tensor(..) | Value::Key(_) | Value::Closure(_) | Value::Callable(..)) {
            self.reached_by_method(e, m, &receiver);
        }
        match receiver {
            Value::Tensor(..) => self.tensor_method(e, m, &name, receiver),
            Value::Key(_) => self.key_method(e, m, &name, receiver),
            Value::Static(_) | Value::Options(_) | Value::Unset => {
                if let Expr::Path(p) = &*m.receiver
                    && !opaque_call::of_every_value(&name)
                {
                    self.receivers.insert(crate::names::path_text(&p.path));
                }
                if opaque_call::is_std_method(&name) {
                    return self.static_method(e, m, &name, &receiver, on_option);
                }
                // A method of the user's own: of an enum under `#[thunder]`, say.
                self.edits.twins.0.insert(name.clone());
                self.edits.expr(e, super::edits::Edit::TracedMethod);
                self.module_method(e, m, receiver)
            }
            Value::Tuple(parts) => self.tuple_method(e, m, &name, parts),
            Value::List(..) => self.list_method(m, receiver),
            Value::Iter(i) => self.iterator_method(m, i),
            Value::Option(inner) => self.option_method(e, m, *inner),
            Value::Closure(_) | Value::Callable(..) => {
                self.not_understood(&m.method, "a method of a closure")
            }
            Value::Unknown(_) if on_option && name == "map" => self.option_method(e, m, receiver),
            Value::Module(_) | Value::Unknown(_) => self.unknown_method(e, m, &name, receiver),
            Value::Failed | Value::Never => receiver,
        }
    }

    /// Asks rustc whether the receiver of a method that bears the name of one of std's is std's indeed. What a method
    /// call gives is, if its own receiver is.
    fn std_receiver(&mut self, e: &'a Expr, m: &'a ExprMethodCall, name: &str) {
        if opaque_call::is_named(&m.receiver) && !opaque_call::of_every_value(name) {
            self.edits.twins.0.insert(name.into());
            self.edits.expr(e, super::edits::Edit::StdMethod { site: None, changes: false });
        }
    }

    /// The same of a field: of a generic one nothing is known that rustc could be asked.
    fn std_field(&mut self, e: &'a Expr, m: &'a ExprMethodCall, name: &str) {
        if self.types.generics.types.is_empty() {
            self.std_receiver(e, m, name);
        }
    }

    /// A method that only numbers and texts have, of a field: rustc says so of others.
    fn plain_method(&mut self, e: &'a Expr, m: &'a ExprMethodCall, name: &str) -> Value<'a> {
        for (at, v) in self.args(m) {
            match v {
                Value::Failed => return Value::Failed,
                Value::Unknown(_) => {
                    self.edits.expr(at, super::edits::Edit::Number { function: "StaticArgument::known" })
                }
                _ => {}
            }
        }
        self.std_field(e, m, name);
        Value::STATIC
    }

    /// A method that a type of std's or a module may have: which it is, rustc knows, and the body logs.
    fn std_or_traced(&mut self, e: &'a Expr, m: &'a ExprMethodCall, name: &str, x: Value<'a>) -> Value<'a> {
        let site = self.site(m);
        let before = self.work;
        let args = self.args(m);
        if args.iter().any(|(_, v)| matches!(v, Value::Failed)) {
            return Value::Failed;
        }
        if self.work > before {
            // What the arguments trace would be logged after the choice.
            self.std_field(e, m, name);
            return Value::STATIC;
        }
        let changes = opaque_call::changes(name);
        if changes && args.iter().any(|(_, v)| matches!(v, Value::Closure(_))) {
            // Std calls it with plain values, any number of times.
            return self.changed_by(e, m, &args);
        }
        if changes && !args.iter().all(|(_, v)| v.is_static()) {
            let help = "say what it holds: `let mut xs: Vec<Tensor<f32, (N,)>> = …;`; or build it by `map` and `collect`";
            return self.not_traced(&m.method, "a change of a list of unknown kind", help);
        }
        let (given, call) =
            self.nested(|s| s.call_item(Callee::Method(name.into()), Some(x), &args, m.method.span()));
        let mut arms = [Vec::new(), call];
        let value = self.join(vec![Value::STATIC, given], &mut arms);
        self.push(crate::trace::Node::Choice { site, arms: arms.into() });
        self.edits.twins.0.insert(name.into());
        self.edits.expr(e, super::edits::Edit::StdMethod { site: Some(site), changes });
        value
    }

    /// A method of std's that changes a list of plain values, as rustc is to say, by closures: `v.sort_by(|a, b| …)`.
    fn changed_by(&mut self, e: &'a Expr, m: &'a ExprMethodCall, args: &[Arg<'a>]) -> Value<'a> {
        for (at, f) in args {
            let given = self.static_closure(f);
            if !given.is_static()
                && !matches!(given, Value::Unknown(_) | Value::Never | Value::Failed | Value::Closure(_))
            {
                let what = format!("`{}` of plain values does not give tensors", m.method);
                self.diag.error(at, what, "`map` and `collect`, or a `for` loop");
                return Value::Failed;
            }
        }
        self.edits.twins.0.insert(m.method.to_string());
        self.edits.expr(e, super::edits::Edit::StdMethod { site: None, changes: true });
        Value::STATIC
    }

    pub(super) fn args(&mut self, m: &'a ExprMethodCall) -> Vec<Arg<'a>> {
        m.args.iter().map(|a| (a, self.expr(a))).collect()
    }

    /// `x.index_add(dim, index, source)` and its like: two operations.
    fn adding(&mut self, m: &'a ExprMethodCall, x: Value<'a>, args: Vec<Arg<'a>>) -> Value<'a> {
        let Some(op) = thunder_core::op::adding(&m.method.to_string()) else { return Value::Failed };
        let [(dim_at, dim), (index_at, index), (source_at, source)] =
            <[Arg<'a>; 3]>::try_from(args).unwrap_or_else(|_| unreachable!("the callers count them"));
        if value_dependent_branch::as_static(dim_at, "axis", &dim, self.diag) {
            return Value::Failed;
        }
        let (along, shape) = (axis(&dim), Self::ty(&x).shape);
        let known = along != Axis::UNKNOWN && !shape.is_unknown() && shape.lead == 0;
        let at = if known { along.resolve(shape.rank()) } else { None };
        let extent = at.map_or(Extent::UNKNOWN, |at| shape.at(at));
        let part =
            self.operation(op(along, extent), vec![(source_at, source), (index_at, index)], m.method.span());
        let part_shape = Self::ty(&part).shape;
        if known && !part_shape.is_unknown() && part_shape.lead == 0 && part_shape.rank() == shape.rank() {
            let differs = (0..shape.rank()).any(|i| part_shape.at(i).differs(shape.at(i)));
            if differs {
                let dims = self.types.dims.list();
                let text = Text::new().str("what is added has shape ").shape(&part_shape, &dims);
                let text = text.str(", and the tensor that it is added to ").shape(&shape, &dims).to_string();
                let help = "a source of the tensor's shape, but for the dimension of the index";
                self.diag.error(source_at, format!("`{}`: {text}", m.method), help);
                return Value::Failed;
            }
        }
        self.operation(Op::Add, vec![(&m.receiver, x), (source_at, part)], m.method.span())
    }

    /// The extent of a tensor's dimension that the one argument of a call numbers, by its name.
    fn dimension(
        &self,
        x: &Value<'a>,
        args: &syn::punctuated::Punctuated<Expr, syn::Token![,]>,
    ) -> Option<String> {
        let (number, back) = match args.first().filter(|_| args.len() == 1)? {
            Expr::Unary(syn::ExprUnary { op: syn::UnOp::Neg(_), expr, .. }) => (&**expr, true),
            e => (e, false),
        };
        let Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(i), .. }) = number else { return None };
        let n: i8 = i.base10_parse().ok()?;
        let shape = Self::ty(x).shape;
        let at = if back { shape.rank().checked_sub(n as usize)? } else { n as usize };
        if shape.is_unknown() || shape.lead != 0 || at >= shape.rank() || shape.at(at).is_unknown() {
            return None;
        }
        Some(Text::new().extent(shape.at(at), &self.types.dims.list()).to_string())
    }

    fn tensor_method(&mut self, e: &'a Expr, m: &'a ExprMethodCall, name: &str, x: Value<'a>) -> Value<'a> {
        let ty = Self::ty(&x);
        match (name, m.args.len()) {
            ("shape", 0) if !ty.shape.is_unknown() && ty.shape.lead == 0 => {
                Value::Tuple(ty.shape.dims().iter().map(|&e| Value::Static(Const::Extent(e))).collect())
            }
            ("shape" | "dtype" | "rank" | "device" | "len" | "is_empty", 0) => Value::STATIC,
            ("clone" | "to_owned", 0) => x,
            ("rearrange", 1) => self.rearrange(e, m, x),
            ("chunk", 2) => self.chunk(e, m, x),
            ("chunk_vec", 2) => self.chunk_vec(e, m, x),
            ("cast_like", 1) => {
                let like = self.expr(&m.args[0]);
                let elem = Self::ty(&like).elem;
                self.operation(Op::Cast { elem }, vec![(&m.receiver, x)], m.method.span())
            }
            ("index_add" | "scatter_add", 3) => {
                let args = self.args(m);
                match crate::check::never(&args) {
                    Some(bad) => bad,
                    None => self.adding(m, x, args),
                }
            }
            _ => match method(name) {
                Some(op) => {
                    let args = self.args(m);
                    if let Some(bad) = crate::check::never(&args) {
                        return bad;
                    }
                    if let ("matmul", [(_, y)]) = (name, &args[..])
                        && let Some(function) = generic_matmul(ty.shape, Self::ty(y).shape)
                    {
                        self.edits.expr(e, super::edits::Edit::Matmul { function });
                    }
                    let elem = m.turbofish.as_ref().and_then(|t| self.first_type(t));
                    self.op_call(op, Some((&m.receiver, x)), args, elem, m.method.span())
                }
                None => {
                    let args = self.args(m);
                    if !value_dependent_shape::method(&m.method, self.diag)
                        && !unkeyed_randomness::torch_name(name, &args, m.method.span(), self.diag)
                    {
                        let extent = self.dimension(&x, &m.args);
                        unknown_operation::method(&m.method, extent.as_deref(), self.diag);
                    }
                    Value::Failed
                }
            },
        }
    }

    /// `x.chunk_vec(n, -1)`: as many operations as a static number says.
    fn chunk_vec(&mut self, e: &'a Expr, m: &'a ExprMethodCall, x: Value<'a>) -> Value<'a> {
        let args = self.exprs(&m.args);
        if value_dependent_shape::extent(&m.args[0], &args[0], self.diag)
            || value_dependent_branch::as_static(&m.args[1], "axis", &args[1], self.diag)
            || args.iter().any(|a| matches!(a, Value::Failed))
        {
            return Value::Failed;
        }
        let n = if let Value::Static(c) = &args[0] { c.extent() } else { Extent::UNKNOWN };
        let op = Op::Chunk { n, axis: axis(&args[1]), index: Extent::UNKNOWN };
        let site = self.site(m);
        self.edits.expr(e, super::edits::Edit::Logged { site });
        self.collect_repeat(m, None, |s, _| s.apply(op, std::slice::from_ref(&x), m.method.span(), |_| None))
    }

    /// `x.chunk(3, -1)`: as many operations as parts.
    fn chunk(&mut self, e: &'a Expr, m: &'a ExprMethodCall, x: Value<'a>) -> Value<'a> {
        let args = self.exprs(&m.args);
        let (Value::Static(Const::Int(n)), Value::Static(_)) = (&args[0], &args[1]) else {
            self.diag.error(
                &m.args[0],
                "the number of chunks decides how many values there are: it must be a literal",
                "`x.chunk(3, -1)`; or `x.chunk_vec(n, -1)`, which gives a `Vec`",
            );
            return Value::Failed;
        };
        let Some(count) = usize::try_from(*n).ok().filter(|n| (1..=64).contains(n)) else {
            self.diag.error(&m.args[0], "a tensor is cut into 1 to 64 chunks", "a number in that range");
            return Value::Failed;
        };
        let axis = axis(&args[1]);
        self.edits.expr(e, super::edits::Edit::Chunk { count });
        let mut parts = Vec::new();
        for index in 0..count {
            let op = Op::Chunk { n: Extent::new(count), axis, index: Extent::new(index) };
            let part = self.apply(op, std::slice::from_ref(&x), m.method.span(), |_| None);
            if matches!(part, Value::Failed) {
                return Value::Failed;
            }
            parts.push(part);
        }
        Value::Tuple(parts)
    }

    /// A method of std on a static value.
    fn static_method(
        &mut self,
        e: &'a Expr,
        m: &'a ExprMethodCall,
        name: &str,
        x: &Value<'a>,
        on_option: bool,
    ) -> Value<'a> {
        let range = matches!(x, Value::Static(Const::Range(..)));
        if range || matches!(name, "iter" | "into_iter" | "chars" | "bytes" | "windows" | "chunks" | "split")
        {
            let iter = Rc::new(Iter::Each(Value::STATIC));
            if matches!(name, "iter" | "into_iter" | "chars" | "bytes" | "windows" | "chunks" | "split") {
                self.exprs(&m.args);
                self.std_receiver(e, m, name);
                return Value::Iter(iter);
            }
            if matches!(name, "contains" | "start" | "end" | "is_empty" | "clone" | "len") {
                self.exprs(&m.args);
                self.std_receiver(e, m, name);
                return Value::STATIC;
            }
            return self.iterator_method(m, iter);
        }
        if let Some(id) = crate::names::ident(&m.receiver)
            && opaque_call::changes(name)
            && self.captured(&id.to_string())
        {
            crate::check::side_effect::captured(&m.method, &id.to_string(), self.diag);
            return Value::Failed;
        }
        let args = self.exprs(&m.args);
        if self.function_to_std(m) {
            return Value::Failed;
        }
        // What a number's method takes is one too, as rustc is to say.
        let of_numbers = opaque_call::is_method_of_numbers(name)
            && !opaque_call::of_every_value(name)
            && matches!(x, Value::Static(_));
        if of_numbers {
            for (e, v) in m.args.iter().zip(&args) {
                if matches!(v, Value::Unknown(_)) {
                    self.edits.expr(e, super::edits::Edit::Number { function: "StaticArgument::known" });
                }
            }
        }
        let given = |v: &Value<'a>| {
            matches!(v, Value::Unknown(_)) && (of_numbers || opaque_call::takes_its_own(name))
        };
        let known =
            |v: &Value<'a>| v.is_static() || given(v) || matches!(v, Value::Closure(_) | Value::Failed);
        if !opaque_call::std_method(name) && !args.iter().all(known) {
            // A configuration value of the user's own: an enum with a `#[thunder]` method, say.
            let args: Vec<Arg<'a>> = m.args.iter().zip(args).collect();
            let given = self.call_item(Callee::Method(name.into()), Some(x.clone()), &args, m.method.span());
            return self.asked(e, name, given);
        }
        if matches!(x, Value::Static(_)) {
            self.std_receiver(e, m, name);
        }
        let mut traced = None;
        for (v, e) in args.iter().zip(&m.args) {
            match v {
                Value::Closure(_) => {
                    let given = self.static_closure(v);
                    if !given.is_static() && !matches!(given, Value::Never | Value::Failed) {
                        traced = Some(e);
                    }
                }
                Value::Failed => return Value::Failed,
                v if !v.is_static() && !given(v) => traced = Some(e),
                _ => {}
            }
        }
        match traced {
            // What the closure gives of a static value and a field may be static too.
            Some(at)
                if (only_option(name) || on_option && name == "map") && matches!(at, Expr::Closure(_)) =>
            {
                self.option_method(e, m, Value::STATIC)
            }
            Some(e) => {
                let what = format!("`{name}` of a static value does not take tensors");
                self.diag.error(e, what, "an `if` or a `match`, whose arms may hold tensors");
                Value::Failed
            }
            None if matches!((name, x), ("clone" | "to_owned" | "abs" | "into", Value::Static(_))) => match x
            {
                Value::Static(c) if name != "abs" && name != "into" => Value::Static(c.clone()),
                _ => Value::STATIC,
            },
            None => Value::STATIC,
        }
    }

    /// Whether an expression is a name in scope.
    fn is_bound(&self, e: &Expr) -> bool {
        crate::names::ident(e).is_some_and(|id| self.scope.find(&id.to_string()).is_some())
    }

    /// Refuses a function by name where a method of std calls it with static values. Whether it did.
    pub(super) fn function_to_std(&mut self, m: &'a ExprMethodCall) -> bool {
        let name = m.method.to_string();
        let mut refused = false;
        for e in &m.args {
            let bound = self.is_bound(e);
            refused |= opaque_call::given_static(&name, e, bound, self.diag);
            if opaque_call::takes_closures(&name) && !bound {
                self.constructor_given(e);
            }
        }
        refused
    }

    /// Asks rustc whether what is given to std by name is a constructor, if it is capitalised.
    pub(super) fn constructor_given(&mut self, e: &'a Expr) {
        let of_std = matches!(e, Expr::Path(p) if ["Some", "Ok", "Err"].iter().any(|n| p.path.is_ident(n)));
        if opaque_call::may_construct(e) && !of_std {
            self.edits.expr(e, super::edits::Edit::ConstructorGiven);
        }
    }

    /// A method of a tuple or an array whose parts are known.
    fn tuple_method(
        &mut self,
        e: &'a Expr,
        m: &'a ExprMethodCall,
        name: &str,
        parts: Vec<Value<'a>>,
    ) -> Value<'a> {
        match (name, m.args.len()) {
            ("map", 1) => {
                let f = self.expr(&m.args[0]);
                if let Value::Callable(v, of) = &f {
                    let span = m.method.span();
                    return Value::Tuple(
                        parts.into_iter().map(|p| self.call_closure(*v, of, vec![p], span)).collect(),
                    );
                }
                let is_static = parts.iter().all(Value::is_static);
                if self.given(&m.args[0], &f, is_static) || is_static && self.function_to_std(m) {
                    return Value::Failed;
                }
                let values: Vec<Value<'a>> =
                    parts.into_iter().map(|p| self.apply_closure(&f, vec![p])).collect();
                if values.iter().any(|v| matches!(v, Value::Failed)) {
                    Value::Failed
                } else {
                    Value::Tuple(values)
                }
            }
            ("clone" | "each_ref" | "to_vec" | "as_slice" | "to_owned", 0) => Value::Tuple(parts),
            ("len", 0) => Value::Static(Const::Int(parts.len() as i64)),
            ("is_empty", 0) => Value::STATIC,
            _ if parts.iter().all(Value::is_static) => {
                self.static_method(e, m, name, &Value::Tuple(parts), false)
            }
            _ if unknown_operation::of_list(&m.method, self.diag) => {
                self.exprs(&m.args);
                Value::Failed
            }
            ("iter" | "into_iter", 0) => match self.iterate(Value::Tuple(parts), &m.receiver) {
                Some(i) => Value::Iter(i),
                None => Value::Failed,
            },
            _ => {
                let Some(iter) = self.iterate(Value::Tuple(parts), &m.receiver) else { return Value::Failed };
                match &*iter {
                    Iter::Each(list @ Value::List(..)) => self.list_method(m, list.clone()),
                    _ => self.iterator_method(m, iter),
                }
            }
        }
    }

    /// A method of a module, or of a field of one.
    fn unknown_method(&mut self, e: &'a Expr, m: &'a ExprMethodCall, name: &str, x: Value<'a>) -> Value<'a> {
        let Value::Unknown(o) = x else {
            if name == "clone" {
                return x;
            }
            return self.module_method(e, m, x);
        };
        match (name, m.args.len()) {
            ("as_ref" | "as_deref", 0) => Value::Option(Box::new(x)),
            ("clone" | "to_owned" | "unwrap" | "expect" | "as_slice" | "cloned" | "copied" | "to_vec", _) => {
                x
            }
            ("iter" | "into_iter", 0) => Value::Iter(Rc::new(Iter::Each(x))),
            ("chars" | "bytes" | "lines" | "split_whitespace" | "char_indices", 0) => {
                self.std_receiver(e, m, name);
                Value::Iter(Rc::new(Iter::Each(Value::STATIC)))
            }
            ("split", 1) if matches!(&m.args[0], Expr::Lit(l) if matches!(l.lit, syn::Lit::Char(_) | syn::Lit::Str(_))) =>
            {
                self.std_receiver(e, m, name);
                Value::Iter(Rc::new(Iter::Each(Value::STATIC)))
            }
            (name, _) if super::iter::parts_of_slices(name) => {
                self.std_receiver(e, m, name);
                self.parts_of_slice(m, &x)
            }
            // Of a list in a field: which element it is, only the run knows.
            ("first" | "last", 0) => {
                self.std_field(e, m, name);
                Value::Option(Box::new(self.part_at(&x, Step::Any)))
            }
            ("get", 1) if matches!(m.args[0], Expr::Lit(_) | Expr::Path(_) | Expr::Binary(_)) => {
                let args = self.args(m);
                if args.iter().all(|(_, v)| v.is_static()) {
                    self.std_field(e, m, name);
                    return Value::Option(Box::new(self.part_at(&x, Step::Any)));
                }
                self.method_of(e, m, x, args)
            }
            ("len" | "is_empty" | "contains", _)
                if self.types.generics.types.is_empty() && opaque_call::is_named(&m.receiver) =>
            {
                self.std_or_traced(e, m, name, x)
            }
            (
                "len" | "is_empty" | "is_some" | "is_none" | "shape" | "rank" | "dtype" | "device" | "as_str"
                | "to_string" | "starts_with" | "ends_with" | "contains" | "powi" | "powf" | "ln" | "max"
                | "min",
                _,
            ) => {
                self.std_field(e, m, name);
                self.exprs(&m.args);
                Value::STATIC
            }
            // Whatever it becomes: of what types, the body asks.
            ("into" | "try_into", 0) => Value::Unknown(Operand::Hole),
            // An `Option` of a number; of a tensor, rustc refuses the number.
            ("unwrap_or", 1) if matches!(m.args[0], Expr::Lit(_) | Expr::Unary(_)) => Value::STATIC,
            // No field has these but an `Option`: of a list they are its iterator's.
            ("filter" | "zip", 1) => self.option_method(e, m, x),
            (name, _) if only_option(name) => self.option_method(e, m, x),
            ("map" | "for_each" | "fold" | "enumerate" | "rev", _)
                if m.args.is_empty() || matches!(m.args.last(), Some(Expr::Closure(_))) =>
            {
                let iter = Rc::new(Iter::Each(Value::Unknown(o)));
                if name == "map" {
                    let f = self.expr(&m.args[0]);
                    return self.collect(m, &Rc::new(Iter::Map(iter, f)));
                }
                self.iterator_method(m, iter)
            }
            ("rearrange", 1) => self.rearrange(e, m, x),
            ("index_add" | "scatter_add", 3) => {
                let args = self.args(m);
                if let Some(bad) = crate::check::never(&args) {
                    return bad;
                }
                let traced = |v: &Value<'a>| matches!(v, Value::Tensor(..) | Value::Unknown(_));
                if args[0].1.is_static() && traced(&args[1].1) && traced(&args[2].1) {
                    return self.adding(m, x, args);
                }
                self.method_of(e, m, x, args)
            }
            ("chunk", 2) => self.chunk(e, m, x),
            ("chunk_vec", 2) => self.chunk_vec(e, m, x),
            ("split", 0) if m.turbofish.is_some() || self.expected.is_some() => {
                self.key_method(e, m, name, Value::Key(o))
            }
            ("split", 1) if matches!(&m.args[0], Expr::Lit(l) if matches!(l.lit, syn::Lit::Int(_))) => {
                self.key_method(e, m, name, Value::Key(o))
            }
            _ => {
                if let Some(op) = method(name) {
                    let args = self.args(m);
                    if let Some(bad) = crate::check::never(&args) {
                        return bad;
                    }
                    if Self::fits(op, &args) {
                        let elem = m.turbofish.as_ref().and_then(|t| self.first_type(t));
                        return self.op_call(op, Some((&m.receiver, x)), args, elem, m.method.span());
                    }
                    return self.method_of(e, m, x, args);
                }
                if opaque_call::is_std_method(name) && self.types.generics.types.is_empty() {
                    if opaque_call::is_named(&m.receiver) && opaque_call::of_numbers_or_texts(name) {
                        return self.plain_method(e, m, name);
                    }
                    return self.std_or_traced(e, m, name, x);
                }
                self.module_method(e, m, x)
            }
        }
    }

    fn module_method(&mut self, e: &'a Expr, m: &'a ExprMethodCall, x: Value<'a>) -> Value<'a> {
        let args = self.args(m);
        self.method_of(e, m, x, args)
    }

    fn method_of(
        &mut self,
        e: &'a Expr,
        m: &'a ExprMethodCall,
        x: Value<'a>,
        args: Vec<Arg<'a>>,
    ) -> Value<'a> {
        let name = m.method.to_string();
        if self.given_by_name(&args) {
            return Value::Failed;
        }
        if unknown_operation::is_misspelt(&name) {
            self.edits.misspelt.entry(name.clone()).or_insert(args.len());
        }
        let given = self.call_item(Callee::Method(name.clone()), Some(x), &args, m.method.span());
        self.asked(e, &name, given)
    }

    /// The number of values that the pattern of a `let` takes apart.
    pub(super) fn expected_by(pat: &Pat) -> Option<usize> {
        match pat {
            Pat::Slice(s) if !s.elems.iter().any(|p| matches!(p, Pat::Rest(_))) => Some(s.elems.len()),
            Pat::Type(t) => Self::expected_by(&t.pat),
            _ => None,
        }
    }
}

/// An axis, as far as it can be read.
fn axis(value: &Value<'_>) -> Axis {
    match value {
        Value::Static(Const::Int(n)) => i32::try_from(*n).map_or(Axis::UNKNOWN, Axis),
        _ => Axis::UNKNOWN,
    }
}

/// The runtime's function for a product of these shapes, if generic leading dimensions keep rustc from typing it.
fn generic_matmul(x: Shape, y: Shape) -> Option<&'static str> {
    if x.is_unknown() || y.is_unknown() {
        return None;
    }
    match (x.lead, y.lead) {
        (0, 0) => None,
        (_, 0) => (y.rank() == 2).then_some("matmul_rows"),
        (0, _) => (x.rank() == 2 && y.rank() >= 2).then_some("matmul_columns"),
        (a, b) => (a == b && x.rank() == y.rank() && x.rank() >= 2).then_some("matmul_each"),
    }
}
