//! `debug_print(&x)`: what is printed is labelled by its own text, as `dbg!` does.

use quote::ToTokens;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, ExprCall, LitStr};

/// Gives the prints of a body that bear no label one.
pub fn label_prints(block: &mut Block) {
    Labels.visit_block_mut(block);
}

struct Labels;

impl VisitMut for Labels {
    fn visit_expr_call_mut(&mut self, c: &mut ExprCall) {
        visit_mut::visit_expr_call_mut(self, c);
        let prints = match &*c.func {
            Expr::Path(p) => p.path.segments.last().is_some_and(|s| s.ident == "debug_print"),
            _ => false,
        };
        if prints
            && c.args.len() == 1
            && let Some(x) = c.args.first()
        {
            let text = x.to_token_stream().to_string();
            let label = LitStr::new(text.trim_start_matches(['&', ' ']), x.span());
            c.args.insert(0, syn::parse_quote!(#label));
        }
    }
}
