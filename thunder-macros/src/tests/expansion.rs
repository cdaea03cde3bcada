use super::expand;

#[track_caller]
fn contains(source: &str, pieces: &[&str]) {
    let got = expand(source);
    // However the formatter breaks lines.
    let flat = |s: &str| {
        let text: String = s.split_whitespace().collect();
        text.replace(",)", ")").replace(",]", "]").replace(",}", "}").replace(",>", ">")
    };
    let text = flat(&got);
    for p in pieces {
        assert!(text.contains(&flat(p)), "missing:\n{p}\n\nin:\n{got}");
    }
}

#[test]
fn a_body_keeps_its_tokens_but_for_operators_and_dimensions() {
    contains(
        "pub fn f<E: Float>(x: &Tensor<E, (B, C)>, eps: f32) -> Tensor<E, (B, C)> {
            assert!(C > 3, \"{C} is too small\");
            let y = (x.square() + eps) * 2.0 - x;
            y.reshape((B * C,)).reshape((B, C))
        }",
        &[
            "pub mod __f { pub type B = usize; pub type C = usize; }",
            "pub fn f<E: Float>(x: &Tensor<E, (__f::B, __f::C)>, eps: f32) -> Tensor<E, (__f::B, __f::C)> {
                use ::thunder::__rt::{self, Closed as _, Open as _};
                (&__rt::Gate::<()>::NEW).invoke(f::TRACE, (::thunder::__rt::Ref(x), ::thunder::__rt::Own(eps)), f::__body::<E>)",
            "pub struct f {}",
            "let __B: usize = x.shape().0;",
            "assert!(__C > 3, \"{C} is too small\", C = __C);",
            "let y = ::thunder::__rt::Arithmetic::sub(::thunder::__rt::both(
                ::thunder::__rt::TensorOperand::flat(&::thunder::__rt::Arithmetic::mul(::thunder::__rt::both(
                    ::thunder::__rt::TensorOperand::flat(&(::thunder::__rt::Arithmetic::add(::thunder::__rt::both(
                        ::thunder::__rt::TensorOperand::flat(&x.square()),
                        ::thunder::__rt::lit(eps),
                    )))),
                    ::thunder::__rt::lit(2.0),
                ))),
                ::thunder::__rt::TensorOperand::flat(&x),
            ));",
            "(&::thunder::__rt::Operands(&__a, &__b)).mul();",
            ".reshape((__B, __C))",
        ],
    );
}

#[test]
fn arms_and_iterations_are_marked() {
    contains(
        "fn f(x: &Tensor<f32, (B,)>, n: usize, up: bool) -> Tensor<f32, (B,)> {
            let mut y = x.clone();
            for _ in 0..n { y = y.exp(); }
            if up { y = y + 1.0; }
            match n { 0 => y, _ => -y }
        }",
        &[
            "for _ in 0..n { ::thunder::__rt::iter(0); y = y.exp(); }",
            "if up { ::thunder::__rt::arm(1, 0); y = ::thunder::__rt::Arithmetic::add(::thunder::__rt::both(
                 ::thunder::__rt::TensorOperand::flat(&y), ::thunder::__rt::lit(1.0)
             )); }
             else { ::thunder::__rt::arm(1, 1); }",
            "0 => { ::thunder::__rt::arm(2, 0); y }",
            "_ => { ::thunder::__rt::arm(2, 1); ::thunder::__rt::Negate::neg(::thunder::__rt::alone(
                 ::thunder::__rt::TensorOperand::flat(&y)
             )) }",
        ],
    );
}

#[test]
fn a_method_is_a_wrapper_with_a_hidden_body() {
    contains(
        "impl<E: Float> Mlp<E> {
            pub fn forward(&self, x: &Tensor<E, (B, C)>) -> Tensor<E, (B, C)> {
                if self.flag { self.up.forward(x).reshape((B, H)) } else { x.clone() }
            }
        }",
        &[
            "let _ = <Mlp<E> as ::thunder::__rt::Tree>::IS_STRUCT;
            (&__rt::Gate::<(Mlp<E>, ())>::NEW).invoke(
                Self::TRACE_OF_forward,
                (::thunder::__rt::Ref(self), ::thunder::__rt::Ref(x)),
                Self::__body_forward,
            )",
            "let (__self, x) = __args; let __self = &__self; let x = &x;",
            "let __H: usize = ::thunder::__rt::dim(__self, \"H\");",
            "if ::thunder::__rt::StaticBool::get(__self.flag) {",
        ],
    );
}

#[test]
fn a_struct_is_an_honest_type_with_a_walk() {
    contains(
        "pub struct Attention<E: Float> {
            pub qkv: Linear<E, Out = { 3 * C }, In = C>,
            pub scale: Tensor<E, (Out, In)>,
            #[buffer]
            pub mean: Option<Tensor<E, (Out,)>>,
            pub heads: Dim<H>,
        }",
        &[
            "pub qkv: Linear<E>",
            "pub scale: Tensor<E, (__Attention::Out, __Attention::In)>,",
            "pub heads: usize",
            "dims: &[\"Out\", \"In\", \"C\", \"H\"],",
            "bindings: &[
                (\"Out\", __rt::types::Extent::new(3).mul(__rt::types::Extent::var(2))),
                (\"In\", __rt::types::Extent::var(2)),
            ],",
            "v.buffer(); v.field(\"mean\");
            <Option<Tensor<E, (__Attention::Out,)>> as ::thunder::__rt::Tree>::visit(&self.mean, v); v.leave();",
            "type With<OtherFloat: ::thunder::__rt::Float> = Attention<OtherFloat>;",
        ],
    );
}

#[test]
fn a_refused_function_keeps_its_signature() {
    contains(
        "pub fn f(x: &Tensor<f32, (B,)>) -> Tensor<f32, (B,)> { x.nothing() }",
        &[
            "pub fn f(x: &Tensor<f32, (__f::B,)>) -> Tensor<f32, (__f::B,)> {",
            "::core::unimplemented!(\"this `#[thunder]` function was refused\")",
            "pub const TRACE",
            "::core::compile_error!",
        ],
    );
}
