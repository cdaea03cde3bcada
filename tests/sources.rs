//! The training of whole models becomes kernels that the verifier accepts, for every GPU that is described, without one.

#[path = "../examples/train_gpt/step.rs"]
#[allow(dead_code)]
mod step;

use std::any::Any;
use std::sync::Arc;
use step::{Recipe, next_logits, train_step};
use thunder::nn::GptConfig;
use thunder::prelude::*;
use thunder_core::exec::{Arg, Backend, Buffer, Executable, Memory, Report, plan};
use thunder_core::item::Options;
use thunder_core::kernel::target::{Gpu, Target};
use thunder_core::op::Op;
use thunder_core::trace::Trace;
use thunder_core::types::Ty;
use thunder_cuda::codegen;

/// A buffer without memory, of so many bytes.
struct Nowhere(usize);

impl Memory for Nowhere {
    fn bytes(&self) -> usize {
        self.0
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A GPU that makes the sources of its kernels and runs nothing.
struct Generator(&'static str, Gpu);

impl Backend for Generator {
    fn name(&self) -> String {
        self.0.into()
    }
    fn target(&self) -> Target {
        Target::Gpu(self.1.clone())
    }
    fn upload(&self, bytes: &[u8]) -> Result<Buffer, Error> {
        Ok(Arc::new(Nowhere(bytes.len())))
    }
    fn fill(&self, element: &[u8], count: usize) -> Result<Buffer, Error> {
        Ok(Arc::new(Nowhere(element.len() * count)))
    }
    fn download(&self, _: &Buffer, out: &mut [u8]) -> Result<(), Error> {
        out.fill(0);
        Ok(())
    }
    fn claims(&self, op: &Op, args: &[Ty]) -> bool {
        codegen::claims(op, args)
    }
    fn compile(&self, trace: &Trace, donated: &[bool], _: Options) -> Result<Arc<dyn Executable>, Error> {
        for step in &plan(trace, donated, codegen::writes)?.steps {
            codegen::lower(trace, step, &self.1)?;
        }
        Ok(Arc::new(Generated(trace.body.results.iter().map(|&r| trace.ty(r).bytes()).collect())))
    }
}

/// The bytes of each result.
struct Generated(Vec<usize>);

impl Executable for Generated {
    fn run(&self, _: &mut Vec<Arg>) -> Result<Vec<Buffer>, Error> {
        Ok(self.0.iter().map(|&bytes| Arc::new(Nowhere(bytes)) as Buffer).collect())
    }
    fn report(&self) -> Report {
        Report::default()
    }
}

fn trains(recipe: &Recipe, half: bool) {
    let (model, opt) = recipe.start(Key::new(0)).expect("no memory is needed");
    let (b, t) = (recipe.batch, recipe.model.context);
    let tokens = Tensor::<i64, _>::zeros((b, t));
    let lr = Scalar::from(1e-3f32);
    let (model, _, _) = train_step::call(model, opt, &lr, &tokens, &tokens, Key::new(1), half)
        .unwrap_or_else(|e| panic!("{recipe:?}, half {half}: {e}"));
    next_logits::call(&model, &tokens, &Tensor::<i64, _>::zeros((3,)), Key::new(1))
        .unwrap_or_else(|e| panic!("{recipe:?}: {e}"));
}

#[test]
fn training_becomes_kernels() {
    for (name, gpu) in [("a100", Gpu::A100), ("rtx_4090", Gpu::RTX_4090), ("h100", Gpu::H100)] {
        Device::register(Arc::new(Generator(name, gpu))).set_default();
        for half in [false, true] {
            trains(&Recipe::cpu(65), half);
            trains(&Recipe::baby(65), half);
            // GPT-2's layers, and a model whose extents are odd.
            let gpt2 = GptConfig { layers: 2, vocabulary: 50304, dropout: 0.0, ..GptConfig::default() };
            trains(&Recipe { model: gpt2, batch: 4, ..Recipe::cpu(65) }, half);
            let odd =
                GptConfig { context: 13, width: 33, heads: 3, vocabulary: 71, ..Recipe::baby(71).model };
            trains(&Recipe { model: odd, batch: 5, ..Recipe::cpu(65) }, half);
        }
    }
}
