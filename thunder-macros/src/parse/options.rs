//! The options in `#[thunder(…)]`.

use crate::diagnostics::Diagnostics;
use proc_macro2::TokenStream;
use syn::punctuated::Punctuated;
use syn::{Ident, Token};

/// What `#[thunder(…)]` asks for.
#[derive(Clone, Copy, Default)]
pub struct Options {
    /// Capture the launches of a call as one CUDA graph.
    pub cuda_graph: bool,
}

/// The options there are.
const KNOWN: &[&str] = &["cuda_graph"];

impl Options {
    /// Reads the tokens in the parentheses.
    pub fn parse(tokens: TokenStream, diag: &mut Diagnostics) -> Options {
        let mut options = Options::default();
        let list = match syn::parse::Parser::parse2(Punctuated::<Ident, Token![,]>::parse_terminated, tokens)
        {
            Ok(list) => list,
            Err(e) => {
                let what = "expected names of options";
                diag.error_at(e.span(), what, format!("the options are: {}", KNOWN.join(", ")));
                return options;
            }
        };
        for name in list {
            match name.to_string().as_str() {
                "cuda_graph" if options.cuda_graph => {
                    diag.error(&name, "`cuda_graph` is said twice", "once is enough");
                }
                "cuda_graph" => options.cuda_graph = true,
                other => {
                    let what = format!("`{other}` is no option of `#[thunder]`");
                    diag.error(&name, what, format!("the options are: {}", KNOWN.join(", ")));
                }
            }
        }
        options
    }
}
