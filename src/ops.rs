//! The operations of the language.
//!
//! Most are methods of a tensor, of [`TensorOps`]; the functions of this module are in the
//! [prelude](crate::prelude). Both exist in the bodies of `#[thunder]` functions only. Names and argument order are PyTorch's.
//!
//! | family | operations |
//! |---|---|
//! | arithmetic | [`add`](TensorOps::add) `+`, [`sub`](TensorOps::sub) `-`, [`mul`](TensorOps::mul) `*`, [`div`](TensorOps::div) `/`, [`rem`](TensorOps::rem) `%`, [`neg`](TensorOps::neg) `-x`, [`pow`](TensorOps::pow), [`atan2`](TensorOps::atan2), [`maximum`](TensorOps::maximum), [`minimum`](TensorOps::minimum), [`clamp`](TensorOps::clamp) |
//! | powers, exponentials | [`square`](TensorOps::square), [`sqrt`](TensorOps::sqrt), [`rsqrt`](TensorOps::rsqrt), [`reciprocal`](TensorOps::reciprocal), [`exp`](TensorOps::exp), [`exp2`](TensorOps::exp2), [`expm1`](TensorOps::expm1), [`log`](TensorOps::log), [`log2`](TensorOps::log2), [`log1p`](TensorOps::log1p) |
//! | other functions | [`abs`](TensorOps::abs), [`sign`](TensorOps::sign), [`sin`](TensorOps::sin), [`cos`](TensorOps::cos), [`tanh`](TensorOps::tanh), [`erf`](TensorOps::erf), [`erfc`](TensorOps::erfc), [`floor`](TensorOps::floor), [`ceil`](TensorOps::ceil), [`round`](TensorOps::round), [`trunc`](TensorOps::trunc) |
//! | activations | [`relu`](TensorOps::relu), [`gelu`](TensorOps::gelu), [`gelu_tanh`](TensorOps::gelu_tanh), [`silu`](TensorOps::silu), [`sigmoid`](TensorOps::sigmoid), [`softplus`](TensorOps::softplus), [`softmax`](TensorOps::softmax), [`log_softmax`](TensorOps::log_softmax) |
//! | comparisons, logic | [`eq`](TensorOps::eq) `==`, [`ne`](TensorOps::ne) `!=`, [`lt`](TensorOps::lt) `<`, [`le`](TensorOps::le) `<=`, [`gt`](TensorOps::gt) `>`, [`ge`](TensorOps::ge) `>=`, [`logical_and`](TensorOps::logical_and) `&`, [`logical_or`](TensorOps::logical_or) `\|`, [`logical_xor`](TensorOps::logical_xor) `^`, [`logical_not`](TensorOps::logical_not) `!x`, [`isnan`](TensorOps::isnan), [`isinf`](TensorOps::isinf), [`isfinite`](TensorOps::isfinite), [`select`], [`masked_fill`](TensorOps::masked_fill) |
//! | reductions | [`sum`](TensorOps::sum), [`prod`](TensorOps::prod), [`mean`](TensorOps::mean), [`var`](TensorOps::var), [`amax`](TensorOps::amax), [`amin`](TensorOps::amin), [`logsumexp`](TensorOps::logsumexp), [`all`](TensorOps::all), [`any`](TensorOps::any), each also as `sum_keepdim` and so on; [`argmax`](TensorOps::argmax), [`argmin`](TensorOps::argmin), [`cumsum`](TensorOps::cumsum) |
//! | shapes | [`reshape`](TensorOps::reshape), [`permute`](TensorOps::permute), [`transpose`](TensorOps::transpose), [`t`](TensorOps::t), [`unsqueeze`](TensorOps::unsqueeze), [`squeeze`](TensorOps::squeeze), [`broadcast_to`](TensorOps::broadcast_to), [`expand`](TensorOps::expand), [`flip`](TensorOps::flip), [`pad`](TensorOps::pad), [`cat`], [`stack`], [`tril`](TensorOps::tril), [`triu`](TensorOps::triu), and [below](#forms-of-the-language) `rearrange`, `chunk`, `chunk_vec` |
//! | parts, indices | [`slice`](TensorOps::slice), [`narrow`](TensorOps::narrow), [`select_index`](TensorOps::select_index), [`slice_update`](TensorOps::slice_update), [`index_select`](TensorOps::index_select), [`index_add`](TensorOps::index_add), [`gather`](TensorOps::gather), [`scatter_add`](TensorOps::scatter_add), [`embedding`], [`one_hot`](TensorOps::one_hot) |
//! | products | [`matmul`](TensorOps::matmul), [`linear`](TensorOps::linear), [`scaled_dot_product_attention`], [`masked_attention`], and [below](#forms-of-the-language) `einsum` |
//! | normalisation, losses | [`layer_norm`](TensorOps::layer_norm), [`rms_norm`](TensorOps::rms_norm), [`cross_entropy`] |
//! | types, constants | [`cast`](TensorOps::cast), [`cast_like`](TensorOps::cast_like), [`zeros`], [`ones`], [`full`], [`arange`] |
//! | random numbers | [`uniform`], [`normal`], [`bernoulli`], [`dropout`](TensorOps::dropout); keys: [`Key::split`](crate::Key::split), [`Key::fold_in`](crate::Key::fold_in) |
//! | transforms | [`thunder::transforms`](crate::transforms); [`stop_gradient`], [`debug_print`] |
//!
//! # Forms of the language
//!
//! These have the form of a call, and the macro writes them out.
//!
//! ## `x.rearrange(|b, t, (H, d)| (b, H, t, d))`
#![doc = include_str!("../thunder-core/src/tensor/docs/rearrange.md")]
//! ## `einsum("ij,jk->ik", x, y)`
#![doc = include_str!("../thunder-core/src/tensor/docs/einsum.md")]
//! ## `x.chunk(3, -1)`
#![doc = include_str!("../thunder-core/src/tensor/docs/chunk.md")]
//! ## `x.chunk_vec(n, -1)`
#![doc = include_str!("../thunder-core/src/tensor/docs/chunk_vec.md")]
//! ## `x.shape()`, `x.rank()`, `x.dtype()`, `x.clone()`
#![doc = include_str!("../thunder-core/src/tensor/docs/shape.md")]
#![doc = include_str!("../thunder-core/src/tensor/docs/rank.md")]
#![doc = include_str!("../thunder-core/src/tensor/docs/dtype.md")]
#![doc = include_str!("../thunder-core/src/tensor/docs/clone.md")]

pub use thunder_core::tensor::{
    CrossEntropy, Sdpa, TensorOps, arange, bernoulli, cat, cross_entropy, debug_print, embedding, full,
    masked_attention, normal, ones, scaled_dot_product_attention, select, stack, stop_gradient, uniform,
    zeros,
};

/// The examples of the operations that thunder-core defines: they need the macro, which it has not.
#[cfg(doctest)]
mod examples {
    macro_rules! examples {
        ($($name:ident)*) => {$(
            #[doc = include_str!(concat!("../thunder-core/src/tensor/docs/", stringify!($name), ".md"))]
            mod $name {}
        )*};
    }

    examples! {
        abs add all all_keepdim amax amax_keepdim amin amin_keepdim any any_keepdim arange argmax argmin
        atan2 bernoulli broadcast_to cast cast_like cat ceil clamp cos cross_entropy cumsum debug_print
        div dropout embedding eq erf erfc exp exp2 expand expm1 flip floor full gather ge gelu gelu_tanh gt
        index_add index_select isfinite isinf isnan layer_norm le linear log log1p log2 log_softmax
        logical_and logical_not logical_or logical_xor logsumexp logsumexp_keepdim lt masked_attention
        masked_fill matmul maximum mean mean_keepdim minimum mul narrow ne neg normal one_hot ones pad
        permute pow prod prod_keepdim reciprocal relu rem reshape rms_norm round rsqrt
        scaled_dot_product_attention scatter_add select select_index sigmoid sign silu sin slice
        slice_update softmax softplus sqrt square squeeze stack stop_gradient sub sum sum_keepdim t tanh
        transpose tril triu trunc uniform unsqueeze var var_keepdim zeros
    }
}
