//! The text of an [`Explanation`]: the page, and the full text.

use super::{Explanation, KernelSummary};
use crate::exec::Report;
use std::fmt;
use std::time::Duration;

/// The number of kernels and of reasons on the page.
const KERNELS: usize = 16;
const REASONS: usize = 6;
const PASSES: usize = 4;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = if self.cached { "cached" } else { "not called before" };
        writeln!(f, "{} on {} ({before})\n", self.function, self.device)?;
        self.totals(f)?;
        self.page_of_kernels(f)?;
        self.page_of_reasons(f)?;
        let ask =
            "ask for more: .after(\"fuse\") is the trace after a pass, .kernels() has each kernel's source,";
        writeln!(f, "\n{ask}\n.not_fused() every reason, .full() prints everything")
    }
}

impl Explanation {
    fn totals(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { steps, argument_bytes, result_bytes, arena_bytes, peak_bytes } = &self.report;
        let kernels = self.kernels();
        let (launches, kinds) = (Count(steps.len(), "launch"), Count(kernels.len(), "kernel"));
        let (moved, flops) =
            (Bytes(kernels.iter().map(|k| k.bytes).sum()), kernels.iter().map(|k| k.flops).sum());
        writeln!(f, "work      {launches} of {kinds}, {moved} read and written, {}", Flops(flops))?;
        writeln!(
            f,
            "memory    {} predicted peak: arguments {}, intermediates {}, new results {}",
            Bytes(*peak_bytes),
            Bytes(*argument_bytes),
            Bytes(*arena_bytes),
            Bytes(*result_bytes)
        )?;
        let whole: Duration = self.stages.iter().map(|s| s.time).sum();
        write!(f, "compiling {whole:.1?} for all passes")?;
        let mut slow: Vec<_> = self.stages.iter().collect();
        slow.sort_by_key(|s| std::cmp::Reverse(s.time));
        let slow: Vec<String> =
            slow.iter().take(PASSES).map(|s| format!("{} {:.1?}", s.name, s.time)).collect();
        writeln!(f, ", the slowest: {}", slow.join(", "))?;
        if self.holes > 0 {
            let operands = Count(self.holes as usize, "operand");
            writeln!(
                f,
                "checks    {operands} could not be typed by the macro, and checked when linking instead"
            )?;
        }
        Ok(())
    }

    fn page_of_kernels(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kernels = self.kernels();
        let whole = kernels.iter().map(|k| k.bytes).sum::<usize>().max(1);
        let row = |f: &mut fmt::Formatter<'_>, bytes: usize, launches: usize, flops: usize, what: String| {
            let percent = format!("{:.1}%", 100.0 * bytes as f64 / whole as f64);
            let (bytes, flops) = (Bytes(bytes).to_string(), Flops(flops).to_string());
            writeln!(f, "  {percent:>6}  {bytes:>9}  {launches:>8}  {flops:>12}  {what}")
        };
        writeln!(f, "\nlaunches, by kernel\n")?;
        writeln!(f, "  {:>17}  {:>8}  {:>12}  kernel", "bytes", "launches", "work")?;
        for k in kernels.iter().take(KERNELS) {
            let what = format!("{} {}{}", k.name, short(k.results), Lines(k));
            row(f, k.bytes, k.launches, k.flops, what)?;
        }
        let rest = kernels.get(KERNELS..).unwrap_or_default();
        if !rest.is_empty() {
            let sum = |of: fn(&KernelSummary<'_>) -> usize| rest.iter().map(of).sum();
            let what = format!("{} more", Count(rest.len(), "kernel"));
            row(f, sum(|k| k.bytes), sum(|k| k.launches), sum(|k| k.flops), what)?;
        }
        Ok(())
    }

    fn page_of_reasons(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reasons = self.not_fused();
        if reasons.is_empty() {
            return Ok(());
        }
        writeln!(f, "\nnot fused\n")?;
        for (n, times) in reasons.iter().take(REASONS) {
            let (from, to) = ((&n.producer, n.producer_loc), (&n.consumer, n.consumer_loc));
            writeln!(f, "  {times:>4} x  `{}` at {} into `{}` at {}: {}", from.0, from.1, to.0, to.1, n.why)?;
        }
        match reasons.len().saturating_sub(REASONS) {
            0 => Ok(()),
            more => writeln!(f, "          and {} more", Count(more, "pair of lines")),
        }
    }
}

/// The first result of a list.
fn short(results: &str) -> String {
    match results.split_once("], ") {
        Some((first, _)) => format!("{first}], .."),
        None => results.to_string(),
    }
}

/// The full text.
pub(super) struct Full<'a>(pub &'a Explanation);

impl fmt::Display for Full<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let e = self.0;
        write!(f, "{e}")?;
        let mut last = "";
        for s in &e.stages {
            if s.trace == last {
                writeln!(f, "\n## after {} ({:.1?}): unchanged", s.name, s.time)?;
            } else {
                writeln!(f, "\n## after {} ({:.1?})\n\n{}", s.name, s.time, s.trace.trim_end())?;
            }
            last = &s.trace;
        }
        if !e.notes.is_empty() {
            writeln!(f, "\n## not fused\n")?;
            for (note, times) in e.not_fused() {
                writeln!(f, "- {note} ({})", Count(times, "pair of instructions"))?;
            }
        }
        writeln!(f, "\n## launches, in order\n")?;
        for (i, s) in e.report.steps.iter().enumerate() {
            writeln!(
                f,
                "{i}: {} {} at {} ({}, {})",
                s.name,
                s.results,
                s.line,
                Bytes(s.bytes),
                Flops(s.flops)
            )?;
        }
        writeln!(f, "\n## kernels")?;
        for k in e.kernels() {
            writeln!(f, "\n{} {}{}, {}:", k.name, k.results, Lines(&k), Count(k.launches, "launch"))?;
            k.source.lines().try_for_each(|line| writeln!(f, "    {line}"))?;
        }
        Ok(())
    }
}

/// The first source line of a kernel, and the number of other lines.
struct Lines<'a>(&'a KernelSummary<'a>);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.lines.as_slice() {
            [] => Ok(()),
            [one] => write!(f, " at {one}"),
            [first, rest @ ..] => write!(f, " at {first} and {}", Count(rest.len(), "line")),
        }
    }
}

/// A number with a noun in the singular or the plural.
struct Count(usize, &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = match (self.0, self.1) {
            (1, _) => "",
            (_, word) if word.ends_with("ch") => "es",
            _ => "s",
        };
        // In "pair of lines", the first word takes the plural.
        let (word, rest) = self.1.split_at(self.1.find(" of ").unwrap_or(self.1.len()));
        write!(f, "{} {word}{plural}{rest}", self.0)
    }
}

/// A number of bytes, in powers of 1000.
struct Bytes(usize);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        scaled(f, self.0, "B")
    }
}

/// A number of floating-point operations.
struct Flops(usize);

impl fmt::Display for Flops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        scaled(f, self.0, "FLOP")
    }
}

/// Three significant digits, and the unit with its prefix.
fn scaled(f: &mut fmt::Formatter<'_>, n: usize, unit: &str) -> fmt::Result {
    let mut x = n as f64;
    for prefix in ["", "k", "M", "G", "T"] {
        // A number that would be rounded to 1000 takes the next prefix.
        if x < 999.5 || prefix == "T" {
            let digits = if prefix.is_empty() || x >= 99.95 {
                0
            } else if x >= 9.995 {
                1
            } else {
                2
            };
            return write!(f, "{x:.digits$} {prefix}{unit}");
        }
        x /= 1000.0;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Bytes, Count, Flops};

    #[test]
    fn numbers_have_three_digits_and_a_unit() {
        let text = |n| Bytes(n).to_string();
        assert_eq!([text(0), text(999), text(1000), text(12_345)], ["0 B", "999 B", "1.00 kB", "12.3 kB"]);
        assert_eq!([text(999_499), text(999_500), text(7_000_000_000)], ["999 kB", "1.00 MB", "7.00 GB"]);
        assert_eq!(Flops(1_500_000_000_000_000).to_string(), "1500 TFLOP");
        assert_eq!(
            [Count(1, "launch").to_string(), Count(2, "launch").to_string()],
            ["1 launch", "2 launches"]
        );
    }
}
