//! Copying instructions into a builder under a renaming of values.

use crate::trace::{Body, Builder, InstData, Kind, Trace, Value};
use rustc_hash::{FxHashMap, FxHashSet};

/// What a value of the source stands for in the copy; a value that is not in it stands for itself.
#[derive(Clone, Default)]
pub(super) struct Map(FxHashMap<Value, Value>);

impl Map {
    /// What `v` stands for.
    pub(super) fn get(&self, v: Value) -> Value {
        self.0.get(&v).copied().unwrap_or(v)
    }

    /// What each of `list` stands for.
    pub(super) fn all(&self, list: &[Value]) -> Vec<Value> {
        list.iter().map(|&v| self.get(v)).collect()
    }

    /// Lets `from` stand for `to`.
    pub(super) fn insert(&mut self, from: Value, to: Value) {
        self.0.insert(from, to);
    }

    /// Lets each of `from` stand for its peer in `to`.
    pub(super) fn bind(&mut self, from: &[Value], to: &[Value]) {
        self.0.extend(from.iter().copied().zip(to.iter().copied()));
    }
}

/// Appends `inst` as it is, with fresh results; nested bodies are copied by `nested`.
pub(super) fn inst<E>(
    b: &mut Builder,
    inst: &InstData,
    map: &mut Map,
    nested: &mut dyn FnMut(&mut Builder, &Body, &mut Map) -> Result<Body, E>,
) -> Result<Vec<Value>, E> {
    let body = match &inst.body {
        Some(body) => Some(nested(b, body, map)?),
        None => None,
    };
    let types: Vec<_> = inst.results.iter().map(|&v| b.ty(v)).collect();
    b.loc = inst.loc;
    let results = b.push(inst.kind, map.all(&inst.args), &types, body);
    map.bind(&inst.results, &results);
    Ok(results)
}

/// A copy of `source` with fresh parameters, its instructions appended by `fill`, which gives its results.
pub(super) fn body<E>(
    b: &mut Builder,
    source: &Body,
    map: &mut Map,
    fill: impl FnOnce(&mut Builder, &Body, &mut Map) -> Result<Vec<Value>, E>,
) -> Result<Body, E> {
    let params: Vec<Value> = source
        .params
        .iter()
        .map(|&p| {
            let ty = b.ty(p);
            b.trace.value(ty)
        })
        .collect();
    map.bind(&source.params, &params);
    let mut inner = Builder::new(b.trace);
    let results = fill(&mut inner, source, map)?;
    Ok(Body { params, insts: inner.finish(), results })
}

/// `trace` with its instructions appended anew by `fill`, which gives the results.
pub(super) fn trace<E>(
    mut trace: Trace,
    fill: impl FnOnce(&mut Builder, &Body, &mut Map) -> Result<Vec<Value>, E>,
) -> Result<Trace, E> {
    let body = std::mem::take(&mut trace.body);
    let mut b = Builder::new(&mut trace);
    let results = fill(&mut b, &body, &mut Map::default())?;
    let insts = b.finish();
    trace.body = Body { params: body.params, insts, results };
    Ok(trace)
}

/// Whether an instruction of `body` or of a body in it is of such a kind.
pub(super) fn contains(trace: &Trace, body: &Body, kind: &dyn Fn(&Kind) -> bool) -> bool {
    let inside = |inst: &InstData| inst.body.as_ref().is_some_and(|b| contains(trace, b, kind));
    trace.insts(body).any(|inst| kind(&inst.kind) || inside(inst))
}

/// The values that `body` reads from the bodies around it, each once, in order of their first use.
pub(super) fn reads(trace: &Trace, body: &Body) -> Vec<Value> {
    fn walk(
        trace: &Trace,
        body: &Body,
        own: &mut FxHashSet<Value>,
        seen: &mut FxHashSet<Value>,
        out: &mut Vec<Value>,
    ) {
        own.extend(&body.params);
        let mut read = |v: Value, own: &FxHashSet<Value>| {
            if !own.contains(&v) && seen.insert(v) {
                out.push(v);
            }
        };
        for &i in &body.insts {
            let inst = trace.data(i);
            inst.args.iter().for_each(|&a| read(a, own));
            if let Some(inner) = &inst.body {
                let mut list = Vec::new();
                walk(trace, inner, own, &mut FxHashSet::default(), &mut list);
                list.into_iter().for_each(|v| read(v, own));
            }
            own.extend(&inst.results);
        }
        body.results.iter().for_each(|&r| read(r, own));
    }
    let mut out = Vec::new();
    walk(trace, body, &mut FxHashSet::default(), &mut FxHashSet::default(), &mut out);
    out
}
