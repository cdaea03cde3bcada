//! Fusing: groups instructions by data flow into the bodies of [`Kind::Fused`](crate::trace::Kind::Fused) instructions.
//!
//! Every computing instruction starts as a group of its own (`groups`), with the constants that it reads. Two moves
//! change the groups, as long as the cost falls (`cost`), the best first (`search`): two groups become one, or a
//! value is computed again in the groups that read it instead of stored. A move is legal where one loop nest computes all
//! that a group holds ([`region::analyze`](crate::kernel::region::analyze)) and no path leaves a group and comes back.
//! Views of operands stay outside, where they cost nothing.

mod cost;
mod emit;
mod graph;
mod groups;
mod order;
mod search;

use crate::kernel::target::Target;
use crate::trace::{Loc, Trace, Value};
use graph::Graph;
use groups::Groups;

/// Two neighbours that were not fused, and why.
#[derive(Clone, Debug)]
pub struct Note {
    /// The value that goes through memory, in the trace before the pass.
    pub value: Value,
    /// What computes it.
    pub producer: String,
    /// Where.
    pub producer_loc: Loc,
    /// What reads it.
    pub consumer: String,
    /// Where.
    pub consumer_loc: Loc,
    /// Why they are two kernels.
    pub why: String,
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Note { value, producer, consumer, why, .. } = self;
        write!(
            f,
            "`{consumer}` ({}) reads {value} of `{producer}` ({}): {why}",
            self.consumer_loc, self.producer_loc
        )
    }
}

/// Fuses a trace of primitive operations for a device, and says what was not fused and why.
pub fn run(trace: &Trace, target: &Target) -> (Trace, Vec<Note>) {
    let graph = Graph::new(trace);
    let mut groups = Groups::new(&graph, target);
    search::run(&mut groups);
    (emit::emit(&groups), notes(&mut groups))
}

/// One for each stored value and each group that reads it.
fn notes(groups: &mut Groups) -> Vec<Note> {
    let mut list = Vec::new();
    for at in groups.graph.insts().filter(|&at| groups.graph.is_inner(at)) {
        let Some(home) = groups.home(at) else { continue };
        for reader in groups.readers(at) {
            let why = search::why_apart(groups, home, reader);
            let graph = groups.graph;
            let Some(&user) = graph.users(at).iter().find(|&&u| groups.list[reader].holds(u)) else {
                continue;
            };
            list.push(Note {
                value: graph.data(at).results[0],
                producer: graph.name(at),
                producer_loc: graph.data(at).loc,
                consumer: graph.name(user),
                consumer_loc: graph.data(user).loc,
                why: why.to_string(),
            });
        }
    }
    list
}
