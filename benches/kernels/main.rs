//! Times small functions of the language on a GPU: the rows, the sizes and the protocol of `peers.py`, which runs this
//! beside PyTorch and JAX (`python3 benches/peers.py micro overhead --thunder target/release/deps/kernels-…`).
//!
//! Prints lines `row NAME MILLISECONDS LAUNCHES` and `overhead NAME MICROSECONDS`; lines that start with `#` are remarks.
//! `ONLY=ce_fwd,rope_fwd` chooses rows.

#[cfg(feature = "cuda")]
mod functions;
#[cfg(feature = "cuda")]
mod rows;

fn main() {
    // `cargo test` runs benches too, to see that they run: they need a device.
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
