//! Operations that there are not: the nearest names, and what PyTorch's are called here.

use crate::diagnostics::Diagnostics;
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use std::collections::BTreeMap;
use syn::Ident;
use thunder_core::op::{ArgKind, Method};

/// What an operation that PyTorch or Rust has is written as.
fn translation(name: &str) -> Option<&'static str> {
    Some(match name {
        "view" | "flatten" | "unflatten" | "reshape_as" => {
            "`reshape((…))`, or `rearrange(|b, t, c| (b, (t, c)))`"
        }
        "max" => "`amax(axis)` over an axis, `maximum(y)` elementwise",
        "min" => "`amin(axis)` over an axis, `minimum(y)` elementwise",
        "std" => "`var(axis).sqrt()`",
        "norm" => "`square().sum(axis).sqrt()`",
        "mm" | "bmm" | "dot" => "`matmul(y)`, or `einsum(\"i,i->\", x, y)`",
        "where_" | "r#where" | "where_cond" => "`select(condition, x, y)`",
        "detach" => "`stop_gradient(x)`",
        "backward" => "`grad(&x, |x| loss)`",
        "float" | "half" | "double" | "bfloat16" | "long" | "int" | "to_dtype" | "type_as" => {
            "`cast::<f32>()`"
        }
        "contiguous" => "leave it out: layouts are the compiler's",
        "concat" => "`cat(&[x, y], axis)`",
        "repeat" | "tile" | "expand_as" => "`broadcast_to((…))`",
        "swapaxes" | "swap_dims" | "movedim" => {
            "`transpose(a, b)`, `permute((…))`, or `rearrange(|b, t| (t, b))`"
        }
        "size" => "the dimension's name, `B`; or `x.shape().0`",
        "ndim" | "dim" | "dims" => "`rank()`, `shape()`",
        "powi" | "powf" => "`pow(2.0)`, `square()`",
        "ln" => "`log()`",
        "index" | "get" | "take" => "`index_select(axis, i)`, `select_index(axis, i)`, `gather(axis, i)`",
        "eq_" | "equal" => "`x == y`, elementwise",
        "unwrap" | "expect" | "ok" => "leave it out: operations give tensors, not results",
        "map" | "for_each" => "operations on the whole tensor; `vmap(&x, |row| …)` over the first dimension",
        _ => return None,
    })
}

/// A method that no operation has; `extent` is the extent of the tensor's dimension that its argument numbers.
pub fn method(name: &Ident, extent: Option<&str>, diag: &mut Diagnostics) {
    let (what, help) = advice(&name.to_string());
    let help = match extent {
        Some(extent) if name == "size" => format!("the extent's name is a number in a body: `{extent}`"),
        _ => help,
    };
    diag.error(name, what, help);
}

/// What is said of a method that no operation has, and what to write.
fn advice(name: &str) -> (String, String) {
    let near = thunder_core::op::nearest(name);
    let help = match (translation(name), &near[..]) {
        (Some(t), _) => t.to_string(),
        (None, []) => "build it from those there are, in a `#[thunder]` function; they are listed at \
                       `thunder::TensorOps` in the documentation"
            .to_string(),
        (None, near) => format!("did you mean {}?", list(near)),
    };
    (format!("unknown operation: a tensor has no `{name}`"), help)
}

/// What a body has, so that the methods of unknown receivers which, of a tensor, would be misspelt operations are
/// reported as such: `names`, with how many arguments they are given.
///
/// Of a field only rustc knows whether it is one. Behind every tensor, where it looks last, stands a method of that
/// name which asks for what nothing has.
pub fn behind(names: &BTreeMap<String, usize>) -> TokenStream {
    let traits = names.iter().map(|(name, count)| {
        let (what, help) = advice(name);
        let module = format_ident!("{name}_is_no_operation");
        let method = Ident::new(name, Span::call_site());
        let args: Vec<Ident> = (0..*count).map(|i| format_ident!("A{i}")).collect();
        quote! {
            mod #module {
                #[diagnostic::on_unimplemented(message = #what, label = "no operation of this name", note = #help)]
                pub trait Operation {}
                // rustc would advise to implement a trait that nothing has.
                #[diagnostic::do_not_recommend]
                impl Operation for ::core::convert::Infallible {}
                pub trait Misspelt<E, S> {
                    fn #method<#(#args,)* R>(&self, #(_: #args),*) -> R where ::thunder::Tensor<E, S>: Operation;
                }
                impl<E, S> Misspelt<E, S> for ::thunder::__rt::OnHost<E, S> {
                    fn #method<#(#args,)* R>(&self, #(_: #args),*) -> R where ::thunder::Tensor<E, S>: Operation {
                        unreachable!()
                    }
                }
            }
            #[allow(unused_imports)]
            use #module::Misspelt as _;
        }
    });
    quote!(#(#traits)*)
}

/// Whether a method of unknown receiver would, of a tensor, be a misspelt operation.
pub fn is_misspelt(name: &str) -> bool {
    !super::opaque_call::is_std_method(name)
        && thunder_core::op::method(name).is_none()
        && !name.starts_with("r#")
        && !thunder_core::op::nearest(name).is_empty()
}

/// `` `a`, `b` or `c` ``.
fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// `x << 1` on a tensor.
pub fn shift(op: &syn::BinOp, diag: &mut Diagnostics) {
    let text = quote!(#op).to_string();
    let help =
        if text == "<<" { "`x * 4` for `x << 2`" } else { "`x / 4`, of an integer tensor, for `x >> 2`" };
    diag.error(op, format!("unknown operation: a tensor has no `{text}`"), help);
}

/// An operation with more or fewer arguments than it takes.
pub fn arity(method: &Method, given: usize, on_tensor: bool, span: Span, diag: &mut Diagnostics) {
    let wanted = method.args.len();
    let args: Vec<&str> = method.args.iter().map(|a| placeholder(*a)).collect();
    let receiver = if on_tensor { "x." } else { "" };
    let what = format!(
        "`{}` takes {wanted} argument{}, {given} {} given",
        method.name,
        if wanted == 1 { "" } else { "s" },
        if given == 1 { "is" } else { "are" },
    );
    diag.error_at(span, what, format!("`{receiver}{}({})`", method.name, args.join(", ")));
}

/// How an argument is shown.
fn placeholder(kind: ArgKind) -> &'static str {
    match kind {
        ArgKind::Tensor | ArgKind::Operand => "y",
        ArgKind::Optional => "None",
        ArgKind::Tensors => "&[x, y]",
        ArgKind::Key => "key",
        ArgKind::Axis => "-1",
        ArgKind::Axes => "(0, 1)",
        ArgKind::Shape => "(B, C)",
        ArgKind::Extent => "n",
        ArgKind::Lit => "0.1",
        ArgKind::Ranges => "(.., 1..3)",
        ArgKind::Pads => "((0, 1), (0, 0))",
        ArgKind::Label => "\"x\"",
        ArgKind::SdpaOptions => "Sdpa { causal: true, ..Default::default() }",
        ArgKind::CrossEntropyOptions => "CrossEntropy::default()",
    }
}

/// An operation on a tensor that is called on several: a tuple, an array, a list. Whether it is one.
pub fn of_list(name: &Ident, diag: &mut Diagnostics) -> bool {
    let text = name.to_string();
    // Some names are also those of std's methods of iterators and lists.
    let found = thunder_core::op::method(&text).is_some() && !super::opaque_call::is_method_of_several(&text);
    if found {
        diag.error(
            name,
            format!("unknown operation: `{text}` is an operation on one tensor, and these are several"),
            format!(
                "for each of them: `xs.iter().map(|x| x.{text}(…)).collect()`; or `stack` or `cat` them first"
            ),
        );
    }
    found
}
