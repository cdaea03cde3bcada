//! Static values in a body, by example.
//!
//! Extents, Rust numbers, texts and configuration are known while a trace is linked. What is computed of them is plain
//! Rust: it runs then, and leaves nothing in the trace. Of a field, `self.rate`, only rustc knows whether it is a number
//! or a tensor; where that matters, rustc is asked, and refuses a tensor in the language's words.
//!
//! # Numbers, texts, comparisons
//!
//! A static local may be changed: `+=` and its like, elements, fields of tuples. A tensor is never changed in its place.
//! `==` and `<` compare static values of every type that Rust compares: options, tuples, arrays, texts, enums.
//!
//! ```
//! use thunder::prelude::*;
//!
//! #[thunder]
//! #[derive(PartialEq)]
//! struct Config {
//!     rate: f32,
//!     skip: Option<usize>,
//!     widths: Vec<usize>,
//!     name: String,
//! }
//!
//! #[thunder]
//! fn scaled(x: &Tensor<f32, (N,)>, config: &Config) -> Tensor<f32, (N,)> {
//!     let mut rate = config.rate;
//!     rate *= 2.0;
//!     for i in 0..config.widths.len() {
//!         if config.skip != Some(i) {
//!             rate += f32::max(config.widths[i] as f32, 3.0);
//!         }
//!     }
//!     let letters = config.name.chars().filter(|c| c.is_alphabetic()).count();
//!     x * rate + (N << letters) as f32
//! }
//!
//! let config = Config { rate: 0.5, skip: Some(0), widths: vec![2, 4], name: "a1".into() };
//! assert_eq!(scaled(&Tensor::ones((2,)), &config).to_vec(), [9.0, 9.0]);
//! ```
//!
//! # What is not there: `?`
//!
//! `?` leaves a `#[thunder]` function that gives an `Option`; whether it did, is a branch of the trace. In a closure it
//! leaves the closure, which may trace nothing after it. A function that gives a tensor has nothing to give instead:
//! there, `unwrap`, `expect`, `if let` or `let … else`.
//!
//! ```
//! use thunder::prelude::*;
//!
//! #[thunder]
//! fn size(text: &str) -> Option<usize> {
//!     let (rows, columns) = text.split_once('x')?;
//!     Some(rows.parse::<usize>().ok()? * columns.parse::<usize>().ok()?)
//! }
//!
//! #[thunder]
//! fn resized(x: &Tensor<f32, (N,)>, text: &str, bias: Option<f32>) -> Option<Tensor<f32, (N,)>> {
//!     let twice = || Some(bias? * 2.0);
//!     Some(x * size(text)? as f32 + twice().unwrap_or(0.0))
//! }
//!
//! let x = Tensor::<f32, _>::ones((1,));
//! assert_eq!(resized(&x, "2x3", Some(1.0)).unwrap().to_vec(), [8.0]);
//! assert!(resized(&x, "2", None).is_none());
//! ```
//!
//! # Iterators
//!
//! Closures of iterators may call what is traced. `filter` by a `#[thunder]` method is a branch at each element. What
//! `chain` or a closure of `filter_map`, `flat_map`, `scan` gives is not followed, so those trace nothing.
//!
//! ```
//! use thunder::prelude::*;
//!
//! #[thunder]
//! struct Layer {
//!     w: Tensor<f32, (C,)>,
//!     rate: f32,
//! }
//!
//! #[thunder]
//! impl Layer {
//!     fn is_on(&self) -> bool {
//!         self.rate > 0.0
//!     }
//!
//!     fn forward(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
//!         x * &self.w
//!     }
//! }
//!
//! #[thunder]
//! fn through(layers: &[Layer], x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
//!     let mut h = x.clone();
//!     for layer in layers.iter().filter(|l| l.is_on()) {
//!         h = layer.forward(&h);
//!     }
//!     h * layers.iter().map(|l| l.rate).sum::<f32>()
//! }
//!
//! let layer = |w: f32, rate: f32| Layer { w: Tensor::full(w, (1,)), rate };
//! let layers = [layer(2.0, 1.0), layer(3.0, 0.0), layer(5.0, 0.5)];
//! assert_eq!(through(&layers, &Tensor::ones((1,))).to_vec(), [15.0]);
//! ```
//!
//! # Macros
//!
//! `vec!`, `matches!`, `format!`; `assert!`, `assert_eq!`, `assert_ne!` and their `debug_` forms; `panic!`,
//! `unreachable!`, `todo!`, `unimplemented!`. A panic while linking is an [`Error`](crate::Error) with its line.
//!
//! # Extents
//!
//! A body reads an extent by its name. It is found in the shapes of the parameters, in those of the tensors that a list,
//! an `Option` or a tuple holds, in a module's dimensions, and in an expression that has one solution for it:
//! `Dim<{ 2 * C }>`, `Dim<{ C + 1 }>`, `Dim<{ H * D }>` where `H` is given otherwise. `Dim<{ C / 2 }>` says nothing of
//! `C`. A name that only expressions have, in a whole signature, is a constant's.
//!
//! ```
//! use thunder::prelude::*;
//!
//! #[thunder]
//! fn gated(x: &Tensor<f32, (B, Dim<{ 2 * C }>)>) -> Tensor<f32, (B, C)> {
//!     let [value, gate] = x.chunk(2, -1);
//!     value * gate.sigmoid() / C as f32
//! }
//!
//! #[thunder]
//! fn average(xs: &[Tensor<f32, (N,)>]) -> Tensor<f32, (N,)> {
//!     stack(xs, 0).mean(0) * N as f32
//! }
//!
//! assert_eq!(gated(&Tensor::zeros((1, 6))).shape(), (1, 3));
//! assert_eq!(average(&[Tensor::ones((2,)), Tensor::ones((2,))]).to_vec(), [2.0, 2.0]);
//! ```
