//! Measures small functions of the language on a GPU, with the rows, the sizes and the protocol of `peers.py`, which runs
//! this bench, PyTorch and JAX (`python3 benches/peers.py micro overhead --thunder target/release/deps/kernels-…`).
//!
//! Prints lines `row NAME MILLISECONDS LAUNCHES` and `overhead NAME MICROSECONDS`; lines that start with `#` are comments.
//! `ONLY=ce_fwd,rope_fwd` selects rows.

#[cfg(feature = "cuda")]
mod functions;
#[cfg(feature = "cuda")]
mod rows;

fn main() {
    // `cargo test` runs benches too, to check that they work. This one needs a device.
    if std::env::args().all(|a| a != "--bench") {
        return println!("# nothing was timed: run it with `--bench`, on a machine with a GPU");
    }
    #[cfg(feature = "cuda")]
    if let Err(e) = rows::run() {
        eprintln!("error: {e}");
        std::process::exit(1);
    }
    #[cfg(not(feature = "cuda"))]
    println!("# nothing was timed: this build is without the feature `cuda`");
}
