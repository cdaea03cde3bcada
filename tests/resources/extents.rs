//! Extents and indices beyond any memory are refused where they enter, and never cause a panic inside the compiler.

use std::panic::{AssertUnwindSafe, catch_unwind};
use thunder::Error;
use thunder::prelude::*;
use thunder::weights::Reader;

const MAX: usize = usize::MAX;
/// The greatest `i64`.
const WIDE: usize = i64::MAX as usize;
/// Such that no two of them, nor one with 1, are few elements; but any with 0 are none.
const GREAT: [usize; 5] = [MAX, MAX - 1, WIDE + 1, WIDE, 1 << 62];

/// Checks that an error has a message that helps the user.
#[track_caller]
fn told<T>(what: &str, result: std::thread::Result<Result<T, Error>>) {
    match result {
        Err(_) => panic!("{what}: it panicked"),
        Ok(Ok(_)) => panic!("{what}: it was not refused"),
        Ok(Err(e)) => {
            assert!(
                !matches!(e, Error::Internal { .. } | Error::StaticPanic { .. } | Error::Link { .. }),
                "{e}"
            );
        }
    }
}

#[test]
fn constructors_refuse_great_extents() {
    for a in GREAT {
        for b in [0, 1].into_iter().chain(GREAT) {
            for shape in [(a, b), (b, a)] {
                let what = format!("{shape:?}");
                told(&what, catch_unwind(|| Tensor::try_from_vec(Vec::<f64>::new(), shape)));
                told(&what, catch_unwind(|| Tensor::on(Device::cpu(), &[] as &[bf16], shape)));
                told(&what, catch_unwind(|| Tensor::try_full(1.0f32, shape)));
                told(&what, catch_unwind(|| Tensor::try_full(1i64, shape)));
                told(&what, catch_unwind(|| Tensor::<f32, _>::try_randn(shape, Key::new(0))));
                told(&what, catch_unwind(|| Tensor::try_full(1.0f32, (shape.0, 0, shape.1))));
                // These panic with the error's message.
                let text = catch_unwind(|| Tensor::<f32, _>::zeros(shape)).unwrap_err();
                let text = text.downcast_ref::<String>().unwrap();
                assert!(text.contains("out of memory") || text.contains("expected extents"), "{text}");
                assert!(catch_unwind(|| Tensor::<f32, _>::randn(shape, Key::new(0))).is_err());
            }
        }
    }
    // Two that are valid by themselves, next to a zero.
    told("strides", catch_unwind(|| Tensor::try_full(1.0f32, (1 << 40, 0, 1 << 40))));
    assert_eq!(Tensor::try_full(1.0f32, (1 << 30, 0, 1 << 20)).unwrap().len(), 0);
}

#[test]
fn files_with_great_extents_are_refused() {
    let path = std::env::temp_dir().join(format!("thunder-extents-{}.safetensors", std::process::id()));
    for shape in ["[0,18446744073709551615]", "[9223372036854775808,0]", "[4611686018427387904,0]"] {
        let header = format!(r#"{{"w":{{"dtype":"F32","shape":{shape},"data_offsets":[0,0]}}}}"#);
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        std::fs::write(&path, bytes).unwrap();
        let read = || Reader::open(&path)?.tensor::<f32, (usize, usize)>("w");
        told(shape, catch_unwind(read));
    }
    std::fs::remove_file(&path).unwrap();
}

/// A function of one vector and one number, and its error for each great number.
macro_rules! refused {
    ($($name:ident($x:ident: $n:ident, $a:ident) -> $r:ty $body:block)*) => {$(
        #[allow(dead_code, reason = "the function itself: what is called is `f::call`")]
        mod $name {
            use thunder::prelude::*;

            #[thunder]
            pub fn f($x: &Tensor<f32, ($n,)>, $a: usize) -> $r $body
        }

        #[test]
        fn $name() {
            for n in [4, 0] {
                let x = Tensor::from_vec(vec![1.0f32; n], (n,));
                for a in GREAT {
                    let call = AssertUnwindSafe(|| $name::f::call(&x, a).map_err(|e| e.error));
                    told(&format!("{} of {a}, {n} elements", stringify!($name)), catch_unwind(call));
                }
            }
        }
    )*};
}

refused! {
    slice_from(x: N, a) -> Tensor<f32, (_,)> { x.slice((a..a,)) }
    slice_to(x: N, a) -> Tensor<f32, (_,)> { x.slice((..a,)) }
    pad_before(x: N, a) -> Tensor<f32, (_,)> { x.pad(((a, 0),), 0.0) }
    pad_both(x: N, a) -> Tensor<f32, (_,)> { x.pad(((a, a),), 0.0) }
    narrowed(x: N, a) -> Tensor<f32, (_,)> { x.narrow(0, a, 1) }
    narrowed_long(x: N, a) -> Tensor<f32, (_,)> { x.narrow(0, 1, a) }
    selected(x: N, a) -> Tensor<f32, ()> { x.select_index(0, a) }
    repeated(x: N, a) -> Tensor<f32, (_, _)> { x.broadcast_to((a, x.shape().0)) }
    filled(x: N, a) -> Tensor<f32, (_, _)> { full::<f32, _>((a, 0), 1.0) + x.sum(..) }
    counted(x: N, a) -> Tensor<f32, (_,)> { arange::<f32>(a) + x.sum(..) }
    coded(x: N, a) -> Tensor<f32, (_, _)> { x.cast::<i64>().one_hot::<f32>(a) }
}

#[thunder]
fn drawn(key: Key, a: usize, b: usize) -> Tensor<f32, (_, _)> {
    uniform::<f32, _>((a, b), key)
}

#[test]
fn random_numbers_without_end() {
    for a in GREAT {
        for b in [0, 1, 3] {
            told("drawn", catch_unwind(|| drawn::call(Key::new(0), a, b).map_err(|e| e.error)));
        }
    }
}
