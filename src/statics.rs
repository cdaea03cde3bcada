//! Static values in a body, with examples.
//!
//! Extents, Rust numbers, strings and configuration are known when a trace is linked. Code that computes with them is
//! plain Rust: it runs during linking and leaves nothing in the trace. The macro can't know whether a field such as
//! `self.rate` is a number or a tensor. Where that matters, the generated code makes rustc check the type, with an error in
//! the language's own words.
//!
//! # Numbers, strings, comparisons
//!
//! A static local variable can be changed: by `+=` and similar operators, element by element, or by field. A tensor is
//! never changed in place. `==` and `<` compare static values of every type that Rust can compare: options, tuples,
//! arrays, strings, enums.
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
//! # Leaving early: `?`
//!
//! `?` works in a `#[thunder]` function that returns an `Option`; whether it returned early is a static branch of the trace.
//! In a closure, `?` returns from the closure, which may not trace anything after it. A function that returns a tensor has
//! no value to return early: use `unwrap`, `expect`, `if let` or `let … else` there.
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
//! Closures of iterators can call traced functions. `filter` with a `#[thunder]` method is a static branch at each element.
//! The macro does not follow the results of `chain` or of the closures of `filter_map`, `flat_map` and `scan`, so those may
//! not trace anything.
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
//! A body uses an extent by its name. The extent comes from the shapes of the parameters, from the shapes of the tensors in
//! a list, an `Option` or a tuple, from a module's dimensions, or from an expression that has one solution for the name:
//! `Dim<{ 2 * C }>`, `Dim<{ C + 1 }>`, or `Dim<{ H * D }>` where `H` is declared elsewhere. `Dim<{ C / 2 }>` does not
//! determine `C`. A name that occurs only in expressions in the whole signature is taken as a constant.
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
