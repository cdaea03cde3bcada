//! Handles of devices.

use crate::error::Error;
use crate::exec::Backend;
pub use crate::exec::MemoryStats;
#[cfg(feature = "cpu")]
use std::sync::OnceLock;
use std::sync::{Arc, RwLock};

/// A device, on which tensors are stored and functions run. The type is a handle that is cheap to copy.
///
/// ```
/// # #[cfg(feature = "cpu")] {
/// use thunder_core::device::Device;
/// use thunder_core::tensor::Tensor;
/// let cpu = Device::cpu();
/// assert_eq!(Tensor::from_vec(vec![1.0f32], (1,)).to(&cpu).device(), cpu);
/// assert_eq!(cpu.to_string(), "cpu");
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct Device(&'static Registered);

struct Registered {
    name: String,
    backend: Arc<dyn Backend>,
}

static DEVICES: RwLock<Vec<&'static Registered>> = RwLock::new(Vec::new());
static DEFAULT: RwLock<Option<Device>> = RwLock::new(None);

impl Device {
    /// Registers a backend. If one of the same name is registered already, that one is used.
    pub fn register(backend: Arc<dyn Backend>) -> Device {
        let name = backend.name();
        let mut devices = DEVICES.write().unwrap_or_else(|e| e.into_inner());
        if let Some(known) = devices.iter().find(|d| d.name == name) {
            return Device(known);
        }
        // A device lives as long as the process, because tensors have handles of it.
        let entry: &'static Registered = Box::leak(Box::new(Registered { name, backend }));
        devices.push(entry);
        Device(entry)
    }

    /// The CPU.
    #[cfg(feature = "cpu")]
    pub fn cpu() -> Device {
        static CPU: OnceLock<Device> = OnceLock::new();
        *CPU.get_or_init(|| Device::register(crate::cpu::backend()))
    }

    /// The device on which new tensors are created: the CPU until [`Device::set_default`] is called.
    ///
    /// # Panics
    /// If no device is registered, in a build without the CPU executor.
    pub fn default_device() -> Device {
        if let Some(d) = *DEFAULT.read().unwrap_or_else(|e| e.into_inner()) {
            return d;
        }
        #[cfg(feature = "cpu")]
        return Device::cpu();
        #[cfg(not(feature = "cpu"))]
        panic!("no default device: this build has no CPU executor, and `set_default_device` was not called");
    }

    /// Makes this the device on which new tensors are created.
    pub fn set_default(self) {
        *DEFAULT.write().unwrap_or_else(|e| e.into_inner()) = Some(self);
    }

    /// The name: `cpu`, `cuda:0`.
    pub fn name(&self) -> &'static str {
        &self.0.name
    }

    /// The backend that runs functions on this device.
    pub fn backend(&self) -> &'static dyn Backend {
        &*self.0.backend
    }

    /// Waits for all work that was started here. Calls on a GPU return before their work is done; reading a tensor waits
    /// by itself.
    ///
    /// ```
    /// # #[cfg(feature = "cpu")] {
    /// let start = std::time::Instant::now();
    /// // ... calls ...
    /// thunder_core::device::Device::cpu().synchronize()?;
    /// println!("{:?}", start.elapsed());
    /// # }
    /// # Ok::<(), thunder_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// A failure of that work.
    pub fn synchronize(&self) -> Result<(), Error> {
        self.backend().synchronize()
    }

    /// The bytes of memory in use here, the most that were, and what is reserved.
    ///
    /// ```
    /// # #[cfg(feature = "cpu")] {
    /// use thunder_core::device::Device;
    /// use thunder_core::tensor::Tensor;
    /// let x = Tensor::<f32, _>::zeros((1000,));
    /// let stats = Device::cpu().memory_stats();
    /// assert!(stats.in_use >= 4000 && stats.peak >= stats.in_use && stats.reserved >= stats.in_use);
    /// # drop(x);
    /// # }
    /// ```
    pub fn memory_stats(&self) -> MemoryStats {
        self.backend().memory_stats()
    }

    /// Sets the peak of [`Device::memory_stats`] back to what is in use, to measure one part of a program.
    ///
    /// ```
    /// # #[cfg(feature = "cpu")]
    /// thunder_core::device::Device::cpu().reset_peak_memory();
    /// ```
    pub fn reset_peak_memory(&self) {
        self.backend().reset_peak_memory();
    }

    /// Returns unused memory to the system: blocks and arenas that are cached for later calls.
    ///
    /// thunder does this by itself when an allocation fails. Call it in a program that pauses or needs the memory for
    /// something else.
    ///
    /// ```
    /// # #[cfg(feature = "cpu")]
    /// thunder_core::device::Device::cpu().trim();
    /// ```
    pub fn trim(&self) {
        self.backend().trim();
    }

    /// Calls [`Device::trim`] for all devices.
    pub(crate) fn trim_all() {
        DEVICES.read().unwrap_or_else(|e| e.into_inner()).iter().for_each(|d| d.backend.trim());
    }

    /// A number that identifies the device.
    pub(crate) fn id(&self) -> u64 {
        std::ptr::from_ref(self.0) as u64
    }
}

impl PartialEq for Device {
    fn eq(&self, other: &Device) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Device {}

impl std::fmt::Display for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
