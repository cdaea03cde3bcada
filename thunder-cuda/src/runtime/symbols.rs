//! The functions of CUDA's libraries that this crate calls.
//!
//! cudarc looks up each function at its first call, and panics if the library lacks it. Therefore a device is opened only
//! if all functions listed here exist. With an old or damaged library, the error names the missing function.

use super::absent;
use cudarc::driver::sys as cu;
use cudarc::{cublaslt, nvrtc};
use thunder_core::error::Error;

/// The function for the driver's version. It is looked up first, because an old driver is recognised by its version.
const VERSION: &[&str] = &["cuDriverGetVersion"];

const DRIVER: &[&str] = &[
    "cuCtxSetCurrent",
    "cuDeviceGet",
    "cuDeviceGetAttribute",
    "cuDeviceGetCount",
    "cuDeviceGetName",
    "cuDevicePrimaryCtxRetain",
    "cuFuncSetAttribute",
    "cuGetErrorString",
    "cuGraphDestroy",
    "cuGraphExecDestroy",
    "cuGraphExecUpdate_v2",
    "cuGraphInstantiateWithFlags",
    "cuGraphLaunch",
    "cuInit",
    "cuLaunchKernel",
    "cuMemAllocHost_v2",
    "cuMemAlloc_v2",
    "cuMemFree_v2",
    "cuMemcpyDtoDAsync_v2",
    "cuMemcpyDtoHAsync_v2",
    "cuMemcpyHtoDAsync_v2",
    "cuMemsetD16Async",
    "cuMemsetD2D32Async",
    "cuMemsetD32Async",
    "cuMemsetD8Async",
    "cuModuleGetFunction",
    "cuModuleLoadData",
    "cuStreamBeginCapture_v2",
    "cuStreamCreate",
    "cuStreamEndCapture",
    "cuStreamSynchronize",
];

/// The functions that only a timer needs. Drivers older than CUDA 12.8 lack some of them.
const TIMER: &[&str] = &["cuEventCreate", "cuEventElapsedTime_v2", "cuEventRecord"];

const COMPILER: &[&str] = &[
    "nvrtcCompileProgram",
    "nvrtcCreateProgram",
    "nvrtcDestroyProgram",
    "nvrtcGetCUBIN",
    "nvrtcGetCUBINSize",
    "nvrtcGetProgramLog",
    "nvrtcGetProgramLogSize",
    "nvrtcVersion",
];

const MATRICES: &[&str] = &[
    "cublasLtCreate",
    "cublasLtMatmul",
    "cublasLtMatmulAlgoGetHeuristic",
    "cublasLtMatmulDescCreate",
    "cublasLtMatmulDescSetAttribute",
    "cublasLtMatmulPreferenceCreate",
    "cublasLtMatmulPreferenceDestroy",
    "cublasLtMatmulPreferenceSetAttribute",
    "cublasLtMatrixLayoutCreate",
    "cublasLtMatrixLayoutSetAttribute",
];

/// Checks that the driver exists and can report its version.
///
/// # Errors
/// There is no driver.
pub(super) fn driver_version() -> Result<(), Error> {
    // SAFETY: only looks whether the library can be loaded.
    if !unsafe { cu::is_culib_present() } {
        return Err(absent("no NVIDIA driver: libcuda is not installed (or not where the loader looks)"));
    }
    driver_has(VERSION)
}

/// Checks that the driver has all functions.
///
/// # Errors
/// The name of a missing function.
pub(super) fn driver() -> Result<(), Error> {
    driver_has(DRIVER)
}

/// Checks that the driver has the functions that a timer needs.
///
/// # Errors
/// The name of a missing function.
pub(super) fn timer() -> Result<(), Error> {
    driver_has(TIMER)
}

fn driver_has(names: &[&str]) -> Result<(), Error> {
    // SAFETY: the library was found, and what is looked up is not called.
    let has = |name: &str| unsafe { cu::culib().get::<unsafe extern "C" fn()>(name.as_bytes()).is_ok() };
    all("the NVIDIA driver (libcuda)", names, has)
}

/// Checks that NVRTC exists and has all functions.
///
/// # Errors
/// NVRTC is missing, or the name of a missing function.
pub(super) fn compiler() -> Result<(), Error> {
    // SAFETY: only looks whether the library can be loaded.
    if !unsafe { nvrtc::sys::is_culib_present() } {
        return Err(absent("NVRTC is missing: libnvrtc.so.13 (or .12) of the CUDA toolkit is not found"));
    }
    // SAFETY: the library was found, and what is looked up is not called.
    let has =
        |name: &str| unsafe { nvrtc::sys::culib().get::<unsafe extern "C" fn()>(name.as_bytes()).is_ok() };
    all("NVRTC (libnvrtc)", COMPILER, has)
}

/// Checks that cuBLASLt exists and has all functions.
///
/// # Errors
/// cuBLASLt is missing, or the name of a missing function.
pub(super) fn matrices() -> Result<(), Error> {
    // SAFETY: only looks whether the library can be loaded.
    if !unsafe { cublaslt::sys::is_culib_present() } {
        return Err(absent(
            "cuBLASLt is missing: libcublasLt.so.13 (or .12) of the CUDA toolkit is not found",
        ));
    }
    // SAFETY: the library was found, and what is looked up is not called.
    let has =
        |name: &str| unsafe { cublaslt::sys::culib().get::<unsafe extern "C" fn()>(name.as_bytes()).is_ok() };
    all("cuBLASLt (libcublasLt)", MATRICES, has)
}

fn all(library: &str, names: &[&str], has: impl Fn(&str) -> bool) -> Result<(), Error> {
    match names.iter().find(|name| !has(name)) {
        None => Ok(()),
        Some(name) => Err(absent(&format!("{library} is too old or damaged: it lacks `{name}`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::process::Command;

    /// Every function that the sources call is in a list, and no other is.
    #[test]
    fn the_lists_are_what_is_called() {
        let mut called = BTreeSet::new();
        let sources = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/runtime")).unwrap();
        for file in sources.map(|e| e.unwrap().path()).filter(|p| !p.ends_with("symbols.rs")) {
            let text = fs::read_to_string(file).unwrap();
            for prefix in ["cu::cu", "rtc::nvrtc", "lt::cublasLt"] {
                for (at, _) in text.match_indices(prefix) {
                    let name = &text[at + prefix.find("::").unwrap() + 2..];
                    let end = name.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(name.len());
                    called.insert(name[..end].to_string());
                }
            }
        }
        called.retain(|n| !n.ends_with("_t") && n != "nvrtcResult");
        let listed: BTreeSet<String> =
            [VERSION, DRIVER, TIMER, COMPILER, MATRICES].concat().into_iter().map(String::from).collect();
        assert_eq!(called, listed);
    }

    /// Set in the processes that [`discovery`] starts: the ordinal to open.
    const ORDINAL: &str = "THUNDER_TEST_ORDINAL";

    /// A library whose functions all succeed without doing anything, beside a driver of CUDA 13 with one device.
    fn library(path: &Path, names: &[&str], without: Option<&str>) {
        let mut source = String::new();
        for name in names.iter().filter(|n| Some(**n) != without) {
            source += &match *name {
                "cuDriverGetVersion" => format!("int {name}(int *v) {{ *v = 13000; return 0; }}\n"),
                "cuDeviceGetCount" => format!("int {name}(int *n) {{ *n = 1; return 0; }}\n"),
                _ => format!("int {name}(void) {{ return 0; }}\n"),
            };
        }
        let file = path.with_extension("c");
        fs::write(&file, source).unwrap();
        let made = Command::new("gcc").args(["-shared", "-fPIC", "-o"]).arg(path).arg(&file).status();
        assert!(made.unwrap().success());
    }

    /// What opening device `ordinal` says where the libraries are these.
    fn opened(libraries: &Path, ordinal: usize) -> String {
        let out = Command::new(std::env::current_exe().unwrap())
            .args(["runtime::symbols::tests::opens_a_device", "--exact", "--nocapture", "--include-ignored"])
            .env("LD_LIBRARY_PATH", libraries)
            .env(ORDINAL, ordinal.to_string())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(out.status.success(), "{text}{}", String::from_utf8_lossy(&out.stderr));
        text
    }

    #[test]
    #[ignore = "run by `discovery` in processes of its own"]
    fn opens_a_device() {
        if let Ok(ordinal) = std::env::var(ORDINAL) {
            println!("{}", crate::backend(ordinal.parse().unwrap()).err().expect("an error"));
        }
    }

    struct Scratch(PathBuf);

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    /// Whatever a library lacks is an error, not a panic.
    #[test]
    #[cfg(target_os = "linux")]
    fn discovery() {
        if Command::new("gcc").arg("--version").output().is_err() {
            eprintln!("SKIPPED: there is no gcc to build libraries that lack a function");
            return;
        }
        let dir = Scratch(std::env::temp_dir().join(format!("thunder-discovery-{}", std::process::id())));
        fs::create_dir_all(&dir.0).unwrap();
        let (cuda, rtc, lt) =
            (dir.0.join("libcuda.so"), dir.0.join("libnvrtc.so"), dir.0.join("libcublasLt.so"));
        let all = [VERSION, DRIVER].concat();
        let lacks = |file: &Path, names: &[&str]| {
            for name in names {
                library(file, names, Some(name));
                let text = opened(&dir.0, 0);
                assert!(
                    text.contains("is too old or damaged: it lacks") && text.contains(name),
                    "{name}: {text}"
                );
            }
            library(file, names, None);
        };
        lacks(&cuda, &all);
        lacks(&rtc, COMPILER);
        lacks(&lt, MATRICES);
        // All is there: only this device's capability is missing.
        assert!(opened(&dir.0, 0).contains("is of compute capability 0.0"));
        for ordinal in [1, 1 << 31, 1 << 32, usize::MAX] {
            let text = opened(&dir.0, ordinal);
            assert!(text.contains(&format!("there is no device {ordinal}: 1 found")), "{text}");
        }
    }
}
