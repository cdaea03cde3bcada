//! The device, which is found at run time: its memory, its compiler and its matrix library. All `unsafe` code of this
//! crate is here.

mod cache;
mod compiler;
mod graph;
mod launch;
mod matmul;
mod memory;
mod print;
mod symbols;
mod timer;

pub(crate) use compiler::Function;
pub(crate) use graph::Staged;
pub(crate) use launch::{Instance, Program, ProgramStep, Slot, Start};
pub(crate) use matmul::Product;
pub(crate) use memory::DeviceBuffer;
pub use timer::Timer;

use cudarc::driver::sys as cu;
use std::collections::HashMap;
use std::ffi::CStr;
use std::sync::{Arc, Mutex, OnceLock};
use thunder_core::error::Error;
use thunder_core::kernel::target;
use thunder_core::trace::Loc;

/// The oldest driver that runs what NVRTC 13 makes: that of CUDA 13.0 (NVRTC 12 makes code for 12.x drivers too).
const OLDEST_DRIVER: i32 = 12000;

/// One device with its context and stream. All its work is ordered by that one stream, so memory that a finished
/// call gave back can be handed out again at once.
pub(crate) struct Gpu {
    pub ordinal: usize,
    /// The vendor's name of the device.
    pub model: String,
    /// The description of the device for choosing schedules.
    pub target: target::Gpu,
    context: cu::CUcontext,
    stream: cu::CUstream,
    /// The stream for capturing graphs. Nothing runs on it, so captures do not see the launches of other threads.
    drafts: Mutex<graph::Drafts>,
    pool: Mutex<memory::Pool>,
    /// Locked by a call while it starts its work, so that the work of the next call is later in the stream.
    arena: Mutex<memory::Arena>,
    staging: Mutex<memory::Staging>,
    modules: Mutex<HashMap<[u8; 32], compiler::Module>>,
    library: OnceLock<Result<Mutex<matmul::Library>, String>>,
}

// SAFETY: the driver's handles may be used from any thread once the context is current there, which every entry
// point below sees to; everything that changes is behind a lock.
unsafe impl Send for Gpu {}
// SAFETY: as above.
unsafe impl Sync for Gpu {}

fn absent(what: &str) -> Error {
    Error::Backend { device: "cuda".into(), message: what.into() }
}

impl Gpu {
    /// Opens device `ordinal`. The error names what is missing.
    pub fn open(ordinal: usize) -> Result<Arc<Gpu>, Error> {
        symbols::driver_version()?;
        let mut version = 0;
        // SAFETY: this call may come before `cuInit`, and writes one integer.
        let code = unsafe { cu::cuDriverGetVersion(&mut version) };
        if code != cu::CUresult::CUDA_SUCCESS {
            return Err(absent(&format!("the NVIDIA driver does not answer ({code:?})")));
        }
        if version < OLDEST_DRIVER {
            let text = format!(
                "the NVIDIA driver is too old: it supports CUDA {}.{}, and {}.0 is needed",
                version / 1000,
                version % 1000 / 10,
                OLDEST_DRIVER / 1000
            );
            return Err(absent(&text));
        }
        symbols::driver()?;
        // SAFETY: initialises the driver; takes no pointer.
        match unsafe { cu::cuInit(0) } {
            cu::CUresult::CUDA_SUCCESS => {}
            cu::CUresult::CUDA_ERROR_NO_DEVICE => return Err(absent("the NVIDIA driver finds no device")),
            code => return Err(absent(&format!("the NVIDIA driver cannot start: {}", describe(code)))),
        }
        let mut count = 0;
        // SAFETY: writes one integer.
        check(unsafe { cu::cuDeviceGetCount(&mut count) }, "counting devices")?;
        if !i32::try_from(ordinal).is_ok_and(|n| n < count) {
            return Err(absent(&format!("there is no device {ordinal}: {count} found")));
        }
        symbols::compiler()?;
        symbols::matrices()?;
        Gpu::start(ordinal)
    }

    fn start(ordinal: usize) -> Result<Arc<Gpu>, Error> {
        let (mut device, mut context, mut stream) = (0, std::ptr::null_mut(), std::ptr::null_mut());
        let mut name = [0i8; 128];
        // SAFETY: each call writes to the variable it is given, and the device was found above.
        unsafe {
            check(cu::cuDeviceGet(&mut device, ordinal as i32), "opening the device")?;
            check(cu::cuDeviceGetName(name.as_mut_ptr().cast(), 127, device), "asking for its name")?;
            check(cu::cuDevicePrimaryCtxRetain(&mut context, device), "making a context")?;
            check(cu::cuCtxSetCurrent(context), "using the context")?;
            check(cu::cuStreamCreate(&mut stream, 1), "making a stream")?;
        }
        let target = described(device)?;
        let (major, minor) = target.capability;
        if major < 8 {
            return Err(absent(&format!(
                "device {ordinal} is of compute capability {major}.{minor}; 8.0 is needed"
            )));
        }
        // SAFETY: the driver ended the name with a zero, and the array's last byte is one.
        let model = unsafe { CStr::from_ptr(name.as_ptr().cast()) }.to_string_lossy().into_owned();
        let gpu = Arc::new(Gpu {
            ordinal,
            model,
            target,
            context,
            stream,
            drafts: Mutex::default(),
            pool: Mutex::default(),
            arena: Mutex::default(),
            staging: Mutex::default(),
            modules: Mutex::default(),
            library: OnceLock::new(),
        });
        // Starting the matrix library takes a while. Meanwhile the first function is linked.
        let early = gpu.clone();
        std::thread::spawn(move || early.library().map(|_| ()));
        Ok(gpu)
    }

    /// Makes the context current in this thread.
    pub fn enter(&self) -> Result<(), Error> {
        // SAFETY: the context lives as long as the process.
        check(unsafe { cu::cuCtxSetCurrent(self.context) }, "using the context")
    }

    /// Waits for all work.
    pub fn synchronize(&self) -> Result<(), Error> {
        // SAFETY: the stream lives as long as the process.
        let code = unsafe { cu::cuStreamSynchronize(self.stream) };
        // A failure of a running kernel is reported here, after the launch. The variable makes the driver wait at each launch.
        check(code, "a kernel or a copy failed (run with CUDA_LAUNCH_BLOCKING=1 to have its line named)")
    }
}

/// The properties of `device` from the driver.
fn described(device: cu::CUdevice) -> Result<target::Gpu, Error> {
    use cu::CUdevice_attribute::*;
    let ask = |attribute| {
        let mut value = 0;
        // SAFETY: writes one integer, and the caller has opened the device.
        check(unsafe { cu::cuDeviceGetAttribute(&mut value, attribute, device) }, "asking for its limits")?;
        Ok::<usize, Error>(value.max(0) as usize)
    };
    let clock = ask(CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE)?;
    let bus = ask(CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH)?;
    Ok(target::Gpu {
        capability: (
            ask(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)? as u32,
            ask(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)? as u32,
        ),
        multiprocessors: ask(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)?.max(1),
        threads: ask(CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR)?,
        registers: ask(CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR)?,
        shared: ask(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR)?,
        shared_of_block: ask(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN)?,
        l2: ask(CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE)?,
        // The clock is in kHz, the bus in bits, and memory moves two bits a wire and cycle.
        bandwidth: clock as f64 * 1e3 * bus as f64 / 8.0 * 2.0,
        grid: [
            ask(CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X)?.max(1),
            ask(CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y)?.max(1),
            ask(CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z)?.max(1),
        ],
    })
}

/// The driver's name of an error, without calling the driver when it may be unusable.
fn describe(code: cu::CUresult) -> String {
    let mut text = std::ptr::null();
    // SAFETY: writes a pointer to a static text, or nothing.
    let known =
        unsafe { cu::cuGetErrorString(code, &mut text) } == cu::CUresult::CUDA_SUCCESS && !text.is_null();
    if !known {
        return format!("{code:?}");
    }
    // SAFETY: the driver's texts are static and end with a zero.
    format!("{} ({code:?})", unsafe { CStr::from_ptr(text) }.to_string_lossy())
}

/// Checks the launch of kernel `entry`, which comes from the line at `loc`.
fn check_at(code: cu::CUresult, entry: &str, loc: Loc) -> Result<(), Error> {
    match code {
        cu::CUresult::CUDA_SUCCESS => Ok(()),
        code => Err(absent(&format!("kernel `{entry}`: {}\n  at {loc}", describe(code)))),
    }
}

fn check(code: cu::CUresult, what: &str) -> Result<(), Error> {
    match code {
        cu::CUresult::CUDA_SUCCESS => Ok(()),
        code => Err(absent(&format!("{what}: {}", describe(code)))),
    }
}
