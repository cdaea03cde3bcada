//! The options in `#[thunder(…)]`.

use crate::diagnostics::Diagnostics;
use crate::root::Root;
use proc_macro2::TokenStream;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Ident, Path, Token};

/// What `#[thunder(…)]` asks for.
#[derive(Clone, Copy, Default)]
pub struct Options {
    /// Capture the launches of a call as one CUDA graph.
    pub cuda_graph: bool,
}

/// The options there are.
const KNOWN: &str =
    "the options are: `cuda_graph`, and `crate = path` for a crate that has thunder under another name";

/// One option, as written.
enum Given {
    Name(Ident),
    Crate(Token![crate], Path),
}

impl Parse for Given {
    fn parse(input: ParseStream) -> syn::Result<Given> {
        if input.peek(Token![crate]) {
            let word = input.parse()?;
            input.parse::<Token![=]>()?;
            return Ok(Given::Crate(word, input.call(Path::parse_mod_style)?));
        }
        input.parse().map(Given::Name)
    }
}

impl Options {
    /// Reads the tokens in the parentheses.
    pub fn parse(tokens: TokenStream, diag: &mut Diagnostics) -> (Options, Root) {
        let (mut options, mut root) = (Options::default(), Root::default());
        let list = match Parser::parse2(Punctuated::<Given, Token![,]>::parse_terminated, tokens) {
            Ok(list) => list,
            Err(e) => {
                diag.error_at(e.span(), "expected options", KNOWN);
                return (options, root);
            }
        };
        for given in list {
            match given {
                Given::Crate(word, _) if root.is_stated() => {
                    diag.error(word, "`crate` is said twice", "once is enough");
                }
                Given::Crate(_, path) => match Root::new(path) {
                    Ok(stated) => root = stated,
                    Err(e) => diag.push(e),
                },
                Given::Name(name) if name != "cuda_graph" => {
                    diag.error(&name, format!("`{name}` is no option of `#[thunder]`"), KNOWN);
                }
                Given::Name(name) if options.cuda_graph => {
                    diag.error(&name, "`cuda_graph` is said twice", "once is enough");
                }
                Given::Name(_) => options.cuda_graph = true,
            }
        }
        (options, root)
    }
}
