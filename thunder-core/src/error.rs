//! All errors that a user can get, in one enum.

use crate::trace::Loc;
use crate::types::{DType, NoMemory};

/// Why a call, a link, a transform or a transfer was refused.
///
/// ```
/// # #[cfg(feature = "cpu")] {
/// use thunder_core::error::Error;
/// use thunder_core::tensor::Tensor;
/// let error = Tensor::try_from_vec(vec![1.0f32; 5], (2, 3)).unwrap_err();
/// assert!(matches!(error, Error::Length { count: 5, expected: 6, .. }));
/// assert_eq!(error.to_string(), "5 values do not fill shape [2, 3], which takes 6");
/// # }
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An operation does not accept the types of its operands.
    #[error("{text}\n  at {loc}")]
    Type {
        /// What is wrong, and what to write instead.
        text: String,
        /// Where.
        loc: Loc,
    },
    /// An argument does not match the function's signature.
    #[error("{function}: argument `{argument}`: expected {expected}, found {found}")]
    Argument {
        /// The function.
        function: String,
        /// The argument, or the path of the parameter inside it.
        argument: String,
        /// What the signature declares.
        expected: String,
        /// What was given.
        found: String,
    },
    /// A function that takes closures is called on the host.
    #[error(
        "`{function}` takes a closure, which only a trace can follow, and no `#[thunder]` function calls it here\n  at {loc}\n\n       help: call it from the body of a `#[thunder]` function"
    )]
    HostCall {
        /// The function.
        function: String,
        /// Where it is called.
        loc: Loc,
    },
    /// A derivative is needed through an operation that has none.
    #[error(
        "`{op}` has no derivative, and a gradient flows through it\n  at {loc}\n\n       help: put `stop_gradient` around it, or use a smooth form"
    )]
    NoDerivative {
        /// The operation.
        op: String,
        /// Where.
        loc: Loc,
    },
    /// A transform cannot handle an operation.
    #[error("`{transform}` does not support `{op}`\n  at {loc}")]
    Unsupported {
        /// The transform or executor.
        transform: String,
        /// The operation.
        op: String,
        /// Where.
        loc: Loc,
    },
    /// No executor runs an operation.
    #[error("no executor on {device} runs `{op}`\n  at {loc}")]
    Unclaimed {
        /// The operation.
        op: String,
        /// The device.
        device: String,
        /// Where.
        loc: Loc,
    },
    /// The record of a body is not a path through its compile-time trace.
    #[error(
        "{function}: the recorded trace is not the compiled one: {what}\n  at {loc}\n\n       \
         note: this is a fault of thunder's, not of the program; please report it, with the function"
    )]
    Link {
        /// The function.
        function: String,
        /// What differs.
        what: String,
        /// Where.
        loc: Loc,
    },
    /// Static Rust in a body panicked while the trace was linked.
    #[error("{function}: static code panicked while linking: {message}\n  at {loc}")]
    StaticPanic {
        /// The function.
        function: String,
        /// The panic's message.
        message: String,
        /// Where the panic was raised.
        loc: String,
    },
    /// Tensors of one call lie on different devices.
    #[error(
        "{function}: argument `{argument}` is on {found}, the ones before it on {expected}\n\n       help: move it: `.to(&device)`"
    )]
    Device {
        /// The function.
        function: String,
        /// The argument.
        argument: String,
        /// The other arguments' device.
        expected: String,
        /// This argument's device.
        found: String,
    },
    /// A pass broke an invariant: a bug in thunder.
    #[error("internal error after pass `{pass}`: {what}\n\n       note: this is a bug in thunder")]
    Internal {
        /// The pass.
        pass: String,
        /// What does not hold.
        what: String,
    },
    /// Not enough memory.
    #[error("out of memory on {device}: {bytes} bytes asked for")]
    OutOfMemory {
        /// The device.
        device: String,
        /// The number of bytes requested.
        bytes: usize,
    },
    /// Extents whose product exceeds the address space.
    #[error(
        "shape {shape} of {dtype}: expected extents whose product, zeros left out, is at most {} bytes",
        isize::MAX
    )]
    Extents {
        /// The shape.
        shape: String,
        /// The element type.
        dtype: DType,
    },
    /// The number of elements does not match the shape.
    #[error("{count} values do not fill shape {shape}, which takes {expected}")]
    Length {
        /// The number of values given.
        count: usize,
        /// The shape.
        shape: String,
        /// The number of values that the shape needs.
        expected: usize,
    },
    /// A device failed.
    #[error("{device}: {message}")]
    Backend {
        /// The device.
        device: String,
        /// The device's message.
        message: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {message}")]
    File {
        /// The path.
        path: String,
        /// What is wrong.
        message: String,
    },
}

impl From<NoMemory> for Error {
    fn from(e: NoMemory) -> Error {
        Error::OutOfMemory { device: "the host".into(), bytes: e.bytes }
    }
}
