//! The launches of a call as one CUDA graph: captured once, and launched again as long as its addresses stay the same.

use super::{Gpu, absent, check, cu};
use thunder_core::error::Error;

/// The largest operand or result, in bytes, that a call copies to a fixed address so that the graph stays valid.
const SMALL: usize = 1 << 20;

/// Operands and results that have fixed addresses: index, offset and size in bytes of each.
#[derive(Default)]
pub(crate) struct Staged {
    pub params: Vec<(usize, usize, usize)>,
    pub outs: Vec<(usize, usize, usize)>,
    /// The total size in bytes.
    pub bytes: usize,
}

impl Staged {
    /// Fixed addresses for small operands and results: for parameters that are not donated, because the result of a donated
    /// one has its address, and for results that may be in new memory.
    pub fn new(
        params: impl Iterator<Item = (usize, usize)>,
        outs: impl Iterator<Item = (usize, usize)>,
    ) -> Staged {
        let mut bytes = 0;
        let mut places = |list: &mut dyn Iterator<Item = (usize, usize)>| -> Vec<(usize, usize, usize)> {
            list.filter(|&(_, n)| n <= SMALL && n > 0)
                .map(|(i, n)| {
                    let at = bytes;
                    bytes += n.next_multiple_of(256);
                    (i, at, n)
                })
                .collect()
        };
        let (mut params, mut outs) = (params, outs);
        let (params, outs) = (places(&mut params), places(&mut outs));
        Staged { params, outs, bytes }
    }
}

/// The stream on which launches are captured.
pub(super) struct Drafts(cu::CUstream);

impl Default for Drafts {
    fn default() -> Drafts {
        Drafts(std::ptr::null_mut())
    }
}

/// A graph that can be launched.
pub(crate) struct Captured(cu::CUgraphExec);

impl Default for Captured {
    fn default() -> Captured {
        Captured(std::ptr::null_mut())
    }
}

// SAFETY: the handle is used by one thread at a time: it belongs to an instance, which is behind a lock.
unsafe impl Send for Captured {}

impl Drop for Captured {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: nothing else holds the graph; the driver lets a launch in flight end first.
            unsafe { cu::cuGraphExecDestroy(self.0) };
        }
    }
}

impl Captured {
    /// Captures the launches that `start` makes on the stream that it gets. Updates this graph if only addresses differ, or
    /// makes a new one.
    pub fn capture(
        mut self,
        gpu: &Gpu,
        start: impl FnOnce(cu::CUstream) -> Result<(), Error>,
    ) -> Result<Captured, Error> {
        let mut drafts = gpu.drafts.lock().map_err(|_| absent("the capturing stream is broken"))?;
        if drafts.0.is_null() {
            // SAFETY: writes a new stream, kept for the process's life.
            check(unsafe { cu::cuStreamCreate(&mut drafts.0, 1) }, "making a stream")?;
        }
        let mode = cu::CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_RELAXED;
        // SAFETY: nothing else uses the stream, which is behind the lock.
        check(unsafe { cu::cuStreamBeginCapture_v2(drafts.0, mode) }, "capturing")?;
        let started = start(drafts.0);
        let mut graph = std::ptr::null_mut();
        // SAFETY: ends what was begun above, and writes the graph.
        let ended = check(unsafe { cu::cuStreamEndCapture(drafts.0, &mut graph) }, "capturing");
        let outcome = started.and(ended).and_then(|()| self.take(graph));
        if !graph.is_null() {
            // SAFETY: the graph is not used any more; what can be launched is a copy.
            unsafe { cu::cuGraphDestroy(graph) };
        }
        outcome.map(|()| self)
    }

    fn take(&mut self, graph: cu::CUgraph) -> Result<(), Error> {
        if !self.0.is_null() {
            let mut info = std::mem::MaybeUninit::zeroed();
            // SAFETY: both handles are alive, and the driver writes the reason of a refusal.
            let code = unsafe { cu::cuGraphExecUpdate_v2(self.0, graph, info.as_mut_ptr()) };
            if code == cu::CUresult::CUDA_SUCCESS {
                return Ok(());
            }
            *self = Captured::default();
        }
        // SAFETY: writes a new handle.
        check(unsafe { cu::cuGraphInstantiateWithFlags(&mut self.0, graph, 0) }, "making a graph")
    }

    /// Launches it.
    pub fn launch(&self, gpu: &Gpu) -> Result<(), Error> {
        // SAFETY: the graph's addresses are those of this call's blocks and of the instance.
        check(unsafe { cu::cuGraphLaunch(self.0, gpu.stream) }, "launching a graph")
    }
}
