//! What a device does by itself: it fills, draws and converts tensors, and tells what its memory is used for.

use crate::device;
use half::{bf16, f16};
use thunder::nn::{self, Linear};
use thunder::prelude::*;
use thunder_core::types::Element;

fn filled<E: Element + PartialEq + std::fmt::Debug>(value: E) {
    device();
    for n in [0usize, 1, 3, 1000] {
        assert_eq!(Tensor::full(value, (n, 2)).to_vec(), vec![value; 2 * n]);
    }
    assert_eq!(Tensor::<E, _>::zeros((5,)).to_vec(), vec![E::from_f64(0.0); 5]);
}

#[test]
fn every_element_type_is_filled() {
    filled(-1.5f64);
    filled(-1.5f32);
    filled(f16::from_f32(-1.5));
    filled(bf16::from_f32(-1.5));
    filled(-3_000_000_001i64);
    filled(-3i32);
    filled(4_000_000_000u32);
    filled(250u8);
    filled(true);
}

#[test]
fn normals_are_drawn_in_f64_and_rounded_once() {
    device();
    let wide = Tensor::<f64, _>::randn((64, 1000), Key::new(5)).to_vec();
    let n = wide.len() as f64;
    let moment = |k: i32| wide.iter().map(|x| x.powi(k)).sum::<f64>() / n;
    assert!(
        moment(1).abs() < 0.02 && (moment(2) - 1.0).abs() < 0.03 && moment(3).abs() < 0.06,
        "{}",
        moment(1)
    );
    assert!((moment(4) - 3.0).abs() < 0.15, "{}", moment(4));
    let narrow = Tensor::<bf16, _>::try_normal((64, 1000), 0.02, Key::new(5)).unwrap().to_vec();
    let rounded: Vec<bf16> = wide.iter().map(|x| <bf16 as Element>::from_f64(x * 0.02)).collect();
    assert_eq!(narrow, rounded);
    assert!(Tensor::<f32, _>::randn((0, 3), Key::new(5)).to_vec().is_empty());
    assert_eq!(Tensor::<f32, _>::randn((), Key::new(5)).item(), wide[0] as f32);
}

#[test]
fn modules_are_converted_where_they_lie() {
    device();
    let layer = Linear::<f32>::new(33, 7, true, Key::new(0));
    let narrow: Linear<bf16> = nn::cast::<bf16, _>(&layer).unwrap();
    let want: Vec<bf16> = layer.weight.to_vec().iter().map(|x| bf16::from_f32(*x)).collect();
    assert_eq!(narrow.weight.to_vec(), want);
    assert_eq!(narrow.weight.device(), layer.weight.device());
    let zeros: Linear<f64> = nn::zeros_like::<f64, _>(&narrow).unwrap();
    assert_eq!(zeros.weight.to_vec(), vec![0.0; 33 * 7]);
    assert_eq!((zeros.weight.shape(), zeros.weight.device()), (layer.weight.shape(), layer.weight.device()));
}

#[test]
fn memory_is_counted() {
    device();
    let here = Device::default_device();
    here.synchronize().unwrap();
    let bytes = 64 << 20;
    let large = Tensor::<u8, _>::zeros((bytes,));
    let with = here.memory_stats();
    assert!(with.in_use >= bytes && with.peak >= with.in_use && with.reserved >= with.in_use, "{with:?}");
    drop(large);
    // Other tests allocate meanwhile: how much goes is for the tests of each device's memory.
    here.reset_peak_memory();
    let stats = here.memory_stats();
    assert!(stats.peak >= stats.in_use && stats.reserved >= stats.in_use, "{stats:?}");
}
