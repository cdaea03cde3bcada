//! Element types, concrete and generic.

use std::fmt;

/// The element type of a tensor.
///
/// ```
/// use thunder_core::types::DType;
/// assert_eq!(DType::F32.to_string(), "f32");
/// assert_eq!(DType::BF16.compute(), DType::F32);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum DType {
    /// IEEE binary64.
    F64,
    /// IEEE binary32.
    F32,
    /// IEEE binary16.
    F16,
    /// bfloat16: the upper half of a binary32.
    BF16,
    /// Signed, 64 bits.
    I64,
    /// Signed, 32 bits.
    I32,
    /// Unsigned, 32 bits.
    U32,
    /// Unsigned, 8 bits.
    U8,
    /// One byte, 0 or 1.
    Bool,
}

impl DType {
    /// Every element type.
    pub const ALL: [DType; 9] = [
        DType::F64,
        DType::F32,
        DType::F16,
        DType::BF16,
        DType::I64,
        DType::I32,
        DType::U32,
        DType::U8,
        DType::Bool,
    ];

    /// The size of an element in bytes.
    ///
    /// ```
    /// assert_eq!(thunder_core::types::DType::BF16.size(), 2);
    /// ```
    pub const fn size(self) -> usize {
        match self {
            DType::F64 | DType::I64 => 8,
            DType::F32 | DType::I32 | DType::U32 => 4,
            DType::F16 | DType::BF16 => 2,
            DType::U8 | DType::Bool => 1,
        }
    }

    /// The name, as in Rust and in the printed trace.
    pub const fn name(self) -> &'static str {
        match self {
            DType::F64 => "f64",
            DType::F32 => "f32",
            DType::F16 => "f16",
            DType::BF16 => "bf16",
            DType::I64 => "i64",
            DType::I32 => "i32",
            DType::U32 => "u32",
            DType::U8 => "u8",
            DType::Bool => "bool",
        }
    }

    /// Whether it is `f64`, `f32`, `f16` or `bf16`.
    pub const fn is_float(self) -> bool {
        matches!(self, DType::F64 | DType::F32 | DType::F16 | DType::BF16)
    }

    /// Whether it is an integer type; `bool` is not.
    pub const fn is_int(self) -> bool {
        matches!(self, DType::I64 | DType::I32 | DType::U32 | DType::U8)
    }

    /// The type in which arithmetic runs: f32 for the 16-bit floats, otherwise the type itself.
    pub const fn compute(self) -> DType {
        match self {
            DType::F16 | DType::BF16 => DType::F32,
            other => other,
        }
    }

    /// Equality, as a `const fn`.
    pub const fn same(self, other: DType) -> bool {
        self as u8 == other as u8
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An element type that may be generic or unknown. In a linked trace it is always [`Elem::Known`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Elem {
    /// A concrete type.
    Known(DType),
    /// The `n`th generic parameter of the item.
    Param(u8),
    /// Unknown when the trace was built.
    Unknown,
}

impl Elem {
    /// Whether the two are known to differ.
    pub const fn differs(self, other: Elem) -> bool {
        match (self, other) {
            (Elem::Known(a), Elem::Known(b)) => !a.same(b),
            (Elem::Param(a), Elem::Param(b)) => a != b,
            (Elem::Known(_), Elem::Param(_)) | (Elem::Param(_), Elem::Known(_)) => true,
            (Elem::Unknown, _) | (_, Elem::Unknown) => false,
        }
    }

    /// The concrete type, if it is known.
    pub const fn known(self) -> Option<DType> {
        match self {
            Elem::Known(d) => Some(d),
            _ => None,
        }
    }
}

impl From<DType> for Elem {
    fn from(dtype: DType) -> Elem {
        Elem::Known(dtype)
    }
}
