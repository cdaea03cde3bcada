//! The loops of one kernel: what a schedule makes of a region, before it is text.
//!
//! A kernel is a list of statements that every thread of a grid of blocks runs. Variables hold a number or a vector of
//! neighbouring elements; arrays lie in registers or in the block's shared memory; pointers lead to operands, results
//! and scratch memory. [`verify`](super::verify) says what a kernel must keep to.

mod print;

use super::schedule::Launch;
use crate::op::{Fold, Lit, Op};
use crate::trace::Value;
use crate::types::DType;

/// A variable of a kernel.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Var(pub u32);

/// An array in registers or in shared memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Array(pub u32);

/// The start of an operand, a result, or a part of the scratch memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Pointer(pub u32);

/// What a number is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scalar {
    /// An element, as it lies in memory.
    Elem(DType),
    /// An unsigned integer of 64 bits.
    U64,
    /// An index: 32 bits, or 64 where the kernel needs them.
    Index,
    /// Four random words of 32 bits.
    Words,
}

/// The type of a variable: a number, or a vector of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Type {
    /// What each lane is.
    pub scalar: Scalar,
    /// The number of lanes.
    pub lanes: usize,
}

impl Type {
    /// An index.
    pub const INDEX: Type = Type { scalar: Scalar::Index, lanes: 1 };
    /// A truth value.
    pub const BOOL: Type = Type::elem(DType::Bool);
    /// The number of a thread.
    pub const UNSIGNED: Type = Type::elem(DType::U32);
    /// A counter of an unrolled loop.
    pub const INT: Type = Type::elem(DType::I32);

    /// An element as it lies in memory.
    pub const fn elem(dtype: DType) -> Type {
        Type { scalar: Scalar::Elem(dtype), lanes: 1 }
    }

    /// The type in which elements are computed: 16-bit floats are in f32.
    pub const fn computed(dtype: DType) -> Type {
        Type::elem(match dtype {
            DType::F16 | DType::BF16 => DType::F32,
            d => d,
        })
    }

    /// `lanes` neighbouring elements; one of them is an element.
    pub const fn vector(dtype: DType, lanes: usize) -> Type {
        Type { scalar: Scalar::Elem(dtype), lanes }
    }

    /// Its size in bytes, where indices have 64 bits.
    pub fn size(self) -> usize {
        let one = match self.scalar {
            Scalar::Elem(d) => d.size(),
            Scalar::U64 | Scalar::Index => 8,
            Scalar::Words => 16,
        };
        one * self.lanes
    }
}

/// The type of the running value of a fold over elements of type `d`. A thread that adds up many elements (`long`) does it
/// in f64: an f32 holds 24 bits, and so loses all that is added to a sum of some ten million elements of like size.
/// Integers wrap, so their sums are unsigned.
pub fn running(fold: Fold, d: DType, long: bool) -> Type {
    match fold {
        Fold::Sum | Fold::Prod if d.is_float() && !long => Type::computed(d),
        Fold::Sum | Fold::Prod => long_sum(d),
        Fold::Amax | Fold::Amin if matches!(d, DType::U8 | DType::Bool) => Type::INT,
        Fold::Amax | Fold::Amin => Type::computed(d),
        Fold::All | Fold::Any => Type::INT,
    }
}

/// The fold of no elements of type `d`.
pub fn identity(fold: Fold, d: DType) -> Expr {
    let int = |i: i128| Expr::Lit(Lit::I(i), DType::I32);
    let typed = |i: i128| Expr::Lit(Lit::I(i), d);
    let (least, most) = match d {
        DType::I64 => (typed(i64::MIN.into()), typed(i64::MAX.into())),
        DType::I32 => (typed(i32::MIN.into()), typed(i32::MAX.into())),
        DType::U32 => (typed(0), typed(u32::MAX.into())),
        DType::U8 => (int(0), int(255)),
        DType::Bool => (int(0), int(1)),
        d => (Expr::Lit(Lit::F(f64::NEG_INFINITY), d), Expr::Lit(Lit::F(f64::INFINITY), d)),
    };
    match fold {
        Fold::Sum | Fold::Any => int(0),
        Fold::Prod | Fold::All => int(1),
        Fold::Amax => least,
        Fold::Amin => most,
    }
}

/// The type of a sum or a product of many elements of type `d`.
pub fn long_sum(d: DType) -> Type {
    match d {
        DType::U8 | DType::I32 => Type::UNSIGNED,
        DType::I64 => Type { scalar: Scalar::U64, lanes: 1 },
        d if d.is_float() => Type::elem(DType::F64),
        _ => Type::computed(d),
    }
}

/// Arithmetic and comparisons of indices and conditions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Bin {
    /// `x + y`.
    Add,
    /// `x - y`.
    Sub,
    /// `x * y`.
    Mul,
    /// `x / y`.
    Div,
    /// `x % y`.
    Rem,
    /// `x < y`.
    Lt,
    /// `x >= y`.
    Ge,
    /// `x == y`.
    Eq,
    /// Both conditions.
    And,
}

/// A number, or a vector.
#[derive(Clone, PartialEq, Debug)]
pub enum Expr {
    /// A variable.
    Var(Var),
    /// A constant of an element type.
    Lit(Lit, DType),
    /// A constant index.
    Num(usize),
    /// The number of the thread in its block.
    Thread,
    /// The number of the block along a dimension of the grid.
    Block(usize),
    /// The number of blocks along a dimension of the grid.
    Blocks(usize),
    /// Arithmetic of indices, or a comparison.
    Bin(Bin, Box<Expr>, Box<Expr>),
    /// Not the condition.
    Not(Box<Expr>),
    /// The second where the first holds, else the third.
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// A conversion as C++ has it.
    Cast(Type, Box<Expr>),
    /// An element from memory, in the type that it is computed in.
    Wide(Box<Expr>),
    /// A computed value, rounded to the element type in memory.
    As(DType, Box<Expr>),
    /// An elementwise operation of the trace on operands of type `from`, the condition of a `select` aside.
    Op {
        /// The operation.
        op: Op,
        /// The operands' element type.
        from: DType,
        /// The result's.
        to: DType,
        /// The operands.
        args: Vec<Expr>,
    },
    /// An element of memory.
    Load(Pointer, Box<Expr>),
    /// An element of memory that another block has written in this launch.
    Fresh(Pointer, Box<Expr>),
    /// A vector of elements of memory, `step` apart.
    LoadVector {
        /// Of what.
        pointer: Pointer,
        /// The first element.
        at: Box<Expr>,
        /// How many.
        lanes: usize,
        /// Elements from one to the next.
        step: usize,
    },
    /// An element of an array.
    Get(Array, Vec<Expr>),
    /// A vector of elements of an array, along its first dimension.
    GetColumn {
        /// Of what.
        array: Array,
        /// The first element.
        at: Vec<Expr>,
        /// How many.
        lanes: usize,
    },
    /// A lane of a vector.
    Lane(Box<Expr>, Box<Expr>),
    /// Nothing but zeros.
    Zeros,
    /// Two partial results as one.
    Fold(Fold, Box<Expr>, Box<Expr>),
    /// The fold over groups of `threads` neighbouring threads, in every one of them: across the lanes of a warp, and
    /// beyond 32 threads across warps, with barriers.
    Across {
        /// The fold.
        fold: Fold,
        /// How many threads.
        threads: usize,
        /// The thread's partial result.
        value: Box<Expr>,
    },
    /// The value that the thread of the warp has whose number differs by these bits.
    Shuffle(Box<Expr>, usize),
    /// The value of the thread of the warp this many numbers below; of the first ones, their own.
    ShuffleUp(Box<Expr>, usize),
    /// For which threads of the warp the condition holds, one bit for each.
    Ballot(Box<Expr>),
    /// How many bits are set, of those below bit `lane` if there is one.
    Bits(Box<Expr>, Option<Box<Expr>>),
    /// One of four random words.
    Word(Box<Expr>, usize),
    /// Whether an element index lies in `0..extent`.
    InRange(Box<Expr>, usize),
    /// Whether an index is this integer of 64 bits.
    Same(Box<Expr>, Box<Expr>),
    /// The exponential of a difference that is rounded already, and no more exact than that.
    ExpBelow(Box<Expr>),
    /// Adds one to a counter in memory, and gives its value before: how many blocks have come so far.
    Ticket(Pointer, Box<Expr>),
    /// A block of random bits: counter `at` of stream `stream`, for the key of two words `step` elements apart.
    Philox {
        /// The key.
        key: Pointer,
        /// Elements between its words.
        step: usize,
        /// The counter.
        at: Box<Expr>,
        /// The stream.
        stream: u32,
    },
    /// A random number of type `to` from a block of random bits.
    Draw {
        /// What is drawn.
        op: Op,
        /// The type.
        to: DType,
        /// The bits.
        words: Box<Expr>,
        /// Which share of the bits.
        lane: Box<Expr>,
    },
}

/// What a statement comes from, for comments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Note {
    /// Nothing that the user wrote.
    None,
    /// A value of the trace, as it is loaded.
    Operand(Value),
    /// A value of the trace, and the operation that computes it.
    Node(Value, &'static str),
}

/// How often the body of a loop is repeated in the text of the machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unroll {
    /// As the compiler likes.
    Free,
    /// So many times.
    By(usize),
    /// Once for each step.
    Whole,
}

/// One statement.
#[derive(Clone, PartialEq, Debug)]
pub enum Stmt {
    /// Defines a variable that does not change.
    Let(Var, Expr, Note),
    /// Defines a variable that is assigned later.
    Mutable(Var, Option<Expr>, Note),
    /// Assigns a mutable variable.
    Assign(Var, Expr),
    /// Assigns one lane of a mutable vector.
    AssignLane(Var, Expr, Expr),
    /// Declares an array.
    Declare(Array, Note),
    /// Assigns an element of an array.
    Put(Array, Vec<Expr>, Expr),
    /// Defines a pointer to a part of the scratch memory, from this cell of 8 bytes on.
    Part(Pointer, Pointer, Expr),
    /// Writes an element of memory.
    Store(Pointer, Expr, Expr),
    /// Writes a vector to memory, its lanes `step` apart.
    StoreVector {
        /// To what.
        pointer: Pointer,
        /// The first element.
        at: Expr,
        /// The vector.
        value: Var,
        /// Elements from one lane to the next.
        step: usize,
    },
    /// Starts to copy 16 bytes of memory into an element of an array in shared memory.
    CopyAsync {
        /// The array.
        to: Array,
        /// Its element.
        at: Vec<Expr>,
        /// From where.
        from: Pointer,
        /// The first element there.
        source: Expr,
    },
    /// Waits for the copies that this thread has started.
    AwaitCopies,
    /// All threads of the block wait for one another, and see what the others wrote.
    Barrier,
    /// What this thread wrote to memory is seen by other blocks before what it writes later.
    Fence,
    /// A loop.
    For {
        /// The index.
        var: Var,
        /// Its first value.
        start: Expr,
        /// The loop ends before it.
        end: Expr,
        /// What is added after each step.
        step: Expr,
        /// How it is unrolled.
        unroll: Unroll,
        /// What is done.
        body: Vec<Stmt>,
    },
    /// Statements whose variables no later statement sees.
    Scope(Vec<Stmt>),
    /// Takes an element and its place for the best so far, if there is none yet or it is better: greater, or less; NaN
    /// above all; of equals the first.
    Best {
        /// The best so far.
        best: Var,
        /// Its place; negative if there is none.
        at: Var,
        /// The element.
        x: Expr,
        /// Its place.
        place: Expr,
        /// Whether greater is better.
        greatest: bool,
    },
    /// What is done only where the condition holds.
    If(Expr, Vec<Stmt>),
    /// The thread is done where the condition holds.
    Exit(Expr),
}

/// What is known of a variable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VarInfo {
    /// How it prints.
    pub name: String,
    /// Its type.
    pub ty: Type,
}

/// Where an array lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Space {
    /// In the registers of each thread.
    Registers,
    /// In the shared memory that the kernel declares.
    Shared,
    /// In the shared memory that the launch asks for, from this element on.
    Asked(usize),
}

/// What is known of an array.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ArrayInfo {
    /// How it prints.
    pub name: String,
    /// Where it lies.
    pub space: Space,
    /// The type of its elements.
    pub ty: Type,
    /// Its extents; none for a single element.
    pub extents: Vec<usize>,
    /// Where its elements are indices: the number that all are below.
    pub most: Option<usize>,
}

impl ArrayInfo {
    /// Its size in bytes.
    pub fn bytes(&self) -> usize {
        self.ty.size() * self.extents.iter().product::<usize>()
    }
}

/// What is known of a pointer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PointerInfo {
    /// How it prints.
    pub name: String,
    /// The type of what it leads to.
    pub ty: Type,
    /// Whether the kernel writes there.
    pub written: bool,
    /// Whether nothing else that the kernel is given leads there.
    pub alone: bool,
    /// Elements from the first to the last; of scratch memory, counters and their parts, the launch says it.
    pub elements: usize,
}

/// A parameter of a kernel.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Param {
    /// The start of operand `i`.
    Read(Pointer, usize),
    /// The start of result `i`.
    Write(Pointer, usize),
    /// The scratch memory, in cells of 8 bytes.
    Scratch(Pointer),
    /// The counters.
    Counters(Pointer),
    /// An extent.
    Extent(Var, usize),
    /// A constant, which is no part of the kernel: another value is the same kernel.
    Constant(Var, f64),
}

/// One kernel.
#[derive(Clone, PartialEq, Debug)]
pub struct Kernel {
    /// Its name.
    pub name: String,
    /// The extents of the space that it computes, for comments.
    pub dims: Vec<usize>,
    /// The schedule that it was lowered by, for comments.
    pub schedule: String,
    /// Whether indices have 64 bits.
    pub wide: bool,
    /// The parameters.
    pub params: Vec<Param>,
    /// The variables.
    pub vars: Vec<VarInfo>,
    /// The arrays.
    pub arrays: Vec<ArrayInfo>,
    /// The pointers.
    pub pointers: Vec<PointerInfo>,
    /// What it does.
    pub body: Vec<Stmt>,
    /// How it is launched.
    pub launch: Launch,
    /// With how many rows of arguments: more than one where it is many launches as one; see [`Kernel::batch`].
    pub rows: usize,
}

impl Kernel {
    /// What is known of a variable.
    pub fn var(&self, v: Var) -> &VarInfo {
        &self.vars[v.0 as usize]
    }

    /// What is known of an array.
    pub fn array(&self, a: Array) -> &ArrayInfo {
        &self.arrays[a.0 as usize]
    }

    /// What is known of a pointer.
    pub fn pointer(&self, p: Pointer) -> &PointerInfo {
        &self.pointers[p.0 as usize]
    }

    /// Whether launches of this kernel on memory of their own may be one launch: its blocks stand in a row, and need
    /// nothing beside the arguments.
    pub fn is_batchable(&self) -> bool {
        let Launch { grid, resident, shared, scratch, counters, .. } = &self.launch;
        grid[1..] == [1, 1] && [*resident, *shared, *scratch, *counters] == [0; 4] && self.rows == 1
    }

    /// The schedule in which `blocks`, those of several launches of this kernel, stand in one grid. Each launch's
    /// arguments are one of `rows` rows of a table, by which each block finds its own; [`Expr::Block`] counts from the
    /// launch's first block.
    pub fn batch(&self, rows: usize, blocks: usize) -> Kernel {
        let mut kernel = self.clone();
        kernel.name = format!("{}_each", self.name);
        kernel.rows = rows;
        kernel.launch.grid[0] = blocks;
        kernel
    }
}

impl From<Var> for Expr {
    fn from(v: Var) -> Expr {
        Expr::Var(v)
    }
}

impl From<usize> for Expr {
    fn from(n: usize) -> Expr {
        Expr::Num(n)
    }
}

impl Expr {
    fn bin(op: Bin, x: Expr, y: Expr) -> Expr {
        Expr::Bin(op, Box::new(x), Box::new(y))
    }

    /// Whether `self < other`.
    pub fn lt(self, other: impl Into<Expr>) -> Expr {
        Expr::bin(Bin::Lt, self, other.into())
    }

    /// Whether `self >= other`.
    pub fn ge(self, other: impl Into<Expr>) -> Expr {
        Expr::bin(Bin::Ge, self, other.into())
    }

    /// Whether `self == other`.
    pub fn is(self, other: impl Into<Expr>) -> Expr {
        Expr::bin(Bin::Eq, self, other.into())
    }

    /// Whether both hold.
    pub fn and(self, other: Expr) -> Expr {
        Expr::bin(Bin::And, self, other)
    }

    /// The index in the kernel's index type.
    pub fn index(self) -> Expr {
        Expr::Cast(Type::INDEX, Box::new(self))
    }

    /// Converted as C++ converts.
    pub fn cast(self, ty: Type) -> Expr {
        Expr::Cast(ty, Box::new(self))
    }

    /// In the type that it is computed in.
    pub fn wide(self) -> Expr {
        Expr::Wide(Box::new(self))
    }
}

impl<T: Into<Expr>> std::ops::Add<T> for Expr {
    type Output = Expr;
    fn add(self, other: T) -> Expr {
        match (self, other.into()) {
            (x, Expr::Num(0)) | (Expr::Num(0), x) => x,
            (Expr::Num(x), Expr::Num(y)) => Expr::Num(x + y),
            (x, y) => Expr::bin(Bin::Add, x, y),
        }
    }
}

impl<T: Into<Expr>> std::ops::Sub<T> for Expr {
    type Output = Expr;
    fn sub(self, other: T) -> Expr {
        match (self, other.into()) {
            (x, Expr::Num(0)) => x,
            (x, y) => Expr::bin(Bin::Sub, x, y),
        }
    }
}

impl<T: Into<Expr>> std::ops::Mul<T> for Expr {
    type Output = Expr;
    fn mul(self, other: T) -> Expr {
        match (self, other.into()) {
            (_, Expr::Num(0)) | (Expr::Num(0), _) => Expr::Num(0),
            (x, Expr::Num(1)) | (Expr::Num(1), x) => x,
            (Expr::Num(x), Expr::Num(y)) => Expr::Num(x * y),
            (x, y) => Expr::bin(Bin::Mul, x, y),
        }
    }
}

impl<T: Into<Expr>> std::ops::Div<T> for Expr {
    type Output = Expr;
    fn div(self, other: T) -> Expr {
        match (self, other.into()) {
            (x, Expr::Num(1)) => x,
            (x, y) => Expr::bin(Bin::Div, x, y),
        }
    }
}

impl<T: Into<Expr>> std::ops::Rem<T> for Expr {
    type Output = Expr;
    fn rem(self, other: T) -> Expr {
        match (self, other.into()) {
            (_, Expr::Num(1)) => Expr::Num(0),
            (x, y) => Expr::bin(Bin::Rem, x, y),
        }
    }
}
