//! Programs that the language rejects, with the exact message, and programs that it accepts.
//!
//! The compiler's complete output is next to each `tests/reject/<rule>/<case>.rs`. In the source, `//~ token` states the
//! tokens that an error on that line must underline, once for each error. So the test finds missing errors, errors that
//! only follow from another one, and spans that are too large. `TRYBUILD=overwrite cargo test --test compile_fail` writes
//! the outputs again; review them.

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn compile_fail() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/reject/*/*.rs");
    cases.pass("tests/accept/*.rs");
    // The cases run when this is dropped, and may write the outputs.
    drop(cases);
    let mut wrong = Vec::new();
    for case in sources(Path::new("tests/reject")) {
        let source = fs::read_to_string(&case).unwrap();
        let output = fs::read_to_string(case.with_extension("stderr")).unwrap_or_default();
        let (expected, found) = (marked(&source), underlined(&source, &output));
        if expected != found {
            wrong.push(format!("{}\n  marked:     {expected:?}\n  underlined: {found:?}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "errors that stand elsewhere than marked:\n{}", wrong.join("\n"));
}

/// The Rust files of the folders in `root`.
fn sources(root: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .flat_map(|rule| fs::read_dir(rule.unwrap().path()).unwrap())
        .map(|case| case.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .collect();
    all.sort();
    all
}

/// The tokens that `//~` marks, with their lines, sorted.
fn marked(source: &str) -> Vec<(usize, String)> {
    let mut all: Vec<_> = source
        .lines()
        .enumerate()
        .flat_map(|(i, line)| line.split("//~").skip(1).map(move |m| (i + 1, m.trim().to_string())))
        .collect();
    all.sort();
    all
}

/// What the errors of a compiler output underline, with their lines, sorted.
fn underlined(source: &str, output: &str) -> Vec<(usize, String)> {
    let lines: Vec<&str> = source.lines().collect();
    let mut all = Vec::new();
    for error in output.split("\nerror").map(|e| e.trim_start_matches("error")) {
        let Some(place) = error.lines().find_map(|l| l.trim_start().strip_prefix("--> ")) else { continue };
        let mut numbers = place.rsplit(':').map(|n| n.parse::<usize>().unwrap_or(0));
        let (column, line) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        let text = lines.get(line.wrapping_sub(1)).copied().unwrap_or_default();
        let indent = |s: &str| s.len() - s.trim_start().len();
        // Marks stand below the source, which stands further in where a label spans lines.
        let (mut shift, mut marks) = (0, "");
        for (gutter, rest) in error.lines().filter_map(|l| l.split_once("| ")) {
            if gutter.trim() == line.to_string() && rest.trim_start() == text.trim_start() {
                shift = indent(rest).saturating_sub(indent(text));
            } else if gutter.trim().is_empty() && rest.contains('^') {
                marks = rest;
                break;
            }
        }
        // A second label may hide the start of the carets.
        let marks = marks.chars().skip((shift + column).wrapping_sub(1));
        let width = marks.take_while(|c| "^-".contains(*c)).count();
        all.push((line, text.chars().skip(column.wrapping_sub(1)).take(width).collect()));
    }
    all.sort();
    all
}
