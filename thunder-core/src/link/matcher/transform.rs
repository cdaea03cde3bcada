//! Transforms: the nested bodies of `grad`, `vmap`, `scan` and the others.

use super::{Matcher, Slot, fits};
use crate::error::Error;
use crate::item::{At, Node, Operand, Transform, Var};
use crate::recorder::Event;

impl Matcher<'_> {
    /// Matches the start of a transform's closure: the arguments of the transform, and the closure's parameters.
    pub(super) fn open(
        &mut self,
        f: usize,
        kind: Transform,
        args: &[Operand],
        params: &[Var],
        at: At,
    ) -> Result<(), Error> {
        let refuse = |m: &Self, what: String| Err(m.refuse(m.item(f), Some(at), what));
        let Some(Event::Open { kind: opened, args: given, params: fresh }) = self.log.get(self.at) else {
            return refuse(self, format!("expected `{kind:?}`, recorded {}", self.describe()));
        };
        if *opened != kind {
            return refuse(self, format!("expected `{kind:?}`, recorded `{opened:?}`"));
        }
        for (i, (want, got)) in args.iter().zip(given).enumerate() {
            if !fits(&self.operand(f, want), got) {
                return refuse(self, format!("operand {i} of `{kind:?}` is another value"));
            }
        }
        for (param, leaves) in params.iter().zip(fresh) {
            self.set(f, *param, Slot::Known(leaves.clone()));
        }
        self.at += 1;
        Ok(())
    }

    /// Matches the steps of a `scan`, each of which is recorded.
    pub(super) fn scan(
        &mut self,
        f: usize,
        params: &[Var],
        body: &'static [Node],
        result: &Operand,
        at: At,
    ) -> Result<(), Error> {
        while let Some(Event::Open { kind: Transform::Scan, params: fresh, .. }) = self.log.get(self.at) {
            for (param, leaves) in params.iter().zip(fresh) {
                self.set(f, *param, Slot::Known(leaves.clone()));
            }
            self.at += 1;
            self.nodes(f, body)?;
            self.close(f, Transform::Scan, result, at)?;
        }
        Ok(())
    }

    /// Matches the end of a transform's closure.
    pub(super) fn close(&mut self, f: usize, kind: Transform, result: &Operand, at: At) -> Result<(), Error> {
        let Some(Event::Close { result: closed }) = self.log.get(self.at) else {
            let what = format!("expected the end of `{kind:?}`, recorded {}", self.describe());
            return Err(self.refuse(self.item(f), Some(at), what));
        };
        if !fits(&self.operand(f, result), closed) {
            return Err(self.refuse(
                self.item(f),
                Some(at),
                format!("the result of `{kind:?}` is another value"),
            ));
        }
        self.at += 1;
        Ok(())
    }

    /// Binds the result that a transform returns to the enclosing body.
    pub(super) fn transform_result(
        &mut self,
        f: usize,
        kind: Transform,
        dst: Var,
        at: At,
    ) -> Result<(), Error> {
        let Some(Event::Given { result }) = self.log.get(self.at) else {
            return Err(self.refuse(self.item(f), Some(at), format!("`{kind:?}` gave nothing")));
        };
        self.set(f, dst, Slot::Known(result.clone()));
        self.at += 1;
        Ok(())
    }
}
