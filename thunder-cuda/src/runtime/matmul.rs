//! Matrix products through cuBLASLt: descriptors and algorithms are chosen once a shape.

use super::{Gpu, absent, cu};
use cudarc::cublaslt::sys as lt;
use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::{Arc, Mutex, MutexGuard};
use thunder_core::error::Error;
use thunder_core::exec::{Base, Layout, Place};
use thunder_core::types::DType;

/// Device memory that the library may use; one product runs at a time.
const WORKSPACE: usize = 32 << 20;

const BIAS: lt::cublasLtMatmulDescAttributes_t =
    lt::cublasLtMatmulDescAttributes_t::CUBLASLT_MATMUL_DESC_BIAS_POINTER;

/// One operand as the library sees it: a column-major matrix.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Matrix {
    rows: u64,
    columns: u64,
    /// Elements from column to column.
    step: i64,
    transposed: bool,
    /// Elements from one product of the batch to the next.
    batch: i64,
    /// The alignment of its address in bytes, up to 256.
    alignment: u32,
}

/// What a product is, apart from addresses. Row-major `C = A B` is column-major `Cᵀ = Bᵀ Aᵀ`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Shape {
    dtype: DType,
    first: Matrix,
    second: Matrix,
    out: Matrix,
    count: i32,
    /// Whether a vector is added to every row of the result before it is rounded.
    bias: bool,
    /// Element offsets of `A`, `B` and `C` of each launch.
    offsets: Vec<[usize; 3]>,
}

/// The matrix that a row-major operand is to the library, if it is one; `sr` is its row stride.
fn matrix(place: &Place, batch: usize, (r, sr): (usize, usize)) -> Option<Matrix> {
    let l = &place.layout;
    let rank = l.sizes.len();
    let (c, sc) = (l.sizes[rank - 1], l.strides[rank - 1]);
    let start = l.offset * place.dtype.size() + if let Base::Arena(at) = place.base { at } else { 0 };
    let alignment = if start == 0 { 256 } else { 1 << start.trailing_zeros().min(8) };
    let whole = |step: usize, least: usize, single: bool| match single {
        true => Some(least.max(1)),
        false if step >= least => Some(step),
        false => None,
    };
    let (transposed, rows, columns, step) = if sc == 1 || c == 1 {
        (false, c, r, whole(sr, c, r == 1)?)
    } else if sr == 1 || r == 1 {
        (true, r, c, whole(sc, r, c == 1)?)
    } else {
        return None;
    };
    let (rows, columns, step) = (rows as u64, columns as u64, step as i64);
    Some(Matrix { rows, columns, step, transposed, batch: batch as i64, alignment })
}

impl Shape {
    /// The product of `a` and `b` into `out`, if the library can run it without copies.
    pub fn of(a: &Place, b: &Place, out: &Place) -> Option<Shape> {
        let lead = |l: &Layout, rank: usize| -> Vec<(usize, usize)> {
            let own = l.sizes.len();
            (0..rank - 2)
                .map(|d| match (d + own).checked_sub(rank) {
                    Some(i) if l.sizes[i] != 1 => (l.sizes[i], l.strides[i]),
                    _ => (1, 0),
                })
                .collect()
        };
        let rank = out.layout.sizes.len();
        let (la, lb, lc) = (lead(&a.layout, rank), lead(&b.layout, rank), lead(&out.layout, rank));
        // Leading dimensions that advance together act as one.
        let mut dims: Vec<(usize, [usize; 3])> = Vec::new();
        for d in 0..rank - 2 {
            let n = out.layout.sizes[d];
            let s = [la[d].1, lb[d].1, lc[d].1];
            match dims.last_mut() {
                _ if n == 1 => {}
                Some((m, t)) if (0..3).all(|i| t[i] == s[i] * n) => (*m, *t) = (*m * n, s),
                _ => dims.push((n, s)),
            }
        }
        let mut rows = out.layout.sizes[rank - 2];
        let mut step = a.layout.strides[a.layout.sizes.len() - 2];
        let (n, mut row) = (out.layout.sizes[rank - 1], out.layout.strides[rank - 2]);
        // A batch that shares `B` is one product with more rows.
        while let Some(&(count, [sa, 0, sc])) = dims.last() {
            if rows != 1 && (sc != rows * row || sa != rows * step) {
                break;
            }
            if rows == 1 {
                if sc < n {
                    break;
                }
                (step, row) = (sa, sc);
            }
            rows *= count;
            dims.pop();
        }
        // One launch takes one batch: the largest, the others are launches.
        let largest = (0..dims.len()).max_by_key(|&d| dims[d].0);
        let (count, [sa, sb, sc]) = largest.map_or((1, [0; 3]), |d| dims.remove(d));
        let mut offsets = vec![[0; 3]];
        for (n, s) in dims {
            offsets = offsets
                .iter()
                .flat_map(|o| (0..n).map(move |i| [0, 1, 2].map(|k| o[k] + i * s[k])))
                .collect();
        }
        let inner = b.layout.sizes[b.layout.sizes.len() - 2];
        let mut shape = Shape {
            dtype: out.dtype,
            first: matrix(b, sb, (inner, b.layout.strides[b.layout.sizes.len() - 2]))?,
            second: matrix(a, sa, (rows, step))?,
            out: matrix(out, sc, (rows, row)).filter(|m| !m.transposed)?,
            count: count as i32,
            bias: false,
            offsets,
        };
        let size = out.dtype.size();
        for o in &shape.offsets {
            let least = |m: &mut Matrix, at: usize| {
                if at != 0 {
                    m.alignment = m.alignment.min(1 << (at * size).trailing_zeros().min(8));
                }
            };
            least(&mut shape.second, o[0]);
            least(&mut shape.first, o[1]);
            least(&mut shape.out, o[2]);
        }
        for m in [&mut shape.first, &mut shape.second, &mut shape.out] {
            if m.batch != 0 && count > 1 {
                m.alignment = m.alignment.min(1 << (m.batch as usize * size).trailing_zeros().min(8));
            }
        }
        Some(shape)
    }

    /// With `bias` added to every row, if the library can read it.
    pub fn with_bias(mut self, bias: &Place) -> Option<Shape> {
        let l = &bias.layout;
        let dense = l.sizes.len() == 1 && (l.strides[0] == 1 || l.sizes[0] == 1);
        self.bias = true;
        (dense && (l.offset * bias.dtype.size()).is_multiple_of(16)).then_some(self)
    }
}

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

/// The library's handle, its workspace, and the products made so far.
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
        // Kept for the process's life, as the handle is.
        std::mem::forget(workspace);
        Ok(library)
    }

    /// The product of this shape, made on first use.
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

    /// Starts the products; `at` are the addresses of the operands, then of the result.
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
        let size = product.shape.dtype.size();
        for o in &product.shape.offsets {
            let at = |start: u64, k: usize| (start + (o[k] * size) as u64) as *mut c_void;
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
        // Without TF32: f32 products are f32 products.
        DType::F32 => (SINGLE, data::CUDA_R_32F, data::CUDA_R_32F),
        DType::F16 => (SINGLE, data::CUDA_R_32F, data::CUDA_R_16F),
        _ => (SINGLE, data::CUDA_R_32F, data::CUDA_R_16BF),
    };
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
            // The library's columns are our rows.
            let (attribute, add) = (EPILOGUE, lt::cublasLtEpilogue_t::CUBLASLT_EPILOGUE_BIAS);
            check(lt::cublasLtMatmulDescSetAttribute(operation, attribute, bytes(&add), 4), "describing")?;
        }
        for (m, l) in all.iter().zip(&mut layouts) {
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
