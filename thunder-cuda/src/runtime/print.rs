//! The text of `debug_print`.

use thunder_core::exec::Place;
use thunder_core::types::{DType, Element, NoMemory};

/// Prints a traced value in the same form as the CPU executor.
pub(super) fn print(label: &str, place: &Place, bytes: &[u8]) {
    fn typed<E: Element + std::fmt::Debug>(bytes: &[u8]) -> Vec<f64> {
        let count = bytes.len() / E::DTYPE.size();
        let list = E::read(count, |out| -> Result<(), NoMemory> {
            out.copy_from_slice(bytes);
            Ok(())
        });
        list.unwrap_or_default().into_iter().map(E::to_f64).collect()
    }
    let list = match place.dtype {
        DType::F64 => typed::<f64>(bytes),
        DType::F32 => typed::<f32>(bytes),
        DType::F16 => typed::<half::f16>(bytes),
        DType::BF16 => typed::<half::bf16>(bytes),
        DType::I64 => typed::<i64>(bytes),
        DType::I32 => typed::<i32>(bytes),
        DType::U32 => typed::<u32>(bytes),
        DType::U8 => typed::<u8>(bytes),
        DType::Bool => typed::<bool>(bytes),
    };
    let more = if place.layout.count() > list.len() { ", .." } else { "" };
    let list: Vec<String> = list.iter().map(f64::to_string).collect();
    let text = format!("{label}: {}{:?} [{}{more}]", place.dtype, place.layout.sizes, list.join(", "));
    // A standard error that can't be written to is no reason to fail.
    let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{text}\n"));
}
