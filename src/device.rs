//! Finding devices.

use std::io::Write;
use thunder_core::device::Device;
use thunder_core::error::Error;

/// Constructors of a [`Device`] other than the CPU. This trait is in the prelude.
pub trait Devices: Sized {
    /// CUDA device `ordinal`.
    ///
    /// # Panics
    /// If the device can't be used; [`Devices::try_cuda`] returns the reason as an error.
    #[track_caller]
    fn cuda(ordinal: usize) -> Self;

    /// CUDA device `ordinal`.
    ///
    /// # Errors
    /// There is no driver, it is too old, there is no such device, NVRTC or cuBLASLt is missing, one of these libraries
    /// lacks a function that thunder needs, or the crate was built without the feature `cuda`.
    fn try_cuda(ordinal: usize) -> Result<Self, Error>;

    /// The first CUDA device, or the CPU if there is none. In that case a message goes to standard error, once.
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
                // A standard error that can't be written to is no reason to fail.
                let _ = writeln!(std::io::stderr(), "thunder: running on the CPU ({e})");
                Device::cpu()
            })
        })
    }
}
