//! Kernel source as text: lines with comments, and the helpers a kernel needs.

use std::fmt::Write;

/// The helpers, in pieces: `//: needle` starts a piece, which a source gets if it contains the needle.
const PRELUDE: &str = include_str!("prelude.cu");

/// Source under construction.
#[derive(Default)]
pub(crate) struct Code {
    text: String,
    depth: usize,
}

impl Code {
    /// Appends a line.
    pub fn line(&mut self, line: impl AsRef<str>) {
        let _ = writeln!(self.text, "{:width$}{}", "", line.as_ref(), width = self.depth * 4);
    }

    /// Appends a line with a comment at its end, which is no part of the kernel's identity.
    pub fn noted(&mut self, line: &str, note: &str) {
        if note.is_empty() {
            return self.line(line);
        }
        let pad = self.depth * 4;
        let _ =
            writeln!(self.text, "{:pad$}{line:<width$}  // {note}", "", width = 80usize.saturating_sub(pad));
    }

    /// Appends a line that opens a block.
    pub fn open(&mut self, line: impl AsRef<str>) {
        self.line(format!("{} {{", line.as_ref()).trim_start());
        self.depth += 1;
    }

    /// Closes a block.
    pub fn close(&mut self) {
        self.depth -= 1;
        self.line("}");
    }

    /// The whole source: `head` (comments), the helpers that the text uses, and the text.
    pub fn finish(self, head: &str) -> String {
        format!("{head}{}\n{}", prelude(&self.text), self.text)
    }
}

/// The helpers that `text` needs, those of helpers included, in the prelude's order.
fn prelude(text: &str) -> String {
    let mut pieces: Vec<(&str, String)> = Vec::new();
    for line in PRELUDE.lines() {
        match line.strip_prefix("//: ") {
            Some(needle) => pieces.push((needle, String::new())),
            None => {
                if let Some((_, piece)) = pieces.last_mut() {
                    piece.push_str(line);
                    piece.push('\n');
                }
            }
        }
    }
    let mut wanted = vec![false; pieces.len()];
    let mut seen = text.to_string();
    loop {
        let next = (0..pieces.len()).rev().find(|&i| !wanted[i] && holds(&seen, pieces[i].0));
        let Some(i) = next else { break };
        wanted[i] = true;
        seen.push_str(&pieces[i].1);
    }
    pieces.iter().zip(wanted).filter(|(_, w)| *w).map(|((_, piece), _)| piece.as_str()).collect()
}

/// Whether `text` holds `needle`, not as the end of a longer name.
fn holds(text: &str, needle: &str) -> bool {
    let named = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(needle).any(|(at, _)| !text[..at].ends_with(named))
}

/// The source without comments and blank lines: what is compiled, and what makes two kernels the same.
///
/// ```
/// assert_eq!(thunder_cuda::codegen::canonical("// head\n\nx = 1;   // v3\n"), "x = 1;\n");
/// ```
pub fn canonical(source: &str) -> String {
    let lines =
        source.lines().map(|l| l.split("//").next().unwrap_or("").trim_end()).filter(|l| !l.is_empty());
    lines.fold(String::new(), |mut all, l| {
        all.push_str(l);
        all.push('\n');
        all
    })
}
