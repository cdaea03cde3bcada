//! How long an expansion takes: `cargo test -p thunder-macros --release -- --ignored --nocapture timing`.

use std::time::Instant;

#[test]
#[ignore = "prints a time"]
fn timing() {
    let mut body = String::from("let x0 = x.exp();\n");
    for i in 1..150 {
        body.push_str(&format!("let x{i} = (x{} * 0.5 + w).tanh();\n", i - 1));
    }
    let source = format!(
        "pub fn f<E: Float>(x: &Tensor<E, (B, T, C)>, w: &Tensor<E, (C,)>) -> Tensor<E, (B, T, C)> {{ {body} x149 }}"
    );
    let tokens: proc_macro2::TokenStream = source.parse().expect("the test's source parses");
    for _ in 0..3 {
        let start = Instant::now();
        let out = crate::expand_tokens(Default::default(), tokens.clone(), || None);
        let time = start.elapsed();
        println!("448 operations: {time:?}, {} bytes of tokens", out.to_string().len());
    }
}
