//! How a launch computes its region: a choice for one device, as data.
//!
//! A schedule maps the two linear indices of a [`Collapsed`](super::collapse::Collapsed) space to the device. Each is a
//! list of levels, the outermost first: the index is the number that has the levels' positions as its digits. With
//! `serial 3, thread 32, vector 8`, thread `t` takes at position `s` of its loop the elements
//! `(s * 32 + t) * 8 + 0..8`.

use std::fmt;

/// The kinds of kernel. Each has one lowering.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Family {
    /// Every element on its own.
    Pointwise,
    /// Every element on its own, where operands lie across the order of the results: tiles go through shared memory.
    Transpose,
    /// The inner index is reduced, once or several times, and may be walked again after.
    Rows,
    /// The outer index is reduced.
    Columns,
    /// The inner index is reduced and walked as in `Rows`, and sums over the outer one are taken on the way. On a GPU each
    /// block leaves its own.
    Accumulate,
    /// The sums of the blocks of `Accumulate`, and what comes after them. Its outer index counts those blocks.
    Sums,
}

impl Family {
    /// Its name, with which the names of kernels begin.
    pub fn name(self) -> &'static str {
        match self {
            Family::Pointwise => "pointwise",
            Family::Transpose => "transpose",
            Family::Rows | Family::Accumulate => "rows",
            Family::Columns => "columns",
            Family::Sums => "sums",
        }
    }
}

/// What walks the positions of a level.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Unit {
    /// The blocks along this dimension of the grid; on a CPU, pieces of work that threads take in turn.
    Grid(usize),
    /// The blocks along this dimension of the grid, which share what is reduced and combine their results at the end.
    Split(usize),
    /// A square tile of the block's threads, through shared memory.
    Tile,
    /// Threads of a block.
    Thread,
    /// A loop of this many steps, unrolled; on a CPU, the vectorised loop over a tile.
    Serial,
    /// A loop, as a rule to the end of the index.
    Walk,
    /// Neighbouring elements, which one thread moves with one instruction.
    Vector,
}

/// One level of an index.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Level {
    /// What walks it.
    pub unit: Unit,
    /// Its positions; 0 for a [`Unit::Walk`] to the end of the index.
    pub count: usize,
}

/// How a linear index is made of the positions of blocks, threads and loops.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Levels(pub Vec<Level>);

impl Levels {
    /// The levels of these units and counts; those of one position are left out.
    pub fn of(list: &[(Unit, usize)]) -> Levels {
        let levels =
            list.iter().filter(|(unit, n)| *n != 1 || matches!(unit, Unit::Grid(_) | Unit::Split(_)));
        Levels(levels.map(|&(unit, count)| Level { unit, count }).collect())
    }

    /// The positions of a unit: 1 if no level has it.
    pub fn count(&self, unit: Unit) -> usize {
        self.0.iter().find(|l| l.unit == unit).map_or(1, |l| l.count)
    }

    /// Threads along it.
    pub fn threads(&self) -> usize {
        self.count(Unit::Thread)
    }

    /// Elements of a vector.
    pub fn vector(&self) -> usize {
        self.count(Unit::Vector)
    }

    /// The steps of its unrolled loop; `None` if it is walked to its end.
    pub fn serial(&self) -> Option<usize> {
        self.0.iter().all(|l| l.unit != Unit::Walk).then(|| self.count(Unit::Serial))
    }

    /// The dimension of the grid whose blocks share it, and how many they are.
    pub fn split(&self) -> Option<(usize, usize)> {
        self.0.iter().find_map(|l| match l.unit {
            Unit::Split(axis) => Some((axis, l.count)),
            _ => None,
        })
    }

    /// The number of indices that all blocks, threads and lanes take at one step of the loops.
    pub fn step(&self) -> usize {
        let moving = self.0.iter().filter(|l| !matches!(l.unit, Unit::Walk | Unit::Serial));
        moving.map(|l| l.count).product()
    }
}

/// Where the elements of a row lie between its reductions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Held {
    /// In memory: they are read again.
    Memory,
    /// In registers.
    Registers,
    /// In shared memory, the loads of these nodes.
    Shared(Vec<usize>),
}

/// The tiles of a transpose.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tile {
    /// The group of the space along which the turned loads are contiguous.
    pub group: usize,
    /// The loads that go through shared memory.
    pub loads: Vec<usize>,
    /// Elements of a tile along both dimensions.
    pub side: usize,
    /// Elements that a thread reads at once.
    pub width: usize,
}

/// How a kernel is launched.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Launch {
    /// Blocks along each dimension. Only the first may grow with the data: devices have 2^31 - 1 blocks there, and 65535
    /// along the others.
    pub grid: [usize; 3],
    /// Threads of a block.
    pub threads: usize,
    /// Blocks that must fit on a multiprocessor, which limits their registers; 0 to leave it to the compiler.
    pub resident: usize,
    /// Bytes of shared memory that the launch asks for, beside what the kernel declares.
    pub shared: usize,
    /// Bytes of device memory for partial results; their content before and after does not matter.
    pub scratch: usize,
    /// 32-bit counters, zero before and after.
    pub counters: usize,
}

impl Launch {
    /// A launch of blocks of `threads` threads, without memory of its own.
    pub fn new(grid: [usize; 3], threads: usize) -> Launch {
        Launch { grid, threads, resident: 0, shared: 0, scratch: 0, counters: 0 }
    }
}

/// How one kernel computes a region, or a part of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Schedule {
    /// The kind of kernel.
    pub family: Family,
    /// The mapping of the outer index.
    pub outer: Levels,
    /// The mapping of the inner index.
    pub inner: Levels,
    /// Where rows lie between their reductions.
    pub held: Held,
    /// The tiles of a transpose.
    pub tile: Option<Tile>,
    /// Whether a thread adds up so many elements that sums of floats run in f64.
    pub long: bool,
    /// How it is launched.
    pub launch: Launch,
}

impl Schedule {
    /// Elements of a vector.
    pub fn width(&self) -> usize {
        self.inner.vector()
    }
}

impl fmt::Display for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, level) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            match level.unit {
                Unit::Walk if level.count == 0 => f.write_str("walk")?,
                Unit::Walk => write!(f, "walk {}", level.count)?,
                Unit::Grid(axis) => write!(f, "grid.{} {}", ["x", "y", "z"][axis], level.count)?,
                Unit::Split(axis) => write!(f, "split.{} {}", ["x", "y", "z"][axis], level.count)?,
                Unit::Tile => write!(f, "tile {}", level.count)?,
                Unit::Thread => write!(f, "thread {}", level.count)?,
                Unit::Serial => write!(f, "serial {}", level.count)?,
                Unit::Vector => write!(f, "vector {}", level.count)?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Launch { grid, threads, resident, shared, scratch, counters } = &self.launch;
        write!(f, "{}", self.family.name())?;
        for (name, levels) in [("outer", &self.outer), ("inner", &self.inner)] {
            if !levels.0.is_empty() {
                write!(f, " | {name} {levels}")?;
            }
        }
        match &self.held {
            Held::Memory => {}
            Held::Registers => f.write_str(" | rows in registers")?,
            Held::Shared(loads) if loads.len() == 1 => f.write_str(" | rows in shared memory")?,
            Held::Shared(loads) => write!(f, " | rows of {} operands in shared memory", loads.len())?,
        }
        if let Some(tile) = &self.tile {
            write!(f, " | operands turned: {}, read by {}", tile.loads.len(), tile.width)?;
        }
        if self.long {
            f.write_str(" | sums in f64")?;
        }
        write!(f, " | {} x {} x {} blocks of {threads} threads", grid[0], grid[1], grid[2])?;
        if *resident > 0 {
            write!(f, ", {resident} a multiprocessor")?;
        }
        for (what, n) in [("bytes shared", shared), ("bytes of scratch", scratch), ("counters", counters)] {
            if *n > 0 {
                write!(f, ", {n} {what}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_print_and_count() {
        let levels =
            Levels::of(&[(Unit::Walk, 0), (Unit::Split(0), 4), (Unit::Thread, 32), (Unit::Vector, 8)]);
        assert_eq!(levels.to_string(), "walk, split.x 4, thread 32, vector 8");
        assert_eq!((levels.step(), levels.serial(), levels.split()), (1024, None, Some((0, 4))));
        assert_eq!(Levels::of(&[(Unit::Serial, 1), (Unit::Thread, 1)]), Levels::default());
    }
}
