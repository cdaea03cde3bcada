//! Matrix products by cuBLASLt. Descriptors and algorithms are chosen once for each shape.

use super::{Gpu, absent, cu};
use crate::codegen::product::Shape;
use cudarc::cublaslt::sys as lt;
use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::{Arc, Mutex, MutexGuard};
use thunder_core::error::Error;
use thunder_core::types::DType;

/// Device memory for the library. One product runs at a time.
const WORKSPACE: usize = 32 << 20;

const BIAS: lt::cublasLtMatmulDescAttributes_t =
    lt::cublasLtMatmulDescAttributes_t::CUBLASLT_MATMUL_DESC_BIAS_POINTER;

/// A product with its descriptors and algorithm.
pub(crate) struct Product {
    shape: Shape,
    operation: lt::cublasLtMatmulDesc_t,
    layouts: [lt::cublasLtMatrixLayout_t; 3],
    algorithm: lt::cublasLtMatmulAlgo_t,
}

// SAFETY: descriptors are used only while the library is locked.
unsafe impl Send for Product {}
// SAFETY: as above.
unsafe impl Sync for Product {}

/// The library's handle, its workspace, and the products prepared so far.
pub(super) struct Library {
    handle: lt::cublasLtHandle_t,
    workspace: cu::CUdeviceptr,
    products: HashMap<Shape, Arc<Product>>,
}

// SAFETY: the handle may be used from any thread; it is behind a lock.
unsafe impl Send for Library {}

fn check(code: lt::cublasStatus_t, what: &str) -> Result<(), Error> {
    match code {
        lt::cublasStatus_t::CUBLAS_STATUS_SUCCESS => Ok(()),
        code => Err(absent(&format!("cuBLASLt: {what}: {code:?}"))),
    }
}

fn message(e: Error) -> String {
    match e {
        Error::Backend { message, .. } => message,
        other => other.to_string(),
    }
}

fn bytes<T>(x: &T) -> *const c_void {
    std::ptr::from_ref(x).cast()
}

impl Gpu {
    /// The library, started on first use.
    pub(super) fn library(self: &Arc<Gpu>) -> Result<MutexGuard<'_, Library>, Error> {
        let started = self.library.get_or_init(|| self.start_library().map(Mutex::new).map_err(message));
        let library = started.as_ref().map_err(|e| absent(e))?;
        library.lock().map_err(|_| absent("the matrix library is broken"))
    }

    fn start_library(self: &Arc<Gpu>) -> Result<Library, Error> {
        self.enter()?;
        let mut handle = std::ptr::null_mut();
        // SAFETY: writes a new handle, kept for the process's life.
        check(unsafe { lt::cublasLtCreate(&mut handle) }, "starting")?;
        let workspace = self.allocate(WORKSPACE)?;
        let library = Library { handle, workspace: workspace.ptr, products: HashMap::new() };
        // It lives as long as the process, like the handle.
        std::mem::forget(workspace);
        Ok(library)
    }

    /// The product of this shape, prepared on first use.
    pub fn product(self: &Arc<Gpu>, shape: &Shape) -> Result<Arc<Product>, Error> {
        self.enter()?;
        let mut library = self.library()?;
        if let Some(known) = library.products.get(shape) {
            return Ok(known.clone());
        }
        let product = Arc::new(make(library.handle, shape)?);
        library.products.insert(shape.clone(), product.clone());
        Ok(product)
    }

    /// Starts the products. `at` has the addresses of the operands, then of the result.
    pub fn multiply(
        self: &Arc<Gpu>,
        product: &Product,
        stream: cu::CUstream,
        at: &[u64],
    ) -> Result<(), Error> {
        let (a, b, out) = (at[0], at[1], at[at.len() - 1]);
        let library = self.library()?;
        if product.shape.bias {
            // SAFETY: the descriptor is changed and read only while the library is locked.
            let code =
                unsafe { lt::cublasLtMatmulDescSetAttribute(product.operation, BIAS, bytes(&at[2]), 8) };
            check(code, "giving the bias")?;
        }
        let (one, zero) = ([1.0f32, 0.0], [0.0f32; 2]);
        let (wide_one, wide_zero) = (1.0f64, 0.0f64);
        let (alpha, beta) = match product.shape.dtype {
            DType::F64 => (bytes(&wide_one), bytes(&wide_zero)),
            _ => (bytes(&one), bytes(&zero)),
        };
        let (size, result) = (product.shape.dtype.size(), product.shape.result.size());
        let sizes = [size, size, result];
        for o in &product.shape.offsets {
            let at = |start: u64, k: usize| (start + (o[k] * sizes[k]) as u64) as *mut c_void;
            let [first, second, third] = product.layouts;
            // SAFETY: the descriptors describe these addresses, whose blocks the call holds.
            let code = unsafe {
                lt::cublasLtMatmul(
                    library.handle,
                    product.operation,
                    alpha,
                    at(b, 1),
                    first,
                    at(a, 0),
                    second,
                    beta,
                    at(out, 2),
                    third,
                    at(out, 2),
                    third,
                    &product.algorithm,
                    library.workspace as *mut c_void,
                    WORKSPACE,
                    stream.cast(),
                )
            };
            check(code, "multiplying")?;
        }
        Ok(())
    }
}

fn make(handle: lt::cublasLtHandle_t, shape: &Shape) -> Result<Product, Error> {
    use lt::cublasComputeType_t::{CUBLAS_COMPUTE_32F as SINGLE, CUBLAS_COMPUTE_64F as DOUBLE};
    use lt::cublasLtMatmulDescAttributes_t::{
        CUBLASLT_MATMUL_DESC_EPILOGUE as EPILOGUE, CUBLASLT_MATMUL_DESC_TRANSA as FIRST,
        CUBLASLT_MATMUL_DESC_TRANSB as SECOND,
    };
    use lt::cublasLtMatmulPreferenceAttributes_t as wish;
    use lt::cublasLtMatrixLayoutAttribute_t as layout;
    use lt::cudaDataType_t as data;
    let (compute, scale, elements) = match shape.dtype {
        DType::F64 => (DOUBLE, data::CUDA_R_64F, data::CUDA_R_64F),
        // TF32 is off: products of f32 have f32 precision.
        DType::F32 => (SINGLE, data::CUDA_R_32F, data::CUDA_R_32F),
        DType::F16 => (SINGLE, data::CUDA_R_32F, data::CUDA_R_16F),
        _ => (SINGLE, data::CUDA_R_32F, data::CUDA_R_16BF),
    };
    let result = if shape.result == DType::F32 { data::CUDA_R_32F } else { elements };
    let (mut operation, mut preference) = (std::ptr::null_mut(), std::ptr::null_mut());
    let mut layouts = [std::ptr::null_mut(); 3];
    let all = [shape.first, shape.second, shape.out];
    let mut found = Vec::with_capacity(1);
    // SAFETY: each call writes a new descriptor, or reads an attribute of the size it is told.
    unsafe {
        check(lt::cublasLtMatmulDescCreate(&mut operation, compute, scale), "describing")?;
        for (m, attribute) in [(&all[0], FIRST), (&all[1], SECOND)] {
            let turned = i32::from(m.transposed);
            check(lt::cublasLtMatmulDescSetAttribute(operation, attribute, bytes(&turned), 4), "describing")?;
        }
        if shape.bias {
            // The library is column-major and thunder row-major, so columns are rows.
            let (attribute, add) = (EPILOGUE, lt::cublasLtEpilogue_t::CUBLASLT_EPILOGUE_BIAS);
            check(lt::cublasLtMatmulDescSetAttribute(operation, attribute, bytes(&add), 4), "describing")?;
        }
        for ((m, l), elements) in all.iter().zip(&mut layouts).zip([elements, elements, result]) {
            check(
                lt::cublasLtMatrixLayoutCreate(l, elements, m.rows, m.columns, m.step),
                "describing a matrix",
            )?;
            let count = layout::CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT;
            check(
                lt::cublasLtMatrixLayoutSetAttribute(*l, count, bytes(&shape.count), 4),
                "describing a batch",
            )?;
            let step = layout::CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET;
            check(lt::cublasLtMatrixLayoutSetAttribute(*l, step, bytes(&m.batch), 8), "describing a batch")?;
        }
        check(lt::cublasLtMatmulPreferenceCreate(&mut preference), "describing")?;
        let most = WORKSPACE;
        let wishes = [
            (wish::CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, all[0].alignment),
            (wish::CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, all[1].alignment),
            (wish::CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, all[2].alignment),
            (wish::CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, all[2].alignment),
        ];
        let room = wish::CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES;
        check(lt::cublasLtMatmulPreferenceSetAttribute(preference, room, bytes(&most), 8), "describing")?;
        for (attribute, value) in wishes {
            check(
                lt::cublasLtMatmulPreferenceSetAttribute(preference, attribute, bytes(&value), 4),
                "describing",
            )?;
        }
        let mut count = 0;
        let code = lt::cublasLtMatmulAlgoGetHeuristic(
            handle,
            operation,
            layouts[0],
            layouts[1],
            layouts[2],
            layouts[2],
            preference,
            1,
            found.as_mut_ptr(),
            &mut count,
        );
        lt::cublasLtMatmulPreferenceDestroy(preference);
        check(code, &format!("choosing an algorithm for {shape:?}"))?;
        if count == 0 {
            return Err(absent(&format!("cuBLASLt has no algorithm for {shape:?}")));
        }
        found.set_len(1);
    }
    let first: &lt::cublasLtMatmulHeuristicResult_t = &found[0];
    Ok(Product { shape: shape.clone(), operation, layouts, algorithm: first.algo })
}
