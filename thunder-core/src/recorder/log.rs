//! The log of a recording, which the matcher compares with the compile-time trace.

use crate::item::{Item, Transform};
use crate::trace::{Inst, Value};
use crate::types::Ty;

/// A step of the path from a structure to a leaf.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PathStep {
    Field(&'static str),
    Index(u32),
}

/// The traced leaves of a structure, with their paths.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leaves {
    pub(crate) list: Vec<(Vec<PathStep>, Value)>,
    /// The leaves' types.
    pub(crate) types: Vec<(Vec<PathStep>, Ty)>,
    /// The dimensions of the struct at the root, if it is one.
    pub(crate) dims: Vec<(&'static str, usize)>,
    /// The first tensor that contradicts the dimensions of its struct: path, expected, found.
    pub(crate) wrong: Option<(String, String, String)>,
}

impl Leaves {
    /// The leaves under `step`, with paths that start there.
    pub(crate) fn under(&self, step: PathStep) -> Leaves {
        let list = self
            .list
            .iter()
            .filter(|(path, _)| path.first() == Some(&step))
            .map(|(path, v)| (path[1..].to_vec(), *v))
            .collect();
        Leaves { list, ..Leaves::default() }
    }

    /// The leaves with their paths in a structure that has them under `step`.
    pub(crate) fn within(&self, step: PathStep) -> impl Iterator<Item = (Vec<PathStep>, Value)> + '_ {
        self.list.iter().map(move |(path, v)| {
            let mut whole = vec![step];
            whole.extend(path);
            (whole, *v)
        })
    }

    /// Whether both have the same values at the same paths.
    pub(crate) fn same(&self, other: &Leaves) -> bool {
        // A struct literal can list its fields in another order than the declaration.
        let has = |leaf| other.list.iter().any(|o| alike(leaf, o));
        self.list == other.list || (self.list.len() == other.list.len() && self.list.iter().all(has))
    }
}

/// Whether two leaves are the same. The compile-time trace does not know whether `map` was called on a list or on an
/// `Option`, so the index 0 of the first element of a list is ignored.
fn alike((at, v): &(Vec<PathStep>, Value), (there, w): &(Vec<PathStep>, Value)) -> bool {
    let steps =
        |path: &[PathStep]| path.iter().copied().filter(|s| *s != PathStep::Index(0)).collect::<Vec<_>>();
    v == w && (at == there || steps(at) == steps(there))
}

/// The text of a path: `model.blocks[3].weight`.
pub(crate) fn spell(root: &str, path: &[PathStep]) -> String {
    let mut out = root.to_string();
    for step in path {
        match step {
            PathStep::Field(name) => {
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(name);
            }
            PathStep::Index(i) => out.push_str(&format!("[{i}]")),
        }
    }
    out
}

/// An event while recording.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// An operation was appended.
    Op(Inst),
    /// A function was entered.
    Enter { item: &'static Item, args: Vec<Leaves> },
    /// It returned.
    Exit { result: Leaves },
    /// An arm of a choice began.
    Arm(u16, u16),
    /// An iteration began.
    Iter(u16),
    /// The closure of a transform began.
    Open { kind: Transform, args: Vec<Leaves>, params: Vec<Leaves> },
    /// It ended.
    Close { result: Leaves },
    /// The result that the transform returned to the enclosing body.
    Given { result: Leaves },
}
