//! The type of a value in a trace: an element type and a shape with symbolic extents.
//!
//! Everything here is `Copy`, of fixed size and usable in `const fn`, because the same inference runs in three places: in the macro while expanding, in rustc's constant evaluation (across items, whose
//! signatures a macro can't see), and when a trace is linked, where every extent is a number.

mod dtype;
mod element;
mod extent;
mod rounding;
mod shape;
mod text;

pub use dtype::{DType, Elem};
pub use element::{Accepts, AnyFloat, Element, Float, Int, NoMemory, Num, with_room, zeroed};
pub use extent::{Extent, Relation};
pub use rounding::{ToOdd, to_bf16, to_f16};
pub use shape::{Axes, Axis, MAX_RANK, Shape, Ty, TyRef};
pub use text::Text;
