//! Solves the dimension variables of structs and signatures from the shapes of tensors.

use crate::error::Error;
use crate::item::{Item, Spec};
use crate::module::{StaticValue, StructInfo, Tree, Visitor};
use crate::recorder::{Leaves, PathStep, spell};
use crate::tensor::{Key, RawTensor};
use crate::types::{Extent, Shape, Text, Ty};

/// The values of some dimension variables, as far as they are known.
#[derive(Clone, Debug)]
pub(crate) struct Solved {
    pub(crate) names: &'static [&'static str],
    pub(crate) sizes: Vec<Option<usize>>,
    /// Extents that could not be solved yet, with their sizes and parameters.
    waiting: Vec<(Extent, usize, &'static str)>,
    /// The parameter whose extents are being unified.
    param: &'static str,
}

impl Solved {
    pub(crate) fn new(names: &'static [&'static str]) -> Solved {
        Solved { names, sizes: vec![None; names.len()], waiting: Vec::new(), param: "" }
    }

    /// The values as bindings for [`Extent::substitute`].
    pub(crate) fn bindings(&self) -> Vec<Extent> {
        self.sizes.iter().map(|s| s.map_or(Extent::UNKNOWN, Extent::new)).collect()
    }

    pub(crate) fn get(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| *n == name).and_then(|i| self.sizes[i])
    }

    /// Adds the equation `extent == size`. Returns `false` if it contradicts the others.
    pub(crate) fn unify(&mut self, extent: Extent, size: usize) -> bool {
        if let Some(v) = extent.as_var().map(usize::from)
            && v < self.sizes.len()
            && self.sizes[v].is_none()
        {
            self.sizes[v] = Some(size);
            return true;
        }
        let value = extent.substitute(&self.bindings());
        if !value.is_unknown() {
            return value.is(size);
        }
        // An extent that is linear in one unknown variable has one solution: `3 * C - 1 == 767`.
        if let Some((v, coef, rest)) = self.linear(extent) {
            let left = size as i64 - rest;
            if left % coef != 0 || left / coef < 0 {
                return false;
            }
            self.sizes[v] = usize::try_from(left / coef).ok();
            return true;
        }
        if !extent.is_unknown() {
            self.waiting.push((extent, size, self.param));
        }
        true
    }

    /// For an extent that is linear in its only unknown variable: the variable, its factor, and the constant term.
    fn linear(&self, extent: Extent) -> Option<(usize, i64, i64)> {
        if extent.is_unknown() {
            return None;
        }
        let (mut unknown, mut coef, mut rest) = (None, 0i64, extent.konst);
        for t in extent.terms.iter().filter(|t| t.coef != 0) {
            let (mut factor, mut of) = (i64::from(t.coef), None);
            for v in t.vars.iter().filter(|v| **v != 0).map(|v| usize::from(v - 1)) {
                match self.sizes.get(v)? {
                    Some(size) => factor = factor.checked_mul(i64::try_from(*size).ok()?)?,
                    None if of.is_none() => of = Some(v),
                    None => return None,
                }
            }
            match of {
                None => rest = rest.checked_add(factor)?,
                Some(v) if unknown.is_none_or(|u| u == v) => {
                    unknown = Some(v);
                    coef = coef.checked_add(factor)?;
                }
                Some(_) => return None,
            }
        }
        unknown.filter(|_| coef != 0).map(|v| (v, coef, rest))
    }

    /// Solves the equations that waited for other variables.
    ///
    /// # Errors
    /// The first contradiction: the parameter, the expected text and the found text.
    fn settle(&mut self) -> Result<(), (&'static str, String, String)> {
        loop {
            let waiting = std::mem::take(&mut self.waiting);
            let before = waiting.len();
            for (extent, size, param) in waiting {
                self.param = param;
                if !self.unify(extent, size) {
                    let value = extent.substitute(&self.bindings());
                    let expected = Text::new().extent(extent, self.names).str(" = ").extent(value, &[]);
                    return Err((param, expected.to_string(), size.to_string()));
                }
            }
            if self.waiting.is_empty() || self.waiting.len() == before {
                return Ok(());
            }
        }
    }

    /// Adds the equations of a tensor declared with `shape`.
    fn unify_shape(&mut self, shape: &Shape, sizes: &[usize]) -> bool {
        if shape.is_unknown()
            || shape.rank() > sizes.len()
            || (shape.lead == 0 && shape.rank() != sizes.len())
        {
            return shape.is_unknown();
        }
        let skip = sizes.len() - shape.rank();
        (0..shape.rank()).all(|i| shape.at(i).is_unknown() || self.unify(shape.at(i), sizes[skip + i]))
    }

    /// The declared shape and the known values of its names: `(B, C) with C = 768`.
    fn expected(&self, ty: &Ty) -> String {
        let mut text = Text::new().shape(&ty.shape, self.names).to_string();
        let known: Vec<String> = (0..self.names.len())
            .filter(|&i| {
                ty.shape
                    .dims()
                    .iter()
                    .any(|d| d.terms.iter().any(|t| t.vars.contains(&(i as u8 + 1)) && t.coef != 0))
            })
            .filter_map(|i| self.sizes[i].map(|n| format!("{} = {n}", self.names[i])))
            .collect();
        if !known.is_empty() {
            text.push_str(&format!(" with {}", known.join(", ")));
        }
        text
    }
}

/// Solves the dimensions of every struct in a structure, innermost first, and finds contradictions.
pub(crate) struct Solver {
    /// The structs being visited, outermost first, each with the field being visited.
    frames: Vec<(&'static StructInfo, Solved, usize)>,
    path: Vec<PathStep>,
    /// The number of leading dimensions that stacking added to the declared shapes.
    stacked: usize,
    /// The outermost struct's dimensions.
    pub(crate) root: Option<Solved>,
    /// The first contradiction: path, expected, found.
    pub(crate) wrong: Option<(String, String, String)>,
}

impl Solver {
    /// Visits `tree`.
    pub(crate) fn solve<T: Tree>(tree: &T) -> Solver {
        let mut solver = Solver { frames: Vec::new(), path: Vec::new(), stacked: 0, root: None, wrong: None };
        tree.visit(&mut solver);
        solver
    }

    fn refuse(&mut self, expected: String, found: String) {
        let path = spell("", &self.path);
        self.wrong.get_or_insert((path, expected, found));
    }
}

#[diagnostic::do_not_recommend]
impl Visitor for Solver {
    fn begin(&mut self, info: &'static StructInfo) {
        self.frames.push((info, Solved::new(info.dims), usize::MAX));
    }

    fn end(&mut self) {
        let Some((_, mut solved, _)) = self.frames.pop() else { return };
        if let Err((_, expected, found)) = solved.settle() {
            self.refuse(expected, found);
        }
        let Some((info, outer, field)) = self.frames.last_mut() else {
            self.root.get_or_insert(solved);
            return;
        };
        let Some(field) = info.fields.get(*field) else { return };
        for (name, extent) in field.bindings {
            if let Some(size) = solved.get(name)
                && !outer.unify(*extent, size)
            {
                let expected = Text::new().extent(*extent, outer.names);
                let value = extent.substitute(&outer.bindings());
                let expected = format!("{name} = {expected} = {}", Text::new().extent(value, &[]));
                self.refuse(expected, format!("{name} = {size}"));
                return;
            }
        }
    }

    fn field(&mut self, name: &'static str) {
        self.path.push(PathStep::Field(name));
        if let Some((info, _, field)) = self.frames.last_mut() {
            *field = info.fields.iter().position(|f| f.name == name).unwrap_or(usize::MAX);
        }
    }

    fn index(&mut self, index: usize) {
        self.path.push(PathStep::Index(index as u32));
    }

    fn leave(&mut self) {
        self.path.pop();
    }

    fn stack(&mut self) {
        self.stacked += 1;
    }

    fn unstack(&mut self) {
        self.stacked -= 1;
    }

    fn tensor(&mut self, tensor: &RawTensor) {
        let (Some((info, solved, field)), Some(ty)) = (self.frames.last_mut(), tensor.ty()) else { return };
        let Some(Spec::Tensor(spec)) = info.fields.get(*field).map(|f| f.ty) else { return };
        let before = solved.clone();
        let sizes = ty.sizes();
        if !solved.unify_shape(&spec.shape, sizes.get(self.stacked..).unwrap_or_default()) {
            let expected = before.expected(&spec);
            self.refuse(expected, format!("{:?}", ty.shape));
        }
    }

    fn key(&mut self, _: Key) {}

    fn fixed(&mut self, value: StaticValue<'_>) {
        let Some((info, solved, field)) = self.frames.last_mut() else { return };
        let (Some(f), StaticValue::Bits(n)) = (info.fields.get(*field), value) else { return };
        if let Some(dim) = f.dim
            && let Some(i) = solved.names.iter().position(|name| *name == dim)
            && !solved.unify(Extent::var(i as u8), n as usize)
        {
            let expected = format!("{dim} = {}", solved.sizes[i].unwrap_or(0));
            self.refuse(expected, n.to_string());
        }
    }
}

/// The dimension `name` of a struct, for a body that names it.
///
/// # Panics
/// If the struct has no such dimension, which the macro refuses, or if nothing determines it, which linking reports.
#[track_caller]
pub fn dim<T: Tree>(module: &T, name: &str) -> usize {
    match Solver::solve(module).root.and_then(|s| s.get(name)) {
        Some(size) => size,
        None => panic!("no tensor or `Dim` field of the module fixes its dimension `{name}`"),
    }
}

/// Checks arguments against an item's signature, and solves its dimensions.
///
/// # Errors
/// The first argument that does not match, with both sides.
pub(crate) fn guard(item: &'static Item, args: &[Leaves]) -> Result<Solved, Error> {
    let mut solved = Solved::new(item.dims);
    let refuse = |argument: String, expected: String, found: String| Error::Argument {
        function: item.name.into(),
        argument,
        expected,
        found,
    };
    for (param, arg) in item.params.iter().zip(args) {
        solved.param = param.name;
        if let Some((path, expected, found)) = &arg.wrong {
            let dot = if path.is_empty() { "" } else { "." };
            return Err(refuse(format!("{}{dot}{path}", param.name), expected.clone(), found.clone()));
        }
        for (name, size) in &arg.dims {
            if let Some(i) = item.dims.iter().position(|d| d == name)
                && param.name == "self"
                && !solved.unify(Extent::var(i as u8), *size)
            {
                let expected = format!("{name} = {}", solved.sizes[i].unwrap_or(0));
                return Err(refuse(param.name.into(), expected, size.to_string()));
            }
        }
        spec(&mut solved, &param.ty, arg, &[])
            .map_err(|(expected, found)| refuse(param.name.into(), expected, found))?;
    }
    solved.settle().map_err(|(param, expected, found)| refuse(param.into(), expected, found))?;
    Ok(solved)
}

/// Compares a structure with its declared type, and solves dimensions from it.
///
/// # Errors
/// The first contradiction: the expected text and the found text.
pub(super) fn spec(
    solved: &mut Solved,
    declared: &Spec,
    arg: &Leaves,
    path: &[PathStep],
) -> Result<(), (String, String)> {
    match declared {
        Spec::Tensor(want) => {
            let Some(ty) = arg.types.iter().find(|(p, _)| p == path).map(|(_, t)| *t) else { return Ok(()) };
            let before = solved.clone();
            if !solved.unify_shape(&want.shape, &ty.sizes()) {
                return Err((before.expected(want), format!("{:?}", ty.shape)));
            }
            Ok(())
        }
        Spec::Tuple(parts) => {
            for (i, part) in parts.iter().enumerate() {
                let inner = [path, &[PathStep::Index(i as u32)]].concat();
                spec(solved, part, arg, &inner)?;
            }
            Ok(())
        }
        Spec::Option(inner) => spec(solved, inner, arg, path),
        Spec::List(inner) => {
            let last = arg.types.iter().filter_map(|(p, _)| match p.strip_prefix(path)?.first()? {
                PathStep::Index(i) => Some(*i),
                PathStep::Field(_) => None,
            });
            for i in 0..last.max().map_or(0, |last| last + 1) {
                let at = [path, &[PathStep::Index(i)]].concat();
                spec(solved, inner, arg, &at)?;
            }
            Ok(())
        }
        Spec::Key | Spec::Static(_) | Spec::Closure(_) | Spec::Opaque(_) => Ok(()),
    }
}

/// The solution of `coef * variable + rest == size`, for a body that uses the variable. If there is no integer solution,
/// the guard reports it.
pub fn solve(size: usize, coef: i64, rest: i64) -> usize {
    let left = (size as i64).saturating_sub(rest);
    left.checked_div(coef).and_then(|n| usize::try_from(n).ok()).unwrap_or(0)
}

/// The extent `name`, which comes from a list that may be empty or an `Option` that may be `None`.
///
/// # Panics
/// If it is missing.
#[track_caller]
pub fn given(extent: Option<usize>, name: &str) -> usize {
    match extent {
        Some(size) => size,
        None => panic!(
            "the extent `{name}` is read, and no tensor says it: the list that would is empty, or the `Option` is `None`"
        ),
    }
}
