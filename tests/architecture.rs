//! Checks ARCHITECTURE.md: the files that it names exist, and imports follow the order that it gives.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn page() -> String {
    fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is there")
}

#[test]
fn every_path_on_the_page_exists() {
    let page = page();
    let quoted = page.split('`').skip(1).step_by(2);
    let paths: Vec<&str> = quoted.filter(|t| t.contains('/') && !t.contains([' ', '\n'])).collect();
    assert!(paths.len() > 20, "the page names files: {paths:?}");
    let missing: Vec<_> = paths.iter().filter(|p| !root().join(p).exists()).collect();
    assert!(missing.is_empty(), "named in ARCHITECTURE.md, but not there: {missing:?}");
}

#[test]
fn imports_run_one_way() {
    let page = page();
    let orders: Vec<&str> = page.lines().filter(|l| l.contains(" < ")).collect();
    let crates = ["thunder-core", "thunder-macros", "thunder-cuda"];
    assert_eq!(orders.len(), crates.len(), "one order for each of {crates:?}");
    let mut wrong = Vec::new();
    for (name, order) in crates.iter().zip(orders) {
        let mut layer = HashMap::new();
        for (at, list) in order.split(" < ").enumerate() {
            list.split(" + ").for_each(|module| _ = layer.insert(module.trim(), at));
        }
        let source = root().join(name).join("src");
        for file in files(&source) {
            let module = module_of(file.strip_prefix(&source).expect("it lies inside"));
            // The crate's root and unit tests may import from all modules.
            if matches!(module.as_str(), "lib" | "tests") {
                continue;
            }
            let Some(own) = layer.get(module.as_str()) else {
                wrong.push(format!("{name}: module `{module}` stands in no order"));
                continue;
            };
            for used in imports(&fs::read_to_string(&file).expect("it can be read")) {
                // A macro or a function of the root is not a module.
                if layer.get(used.as_str()).is_some_and(|other| other > own) {
                    wrong.push(format!("{}: `{module}` imports from `{used}`", file.display()));
                }
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "imports against the order of ARCHITECTURE.md:\n{}", wrong.join("\n"));
}

#[test]
fn an_import_is_found_in_every_form() {
    let text = "use crate::exec::{Plan, plan}; // crate::no\nuse crate::{call, link::record as r};\nfn f(_: &crate::op::Op) {}";
    assert_eq!(imports(text), ["exec", "call", "link", "op"]);
}

/// The Rust files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut list = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path()) {
        if entry.is_dir() {
            list.extend(files(&entry));
        } else if entry.extension().is_some_and(|e| e == "rs") {
            list.push(entry);
        }
    }
    list
}

/// The top module that a file belongs to: `exec` for `exec/plan.rs` and for `exec.rs`.
fn module_of(file: &Path) -> String {
    let top = file.iter().next().expect("a file has a name").to_string_lossy();
    top.trim_end_matches(".rs").to_string()
}

/// The top modules that a source names after `crate::`, comments left out.
fn imports(source: &str) -> Vec<String> {
    let code: String =
        source.lines().map(|l| l.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    let mut list = Vec::new();
    for part in code.split("crate::").skip(1) {
        match part.strip_prefix('{') {
            Some(group) => list.extend(group_of(group)),
            None => list.push(word(part)),
        }
    }
    list
}

/// The first words of a list in braces, after its opening brace.
fn group_of(text: &str) -> Vec<String> {
    let (mut list, mut depth, mut starts) = (Vec::new(), 0, true);
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => starts = true,
            c if starts && !c.is_whitespace() => {
                list.push(word(&text[at..]));
                starts = false;
            }
            _ => {}
        }
    }
    list
}

/// The identifier that a text starts with.
fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// Files that name an operation because they use it, or because they have a better rule for it than its class has.
fn uses(op: &str) -> &'static [&'static str] {
    match op {
        // Random traces and empty samples are lists of some operations.
        "Expm1" => &["tests/oracle/src/random_trace.rs"],
        "Prod" => &["tests/oracle/src/random_trace.rs", "tests/oracle/src/samples/empty.rs"],
        // A derivative that is more exact than the one of its decomposition.
        "Silu" => &[
            "tests/oracle/src/random_trace.rs",
            "tests/oracle/src/samples/empty.rs",
            "thunder-core/src/rules/jvp/mod.rs",
        ],
        "Cumsum" => &[
            "tests/oracle/src/random_trace.rs",
            "tests/oracle/src/samples/empty.rs",
            "thunder-core/src/trace/builder.rs",
        ],
        other => panic!("`{other}` is no operation of the table"),
    }
}

#[test]
fn an_operation_stands_where_the_page_says() {
    let page = page();
    let rows: Vec<Vec<&str>> = page
        .lines()
        .skip_while(|l| !l.starts_with("| kind | operation |"))
        .skip(2)
        .take_while(|l| l.starts_with("| "))
        .map(|l| l.trim_matches(['|', ' ']).split(" | ").collect())
        .collect();
    assert_eq!(rows.len(), 4, "one row for each kind of operation");
    for row in rows {
        let [kind, op, places, named] = row[..] else { panic!("four columns: {row:?}") };
        assert_eq!(
            named.split(", ").count(),
            places.parse::<usize>().expect("a number"),
            "{kind}: the count"
        );
        let op = op.trim_matches('`');
        let mut named: Vec<String> = named.split('`').skip(1).step_by(2).map(String::from).collect();
        named.retain(|f| f.ends_with(".rs"));
        named.extend(uses(op).iter().map(|f| f.to_string()));
        named.sort();
        let mut found = Vec::new();
        for folder in ["thunder-core/src", "thunder-cuda/src", "tests/oracle/src"] {
            for file in files(&root().join(folder)) {
                let text = fs::read_to_string(&file).expect("it can be read");
                if text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == op) {
                    let path = file.strip_prefix(root()).expect("it lies inside");
                    found.push(path.display().to_string());
                }
            }
        }
        found.sort();
        assert_eq!(found, named, "{kind}: the files that `{op}` stands in");
    }
}
