//! Static control flow: branches, loops, and calls of closures.

use super::{Flow, Matcher, Slot};
use crate::error::Error;
use crate::item::{At, Node, Operand, Param, Spec, Var};
use crate::link::dims::spec;
use crate::recorder::Event;

impl Matcher<'_> {
    /// Matches the arm of a static branch that ran.
    pub(super) fn choice(
        &mut self,
        f: usize,
        site: u16,
        arms: &'static [&'static [Node]],
    ) -> Result<Flow, Error> {
        let Some(Event::Arm(at, arm)) = self.log.get(self.at) else {
            let what = format!("expected an arm of a static branch, recorded {}", self.describe());
            return Err(self.refuse(self.item(f), None, what));
        };
        let (true, Some(nodes)) = (*at == site, arms.get(*arm as usize)) else {
            return Err(self.refuse(self.item(f), None, "another static branch was taken"));
        };
        self.at += 1;
        self.nodes(f, nodes)
    }

    /// Matches the iterations of a loop that ran.
    pub(super) fn repeat(&mut self, f: usize, site: u16, body: &'static [Node]) -> Result<Flow, Error> {
        self.frames[f].iterations.push((site, 0));
        let flow = self.iterations(f, site, body);
        self.frames[f].iterations.pop();
        flow
    }

    fn iterations(&mut self, f: usize, site: u16, body: &'static [Node]) -> Result<Flow, Error> {
        while matches!(self.log.get(self.at), Some(Event::Iter(at)) if *at == site) {
            self.at += 1;
            match self.nodes(f, body)? {
                Flow::Next | Flow::Continue(0) => {}
                Flow::Break(0) => break,
                Flow::Break(n) => return Ok(Flow::Break(n - 1)),
                Flow::Continue(n) => return Ok(Flow::Continue(n - 1)),
                Flow::Return(value) => return Ok(Flow::Return(value)),
            }
            if let Some((_, n)) = self.frames[f].iterations.last_mut() {
                *n += 1;
            }
        }
        Ok(Flow::Next)
    }

    /// Matches the body of a closure in the frame where it is written, and returns its result.
    pub(super) fn closure(&mut self, f: usize, var: Var, args: &[Operand], at: At) -> Result<Slot, Error> {
        let Slot::Closure(home, Node::Closure { params, body, result, .. }) =
            self.operand(f, &Operand::Var(var))
        else {
            return Err(self.refuse(self.item(f), Some(at), "what is called is no closure of the trace"));
        };
        for (param, arg) in params.iter().zip(args) {
            let arg = self.operand(f, arg);
            self.check_slot(home, *param, &arg, None)?;
            self.set(home, *param, arg);
        }
        self.nodes(home, body)?;
        Ok(self.operand(home, result))
    }

    /// Checks the result of a closure parameter against the type that the item declares for it, because the caller has not
    /// checked that.
    pub(super) fn check_closure_result(
        &mut self,
        f: usize,
        var: Var,
        value: &Slot,
        at: At,
    ) -> Result<(), Error> {
        let item = self.item(f);
        let (Slot::Known(leaves), Some(Param { name, ty: Spec::Closure(declared), .. })) =
            (value, item.params.get(var as usize))
        else {
            return Ok(());
        };
        let found = self.typed(leaves);
        spec(&mut self.frames[f].dims, declared, &found, &[]).map_err(|(expected, found)| {
            self.refuse(item, Some(at), format!("`{name}` gives {found}, and its type says {expected}"))
        })
    }
}
