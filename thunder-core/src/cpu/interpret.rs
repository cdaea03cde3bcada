//! Runs a register program over its tiles, on all cores where it is worth it.

use super::access::{Access, Class, Span};
use super::kernels::{Rep, View, convert, elementwise, map1, reduce};
use super::operands::Pointers;
use super::program::{Instr, Order, Program, Reg};
use super::{random, threads};
use crate::op::Op;
use crate::types::{DType, to_bf16, to_f16};
use std::cell::RefCell;

/// Work below this many nanoseconds stays on the calling thread.
const ALONE: f64 = 12_000.0;
/// The work of one task, in nanoseconds.
const TASK: f64 = 6_000.0;

/// A thread's registers.
#[derive(Default)]
struct Scratch {
    memory: Vec<[u64; 8]>,
    views: Vec<View>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Runs `f` on this thread's registers; on others where they are gone, in the destructors of thread locals.
fn on_scratch<R>(f: impl FnOnce(&mut Scratch) -> R) -> R {
    let mut f = Some(f);
    let mut on = |s: &mut Scratch| f.take().map(|f| f(s));
    let done = SCRATCH.try_with(|s| s.try_borrow_mut().map(|mut s| on(&mut s)));
    match done {
        Ok(Ok(Some(r))) => r,
        _ => match f.take() {
            Some(f) => f(&mut Scratch::default()),
            None => unreachable!("it ran, or it is still there"),
        },
    }
}

impl Program {
    fn column_chunks(&self) -> usize {
        self.rows.div_ceil(self.task_rows)
    }

    /// Runs it. `shared` has `shared_bytes` bytes.
    ///
    /// # Safety
    /// The pointers must be those of the operands and results it was compiled for, and no result may overlap
    /// an operand except where it was compiled as shared.
    pub unsafe fn run(&self, pointers: Pointers<'_>, shared: *mut u8) {
        match &self.order {
            Order::Tiles { body } => self.run_tiles(body, pointers),
            Order::Phases { .. } => {
                let task = |row: usize| self.with(pointers, |m| m.long_row(row));
                if self.rows as f64 * self.n as f64 * self.cost < ALONE {
                    (0..self.rows).for_each(task);
                } else {
                    threads::run(self.rows, &task);
                }
            }
            Order::Columns { .. } => self.run_columns(pointers, shared),
        }
    }

    fn run_tiles(&self, body: &[Instr], pointers: Pointers<'_>) {
        // Rows of nothing still have a fold.
        if self.rows == 0 || self.n == 0 && !folds_rows(body) {
            return;
        }
        let bands = self.rows.div_ceil(self.tile_rows);
        let cols = self.n.div_ceil(self.tile_n).max(1);
        let total = self.rows as f64 * self.n as f64 * self.cost;
        let tiles = bands * cols;
        let tasks = if total < ALONE { 1 } else { ((total / TASK) as usize).clamp(1, 64).min(tiles) };
        let task = |t: usize| {
            let (from, to) = (t * tiles / tasks, (t + 1) * tiles / tasks);
            self.with(pointers, |m| {
                let mut fixed = usize::MAX;
                for i in from..to {
                    // Bands vary fastest, so that what is fixed for a column is computed once.
                    let (c, b) = (i / bands, i % bands);
                    let (row, col) = (b * self.tile_rows, c * self.tile_n);
                    let rows = self.tile_rows.min(self.rows - row);
                    let span = Span { row, rows, col, n: self.tile_n.min(self.n - col) };
                    if fixed != c {
                        m.exec(&self.prologue, span, false);
                        fixed = c;
                    }
                    m.exec(body, span, false);
                }
            })
        };
        if tasks == 1 { task(0) } else { threads::run(tasks, &task) }
    }

    fn run_columns(&self, pointers: Pointers<'_>, shared: *mut u8) {
        let Order::Columns { body, folds, epilogue } = &self.order else { return };
        if self.n == 0 {
            return;
        }
        let (rows, chunks, k) = (self.task_rows, self.column_chunks(), folds.len());
        let cols = self.n.div_ceil(self.tile_n);
        let stride = self.n * 8;
        let shared = shared as usize;
        // Running values of fold `f` in chunk `c`; chunk number `chunks` is the result.
        let place = |c: usize, f: usize| (shared + (c * k + f) * stride) as *mut u8;
        let total = self.rows as f64 * self.n as f64 * self.cost;
        let task = |t: usize| {
            let (chunk, c) = (t / cols, t % cols);
            let col = c * self.tile_n;
            let n = self.tile_n.min(self.n - col);
            self.with(pointers, |m| {
                for (f, &(reg, fold)) in folds.iter().enumerate() {
                    let rep = self.regs[reg].rep;
                    // SAFETY: `shared` holds `n` elements for each fold of each chunk.
                    unsafe {
                        let at = place(chunk, f).add(col * rep.size());
                        reduce::init(fold, rep, at, n);
                        m.views[reg] = View { ptr: at, rs: 0, vec: true };
                    }
                }
                m.exec(&self.prologue, Span { row: 0, rows: 1, col, n }, false);
                let end = ((chunk + 1) * rows).min(self.rows);
                for row in (chunk * rows..end).step_by(self.tile_rows) {
                    m.exec(body, Span { row, rows: self.tile_rows.min(end - row), col, n }, false);
                }
            });
        };
        if total < ALONE {
            (0..chunks * cols).for_each(task)
        } else {
            threads::run(chunks * cols, &task)
        }
        let last = |c: usize| {
            let col = c * self.tile_n;
            let n = self.tile_n.min(self.n - col);
            self.with(pointers, |m| {
                for (f, &(reg, fold)) in folds.iter().enumerate() {
                    let rep = self.regs[reg].rep;
                    // SAFETY: as above; the chunks are done.
                    unsafe {
                        let at = place(chunks, f).add(col * rep.size());
                        reduce::init(fold, rep, at, n);
                        let rs = k * stride / rep.size();
                        let parts = View { ptr: place(0, f).add(col * rep.size()), rs, vec: true };
                        reduce::columns(fold, rep, at, parts, chunks, n);
                        m.views[reg] = View { ptr: at, rs: 0, vec: true };
                    }
                }
                m.exec(epilogue, Span { row: 0, rows: 1, col, n }, false);
            });
        };
        if total < ALONE { (0..cols).for_each(last) } else { threads::run(cols, &last) }
    }

    /// Runs `f` on this thread's registers.
    fn with<R>(&self, pointers: Pointers<'_>, f: impl FnOnce(&mut Machine<'_>) -> R) -> R {
        on_scratch(|s| {
            let words = self.scratch_bytes.div_ceil(64);
            if s.memory.len() < words + 1 {
                s.memory.resize(words + 1, [0; 8]);
            }
            // Registers start at cache lines.
            let start = s.memory.as_mut_ptr() as *mut u8;
            let base = start.wrapping_add(start.align_offset(64));
            s.views.clear();
            s.views.resize(self.regs.len(), View::NONE);
            for (view, reg) in s.views.iter_mut().zip(&self.regs) {
                let from = if reg.constant { self.consts.as_ptr() as *mut u8 } else { base };
                view.ptr = from.wrapping_add(reg.slot);
                view.vec = reg.class.inner;
            }
            f(&mut Machine { program: self, pointers, base, views: &mut s.views })
        })
    }
}

fn folds_rows(list: &[Instr]) -> bool {
    list.iter().any(|i| matches!(i, Instr::FoldRows { .. }))
}

/// One thread's state.
struct Machine<'a> {
    program: &'a Program,
    pointers: Pointers<'a>,
    base: *mut u8,
    views: &'a mut Vec<View>,
}

impl Machine<'_> {
    /// A row longer than registers: each phase walks it in chunks.
    fn long_row(&mut self, row: usize) {
        let Order::Phases { phases } = &self.program.order else { return };
        let (n, tile) = (self.program.n, self.program.tile_n);
        let whole = Span { row, rows: 1, col: 0, n: tile };
        self.exec(&self.program.prologue, whole, false);
        for phase in phases {
            for &(reg, fold) in &phase.folds {
                let at = self.slot(reg);
                // SAFETY: the register's slot holds a running value.
                unsafe { reduce::init(fold, self.program.regs[reg].rep, at, 1) };
                self.views[reg] = View { ptr: at, rs: 1, vec: false };
            }
            if !phase.chunk.is_empty() {
                for col in (0..n).step_by(tile) {
                    self.exec(&phase.chunk, Span { row, rows: 1, col, n: tile.min(n - col) }, true);
                }
            }
            self.exec(&phase.row, whole, false);
        }
    }

    fn slot(&self, r: Reg) -> *mut u8 {
        self.base.wrapping_add(self.program.regs[r].slot)
    }

    /// The view of a register's own memory.
    fn own(&self, r: Reg, span: Span) -> View {
        self.shaped(self.slot(r), self.program.regs[r].class, span)
    }

    /// A view of packed elements of class `class`.
    fn shaped(&self, ptr: *mut u8, class: Class, span: Span) -> View {
        let rs = match (class.outer, class.inner) {
            (true, true) => span.n,
            (true, false) => 1,
            _ => 0,
        };
        View { ptr, rs, vec: class.inner }
    }

    /// Register `a` as an operand of an instruction whose result has class `class`.
    fn operand(&self, a: Reg, class: Class) -> View {
        let mut v = self.views[a];
        // What changes from row to row is, for a result that does too and does nothing else, a vector.
        if !class.inner && self.program.regs[a].class.outer {
            v.vec = true;
        }
        v
    }

    /// The rows and elements of a kernel call for a result of class `class`.
    fn extent(class: Class, span: Span) -> (usize, usize) {
        match (class.outer, class.inner) {
            (true, true) => (span.rows, span.n),
            (true, false) => (1, span.rows),
            (false, true) => (1, span.n),
            (false, false) => (1, 1),
        }
    }

    fn exec(&mut self, list: &[Instr], span: Span, more: bool) {
        for instr in list {
            // SAFETY: the program was compiled for these pointers; registers have room for a tile, and an
            // instruction's result shares memory with none of its operands.
            unsafe { self.step(instr, span, more) };
        }
    }

    #[inline]
    unsafe fn step(&mut self, instr: &Instr, span: Span, more: bool) {
        match instr {
            Instr::Op { d, op, rep, bool_not, args, arity } => {
                let class = self.program.regs[*d].class;
                let view = self.target(*d, span);
                let mut list = [View::NONE; 3];
                for (v, a) in list.iter_mut().zip(&args[..*arity]) {
                    *v = self.operand(*a, class);
                }
                let (rows, n) = Self::extent(class, span);
                // SAFETY: as in `exec`.
                unsafe {
                    if *bool_not {
                        elementwise::not_bool(view, list[0], rows, n);
                    } else {
                        elementwise::run(op, *rep, view, &list[..*arity], rows, n);
                    }
                }
            }
            Instr::Load { d, access } => {
                // SAFETY: as in `exec`.
                self.views[*d] = unsafe { self.load(*d, access, span) };
            }
            Instr::Bind { d, access } => {
                let at = access.at(span.row, span.col) * access.dtype.size();
                let rs = access.row_step_in(span).unwrap_or(0);
                self.views[*d] =
                    View { ptr: self.pointers.first(access.pointer).wrapping_add(at), rs, vec: true };
            }
            Instr::Cast { d, from, to, a } => {
                let class = self.program.regs[*d].class;
                let (view, a) = (self.target(*d, span), self.operand(*a, class));
                let (rows, n) = Self::extent(class, span);
                // SAFETY: as in `exec`.
                unsafe { convert::cast(*from, *to, view, a, rows, n) }
            }
            Instr::Spread { d, a } => {
                let (class, rep) = (self.program.regs[*d].class, self.program.regs[*d].rep);
                let (view, a) = (self.target(*d, span), self.operand(*a, class));
                let (rows, n) = Self::extent(class, span);
                // SAFETY: as in `exec`.
                unsafe {
                    match rep.size() {
                        8 => map1::<true, u64, u64>(view, a, rows, n, |x| x),
                        4 => map1::<true, u32, u32>(view, a, rows, n, |x| x),
                        _ => map1::<true, u8, u8>(view, a, rows, n, |x| x),
                    }
                }
            }
            Instr::FoldRows { d, fold, a } => {
                let rep = self.program.regs[*a].rep;
                let (view, a) = (self.own(*d, span), self.views[*a]);
                self.views[*d] = view;
                // SAFETY: as in `exec`.
                unsafe { reduce::rows(*fold, rep, view.ptr, a, span.rows, span.n, more) }
            }
            Instr::FoldColumns { d, fold, a } => {
                let rep = self.program.regs[*a].rep;
                // SAFETY: as in `exec`.
                unsafe { reduce::columns(*fold, rep, self.views[*d].ptr, self.views[*a], span.rows, span.n) }
            }
            // SAFETY: as in `exec`.
            Instr::Store { a, access } => unsafe { self.store(*a, access, span) },
            Instr::Iota { d, access } => {
                let view = self.target(*d, span);
                let (class, rep) = (self.program.regs[*d].class, self.program.regs[*d].rep);
                access.runs(span.of(class), |place, start, step, n| {
                    // SAFETY: as in `exec`.
                    unsafe { iota(rep, access.dtype, view.ptr, place, start, step, n) }
                });
            }
            Instr::Random { d, op, key, access } => {
                let view = self.target(*d, span);
                let (class, dtype) = (self.program.regs[*d].class, access.dtype);
                // SAFETY: a key is two words.
                let key = [0, 1]
                    .map(|i| unsafe { *(self.pointers.first(key.pointer) as *const u32).add(key.at(0, i)) });
                access.runs(span.of(class), |place, start, step, n| {
                    // SAFETY: as in `exec`.
                    unsafe { draw(op, dtype, key, view.ptr, place, start, step, n) }
                });
            }
            Instr::Take { d, data, i, index, step, extent } => {
                let view = self.target(*d, span);
                let class = self.program.regs[*d].class;
                // SAFETY: as in `exec`.
                unsafe { self.take(view, class, data, self.views[*i], *index, *step, *extent, span) }
            }
        }
    }

    /// Where an instruction writes register `d`: the place that `Bind` set just before, or its own slot.
    fn target(&mut self, d: Reg, span: Span) -> View {
        if !self.program.regs[d].bound {
            self.views[d] = self.own(d, span);
        }
        self.views[d]
    }

    unsafe fn load(&self, d: Reg, access: &Access, span: Span) -> View {
        let class = self.program.regs[d].class;
        let (size, from) = (access.dtype.size(), self.pointers.first(access.pointer));
        let inside = span.of(class);
        if access.is_wide() {
            let at = from.wrapping_add(access.at(inside.row, inside.col) * size);
            let rs = access.row_step_in(inside);
            match (class.outer, class.inner, rs) {
                (false, false, _) => return View { ptr: at, rs: 0, vec: false },
                (true, false, Some(1)) => return View { ptr: at, rs: 1, vec: false },
                (false, true, _) if access.col_step == Some(1) => return View { ptr: at, rs: 0, vec: true },
                (true, true, Some(rs)) if access.col_step == Some(1) => {
                    return View { ptr: at, rs, vec: true };
                }
                _ => {}
            }
        }
        let view = self.own(d, span);
        let rep = self.program.regs[d].rep.size();
        if let (false, Some(rs)) = (class.inner, access.row_step_in(inside)) {
            let at = from.wrapping_add(access.at(inside.row, 0) * size);
            // SAFETY: as in `exec`.
            unsafe { convert::load(access.dtype, view.ptr, at, rs as isize, inside.rows) };
            return view;
        }
        access.runs(inside, |place, element, step, n| {
            // SAFETY: as in `exec`.
            unsafe {
                let (to, at) = (view.ptr.add(place * rep), from.add(element * size));
                convert::load(access.dtype, to, at, step as isize, n);
            }
        });
        view
    }

    unsafe fn store(&self, a: Reg, access: &Access, span: Span) {
        let class = self.program.regs[a].class;
        let (size, rep) = (access.dtype.size(), self.program.regs[a].rep.size());
        let (to, from) = (self.pointers.first(access.pointer), self.views[a]);
        let inside = span.of(class);
        if inside.rows * inside.n == 0 {
            return;
        }
        if let (false, Some(rs)) = (class.inner, access.row_step_in(inside)) {
            let at = to.wrapping_add(access.at(inside.row, 0) * size);
            // SAFETY: as in `exec`.
            return unsafe { convert::store(access.dtype, at, rs as isize, from.ptr, inside.rows) };
        }
        let packed = inside.rows <= 1 || from.rs == inside.n;
        if packed && access.col_step == Some(1) && access.row_step_in(inside) == Some(inside.n) {
            let at = to.wrapping_add(access.at(inside.row, inside.col) * size);
            // SAFETY: as in `exec`.
            return unsafe { convert::store(access.dtype, at, 1, from.ptr, inside.rows * inside.n) };
        }
        access.runs(inside, |place, element, step, n| {
            let (r, c) = (place / inside.n, place % inside.n);
            // SAFETY: as in `exec`.
            unsafe {
                let at = from.ptr.add((r * from.rs + c) * rep);
                convert::store(access.dtype, to.add(element * size), step as isize, at, n);
            }
        });
    }

    #[allow(clippy::too_many_arguments)]
    unsafe fn take(
        &self,
        d: View,
        class: Class,
        data: &Access,
        i: View,
        index: Rep,
        step: usize,
        extent: usize,
        span: Span,
    ) {
        let (size, from) = (data.dtype.size(), self.pointers.first(data.pointer));
        let rep = Rep::of(data.dtype).size();
        let inside = span.of(class);
        // SAFETY: as in `exec`.
        let pick = |r: usize, c: usize| unsafe {
            let at = r * i.rs + if i.vec { c } else { 0 };
            let k = match index {
                Rep::I64 => *(i.ptr as *const i64).add(at),
                Rep::I32 => *(i.ptr as *const i32).add(at) as i64,
                Rep::U32 => *(i.ptr as *const u32).add(at) as i64,
                _ => *i.ptr.add(at) as i64,
            };
            (k >= 0 && (k as usize) < extent).then_some(k as usize)
        };
        data.runs(inside, |place, element, along, n| {
            let (r, c) = (place / inside.n, place % inside.n);
            // SAFETY: as in `exec`; indices are checked against the extent.
            unsafe {
                let to = d.ptr.add(if class.inner { r * d.rs + c } else { place } * rep);
                if !i.vec {
                    match pick(r, 0) {
                        Some(k) => convert::load(
                            data.dtype,
                            to,
                            from.add((element + k * step) * size),
                            along as isize,
                            n,
                        ),
                        None => missing(data.dtype, to, n),
                    }
                    return;
                }
                for j in 0..n {
                    let to = to.add(j * rep);
                    match pick(r, c + j) {
                        Some(k) => {
                            let at = from.add((element + j * along + k * step) * size);
                            match size {
                                4 => *(to as *mut u32) = *(at as *const u32),
                                _ => convert::load(data.dtype, to, at, 1, 1),
                            }
                        }
                        None => missing(data.dtype, to, 1),
                    }
                }
            }
        });
    }
}

/// What an index out of range reads: NaN, or 0 where there is none.
unsafe fn missing(dtype: DType, to: *mut u8, n: usize) {
    // SAFETY: the caller's register has `n` elements from `to` on.
    unsafe {
        match Rep::of(dtype) {
            Rep::F32 => std::slice::from_raw_parts_mut(to as *mut f32, n).fill(f32::NAN),
            Rep::F64 => std::slice::from_raw_parts_mut(to as *mut f64, n).fill(f64::NAN),
            rep => to.write_bytes(0, n * rep.size()),
        }
    }
}

unsafe fn iota(rep: Rep, dtype: DType, to: *mut u8, place: usize, start: usize, step: usize, n: usize) {
    macro_rules! fill {
        ($t:ty, $f:expr) => {{
            // SAFETY: the caller's register has these elements.
            let out = unsafe { std::slice::from_raw_parts_mut((to as *mut $t).add(place), n) };
            for (j, x) in out.iter_mut().enumerate() {
                *x = $f(start + j * step);
            }
        }};
    }
    match (rep, dtype) {
        (_, DType::F16) => fill!(f32, |x: usize| to_f16(x as i64).to_f32()),
        (_, DType::BF16) => fill!(f32, |x: usize| to_bf16(x as i64).to_f32()),
        (Rep::F32, _) => fill!(f32, |x: usize| x as f32),
        (Rep::F64, _) => fill!(f64, |x: usize| x as f64),
        (Rep::I64, _) => fill!(i64, |x: usize| x as i64),
        (Rep::I32, _) => fill!(i32, |x: usize| x as i32),
        (Rep::U32, _) => fill!(u32, |x: usize| x as u32),
        (Rep::U8, DType::Bool) => fill!(u8, |x: usize| u8::from(x != 0)),
        (Rep::U8, _) => fill!(u8, |x: usize| x as u8),
    }
}

#[allow(clippy::too_many_arguments)]
unsafe fn draw(
    op: &Op,
    dtype: DType,
    key: [u32; 2],
    to: *mut u8,
    place: usize,
    start: usize,
    step: usize,
    n: usize,
) {
    // SAFETY: the caller's register has these elements.
    unsafe {
        match (op, dtype) {
            (Op::Bernoulli { p, .. }, _) if step == 1 => {
                let out = std::slice::from_raw_parts_mut(to.add(place), n);
                return random::bernoulli(out, key, p.to_f64(), start as u64);
            }
            (Op::Uniform { .. }, DType::F32) if step == 1 => {
                let out = std::slice::from_raw_parts_mut((to as *mut f32).add(place), n);
                return random::uniform(out, key, start as u64);
            }
            _ => {}
        }
        for j in 0..n {
            let x = random::element(op, key, (start + j * step) as u64);
            match dtype {
                DType::F64 => *(to as *mut f64).add(place + j) = x,
                DType::F16 => *(to as *mut f32).add(place + j) = to_f16(x).to_f32(),
                DType::BF16 => *(to as *mut f32).add(place + j) = to_bf16(x).to_f32(),
                DType::F32 => *(to as *mut f32).add(place + j) = x as f32,
                _ => *to.add(place + j) = x as u8,
            }
        }
    }
}
