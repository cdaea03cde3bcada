//! The log of a recording: what the matcher walks along the compile-time trace.

use crate::item::{Item, Transform};
use crate::trace::{Inst, Value};
use crate::types::Ty;

/// A step to a leaf.
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
    /// A tensor in it that contradicts its struct's dimensions: path, expected, found.
    pub(crate) wrong: Option<(String, String, String)>,
}

impl Leaves {
    /// The leaves under `step`, seen from there.
    pub(crate) fn under(&self, step: PathStep) -> Leaves {
        let list = self
            .list
            .iter()
            .filter(|(path, _)| path.first() == Some(&step))
            .map(|(path, v)| (path[1..].to_vec(), *v))
            .collect();
        Leaves { list, ..Leaves::default() }
    }

    /// The leaves, as they stand under `step` of a structure.
    pub(crate) fn within(&self, step: PathStep) -> impl Iterator<Item = (Vec<PathStep>, Value)> + '_ {
        self.list.iter().map(move |(path, v)| {
            let mut whole = vec![step];
            whole.extend(path);
            (whole, *v)
        })
    }

    /// Whether the two hold the same values in the same places.
    pub(crate) fn same(&self, other: &Leaves) -> bool {
        // A struct literal may name its fields in another order than they are declared in.
        let has = |leaf| other.list.iter().any(|o| alike(leaf, o));
        self.list == other.list || (self.list.len() == other.list.len() && self.list.iter().all(has))
    }
}

/// Whether two leaves are one. What `map` gives is the first of a list or in an `Option`: the types say which, and the
/// compile-time trace need not know.
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

/// One thing that happened while recording.
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
    /// What the transform gave outside.
    Given { result: Leaves },
}
