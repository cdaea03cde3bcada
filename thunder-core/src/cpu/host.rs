//! The processor of this machine, as kernels are chosen for it.

use super::threads;
use crate::kernel::target::Cpu;
use std::fs;
use std::sync::LazyLock;

/// The processor, read once.
pub fn target() -> &'static Cpu {
    static HOST: LazyLock<Cpu> = LazyLock::new(|| {
        let plain = Cpu::PLAIN;
        let cores = threads::count();
        let cache = |level| cache_bytes(level).filter(|n| *n > 0);
        Cpu {
            cores,
            l1: cache(1).unwrap_or(plain.l1),
            l2: cache(2).unwrap_or(plain.l2),
            vector: vector_bytes(),
            bandwidth: plain.bandwidth * cores as f64,
        }
    });
    &HOST
}

/// Bytes of the data cache of this level of the first core, as Linux says it; `None` where it does not.
fn cache_bytes(level: u32) -> Option<usize> {
    (0..8).find_map(|i| {
        let read = |name: &str| {
            let path = format!("/sys/devices/system/cpu/cpu0/cache/index{i}/{name}");
            fs::read_to_string(path).ok().map(|text| text.trim().to_string())
        };
        let fits = read("level")? == level.to_string() && read("type")? != "Instruction";
        fits.then(|| bytes(&read("size")?)).flatten()
    })
}

/// A size as Linux writes it: `48K`, `2M`.
fn bytes(text: &str) -> Option<usize> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match &text[digits.len()..] {
        "K" => 1 << 10,
        "M" => 1 << 20,
        _ => 1,
    };
    digits.parse::<usize>().ok().map(|n| n * unit)
}

/// Bytes of a vector register.
fn vector_bytes() -> usize {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f") {
            return 64;
        }
        if std::arch::is_x86_feature_detected!("avx2") {
            return 32;
        }
    }
    Cpu::PLAIN.vector
}

#[cfg(test)]
mod tests {
    use super::{bytes, target};

    #[test]
    fn sizes_are_read_with_their_units() {
        assert_eq!(
            [bytes("48K"), bytes("2M"), bytes("512"), bytes("")],
            [Some(48 << 10), Some(2 << 20), Some(512), None]
        );
    }

    #[test]
    fn the_host_is_described() {
        let cpu = target();
        assert!(cpu.cores >= 1 && cpu.l1 >= 4 << 10 && cpu.l2 >= cpu.l1 && cpu.vector >= 16, "{cpu:?}");
    }
}
