//! Checks the documentation: every operation has a page and an example, and every sharp edge has a test.
#![allow(missing_docs)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use thunder::prelude::*;
use thunder::types::DType;
use thunder_core::op::{self, Opcode};

/// The text of a file of the repository.
fn read(path: impl AsRef<Path>) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The pages of operations, by their names.
fn pages() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("thunder-core/src/tensor/docs");
    let files = fs::read_dir(folder).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap());
    files.map(|f| f.trim_end_matches(".md").to_string()).collect()
}

/// The names by which bodies reach operations.
fn names() -> BTreeSet<String> {
    let table = op::methods().chain(op::free_functions()).map(|m| m.name);
    // Expanded by the macro, or reached by an operator.
    let others = op::NAMES.iter().copied().chain(["einsum"]);
    // Of a key: its own documentation has it.
    table.chain(others).filter(|n| *n != "fold_in").map(String::from).collect()
}

#[test]
fn every_operation_has_its_page() {
    assert_eq!(names(), pages());
    for name in pages() {
        let page = read(format!("thunder-core/src/tensor/docs/{name}.md"));
        for part in [
            "- Shape: ",
            "- Element types: ",
            "- Derivative: ",
            "- Errors: ",
            "```\nuse thunder::prelude::*;",
        ] {
            assert!(page.contains(part), "{name}: its page lacks `{part}`");
        }
        let example = page.split("```").nth(1).unwrap();
        let called = example.contains(&format!("{name}(")) || example.contains(&format!("{name}::<"));
        assert!(called, "{name}: its example does not call it");
        assert!(
            example.contains("#[thunder]") && example.contains("assert"),
            "{name}: its example checks nothing"
        );
    }
}

#[test]
fn every_opcode_is_reached_by_a_documented_name() {
    // By another name than their own, or by what is documented elsewhere.
    let by = |code: Opcode| match code {
        Opcode::Full => vec!["full", "zeros", "ones"],
        Opcode::Iota => vec!["arange"],
        Opcode::Not => vec!["logical_not"],
        Opcode::And => vec!["logical_and"],
        Opcode::Or => vec!["logical_or"],
        Opcode::Xor => vec!["logical_xor"],
        Opcode::Expand => vec!["broadcast_to", "expand"],
        Opcode::Take => vec!["index_select"],
        // `Key::split`, `Key::fold_in`, `checkpoint`; and what only decompositions write.
        Opcode::KeySplit | Opcode::FoldIn | Opcode::Barrier | Opcode::MatmulWide => vec![],
        other => vec![other.name()],
    };
    let pages = pages();
    for &code in Opcode::ALL {
        for name in by(code) {
            assert!(pages.contains(name), "{code:?}: no page is called `{name}`");
        }
    }
}

#[test]
fn every_sharp_edge_has_its_test() {
    let page = read("src/guide/sharp_edges.md");
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter(|l| l.starts_with("| ") && !l.starts_with("| edge"))
        .map(|l| l.trim_matches(['|', ' ']).split(" | ").collect())
        .collect();
    assert!(rows.len() >= 22, "the page has {} rows", rows.len());
    for row in rows {
        let [edge, code, says, test] = row[..] else { panic!("four columns: {row:?}") };
        let (code, test) = (code.trim_matches(['`', ' ']), test.trim_matches('`'));
        if let Some((file, name)) = test.split_once(": ") {
            assert!(read(file).contains(&format!("fn {name}()")), "{edge}: {file} has no test `{name}`");
            continue;
        }
        assert!(read(test).contains(code), "{edge}: `{code}` is not in {test}");
        let output = read(Path::new(test).with_extension("stderr"));
        // Of a static, rustc or thunder may speak.
        assert!(
            output.contains(says) || edge == "globals",
            "{edge}: the compiler does not say\n{says}\n{output}"
        );
    }
}

#[thunder]
#[derive(Debug)]
enum Act {
    Relu,
    Double,
}

#[thunder]
#[derive(Debug)]
struct Net {
    w: Tensor<f32, (N,)>,
    rate: f32,
    act: Act,
}

#[thunder]
impl Net {
    fn forward(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        let y = x * &self.w * self.rate;
        match self.act {
            Act::Relu => y.relu(),
            Act::Double => y * 2.0,
        }
    }
}

fn net() -> (Net, Tensor<f32, (usize,)>) {
    let w = Tensor::from_vec(vec![1.0, -1.0], (2,));
    (Net { w, rate: 1.0, act: Act::Double }, Tensor::ones((2,)))
}

#[thunder]
fn by_type<E: Float>(x: &Tensor<E, (N,)>) -> Tensor<E, (N,)> {
    if x.dtype() == DType::F32 && N > 1 { x * 2.0 } else { x.clone() }
}

#[test]
fn metadata_decides_for_each_call() {
    assert_eq!(by_type(&Tensor::<f32, _>::ones((2,))).to_vec(), [2.0, 2.0]);
    assert_eq!(by_type(&Tensor::<f32, _>::ones((1,))).to_vec(), [1.0]);
    assert_eq!(by_type(&Tensor::<f64, _>::ones((2,))).to_vec(), [1.0, 1.0]);
}

#[test]
fn parameters_are_read_at_each_call() {
    let (mut net, x) = net();
    assert_eq!(net.forward(&x).to_vec(), [2.0, -2.0]);
    net.w = Tensor::from_vec(vec![5.0, 6.0], (2,));
    assert_eq!(net.forward(&x).to_vec(), [10.0, 12.0]);
}

#[test]
fn a_swapped_part_is_seen() {
    let (mut net, x) = net();
    assert_eq!(net.forward(&x).to_vec(), [2.0, -2.0]);
    net.act = Act::Relu;
    assert_eq!(net.forward(&x).to_vec(), [1.0, 0.0]);
}

#[test]
fn a_changed_number_is_seen() {
    let (mut net, x) = net();
    assert_eq!(net.forward(&x).to_vec(), [2.0, -2.0]);
    net.rate = 3.0;
    assert_eq!(net.forward(&x).to_vec(), [6.0, -6.0]);
}

/// A function that takes a part of a model as a closure does what a hook would do after each call of the part.
#[thunder]
fn hooked(
    x: &Tensor<f32, (N,)>,
    part: impl Fn(&Tensor<f32, (N,)>) -> Tensor<f32, (N,)>,
) -> Tensor<f32, (N,)> {
    part(x).clamp(-1.0, 1.0)
}

#[thunder]
fn net_with_hook(net: &Net, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    hooked(x, |x| net.forward(x))
}

#[test]
fn a_closure_stands_for_a_hook() {
    let (net, x) = net();
    assert_eq!(net_with_hook(&net, &x).to_vec(), [1.0, -1.0]);
}

#[thunder]
fn added(
    x: &Tensor<f32, (A, B)>,
    i: &Tensor<i64, (K,)>,
    rows: &Tensor<f32, (K, B)>,
    j: &Tensor<i64, (A, M)>,
    items: &Tensor<f32, (A, M)>,
) -> (Tensor<f32, (A, B)>, Tensor<f32, (A, B)>) {
    (x.index_add(0, i, rows), x.scatter_add(-1, j, items))
}

#[thunder]
fn gradients_of_added(
    x: &Tensor<f32, (A, B)>,
    i: &Tensor<i64, (K,)>,
    rows: &Tensor<f32, (K, B)>,
    j: &Tensor<i64, (A, M)>,
    items: &Tensor<f32, (A, M)>,
) -> (Tensor<f32, (K, B)>, Tensor<f32, (A, M)>) {
    (
        grad(rows, |rows| (x.index_add(0, i, rows) * x).sum(..)),
        grad(items, |items| (x.scatter_add(-1, j, items) * x).sum(..)),
    )
}

#[test]
fn slices_and_elements_are_added_at_indices() {
    let x = Tensor::from_vec(vec![1.0, 2.0, 3.0, 4.0], (2, 2));
    // Twice the same row, and one out of range, which is dropped.
    let (i, rows) = (
        Tensor::from_vec(vec![1, 1, 7], (3,)),
        Tensor::from_vec(vec![10.0, 20.0, 1.0, 2.0, 9.0, 9.0], (3, 2)),
    );
    let (j, items) =
        (Tensor::from_vec(vec![1, 0, 0, 0], (2, 2)), Tensor::from_vec(vec![1.0, 2.0, 3.0, 4.0], (2, 2)));
    let (by_row, by_item) = added(&x, &i, &rows, &j, &items);
    assert_eq!(by_row.to_vec(), [1.0, 2.0, 14.0, 26.0]);
    assert_eq!(by_item.to_vec(), [3.0, 3.0, 10.0, 4.0]);
    let (of_rows, of_items) = gradients_of_added(&x, &i, &rows, &j, &items);
    assert_eq!(of_rows.to_vec()[..4], [3.0, 4.0, 3.0, 4.0]);
    assert_eq!(of_items.to_vec(), [2.0, 1.0, 3.0, 3.0]);
}

#[thunder]
fn added_along<S: Shape>(
    x: &Tensor<f32, S>,
    i: &Tensor<i64, (K,)>,
    source: &Tensor<f32, S>,
) -> Tensor<f32, S> {
    x.index_add(0, i, source)
}

#[test]
fn what_is_added_is_not_broadcast() {
    let (x, i, source) = (Tensor::ones((2, 3)), Tensor::from_vec(vec![0], (1,)), Tensor::ones((1, 1)));
    let error = added_along::call(&x, &i, &source).unwrap_err().to_string();
    assert!(error.contains("`index_add`: what is added is f32[2, 1]"), "{error}");
}

/// An error about a wrong shape inside the library names the line of the caller too.
#[thunder]
fn calls_a_layer(l: &thunder::nn::Linear<f32>, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, _)> {
    l.forward(x)
}

#[test]
fn a_shape_error_in_the_library_names_the_callers_line() {
    let l = thunder::nn::Linear::new(3, 4, true, Key::new(0));
    let error = calls_a_layer::call(&l, &Tensor::ones((2, 5))).unwrap_err().to_string();
    let line = read("tests/documentation.rs").lines().position(|l| l.trim() == "l.forward(x)").unwrap() + 1;
    assert!(error.contains(&format!("called at tests/documentation.rs:{line}")), "{error}");
}
