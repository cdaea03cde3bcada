//! Operators.

use super::closure::assigned;
use super::edits::{Edit, Marker, Side};
use super::{Lower, statics};
use crate::check::{hidden_state, in_place_mutation, side_effect, value_dependent_branch};
use crate::names;
use crate::scope::{Const, Value};
use crate::trace::{Node, Operand};
use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{BinOp, Expr, ExprBinary, ExprUnary, UnOp};
use thunder_core::op::Op;

/// An operator on tensors: the function that bodies call, and the operation.
fn operator(op: &BinOp) -> Option<(&'static str, Op, Span)> {
    Some(match op {
        BinOp::Add(t) => ("add", Op::Add, t.span()),
        BinOp::Sub(t) => ("sub", Op::Sub, t.span()),
        BinOp::Mul(t) => ("mul", Op::Mul, t.span()),
        BinOp::Div(t) => ("div", Op::Div, t.span()),
        BinOp::Rem(t) => ("rem", Op::Rem, t.span()),
        BinOp::BitAnd(t) => ("bitand", Op::And, t.span()),
        BinOp::BitOr(t) => ("bitor", Op::Or, t.span()),
        BinOp::BitXor(t) => ("bitxor", Op::Xor, t.span()),
        BinOp::Eq(t) => ("eq", Op::Eq, t.span()),
        BinOp::Ne(t) => ("ne", Op::Ne, t.span()),
        BinOp::Lt(t) => ("lt", Op::Lt, t.span()),
        BinOp::Le(t) => ("le", Op::Le, t.span()),
        BinOp::Gt(t) => ("gt", Op::Gt, t.span()),
        BinOp::Ge(t) => ("ge", Op::Ge, t.span()),
        _ => return None,
    })
}

impl<'a> Lower<'a, '_> {
    pub(super) fn binary(&mut self, e: &'a Expr, b: &'a ExprBinary) -> Value<'a> {
        if let BinOp::And(_) | BinOp::Or(_) = b.op {
            let x = self.expr(&b.left);
            // The right side runs once or not at all.
            let site = self.site(b);
            let (y, kept) = self.repeat(site, &assigned(&b.right), |s| s.expr(&b.right));
            if kept {
                self.edits.marker(&*b.right, Marker::Iter(site));
            }
            if x.is_tensor() || y.is_tensor() {
                let sides = [x.is_tensor().then_some(&*b.left), y.is_tensor().then_some(&*b.right)];
                value_dependent_branch::short_circuit(&b.op, sides, self.diag);
                return Value::Failed;
            }
            if matches!(x, Value::Failed) || matches!(y, Value::Failed) {
                return Value::Failed;
            }
            self.must_be_static(&b.left, &x, "a condition");
            self.must_be_static(&b.right, &y, "a condition");
            return Value::STATIC;
        }
        if let BinOp::Shl(_) | BinOp::Shr(_) = b.op {
            return self.shift(e, b);
        }
        let Some((function, op, span)) = operator(&b.op) else {
            return self.compound(e, b);
        };
        let (x, y) = (self.expr(&b.left), self.expr(&b.right));
        if matches!(x, Value::Never) || matches!(y, Value::Never) {
            return Value::Never;
        }
        if x.is_static() && y.is_static() {
            self.plain(e, b, &x, &y);
            return Value::Static(statics::binary(&b.op, &x, &y));
        }
        let compares = matches!(
            b.op,
            BinOp::Eq(_) | BinOp::Ne(_) | BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_)
        );
        if compares && !x.is_tensor() && !y.is_tensor() && (plain(&b.left, &x) || plain(&b.right, &y)) {
            // Beside a text, a `bool` or a variant, the other side can be no tensor: rustc compares them.
            self.plain(e, b, &x, &y);
            return Value::STATIC;
        }
        if matches!(x, Value::Failed) || matches!(y, Value::Failed) {
            return Value::Failed;
        }
        if crate::check::shape::text(&b.left, &x, &y, self.diag)
            || crate::check::shape::text(&b.right, &y, &x, self.diag)
        {
            return Value::Failed;
        }
        self.beside_tensor(&b.left);
        self.beside_tensor(&b.right);
        if compares && !x.is_tensor() && !y.is_tensor() {
            let edit = Edit::Compared { function, left: side(&b.left, &x), right: side(&b.right, &y) };
            self.edits.expr(e, edit);
        } else {
            self.edits.expr(e, Edit::Binary { function, lit_left: x.is_number(), lit_right: y.is_number() });
        }
        // Of an operator neither side alone is at fault.
        let (values, sides) = ([x, y], [&*b.left, &*b.right]);
        let out = self.apply(op, &values, span, |_| None);
        match self.number_beside_tensor(&op, &values, |i| sides[i]) {
            true => Value::Failed,
            false => out,
        }
    }

    /// An operation on these operands, the first of them at fault where nothing says which.
    pub(super) fn operation(&mut self, op: Op, args: Vec<(&'a Expr, Value<'a>)>, span: Span) -> Value<'a> {
        if args.iter().any(|(_, v)| matches!(v, Value::Failed)) {
            return Value::Failed;
        }
        let (spans, values): (Vec<&Expr>, Vec<Value>) = args.into_iter().unzip();
        self.apply(op, &values, span, |i| spans.get(i).copied())
    }

    /// `x << y`, which tensors do not have: fine between numbers.
    fn shift(&mut self, e: &'a Expr, b: &'a ExprBinary) -> Value<'a> {
        let (x, y) = (self.expr(&b.left), self.expr(&b.right));
        if matches!(x, Value::Never) || matches!(y, Value::Never) {
            return Value::Never;
        }
        if matches!(x, Value::Failed) || matches!(y, Value::Failed) {
            return Value::Failed;
        }
        if x.is_tensor() || y.is_tensor() {
            crate::check::unknown_operation::shift(&b.op, self.diag);
            return Value::Failed;
        }
        for (e, v) in [(&*b.left, &x), (&*b.right, &y)] {
            if !v.is_static() {
                self.edits.expr(e, Edit::Number { function: "StaticShift::known" });
            }
        }
        self.plain(e, b, &x, &y);
        Value::Static(statics::binary(&b.op, &x, &y))
    }

    /// `x += y`: fine between static values, refused on tensors. Of what kind `self.rate` is, rustc knows.
    fn compound(&mut self, e: &'a Expr, b: &'a ExprBinary) -> Value<'a> {
        let y = self.expr(&b.right);
        if matches!(y, Value::Never) {
            return Value::Never;
        }
        let plain = y.is_static() || matches!(y, Value::Unknown(_));
        if matches!(y, Value::Unknown(_)) {
            self.edits.expr(&b.right, Edit::Number { function: "StaticChange::known" });
        }
        if let Expr::Field(_) | Expr::Index(_) | Expr::Unary(_) = &*b.left {
            let before = self.diag.mark();
            self.write(&b.left, plain);
            if self.diag.since(before) == 0 {
                self.plain(e, b, &Value::STATIC, &y);
            }
            return Value::unit();
        }
        let x = self.expr(&b.left);
        if matches!(x, Value::Failed) || matches!(y, Value::Failed) {
            return Value::unit();
        }
        let name = names::ident(&b.left).map(ToString::to_string).unwrap_or_default();
        let unknown = matches!(x, Value::Unknown(_));
        if !(x.is_static() || unknown) || !plain {
            in_place_mutation::compound(b, self.diag);
        } else if self.scope.find(&name).is_none() {
            hidden_state::write(&b.left, self.diag);
        } else if self.captured(&name) {
            side_effect::captured(&b.left, &name, self.diag);
        } else {
            if unknown {
                self.edits.expr(&b.left, Edit::Changed);
            }
            self.scope.assign(&name, Value::STATIC);
            self.plain(e, b, &Value::STATIC, &y);
        }
        Value::unit()
    }

    /// An operator on static values, which stays as it is: what a type of the user's own does with it must be traced, and
    /// integers overflow in every profile.
    fn plain(&mut self, e: &'a Expr, b: &'a ExprBinary, x: &Value<'a>, y: &Value<'a>) {
        let Some((by, overflow)) = plain_operator(&b.op) else { return };
        let literal = |e: &Expr| matches!(e, Expr::Lit(_));
        let float = |v: &Value<'a>| matches!(v, Value::Static(Const::Float(_)));
        let known = |v: &Value<'a>| {
            matches!(v, Value::Static(Const::Int(_) | Const::Extent(_) | Const::Float(_) | Const::Bool(_)))
        };
        let overflow = overflow.filter(|_| !(literal(&b.left) && literal(&b.right) || float(x) && float(y)));
        let asks = !(known(x) && known(y));
        if asks || overflow.is_some() {
            self.edits.expr(e, Edit::Plain { by, asks, overflow });
        }
    }

    pub(super) fn unary(&mut self, e: &'a Expr, u: &'a ExprUnary) -> Value<'a> {
        let x = self.expr(&u.expr);
        let (function, op) = match u.op {
            UnOp::Deref(_) => {
                if matches!(x, Value::Static(_) | Value::Unknown(_)) {
                    self.edits.expr(e, Edit::Dereferenced);
                }
                return x;
            }
            UnOp::Neg(_) => ("neg", Op::Neg),
            UnOp::Not(_) => ("not", Op::Not),
            _ => return self.not_understood(u, "this operator"),
        };
        if let Value::Static(c) = &x
            && !matches!(*u.expr, Expr::Lit(_))
            && !matches!(c, Const::Float(_) | Const::Bool(_))
        {
            let (by, overflow) = if function == "neg" { ("Neg", Some("neg")) } else { ("Not", None) };
            self.edits.expr(e, Edit::Plain { by, asks: !matches!(c, Const::Int(_)), overflow });
        }
        match &x {
            Value::Static(c) => Value::Static(match (&u.op, c) {
                (UnOp::Neg(_), Const::Int(n)) => n.checked_neg().map_or(Const::Unknown, Const::Int),
                (UnOp::Neg(_), Const::Float(n)) => Const::Float(-n),
                (UnOp::Not(_), Const::Bool(b)) => Const::Bool(!b),
                _ => Const::Unknown,
            }),
            Value::Never => Value::Never,
            _ => {
                self.edits.expr(e, Edit::Unary { function });
                if matches!(x, Value::Failed) {
                    return Value::Failed;
                }
                self.apply(op, &[x], u.op.span(), |_| None)
            }
        }
    }

    /// Appends an operation on these values, and gives its result.
    pub(super) fn apply<'e>(
        &mut self,
        op: Op,
        values: &[Value<'a>],
        span: Span,
        place: impl Fn(usize) -> Option<&'e Expr>,
    ) -> Value<'a>
    where
        'a: 'e,
    {
        let types: Vec<_> = values.iter().map(Self::ty).collect();
        let ty = match thunder_core::op::infer(&op, &types, &self.types.dims.list()) {
            Ok(ty) => ty,
            Err(m) => {
                let text = thunder_core::op::named(m.text.as_str(), &self.types.generics.elems);
                let text = crate::check::shape::refuted(&op, &text);
                match place(m.arg) {
                    Some(e) => self.diag.error(e, text, ""),
                    None => self.diag.error_at(span, text, ""),
                }
                return Value::Failed;
            }
        };
        let args: Vec<Operand> = values.iter().map(|v| self.operand(v)).collect();
        // With no operand that is certainly traced, the whole may turn out to be plain Rust.
        let certain =
            values.is_empty() || values.iter().any(|v| matches!(v, Value::Tensor(..) | Value::Key(_)));
        let dst = self.var(ty);
        self.spans.insert(dst, span);
        self.push(Node::Op { dst, op, args, at: Self::at(span) });
        if certain { Value::Tensor(Operand::Var(dst), ty) } else { Value::Unknown(Operand::Var(dst)) }
    }

    /// Refuses a float beside an integer tensor, and a number beyond the range of its element type. A comparison with such
    /// a number is one with the end of the range.
    pub(super) fn number_beside_tensor<'e>(
        &mut self,
        op: &Op,
        values: &[Value<'a>],
        place: impl Fn(usize) -> &'e Expr,
    ) -> bool {
        // The condition of a choice is of a type of its own.
        let beside = usize::from(matches!(op, Op::Select));
        let tensors = values.iter().skip(beside).filter(|v| v.is_tensor()).map(Self::ty);
        let Some(d) = tensors.filter_map(|t| t.elem.known()).find(|d| !d.is_float()) else { return false };
        let mut found = false;
        for (i, v) in values.iter().enumerate() {
            if matches!(v, Value::Static(Const::Float(_))) {
                self.diag.error(
                    place(i),
                    format!("a float beside a tensor of `{d}`, which has no room for a fraction"),
                    "cast the tensor first: `x.cast::<f32>()`",
                );
                found = true;
            } else if let Value::Static(c @ Const::Int(_)) = v
                && !matches!(op, Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge)
            {
                let number = c.lit();
                found |= crate::check::shape::beyond(op, d, place(i), number, self.diag);
            }
        }
        found
    }
}

/// The trait of an operator that Rust keeps, and what is asked whether it overflows.
fn plain_operator(op: &BinOp) -> Option<(&'static str, Option<&'static str>)> {
    Some(match op {
        BinOp::Add(_) | BinOp::AddAssign(_) => ("Add", Some("add")),
        BinOp::Sub(_) | BinOp::SubAssign(_) => ("Sub", Some("sub")),
        BinOp::Mul(_) | BinOp::MulAssign(_) => ("Mul", Some("mul")),
        BinOp::Shl(_) | BinOp::ShlAssign(_) => ("Shl", Some("shl")),
        BinOp::Shr(_) | BinOp::ShrAssign(_) => ("Shr", Some("shr")),
        BinOp::Div(_) | BinOp::DivAssign(_) => ("Div", None),
        BinOp::Rem(_) | BinOp::RemAssign(_) => ("Rem", None),
        BinOp::BitAnd(_) | BinOp::BitAndAssign(_) => ("BitAnd", None),
        BinOp::BitOr(_) | BinOp::BitOrAssign(_) => ("BitOr", None),
        BinOp::BitXor(_) | BinOp::BitXorAssign(_) => ("BitXor", None),
        BinOp::Eq(_) | BinOp::Ne(_) => ("PartialEq", None),
        BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_) => ("PartialOrd", None),
        _ => return None,
    })
}

/// What a side of a comparison is.
fn side(e: &Expr, v: &Value<'_>) -> Side {
    match (v, e) {
        (Value::Static(Const::Int(_) | Const::Float(_) | Const::Extent(_)), _) => Side::Number,
        (Value::Static(_), Expr::Lit(_) | Expr::Unary(_) | Expr::Binary(_) | Expr::Cast(_)) => Side::Number,
        (v, _) if v.is_static() => Side::Static,
        _ => Side::Unknown,
    }
}

/// Whether a value can only be compared with plain Rust values.
fn plain(e: &Expr, v: &Value<'_>) -> bool {
    match v {
        _ if v.is_static() && composed(e) => true,
        Value::Static(Const::Str(_) | Const::Bool(_) | Const::Nothing) => true,
        Value::Static(_) => match e {
            Expr::Path(p) => {
                p.path.segments.len() > 1
                    && p.path.segments.last().is_some_and(|s| names::is_camel(&s.ident.to_string()))
            }
            Expr::Lit(l) => matches!(l.lit, syn::Lit::Char(_)),
            _ => false,
        },
        _ => false,
    }
}

/// Whether an expression makes a value that is no number: `Some(i)`, `(a, b)`, `[1, 2]`, `Act::Leaky(0.1)`, `&x` of such.
fn composed(e: &Expr) -> bool {
    match e {
        Expr::Tuple(_) | Expr::Array(_) | Expr::Repeat(_) | Expr::Struct(_) | Expr::Range(_) => true,
        Expr::Call(c) => matches!(&*c.func, Expr::Path(p)
            if p.path.segments.last().is_some_and(|s| names::is_camel(&s.ident.to_string()))),
        Expr::Macro(m) => m.mac.path.is_ident("vec") || m.mac.path.is_ident("format"),
        Expr::Paren(p) => composed(&p.expr),
        Expr::Group(g) => composed(&g.expr),
        Expr::Reference(r) => composed(&r.expr),
        _ => false,
    }
}
