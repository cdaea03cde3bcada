//! Compiles sources to functions: with NVRTC in parallel threads, or from the cache.

use super::{Gpu, absent, cache, check, cu};
use crate::codegen::{Kernel, canonical};
use cudarc::nvrtc::sys as rtc;
use std::collections::HashMap;
use std::ffi::{CString, c_char};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use thunder_core::error::Error;

/// A loaded module, which lives as long as the process.
#[derive(Clone, Copy)]
pub(super) struct Module(cu::CUmodule);

// SAFETY: a handle that any thread may use once the context is current there.
unsafe impl Send for Module {}

/// A kernel's function.
#[derive(Clone, Copy)]
pub(crate) struct Function(pub(super) cu::CUfunction);

// SAFETY: as for modules.
unsafe impl Send for Function {}
// SAFETY: as for modules.
unsafe impl Sync for Function {}

impl Gpu {
    /// The functions of kernels. Equal sources are compiled once.
    pub fn functions(&self, kernels: &[&Kernel]) -> Result<Vec<Function>, Error> {
        self.enter()?;
        let (major, minor) = self.target.capability;
        let options = [format!("--gpu-architecture=sm_{major}{minor}"), "--std=c++17".to_string()];
        let version = version();
        let mut keys = Vec::new();
        let mut wanted: Vec<([u8; 32], String, &Kernel)> = Vec::new();
        let known = |key: &[u8; 32]| self.modules.lock().is_ok_and(|m| m.contains_key(key));
        for k in kernels {
            let source = canonical(&k.source);
            let parts = [source.as_bytes(), options[0].as_bytes(), options[1].as_bytes(), version.as_bytes()];
            let key = cache::hash(&parts);
            keys.push(key);
            if !known(&key) && wanted.iter().all(|w| w.0 != key) {
                wanted.push((key, source, *k));
            }
        }
        for (key, cubin) in compile_all(&wanted, &options)? {
            let mut module = std::ptr::null_mut();
            // SAFETY: the cubin is whole: NVRTC made it, or its checksum was right.
            let mut code = unsafe { cu::cuModuleLoadData(&mut module, cubin.as_ptr().cast()) };
            if code != cu::CUresult::CUDA_SUCCESS {
                // If the driver refuses a cached cubin, it is compiled again.
                let again =
                    wanted.iter().find(|w| w.0 == key).ok_or_else(|| absent("a cubin of no kernel"))?;
                let cubin = compile(&again.1, again.2, &options)?;
                cache::write(&key, &cubin);
                // SAFETY: as above.
                code = unsafe { cu::cuModuleLoadData(&mut module, cubin.as_ptr().cast()) };
            }
            check(code, "loading a kernel")?;
            // Another thread may have loaded the module first. That one stays, because its functions may be in use.
            if let Ok(mut modules) = self.modules.lock() {
                modules.entry(key).or_insert(Module(module));
            }
        }
        let modules = self.modules.lock().map_err(|_| absent("the list of modules is broken"))?;
        let mut list = Vec::new();
        for (key, k) in keys.iter().zip(kernels) {
            let name = CString::new(k.entry.as_str()).map_err(|_| absent("a kernel's name holds a zero"))?;
            let mut function = std::ptr::null_mut();
            // SAFETY: the module was loaded above and stays.
            let found = unsafe { cu::cuModuleGetFunction(&mut function, modules[key].0, name.as_ptr()) };
            check(found, "finding a kernel")?;
            if k.launch.shared > 0 {
                let most = cu::CUfunction_attribute::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
                // SAFETY: the function was just found.
                let set = unsafe { cu::cuFuncSetAttribute(function, most, k.launch.shared as i32) };
                check(set, "making room in shared memory")?;
            }
            list.push(Function(function));
        }
        Ok(list)
    }
}

type Wanted<'a> = ([u8; 32], String, &'a Kernel);

/// Compiles all cubins, in parallel.
fn compile_all(wanted: &[Wanted<'_>], options: &[String]) -> Result<HashMap<[u8; 32], Vec<u8>>, Error> {
    let next = AtomicUsize::new(0);
    /// A key, and the cubin compiled for it.
    type Cubin = ([u8; 32], Vec<u8>);
    let done: Mutex<Vec<Result<Cubin, Error>>> = Mutex::default();
    let threads = std::thread::available_parallelism().map_or(4, usize::from).min(16).min(wanted.len());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((key, source, kernel)) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let cubin = match cache::read(key) {
                        Some(cubin) => Ok(cubin),
                        None => compile(source, kernel, options).inspect(|cubin| cache::write(key, cubin)),
                    };
                    if let Ok(mut done) = done.lock() {
                        done.push(cubin.map(|c| (*key, c)));
                    }
                }
            });
        }
    });
    let done = done.into_inner().map_err(|_| absent("a thread that compiles kernels failed"))?;
    done.into_iter().collect()
}

fn version() -> String {
    let (mut major, mut minor) = (0, 0);
    // SAFETY: writes two integers; the library was found before.
    unsafe { rtc::nvrtcVersion(&mut major, &mut minor) };
    format!("{major}.{minor}")
}

fn compile(source: &str, kernel: &Kernel, options: &[String]) -> Result<Vec<u8>, Error> {
    let text = |s: &str| CString::new(s).map_err(|_| absent("a source holds a zero"));
    let (source, name) = (text(source)?, text(&format!("{}.cu", kernel.entry))?);
    let options = options.iter().map(|o| text(o)).collect::<Result<Vec<_>, _>>()?;
    let list: Vec<*const c_char> = options.iter().map(|o| o.as_ptr()).collect();
    let mut program = std::ptr::null_mut();
    let failed = |what: &str| absent(&format!("NVRTC {what} (`{}`)", kernel.entry));
    // SAFETY: the texts live until the end; NVRTC copies what it keeps; sizes are asked for before buffers are made.
    unsafe {
        let ok = rtc::nvrtcResult::NVRTC_SUCCESS;
        let (none, empty) = (std::ptr::null(), std::ptr::null());
        if rtc::nvrtcCreateProgram(&mut program, source.as_ptr(), name.as_ptr(), 0, none, empty) != ok {
            return Err(failed("cannot start"));
        }
        let code = rtc::nvrtcCompileProgram(program, list.len() as i32, list.as_ptr());
        let mut size = 0;
        let result = if code == ok {
            let mut cubin = Vec::new();
            let sized = rtc::nvrtcGetCUBINSize(program, &mut size) == ok;
            cubin.resize(size, 0u8);
            match sized && rtc::nvrtcGetCUBIN(program, cubin.as_mut_ptr().cast()) == ok {
                true => Ok(cubin),
                false => Err(failed("gives no code")),
            }
        } else {
            rtc::nvrtcGetProgramLogSize(program, &mut size);
            let mut log = vec![0u8; size];
            rtc::nvrtcGetProgramLog(program, log.as_mut_ptr().cast());
            Err(failed(&format!(
                "refuses a generated kernel: {}",
                String::from_utf8_lossy(&log).trim_end_matches('\0')
            )))
        };
        rtc::nvrtcDestroyProgram(&mut program);
        result
    }
}
