//! Finding devices.

use std::io::Write;
use thunder_core::device::Device;
use thunder_core::error::Error;

/// Ways to a [`Device`] besides the CPU; in the prelude.
pub trait Devices: Sized {
    /// CUDA device `ordinal`.
    ///
    /// # Panics
    /// If there is none that can be used; [`Devices::try_cuda`] says why as an error.
    #[track_caller]
    fn cuda(ordinal: usize) -> Self;

    /// CUDA device `ordinal`.
    ///
    /// # Errors
    /// No driver, a driver too old, no such device, no NVRTC, no cuBLASLt, one of them without a function that is needed,
    /// or a build without the feature `cuda`.
    fn try_cuda(ordinal: usize) -> Result<Self, Error>;

    /// The first CUDA device, or the CPU where there is none; that is said once, on standard error.
    fn best() -> Self;
}

impl Devices for Device {
    fn cuda(ordinal: usize) -> Device {
        match Device::try_cuda(ordinal) {
            Ok(device) => device,
            Err(e) => panic!("{e}"),
        }
    }

    #[cfg(feature = "cuda")]
    fn try_cuda(ordinal: usize) -> Result<Device, Error> {
        Ok(Device::register(thunder_cuda::backend(ordinal)?))
    }

    #[cfg(not(feature = "cuda"))]
    fn try_cuda(_: usize) -> Result<Device, Error> {
        let message = "this build has no CUDA: it was made without the feature `cuda`".to_string();
        Err(Error::Backend { device: "cuda".into(), message })
    }

    fn best() -> Device {
        static BEST: std::sync::OnceLock<Device> = std::sync::OnceLock::new();
        *BEST.get_or_init(|| {
            Device::try_cuda(0).unwrap_or_else(|e| {
                // A standard error that takes nothing is no reason to fail.
                let _ = writeln!(std::io::stderr(), "thunder: running on the CPU ({e})");
                Device::cpu()
            })
        })
    }
}
