//! Types as signatures, fields and annotations write them: what they say of a value, and the Rust they become.

use super::generics::{Generics, closure_bound};
use crate::diagnostics::Diagnostics;
use crate::names;
use crate::trace::Dims;
use std::rc::Rc;
use syn::{
    Expr, GenericArgument, Ident, ParenthesizedGenericArguments, PathArguments, ReturnType, Type, TypePath,
};
use thunder_core::types::{DType, Elem, Extent, Shape, Ty};

/// What a type says of a value.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A tensor.
    Tensor(Ty),
    /// A random key.
    Key,
    /// A Rust number or text; `usize` can be an extent.
    Static {
        /// The name of its type.
        name: String,
    },
    /// A tuple.
    Tuple(Vec<Kind>),
    /// An array, a slice or a `Vec`.
    List(Box<Kind>),
    /// An `Option`.
    Option(Box<Kind>),
    /// A closure.
    Closure(Rc<Callable>),
    /// A module, configuration, or a generic type.
    Named(Named),
    /// Nothing known.
    Unknown,
    /// What was reported.
    Refused,
}

/// What a closure's type says: `impl Fn(&Tensor<f32, (B, C)>) -> Scalar<f32>`.
#[derive(Debug)]
pub struct Callable {
    /// Of its parameters.
    pub params: Vec<Kind>,
    /// Of its result.
    pub result: Kind,
}

/// A named type: a module or configuration.
#[derive(Clone, Debug, Default)]
pub struct Named {
    /// The name.
    pub name: String,
    /// What is said of its dimensions: `Linear<Out = F>`.
    pub bindings: Vec<(String, Extent)>,
    /// `Dim<H>` in a field: the dimension whose extent this number is.
    pub dim: Option<String>,
}

/// The names that types may use.
#[derive(Clone, Default)]
pub struct Types {
    /// The dimensions.
    pub dims: Dims,
    /// The generic parameters.
    pub generics: Generics,
    /// Parameters that are `usize`, which extents may name.
    pub sizes: Vec<String>,
    /// The names that stand for themselves somewhere in the signature, not only in an expression of an extent.
    pub named: Vec<String>,
    /// Whether the names of a type's dimensions are in scope: in an `impl`, a `trait`, the type itself.
    pub within: bool,
    /// Names that only expressions of extents have, in an `impl`: that the type has them, rustc knows.
    pub of_owner: Vec<Ident>,
    /// Whether the types stand in a body, where a static value may be a `Result`.
    pub in_body: bool,
    /// Names in expressions of extents of which a whole quotient is taken: no size follows from that.
    pub divided: Vec<String>,
    /// The module of aliases that dimension names are rewritten to; plain `usize` without one.
    pub alias: Option<Ident>,
    /// The dimensions that types bind, `Linear<Out = F>`: whether the type has one of the name, rustc knows.
    pub bound: Vec<(Type, Ident)>,
    /// For each generic shape, the most dimensions a parameter states after it.
    pub trailing: Vec<(String, usize)>,
}

/// The element type of this name.
pub fn dtype(name: &str) -> Option<DType> {
    DType::ALL.into_iter().find(|d| d.name() == name)
}

const HELP_SHAPE: &str = "a shape is a tuple of dimension names: `Tensor<f32, (B, T, C)>`, `(N,)`, `()`; \
                          `Dim<768>` states a number, `_` states nothing";

impl Types {
    /// What `ty` says.
    pub fn read(&mut self, ty: &Type, diag: &mut Diagnostics) -> Kind {
        match ty {
            Type::Path(p) => self.read_path(p, diag),
            Type::Reference(r) => self.read(&r.elem, diag),
            Type::Paren(p) => self.read(&p.elem, diag),
            Type::Group(g) => self.read(&g.elem, diag),
            Type::Tuple(t) => Kind::Tuple(t.elems.iter().map(|e| self.read(e, diag)).collect()),
            Type::Array(a) => Kind::List(Box::new(self.read(&a.elem, diag))),
            Type::Slice(s) => Kind::List(Box::new(self.read(&s.elem, diag))),
            Type::ImplTrait(t) => match closure_bound(&t.bounds) {
                Some(of) => self.read_closure(of, diag),
                None => {
                    let name = super::generics::bound_names(&t.bounds).into_iter().next().unwrap_or_default();
                    Kind::Named(Named { name, ..Named::default() })
                }
            },
            Type::Infer(_) => Kind::Unknown,
            Type::TraitObject(t) => {
                crate::check::foreign_tensor::dyn_type(t, diag);
                Kind::Refused
            }
            Type::BareFn(t) => {
                crate::check::foreign_tensor::pointer(t, diag);
                Kind::Refused
            }
            Type::Ptr(p) => {
                crate::check::side_effect::pointer(p, diag);
                Kind::Refused
            }
            other => {
                diag.error(
                    other,
                    "this type can't be part of a trace",
                    "tensors, keys, modules, numbers, tuples",
                );
                Kind::Unknown
            }
        }
    }

    fn read_path(&mut self, p: &TypePath, diag: &mut Diagnostics) -> Kind {
        let Some(last) = p.path.segments.last() else { return Kind::Unknown };
        let name = last.ident.to_string();
        let args: Vec<&GenericArgument> = match &last.arguments {
            PathArguments::AngleBracketed(a) => a.args.iter().collect(),
            _ => Vec::new(),
        };
        let types: Vec<&Type> = args
            .iter()
            .filter_map(|a| if let GenericArgument::Type(t) = a { Some(t) } else { None })
            .collect();
        if crate::check::foreign_tensor::named(p, types.len(), diag) {
            return Kind::Refused;
        }
        if crate::check::side_effect::is_cell(&name) {
            crate::check::side_effect::cell_type(&last.ident, diag);
            return Kind::Refused;
        }
        if self.in_body && name == "Result" {
            return Kind::Unknown;
        }
        if crate::check::foreign_tensor::is_container(p) {
            crate::check::foreign_tensor::container(&last.ident, diag);
            return Kind::Refused;
        }
        match (name.as_str(), &types[..]) {
            ("Tensor" | "Scalar", [elem, ..]) if self.unbounded(elem, diag) => Kind::Refused,
            ("Tensor", [elem, shape]) => Kind::Tensor(Ty::new(self.elem(elem), self.shape(shape, diag))),
            ("Scalar", [elem]) => Kind::Tensor(Ty::new(self.elem(elem), Shape::SCALAR)),
            ("Key", []) => Kind::Key,
            ("Dim", _) => Kind::Named(Named { dim: self.dim_name(last, &args, diag), ..Named::default() }),
            ("Option", [inner]) => Kind::Option(Box::new(self.read(inner, diag))),
            ("Vec", [inner]) => Kind::List(Box::new(self.read(inner, diag))),
            ("Box", [inner]) => self.read(inner, diag),
            ("Arc" | "Rc", [inner]) => {
                if !matches!(self.read(inner, diag), Kind::Refused) {
                    crate::check::foreign_tensor::shared(&last.ident, diag);
                }
                Kind::Refused
            }
            _ if is_static(&name) || name == "usize" && types.is_empty() => Kind::Static { name },
            _ => {
                let closure = self.generics.closures.iter().find(|(n, _)| *n == name);
                if let Some((_, of)) = closure {
                    return self.read_closure(&of.clone(), diag);
                }
                let bindings = args.iter().filter_map(|a| self.binding(p, a, diag)).collect();
                Kind::Named(Named { name, bindings, dim: None })
            }
        }
    }

    fn read_closure(&mut self, of: &ParenthesizedGenericArguments, diag: &mut Diagnostics) -> Kind {
        let params = of.inputs.iter().map(|t| self.read(t, diag)).collect();
        let result = match &of.output {
            ReturnType::Default => Kind::Tuple(Vec::new()),
            ReturnType::Type(_, t) => self.read(t, diag),
        };
        Kind::Closure(Rc::new(Callable { params, result }))
    }

    /// `Out = F` in a submodule's type.
    fn binding(
        &mut self,
        of: &TypePath,
        a: &GenericArgument,
        diag: &mut Diagnostics,
    ) -> Option<(String, Extent)> {
        let (name, extent) = match a {
            GenericArgument::AssocType(t) => (&t.ident, self.extent_type(&t.ty, diag)),
            GenericArgument::AssocConst(c) => (&c.ident, self.extent(&c.value, diag)),
            _ => return None,
        };
        let mut ty = Type::Path(of.clone());
        self.rewrite(&mut ty);
        self.bound.push((ty, name.clone()));
        Some((name.to_string(), extent))
    }

    fn dim_name(
        &mut self,
        at: &syn::PathSegment,
        args: &[&GenericArgument],
        diag: &mut Diagnostics,
    ) -> Option<String> {
        if let [GenericArgument::Type(Type::Path(p))] = args
            && let Some(id) = names::single(&p.path)
        {
            let name = id.to_string();
            self.dims.intern(&name);
            return Some(name);
        }
        let (what, help) = ("a configuration `Dim` bears one dimension's name", "`heads: Dim<H>`");
        match args.first() {
            Some(a) => diag.error(a, what, help),
            None => diag.error(at, what, help),
        }
        None
    }

    /// Refuses, once, an element type that may be any type.
    fn unbounded(&mut self, elem: &Type, diag: &mut Diagnostics) -> bool {
        let Type::Path(p) = elem else { return false };
        let Some(id) = names::single(&p.path) else { return false };
        let Some(i) = self.generics.unbounded.iter().position(|n| id == n) else { return false };
        let what = format!("`{id}` stands for the elements of a tensor, and may be any type");
        diag.error(id, what, format!("`{id}: Float`; or `Int`, `Num`, `Element`"));
        self.generics.unbounded.remove(i);
        self.generics.elems.push(id.to_string());
        true
    }

    fn elem(&self, ty: &Type) -> Elem {
        let Type::Path(p) = ty else { return Elem::Unknown };
        let Some(id) = p.path.segments.last().map(|s| s.ident.to_string()) else { return Elem::Unknown };
        if p.path.segments.len() == 1
            && let Some(i) = self.generics.elem(&id)
        {
            return Elem::Param(i);
        }
        dtype(&id).map_or(Elem::Unknown, Elem::Known)
    }

    /// The element type that a type argument names.
    pub fn elem_of(&self, ty: &Type) -> Elem {
        self.elem(ty)
    }

    fn shape(&mut self, ty: &Type, diag: &mut Diagnostics) -> Shape {
        let elems = match ty {
            Type::Tuple(t) => &t.elems,
            Type::Paren(p) => {
                diag.error(p, "a shape of one dimension needs a comma", "`(C,)`");
                return Shape::UNKNOWN;
            }
            Type::Path(p) => {
                let name = names::single(&p.path).map(ToString::to_string).unwrap_or_default();
                return match self.lead(&name) {
                    Some(v) => Shape::SCALAR.with_lead(v),
                    None => Shape::UNKNOWN,
                };
            }
            Type::Infer(_) => return Shape::UNKNOWN,
            other => {
                diag.error(other, "this is no shape", HELP_SHAPE);
                return Shape::UNKNOWN;
            }
        };
        let mut shape = Shape::SCALAR;
        for (i, e) in elems.iter().enumerate() {
            if let Type::Path(p) = e
                && let Some(id) = names::single(&p.path)
                && self.generics.shapes.iter().any(|s| id == s)
            {
                if i > 0 {
                    diag.error(e, "a generic shape stands for leading dimensions", "put it first: `(S, C)`");
                } else if let Some(v) = self.lead(&id.to_string()) {
                    shape = shape.with_lead(v);
                }
                continue;
            }
            shape = shape.push(self.extent_type(e, diag));
        }
        if elems.len() > thunder_core::types::MAX_RANK {
            diag.error(elems, "a shape has at most 8 dimensions", "merge some of them");
        }
        shape
    }

    fn lead(&mut self, name: &str) -> Option<u8> {
        if self.generics.shapes.iter().any(|s| s == name) { self.dims.intern(name) } else { None }
    }

    /// The extent that a place of a shape states.
    fn extent_type(&mut self, ty: &Type, diag: &mut Diagnostics) -> Extent {
        match ty {
            Type::Infer(_) => Extent::UNKNOWN,
            Type::Path(p) => {
                if let Some(id) = names::single(&p.path) {
                    let name = id.to_string();
                    if name == "usize" {
                        return Extent::UNKNOWN;
                    }
                    if dtype(&name).is_some() {
                        diag.error(
                            id,
                            format!("`{name}` is a type and can't name a dimension"),
                            "a capitalised name: `B`, `Out`",
                        );
                        return Extent::UNKNOWN;
                    }
                    if !names::is_capital(&name) {
                        let help =
                            format!("`{}`, or `Dim<{name}>` for a `usize` parameter", name.to_uppercase());
                        diag.error(id, format!("dimension names are capitalised, `{name}` is not"), help);
                        return Extent::UNKNOWN;
                    }
                    return self.dims.intern(&name).map_or(Extent::UNKNOWN, Extent::var);
                }
                match p.path.segments.last() {
                    Some(s) if s.ident == "Dim" && s.arguments.is_empty() => {
                        diag.error(
                            s,
                            "`Dim` takes a number or an expression",
                            "`Dim<768>`, `Dim<{ 4 * C }>`",
                        );
                        Extent::UNKNOWN
                    }
                    Some(s) if s.ident == "Dim" => self.dim(&s.arguments, diag),
                    _ => {
                        diag.error(p, "this names no dimension", HELP_SHAPE);
                        Extent::UNKNOWN
                    }
                }
            }
            other => {
                diag.error(other, "this names no dimension", HELP_SHAPE);
                Extent::UNKNOWN
            }
        }
    }

    /// `Dim<768>`, `Dim<{ 4 * C }>`, `Dim<N>`.
    fn dim(&mut self, args: &PathArguments, diag: &mut Diagnostics) -> Extent {
        let PathArguments::AngleBracketed(a) = args else { return Extent::UNKNOWN };
        match a.args.first() {
            Some(GenericArgument::Const(e)) => self.extent(e, diag),
            Some(GenericArgument::Type(Type::Path(p))) => self.extent_name(&p.path),
            Some(other) => {
                diag.error(other, "`Dim` takes a number or an expression", "`Dim<768>`, `Dim<{ 4 * C }>`");
                Extent::UNKNOWN
            }
            None => {
                diag.error(a, "`Dim` takes a number or an expression", "`Dim<768>`, `Dim<{ 4 * C }>`");
                Extent::UNKNOWN
            }
        }
    }

    fn extent_name(&mut self, path: &syn::Path) -> Extent {
        let v = match names::single(path) {
            Some(id) => {
                let name = id.to_string();
                let named = self.dims.find(&name).is_some()
                    || self.sizes.contains(&name)
                    || self.generics.consts.contains(&name)
                    || self.named.contains(&name) && names::is_dimension(&name);
                // No dimension follows from an expression: a name of its own is the type's, or a constant's.
                let owners = !named && self.within && names::is_dimension(&name);
                if owners {
                    self.of_owner.push(id.clone());
                }
                let local = named || owners;
                if local { self.dims.intern(&name) } else { self.dims.constant(path) }
            }
            None => self.dims.constant(path),
        };
        v.map_or(Extent::UNKNOWN, Extent::var)
    }

    /// The extent that an expression in a type states.
    pub fn extent(&mut self, e: &Expr, diag: &mut Diagnostics) -> Extent {
        match e {
            Expr::Lit(l) => match &l.lit {
                syn::Lit::Int(i) => match i.base10_parse::<u32>() {
                    Ok(n) => Extent::new(n as usize),
                    Err(_) => {
                        diag.error(i, "an extent is less than 2^32", "a smaller number");
                        Extent::UNKNOWN
                    }
                },
                other => {
                    diag.error(other, "an extent is a whole number", "`Dim<768>`");
                    Extent::UNKNOWN
                }
            },
            Expr::Paren(p) => self.extent(&p.expr, diag),
            Expr::Group(g) => self.extent(&g.expr, diag),
            Expr::Block(b) if b.block.stmts.len() == 1 => match &b.block.stmts[0] {
                syn::Stmt::Expr(e, None) => self.extent(e, diag),
                other => {
                    diag.error(other, "an extent is an expression", "`Dim<{ 4 * C }>`");
                    Extent::UNKNOWN
                }
            },
            Expr::Path(p) => self.extent_name(&p.path),
            Expr::Binary(b) => {
                let (x, y) = (self.extent(&b.left, diag), self.extent(&b.right, diag));
                match b.op {
                    syn::BinOp::Add(_) => x.add(y),
                    syn::BinOp::Sub(_) => x.sub(y),
                    syn::BinOp::Mul(_) => x.mul(y),
                    syn::BinOp::Div(_) if y.value() == Some(0) => {
                        diag.error(&b.right, "an extent is divided by 0", "`Dim<{ C / 2 }>`");
                        Extent::UNKNOWN
                    }
                    syn::BinOp::Div(_) => {
                        let quotient = x.div(y);
                        if quotient.is_unknown() {
                            let names =
                                crate::lower::variables(x).into_iter().map(|v| &self.dims.names[v as usize]);
                            self.divided.extend(names.cloned());
                        }
                        quotient
                    }
                    _ => {
                        diag.error(
                            b,
                            "extents are added, subtracted, multiplied and divided",
                            "`Dim<{ 4 * C }>`",
                        );
                        Extent::UNKNOWN
                    }
                }
            }
            other => {
                diag.error(other, "an extent is made of names, numbers and `+ - * /`", "`Dim<{ 4 * C }>`");
                Extent::UNKNOWN
            }
        }
    }
}

/// The primitive and text types, and what std and thunder have of plain configuration.
pub fn is_static(name: &str) -> bool {
    const PLAIN: &[&str] = &[
        "f64",
        "f32",
        "f16",
        "bf16",
        "i64",
        "i32",
        "i16",
        "i8",
        "isize",
        "u64",
        "u32",
        "u16",
        "u8",
        "bool",
        "char",
        "str",
        "String",
        "DType",
        "Sdpa",
        "CrossEntropy",
    ];
    PLAIN.contains(&name)
}
