//! The compile-time trace as constant data: what the item emits beside its body.

use crate::lower::variables;
use crate::parse::{Kind, Types};
use crate::trace::{At, Body, Callee, Node, Operand, Step};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use thunder_core::item::Transform;
use thunder_core::op::{AttrRef, Causal, Flag, Lit, Op, Pattern, Reduction};
use thunder_core::types::{Axes, Axis, DType, Elem, Extent, Shape, Ty};

/// Writes values as constant expressions, over the names of an item.
pub struct Constants<'a> {
    /// The names.
    pub types: &'a Types,
}

impl Constants<'_> {
    /// An extent.
    pub fn extent(&self, e: Extent) -> TokenStream {
        if e.is_unknown() {
            return quote!(__rt::types::Extent::UNKNOWN);
        }
        let mut sum: Option<TokenStream> = None;
        let mut add = |part: TokenStream, negative: bool| {
            sum = Some(match sum.take() {
                Some(s) if negative => quote!(#s.sub(#part)),
                Some(s) => quote!(#s.add(#part)),
                None if negative => quote!(__rt::types::Extent::new(0).sub(#part)),
                None => part,
            });
        };
        for t in e.terms.iter().filter(|t| t.coef != 0) {
            let mut part: Option<TokenStream> = None;
            if t.coef.unsigned_abs() != 1 {
                part = Some(number(u64::from(t.coef.unsigned_abs())));
            }
            for v in t.vars.iter().filter(|v| **v != 0).map(|v| v - 1) {
                let var = self.variable(v);
                part = Some(match part {
                    Some(p) => quote!(#p.mul(#var)),
                    None => var,
                });
            }
            add(part.unwrap_or_else(|| number(1)), t.coef < 0);
        }
        if e.konst != 0 || variables(e).is_empty() {
            add(number(e.konst.unsigned_abs()), e.konst < 0);
        }
        sum.unwrap_or_else(|| number(0))
    }

    fn variable(&self, v: u8) -> TokenStream {
        if let Some(Some(path)) = self.types.dims.consts.get(v as usize) {
            return quote!(__rt::types::Extent::new(#path));
        }
        let v = Literal::u8_unsuffixed(v);
        quote!(__rt::types::Extent::var(#v))
    }

    /// A shape.
    pub fn shape(&self, s: &Shape) -> TokenStream {
        if s.is_unknown() {
            return quote!(__rt::types::Shape::UNKNOWN);
        }
        let dims = s.dims().iter().map(|e| self.extent(*e));
        let lead = (s.lead != 0).then(|| {
            let v = Literal::u8_unsuffixed(s.lead - 1);
            quote!(.with_lead(#v))
        });
        quote!(__rt::types::Shape::new(&[#(#dims),*]) #lead)
    }

    /// A tensor type.
    pub fn ty(&self, t: &Ty) -> TokenStream {
        if *t == Ty::UNKNOWN {
            return quote!(__rt::types::Ty::UNKNOWN);
        }
        let (elem, shape) = (elem(t.elem), self.shape(&t.shape));
        quote!(__rt::types::Ty::new(#elem, #shape))
    }

    /// What a signature or a field says of a value.
    pub fn spec(&self, k: &Kind) -> TokenStream {
        match k {
            Kind::Tensor(ty) => {
                let ty = self.ty(ty);
                quote!(__rt::item::Spec::Tensor(#ty))
            }
            Kind::Key => quote!(__rt::item::Spec::Key),
            Kind::Static { name } => quote!(__rt::item::Spec::Static(#name)),
            Kind::Named(n) if n.dim.is_some() => quote!(__rt::item::Spec::Static("usize")),
            Kind::Tuple(parts) => {
                let parts = parts.iter().map(|p| self.spec(p));
                quote!(__rt::item::Spec::Tuple(&[#(#parts),*]))
            }
            Kind::Closure(of) => {
                let result = self.spec(&of.result);
                quote!(__rt::item::Spec::Closure(&#result))
            }
            Kind::List(inner) => {
                let inner = self.spec(inner);
                quote!(__rt::item::Spec::List(&#inner))
            }
            Kind::Option(inner) => {
                let inner = self.spec(inner);
                quote!(__rt::item::Spec::Option(&#inner))
            }
            Kind::Named(_) | Kind::Unknown | Kind::Refused => {
                let text = super::traced::kind_text(k, &self.types.dims, &self.types.generics.elems);
                quote!(__rt::item::Spec::Opaque(#text))
            }
        }
    }

    fn attr(&self, a: AttrRef<'_>) -> TokenStream {
        match a {
            AttrRef::Lit(l) => lit(l),
            AttrRef::Option(None) => quote!(::core::option::Option::None),
            AttrRef::Option(Some(l)) => {
                let l = lit(l);
                quote!(::core::option::Option::Some(#l))
            }
            AttrRef::Causal(c) => {
                let name = ident(match c {
                    Causal::No => "No",
                    Causal::Equal => "Equal",
                    Causal::UpperLeft => "UpperLeft",
                    Causal::LowerRight => "LowerRight",
                    Causal::Free => "Free",
                });
                quote!(__rt::op::Causal::#name)
            }
            AttrRef::Flag(f) => {
                let name = ident(match f {
                    Flag::Yes => "Yes",
                    Flag::No => "No",
                    Flag::Free => "Free",
                });
                quote!(__rt::op::Flag::#name)
            }
            AttrRef::Axis(a) => axis(a),
            AttrRef::Axes(a) => axes(a),
            AttrRef::Elem(e) => elem(e),
            AttrRef::Extent(e) => self.extent(*e),
            AttrRef::Shape(s) => self.shape(s),
            AttrRef::Label(l) => {
                let text = l.as_str();
                quote!(__rt::op::Label::new(#text))
            }
            AttrRef::Reduction(r) => {
                let name = ident(match r {
                    Reduction::Mean => "Mean",
                    Reduction::Sum => "Sum",
                    Reduction::Free => "Free",
                });
                quote!(__rt::op::Reduction::#name)
            }
            AttrRef::Count(n) => {
                let n = Literal::u8_unsuffixed(n);
                quote!(#n)
            }
            // Which definition it is, only rustc knows.
            AttrRef::Custom(_) => quote!(__rt::op::CustomRef::FREE),
            AttrRef::Pattern(p) => {
                let extents = p.extents.iter().map(|e| self.extent(*e));
                pattern(p, extents.collect())
            }
        }
    }

    /// An operation with its attributes.
    pub fn op(&self, op: &Op) -> TokenStream {
        let name = ident(&format!("{:?}", op.code()));
        let fields = op.fields().into_iter().map(|(field, value)| {
            let (field, value) = (ident(field), self.attr(value));
            quote!(#field: #value)
        });
        quote!(__rt::op::Op::#name { #(#fields),* })
    }

    /// A list of nodes.
    pub fn nodes(&self, list: &[Node]) -> TokenStream {
        let nodes = list.iter().map(|n| self.node(n));
        quote!(&[#(#nodes),*])
    }

    fn node(&self, n: &Node) -> TokenStream {
        let v = |v: &u16| Literal::u16_unsuffixed(*v);
        let body = match n {
            Node::Op { dst, op, args, at } => {
                let (dst, op, args, at) = (v(dst), self.op(op), operands(args), place(*at));
                quote!(Op { dst: #dst, op: #op, args: #args, at: #at })
            }
            Node::Call { dst, callee, args, at } => {
                let (dst, args, at) = (v(dst), operands(args), place(*at));
                let callee = match callee {
                    Callee::Fn(path) => {
                        let id = super::opaque::alias(path);
                        quote!(Fn(|| #id::TRACE))
                    }
                    Callee::Method(name) => quote!(Method(#name)),
                    Callee::Either(name) => quote!(Either(#name)),
                    Callee::Closure(var) => {
                        let var = v(var);
                        quote!(Closure(#var))
                    }
                };
                quote!(Call { dst: #dst, callee: __rt::item::Callee::#callee, args: #args, at: #at })
            }
            Node::Project { dst, base, step: s } => {
                let (dst, base, s) = (v(dst), v(base), step(s));
                quote!(Project { dst: #dst, base: #base, step: #s })
            }
            Node::Pack { dst, parts } => {
                let dst = v(dst);
                let parts = parts.iter().map(|(s, o)| {
                    let (s, o) = (step(s), operand(*o));
                    quote!((#s, #o))
                });
                quote!(Pack { dst: #dst, parts: &[#(#parts),*] })
            }
            Node::Assign { var, value } => {
                let (var, value) = (v(var), operand(*value));
                quote!(Assign { var: #var, value: #value })
            }
            Node::Collect { dst, value } => {
                let (dst, value) = (v(dst), operand(*value));
                quote!(Collect { dst: #dst, value: #value })
            }
            Node::Choice { site, arms } => {
                let site = v(site);
                let arms = arms.iter().map(|a| self.nodes(a));
                quote!(Choice { site: #site, arms: &[#(#arms),*] })
            }
            Node::Repeat { site, body } => {
                let (site, body) = (v(site), self.nodes(body));
                quote!(Repeat { site: #site, body: #body })
            }
            Node::Closure { dst, params, body, result } => {
                let (dst, params) = (v(dst), params.iter().map(v));
                let (body, result) = (self.nodes(body), operand(*result));
                quote!(Closure { dst: #dst, params: &[#(#params),*], body: #body, result: #result })
            }
            Node::Region { dst, kind, args, params, body, result, at } => {
                let (dst, args, at) = (v(dst), operands(args), place(*at));
                let params = params.iter().map(v);
                let (body, result, kind) = (self.nodes(body), operand(*result), transform(*kind));
                quote!(Region {
                    dst: #dst, kind: #kind, args: #args, params: &[#(#params),*], body: #body, result: #result, at: #at
                })
            }
            Node::Return { value } => {
                let value = operand(*value);
                quote!(Return { value: #value })
            }
            Node::Break(n) => quote!(Break(#n)),
            Node::Continue(n) => quote!(Continue(#n)),
        };
        quote!(__rt::item::Node::#body)
    }

    /// The types of the vars, each distinct one once: `(constants, list)`.
    pub fn var_types(&self, body: &Body) -> (TokenStream, TokenStream) {
        let mut distinct: Vec<Ty> = Vec::new();
        let list: Vec<Ident> = body
            .types
            .iter()
            .map(|t| {
                let i = distinct.iter().position(|d| d == t).unwrap_or_else(|| {
                    distinct.push(*t);
                    distinct.len() - 1
                });
                format_ident!("T{i}")
            })
            .collect();
        let consts = distinct.iter().enumerate().map(|(i, t)| {
            let (name, ty) = (format_ident!("T{i}"), self.ty(t));
            quote!(const #name: __rt::types::Ty = #ty;)
        });
        (quote!(#(#consts)*), quote!(&[#(#list),*]))
    }
}

fn ident(name: &str) -> Ident {
    Ident::new(name, proc_macro2::Span::call_site())
}

fn number(n: u64) -> TokenStream {
    let n = Literal::u64_unsuffixed(n);
    quote!(__rt::types::Extent::new(#n))
}

/// An element type.
fn elem(e: Elem) -> TokenStream {
    match e {
        Elem::Known(d) => {
            let name = ident(match d {
                DType::F64 => "F64",
                DType::F32 => "F32",
                DType::F16 => "F16",
                DType::BF16 => "BF16",
                DType::I64 => "I64",
                DType::I32 => "I32",
                DType::U32 => "U32",
                DType::U8 => "U8",
                DType::Bool => "Bool",
            });
            quote!(__rt::types::Elem::Known(__rt::types::DType::#name))
        }
        Elem::Param(i) => {
            let i = Literal::u8_unsuffixed(i);
            quote!(__rt::types::Elem::Param(#i))
        }
        Elem::Unknown => quote!(__rt::types::Elem::Unknown),
    }
}

fn lit(l: Lit) -> TokenStream {
    match l {
        Lit::F(x) if x.is_finite() && x.is_sign_positive() => {
            let x = Literal::f64_suffixed(x);
            quote!(__rt::op::Lit::F(#x))
        }
        Lit::F(x) => {
            let bits = Literal::u64_suffixed(x.to_bits());
            quote!(__rt::op::Lit::F(f64::from_bits(#bits)))
        }
        Lit::I(n) => {
            let n = Literal::i128_unsuffixed(n);
            quote!(__rt::op::Lit::I(#n))
        }
        Lit::B(b) => quote!(__rt::op::Lit::B(#b)),
        Lit::Free => quote!(__rt::op::Lit::Free),
    }
}

/// A number with its sign: literals have none.
fn signed(n: i64) -> TokenStream {
    let digits = Literal::u64_unsuffixed(n.unsigned_abs());
    if n < 0 { quote!(-#digits) } else { quote!(#digits) }
}

fn axis(a: Axis) -> TokenStream {
    if a == Axis::UNKNOWN {
        return quote!(__rt::types::Axis::UNKNOWN);
    }
    let n = signed(i64::from(a.0));
    quote!(__rt::types::Axis(#n))
}

fn axes(a: &Axes) -> TokenStream {
    if a.is_unknown() {
        return quote!(__rt::types::Axes::UNKNOWN);
    }
    if a.is_all() {
        return quote!(__rt::types::Axes::ALL);
    }
    let list = (0..a.len(0)).map(|i| signed(i64::from(a.axis(i).0)));
    quote!(__rt::types::Axes::new(&[#(#list),*]))
}

/// A pattern, its atoms' extents given as expressions.
pub fn pattern(p: &Pattern, extents: Vec<TokenStream>) -> TokenStream {
    let bytes = |list: &[u8]| {
        let list = list.iter().map(|b| Literal::u8_unsuffixed(*b));
        quote!([#(#list),*])
    };
    let count = Literal::u8_unsuffixed;
    let (atoms, inputs, outputs) = (count(p.atoms), count(p.inputs), count(p.outputs));
    let (group, order, place) = (bytes(&p.group), bytes(&p.order), bytes(&p.place));
    quote!(__rt::op::Pattern {
        atoms: #atoms, inputs: #inputs, outputs: #outputs, extents: [#(#extents),*],
        group: #group, order: #order, place: #place,
    })
}

fn operand(o: Operand) -> TokenStream {
    match o {
        Operand::Var(v) => {
            let v = Literal::u16_unsuffixed(v);
            quote!(__rt::item::Operand::Var(#v))
        }
        Operand::Static(l) => {
            let l = lit(l);
            quote!(__rt::item::Operand::Static(#l))
        }
        Operand::Hole => quote!(__rt::item::Operand::Hole),
    }
}

/// What an item returns; nothing known of it if it only returns early.
pub fn output(o: Option<Operand>) -> TokenStream {
    operand(o.unwrap_or(Operand::Hole))
}

fn operands(list: &[Operand]) -> TokenStream {
    let list = list.iter().map(|o| operand(*o));
    quote!(&[#(#list),*])
}

fn step(s: &Step) -> TokenStream {
    match s {
        Step::Field(name) => quote!(__rt::item::Step::Field(#name)),
        Step::Index(i) => {
            let i = Literal::u32_unsuffixed(*i);
            quote!(__rt::item::Step::Index(#i))
        }
        Step::Iter(site) => {
            let site = Literal::u16_unsuffixed(*site);
            quote!(__rt::item::Step::Iter(#site))
        }
        Step::Any => quote!(__rt::item::Step::Any),
    }
}

fn place(at: At) -> TokenStream {
    let (line, column) = (Literal::u32_unsuffixed(at.line), Literal::u32_unsuffixed(at.column));
    quote!(__rt::item::At { line: #line, column: #column })
}

fn transform(t: Transform) -> TokenStream {
    let name = ident(match t {
        Transform::Grad => "Grad",
        Transform::ValueAndGrad => "ValueAndGrad",
        Transform::Vjp => "Vjp",
        Transform::Jvp => "Jvp",
        Transform::Vmap => "Vmap",
        Transform::Scan => "Scan",
        Transform::Checkpoint => "Checkpoint",
        Transform::Autocast => "Autocast",
    });
    quote!(__rt::item::Transform::#name)
}
