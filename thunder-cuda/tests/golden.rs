//! The generated sources, compared with the files in `golden/`. `UPDATE=1` writes them anew.

mod cases;

use std::fmt::Write;
use std::path::PathBuf;
use thunder_core::exec::{Work, plan};
use thunder_core::kernel::choose;
use thunder_core::kernel::target::Gpu;
use thunder_cuda::codegen::{self, Lowered, canonical, lower};

#[test]
fn sources_are_golden() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = Vec::new();
    for case in cases::all(256) {
        let trace = cases::fused(&case.trace());
        let plan = plan(&trace, &case.donated, codegen::writes).expect("a plan");
        let lowered: Vec<Lowered> = plan
            .steps
            .iter()
            .map(|step| lower(&trace, step, &Gpu::H100).unwrap_or_else(|e| panic!("{}: {e}", case.name)))
            .collect();
        let mut sources: Vec<String> = Vec::new();
        for group in codegen::groups(&trace, &plan.steps, &plan.outs, &lowered) {
            match (group.batch, &lowered[group.steps[0]]) {
                (Some((kernel, _)), _) => sources.push(kernel.source),
                (None, Lowered::Kernels(list) | Lowered::Print(list, _)) => {
                    sources.extend(list.iter().map(|k| k.source.clone()));
                }
                (None, Lowered::Product(_) | Lowered::Zeros) => {}
            }
        }
        for (i, source) in sources.iter().enumerate() {
            let path = folder.join(format!("{}_{i}.cu", case.name));
            let known = std::fs::read_to_string(&path).unwrap_or_default();
            if known == *source {
                continue;
            }
            if update {
                std::fs::write(&path, source).expect("golden files can be written");
            } else {
                wrong.push(path.display().to_string());
            }
        }
    }
    assert!(wrong.is_empty(), "not as golden (UPDATE=1 rewrites them):\n{}", wrong.join("\n"));
}

/// The number of rows is an argument: another batch size compiles nothing.
#[test]
fn another_batch_size_is_the_same_kernel() {
    for name in ["bias_gelu", "layer_norm", "layer_norm_backward", "add_rms_norm", "adamw"] {
        let sources = [8192, 16384].map(|rows| {
            let case = cases::all(rows).into_iter().find(|c| c.name == name).expect("a case");
            let trace = cases::fused(&case.trace());
            let steps = plan(&trace, &case.donated, codegen::writes).expect("a plan").steps;
            let kernels = steps.iter().flat_map(|s| match lower(&trace, s, &Gpu::H100) {
                Ok(Lowered::Kernels(list)) => list,
                _ => Vec::new(),
            });
            kernels.map(|k| canonical(&k.source)).collect::<Vec<_>>()
        });
        assert_eq!(sources[0], sources[1], "{name}");
    }
}

/// The schedules of every case on three devices, side by side: what is chosen depends on the device's description alone.
#[test]
fn schedules_are_golden() {
    let devices = [("H100", Gpu::H100), ("A100", Gpu::A100), ("RTX 4090", Gpu::RTX_4090)];
    let mut text = String::new();
    for case in cases::all(8192) {
        let trace = cases::fused(&case.trace());
        let plan = plan(&trace, &case.donated, codegen::writes).expect("a plan");
        writeln!(text, "{}", case.name).expect("a string grows");
        for (name, gpu) in &devices {
            for step in &plan.steps {
                let Work::Loop(nest) = &step.work else { continue };
                for schedule in choose::gpu(&step.nest(&nest.region, &nest.operands), gpu) {
                    writeln!(text, "  {name:<8} {schedule}").expect("a string grows");
                }
            }
        }
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/schedules.txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &text).expect("golden files can be written");
    }
    assert_eq!(
        std::fs::read_to_string(&path).unwrap_or_default(),
        text,
        "UPDATE=1 rewrites {}",
        path.display()
    );
}
