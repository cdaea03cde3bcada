//! Facts about a call's callee, arguments and types, which only rustc can know, computed while it compiles.
//!
//! A macro sees one item at a time. The expansion of a body therefore states what it needs to know of other items as
//! constants and as questions to the trait system:
//! - `extents`: the [`Fact`] of each value, which follows from the signatures of the items that are called;
//! - `checks`: the assertions on facts, with their messages;
//! - `functions`: whether a function or a method is traced;
//! - `places`: what the parts of a value are, by their types;
//! - `receiver` and `transparent`: whether what std's methods and traits run is known.
//!
//! A fact is stated only where it is certain. Where types or extents are not known, linking decides.

mod checks;
pub mod compare;
mod extents;
mod functions;
mod places;
mod receiver;
mod transparent;

pub use checks::{annotation, argument, binding, call, carries, dimension, either, op, operands, result};
pub use extents::{Extents, Fact, Named, Names};
pub use functions::{
    Dispatched, Marked, Method, ThunderFunction, Traced, TracedCall, Twin, Untraced, is_own_traced,
    is_traced, item_of,
};
pub use places::{Content, Elements, Foreign, Itself, Known, OfForeign, OfLanguage, info_of};
pub use receiver::{
    Configuration, Held, HoldsNoTensors, MethodReceiver, Plain, Receiver, Std, StdOrThunder, TakenForStd,
};
pub use transparent::questions::*;
pub use transparent::{
    Asked, ByDeref, CodeOf, Declared, Exempt, Fallible, NotAsked, Nothing, OfStd, Only, OwnField, Pair,
    Transparent, TwinOfStd, by, ok_of, type_of, value_of,
};
