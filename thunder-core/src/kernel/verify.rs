//! What the loops of a kernel must keep to:
//!
//! - A variable has one definition, which every use sees, and no other of its name is in sight; only mutable ones are
//!   assigned.
//! - Every access to an operand, a result, scratch memory and an array lies inside of it, and that follows from the bounds of
//!   loops, from the conditions around, and from the size of the launch.
//! - One statement writes a result, and no two threads of a block write one element by it.
//! - All threads of a block reach every barrier: it stands under no condition, in no loop and after no exit that depends on
//!   the thread.
//! - The block fits the device.

mod range;
#[cfg(test)]
mod tests;

use super::ir::{Array, Expr, Kernel, Param, Pointer, Space, Stmt, Var};
use super::schedule::Launch;
use super::target::Gpu;
use range::Known;
use std::collections::{HashMap, HashSet};

/// The most threads of a block, of all devices of today.
const THREADS: usize = 1024;

/// Checks a kernel for a device.
///
/// # Errors
/// The rule that is broken, and where.
pub fn verify(kernel: &Kernel, gpu: &Gpu) -> Result<(), String> {
    let named = |what: String| format!("kernel `{}`: {what}", kernel.name);
    fits(kernel, gpu).map_err(named)?;
    let mut c = Checker {
        kernel,
        known: Known::new(kernel),
        visible: Vec::new(),
        mutable: HashSet::new(),
        varies: HashSet::new(),
        elements: HashMap::new(),
        arrays: Vec::new(),
        writers: HashSet::new(),
        apart: false,
        left: false,
    };
    for param in &kernel.params {
        match *param {
            Param::Read(p, _) | Param::Write(p, _) => _ = c.elements.insert(p, kernel.pointer(p).elements),
            Param::Scratch(p) => _ = c.elements.insert(p, kernel.launch.scratch / 8),
            Param::Counters(p) => _ = c.elements.insert(p, kernel.launch.counters),
            Param::Extent(v, _) | Param::Constant(v, _) => c.see(v).map_err(named)?,
        }
    }
    c.block(&kernel.body).map_err(named)
}

/// Whether the launch keeps to the limits of a block.
fn fits(kernel: &Kernel, gpu: &Gpu) -> Result<(), String> {
    let Launch { threads, resident, shared, .. } = kernel.launch;
    let declared: usize =
        kernel.arrays.iter().filter(|a| a.space == Space::Shared).map(super::ir::ArrayInfo::bytes).sum();
    if !(1..=THREADS).contains(&threads) || threads * resident > gpu.threads {
        return Err(format!("{threads} threads a block, {resident} blocks at a time, do not fit the device"));
    }
    if declared > gpu.shared_declared() || declared + shared > gpu.shared_of_block {
        return Err(format!("{declared} bytes of shared memory and {shared} more do not fit a block"));
    }
    Ok(())
}

struct Checker<'a> {
    kernel: &'a Kernel,
    known: Known<'a>,
    /// The variables in sight, and the arrays.
    visible: Vec<Var>,
    arrays: Vec<Array>,
    mutable: HashSet<Var>,
    /// The variables that differ among the threads of a block.
    varies: HashSet<Var>,
    /// How many elements each pointer leads to.
    elements: HashMap<Pointer, usize>,
    /// The results that have been written.
    writers: HashSet<Pointer>,
    /// Whether not all threads of the block are here, by a condition or a loop around.
    apart: bool,
    /// Whether some threads may have left.
    left: bool,
}

type Checked = Result<(), String>;

impl Checker<'_> {
    fn name(&self, v: Var) -> &str {
        &self.kernel.var(v).name
    }

    /// A definition of `v`.
    fn see(&mut self, v: Var) -> Checked {
        if self.visible.iter().any(|&other| other == v || self.name(other) == self.name(v)) {
            return Err(format!("`{}` is defined where it is in sight already", self.name(v)));
        }
        self.visible.push(v);
        Ok(())
    }

    /// A definition of `v` by `value`.
    fn define(&mut self, v: Var, value: &Expr) -> Checked {
        self.see(v)?;
        let range = self.known.range(value);
        self.known.vars.insert(v, range);
        self.known.defined.insert(v, value.clone());
        if self.differs(value) {
            self.varies.insert(v);
        }
        Ok(())
    }

    /// Statements in a scope of their own, where not all threads are if `apart`.
    fn scope(&mut self, list: &[Stmt], apart: bool) -> Checked {
        let (vars, arrays, bounds) = (self.visible.len(), self.arrays.len(), self.known.bounds.len());
        let outside = self.apart;
        self.apart |= apart;
        self.block(list)?;
        self.apart = outside;
        self.visible.truncate(vars);
        self.arrays.truncate(arrays);
        self.known.bounds.truncate(bounds);
        Ok(())
    }

    fn block(&mut self, list: &[Stmt]) -> Checked {
        list.iter().try_for_each(|s| self.stmt(s))
    }

    fn stmt(&mut self, stmt: &Stmt) -> Checked {
        match stmt {
            Stmt::Let(v, x, _) => {
                self.expr(x)?;
                self.define(*v, x)
            }
            Stmt::Mutable(v, x, _) => {
                x.iter().try_for_each(|x| self.expr(x))?;
                self.mutable.insert(*v);
                self.varies.insert(*v);
                self.see(*v)
            }
            Stmt::Assign(v, x) => {
                self.expr(x)?;
                self.assigned(*v)
            }
            Stmt::AssignLane(v, j, x) => {
                self.expr(x)?;
                self.lane(*v, j)?;
                self.assigned(*v)
            }
            Stmt::Declare(a, _) => {
                self.arrays.push(*a);
                Ok(())
            }
            Stmt::Put(a, at, x) => {
                self.expr(x)?;
                at.iter().try_for_each(|x| self.expr(x))?;
                self.inside_array(*a, at, 1)?;
                let info = self.kernel.array(*a);
                if let Some(most) = info.most
                    && self.known.range(x).is_none_or(|r| r.hi >= most as i128)
                {
                    return Err(format!("`{}` holds indices below {most}; {x:?} may not be one", info.name));
                }
                let shared = self.kernel.array(*a).space != Space::Registers;
                if shared { self.alone(at, &self.kernel.array(*a).name) } else { Ok(()) }
            }
            Stmt::CopyAsync { to, at, from, source } => {
                at.iter().try_for_each(|x| self.expr(x))?;
                self.expr(source)?;
                self.inside_array(*to, at, 1)?;
                self.inside(*from, source, self.kernel.array(*to).ty.lanes, 1)?;
                self.alone(at, &self.kernel.array(*to).name)
            }
            Stmt::Part(p, of, cells) => {
                self.expr(cells)?;
                let whole = self.elements.get(of).copied().unwrap_or(0) as i128;
                let from = self.known.range(cells).ok_or("a part of scratch memory has no known start")?;
                self.elements.insert(*p, usize::try_from(whole - from.hi).unwrap_or(0));
                Ok(())
            }
            Stmt::Store(p, at, x) => {
                self.expr(x)?;
                self.expr(at)?;
                self.inside(*p, at, 1, 1)?;
                self.written(*p)?;
                self.alone(std::slice::from_ref(at), &self.kernel.pointer(*p).name)
            }
            Stmt::StoreVector { pointer, at, value, step } => {
                self.expr(at)?;
                self.expr(&Expr::Var(*value))?;
                self.inside(*pointer, at, self.kernel.var(*value).ty.lanes, *step)?;
                self.written(*pointer)?;
                self.alone(std::slice::from_ref(at), &self.kernel.pointer(*pointer).name)
            }
            Stmt::Barrier => self.together("a barrier"),
            Stmt::AwaitCopies | Stmt::Fence => Ok(()),
            Stmt::For { var, start, end, step, body, .. } => {
                [start, end, step].into_iter().try_for_each(|x| self.expr(x))?;
                let range = self.known.walked(start, end, step);
                let apart = [start, end, step].into_iter().any(|x| self.differs(x));
                if range.is_some_and(|r| r.is_empty()) {
                    return Ok(());
                }
                let seen = self.visible.len();
                self.see(*var)?;
                self.known.vars.insert(*var, range);
                self.known.defined.remove(var);
                if apart {
                    self.varies.insert(*var);
                }
                self.scope(body, apart)?;
                self.visible.truncate(seen);
                Ok(())
            }
            Stmt::Scope(body) => self.scope(body, false),
            Stmt::If(x, body) => {
                self.expr(x)?;
                let bounds = self.known.bounds.len();
                if self.known.assume(x, true) {
                    self.scope(body, self.differs(x))?;
                }
                self.known.bounds.truncate(bounds);
                Ok(())
            }
            Stmt::Best { best, at, x, place, .. } => {
                self.expr(x)?;
                self.expr(place)?;
                self.assigned(*best)?;
                self.assigned(*at)
            }
            Stmt::Exit(x) => {
                self.expr(x)?;
                self.left |= self.apart || self.differs(x);
                self.known.assume(x, false);
                Ok(())
            }
        }
    }

    fn assigned(&mut self, v: Var) -> Checked {
        self.known.forget(v);
        match self.mutable.contains(&v) && self.visible.contains(&v) {
            true => Ok(()),
            false => Err(format!("`{}` is assigned, but is no mutable variable in sight", self.name(v))),
        }
    }

    /// Checks that a vector has lane `j`.
    fn lane(&self, v: Var, j: &Expr) -> Checked {
        let lanes = self.kernel.var(v).ty.lanes as i128;
        match self.known.range(j) {
            Some(r) if r.hi < lanes => Ok(()),
            r => Err(format!("`{}` has {lanes} lanes; read or written at {r:?}", self.name(v))),
        }
    }

    /// Checks that the whole of an expression may be computed here.
    fn expr(&mut self, e: &Expr) -> Checked {
        match e {
            Expr::Var(v) if !self.visible.contains(v) => {
                Err(format!("`{}` is used where it is not in sight", self.name(*v)))
            }
            Expr::Var(_) | Expr::Lit(..) | Expr::Num(_) | Expr::Zeros => Ok(()),
            Expr::Thread | Expr::Block(_) | Expr::Blocks(_) => Ok(()),
            Expr::Bin(_, x, y) | Expr::Fold(_, x, y) | Expr::Same(x, y) => {
                self.expr(x)?;
                self.expr(y)
            }
            Expr::Bits(x, Some(lane)) => {
                self.expr(x)?;
                self.expr(lane)
            }
            Expr::If(c, x, y) => {
                self.expr(c)?;
                for (arm, holds) in [(x, true), (y, false)] {
                    let bounds = self.known.bounds.len();
                    if self.known.assume(c, holds) {
                        self.expr(arm)?;
                    }
                    self.known.bounds.truncate(bounds);
                }
                Ok(())
            }
            Expr::Not(x)
            | Expr::Cast(_, x)
            | Expr::Wide(x)
            | Expr::As(_, x)
            | Expr::InRange(x, _)
            | Expr::ExpBelow(x)
            | Expr::Word(x, _)
            | Expr::Bits(x, None) => self.expr(x),
            Expr::Shuffle(x, _) | Expr::ShuffleUp(x, _) | Expr::Ballot(x) => {
                self.expr(x)?;
                self.together("an exchange within a warp")
            }
            Expr::Op { args, .. } => args.iter().try_for_each(|x| self.expr(x)),
            Expr::Load(p, at) | Expr::Fresh(p, at) | Expr::Ticket(p, at) => {
                self.expr(at)?;
                self.inside(*p, at, 1, 1)
            }
            Expr::LoadVector { pointer, at, lanes, step } => {
                self.expr(at)?;
                self.inside(*pointer, at, *lanes, *step)
            }
            Expr::Get(a, at) => {
                at.iter().try_for_each(|x| self.expr(x))?;
                self.inside_array(*a, at, 1)
            }
            Expr::GetColumn { array, at, lanes } => {
                at.iter().try_for_each(|x| self.expr(x))?;
                self.inside_array(*array, at, *lanes)
            }
            Expr::Lane(x, j) => {
                self.expr(x)?;
                self.expr(j)?;
                match **x {
                    Expr::Var(v) => self.lane(v, j),
                    _ => Ok(()),
                }
            }
            Expr::Across { threads, value, .. } => {
                self.expr(value)?;
                if !threads.is_power_of_two() || !self.kernel.launch.threads.is_multiple_of(*threads) {
                    return Err(format!("{threads} threads do not divide a block"));
                }
                self.together("a reduction across threads")
            }
            Expr::Philox { key, step, at, .. } => {
                self.expr(at)?;
                self.inside(*key, &Expr::Num(0), 2, *step)
            }
            Expr::Draw { words, lane, .. } => {
                self.expr(words)?;
                self.expr(lane)
            }
        }
    }

    /// Checks that `lanes` elements from `at` on, `step` apart, lie in what `p` leads to.
    fn inside(&self, p: Pointer, at: &Expr, lanes: usize, step: usize) -> Checked {
        let name = &self.kernel.pointer(p).name;
        let Some(&elements) = self.elements.get(&p) else {
            return Err(format!("`{name}` leads nowhere yet"));
        };
        let last = ((lanes - 1) * step) as i128;
        match self.known.range(at) {
            Some(r) if r.hi + last < elements as i128 => Ok(()),
            r => Err(format!("`{name}` has {elements} elements; {lanes} are read or written at {r:?}")),
        }
    }

    /// The same for an array, whose first dimension the lanes run along.
    fn inside_array(&self, a: Array, at: &[Expr], lanes: usize) -> Checked {
        let info = self.kernel.array(a);
        if !self.arrays.contains(&a) || at.len() != info.extents.len() {
            return Err(format!("`{}` is used out of sight, or not in all its dimensions", info.name));
        }
        for (d, (x, &n)) in at.iter().zip(&info.extents).enumerate() {
            let more = if d == 0 { lanes as i128 - 1 } else { 0 };
            match self.known.range(x) {
                Some(r) if r.hi + more < n as i128 => {}
                r => return Err(format!("`{}` has extents {:?}; used at {r:?}", info.name, info.extents)),
            }
        }
        Ok(())
    }

    /// Checks that this is the only statement that writes to `p`; counters, which are set back, aside.
    fn written(&mut self, p: Pointer) -> Checked {
        let info = self.kernel.pointer(p);
        let counters = self.kernel.params.contains(&Param::Counters(p));
        if !info.written || !(self.writers.insert(p) || counters) {
            return Err(format!("`{}` is written twice, or is only to be read", info.name));
        }
        Ok(())
    }

    /// Checks that the threads of a block do not all write the same element.
    fn alone(&self, at: &[Expr], name: &str) -> Checked {
        let one = self.kernel.launch.threads == 1;
        match one || self.apart || self.left || at.iter().any(|x| self.differs(x)) {
            true => Ok(()),
            false => Err(format!("every thread of a block writes one element of `{name}`")),
        }
    }

    /// Checks that all threads of the block are here.
    fn together(&self, what: &str) -> Checked {
        match self.apart || self.left {
            true => Err(format!("{what} stands where only some threads of a block are")),
            false => Ok(()),
        }
    }

    /// Whether the threads of a block have different values of `e`.
    fn differs(&self, e: &Expr) -> bool {
        match e {
            Expr::Thread | Expr::Ticket(..) => true,
            Expr::Var(v) => self.varies.contains(v),
            Expr::Lit(..) | Expr::Num(_) | Expr::Block(_) | Expr::Blocks(_) | Expr::Zeros => false,
            Expr::Bin(_, x, y) | Expr::Fold(_, x, y) | Expr::Same(x, y) => self.differs(x) || self.differs(y),
            Expr::If(c, x, y) => self.differs(c) || self.differs(x) || self.differs(y),
            Expr::Not(x)
            | Expr::Cast(_, x)
            | Expr::Wide(x)
            | Expr::As(_, x)
            | Expr::InRange(x, _)
            | Expr::ExpBelow(x)
            | Expr::Word(x, _)
            | Expr::Bits(x, None) => self.differs(x),
            Expr::Shuffle(..) | Expr::ShuffleUp(..) | Expr::Ballot(_) => true,
            Expr::Op { args, .. } => args.iter().any(|x| self.differs(x)),
            // What lies in memory is the same for all who read it.
            Expr::Load(_, at) | Expr::Fresh(_, at) | Expr::LoadVector { at, .. } => self.differs(at),
            Expr::Philox { at, .. } => self.differs(at),
            Expr::Get(a, at) | Expr::GetColumn { array: a, at, .. } => {
                self.kernel.array(*a).space == Space::Registers || at.iter().any(|x| self.differs(x))
            }
            Expr::Lane(x, j) => self.differs(x) || self.differs(j),
            Expr::Bits(x, Some(lane)) => self.differs(x) || self.differs(lane),
            Expr::Draw { words, lane, .. } => self.differs(words) || self.differs(lane),
            Expr::Across { threads, value, .. } => {
                *threads < self.kernel.launch.threads && self.differs(value)
            }
        }
    }
}
