//! The errors of an item: all of them at once, each on the smallest span, each with what to write instead.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// The errors found so far.
#[derive(Default)]
pub struct Diagnostics {
    errors: Vec<syn::Error>,
}

/// A point to return to when a part of the tree is walked again.
#[derive(Clone, Copy)]
pub struct Mark(usize);

impl Diagnostics {
    /// Reports `what` at `tokens`, with what to write instead.
    pub fn error(&mut self, tokens: impl ToTokens, what: impl AsRef<str>, help: impl AsRef<str>) {
        self.push(syn::Error::new_spanned(tokens, message(what.as_ref(), help.as_ref())));
    }

    /// Reports `what` at `span`, with what to write instead.
    pub fn error_at(&mut self, span: Span, what: impl AsRef<str>, help: impl AsRef<str>) {
        self.push(syn::Error::new(span, message(what.as_ref(), help.as_ref())));
    }

    /// Adds an error of syn's.
    pub fn push(&mut self, error: syn::Error) {
        self.errors.push(error);
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// The present point.
    pub fn mark(&self) -> Mark {
        Mark(self.errors.len())
    }

    /// The number of errors since `mark`.
    pub fn since(&self, mark: Mark) -> usize {
        self.errors.len().saturating_sub(mark.0)
    }

    /// Forgets what was reported since `mark`.
    pub fn rewind(&mut self, mark: Mark) {
        self.errors.truncate(mark.0);
    }

    /// All errors as `compile_error!`s, each once.
    pub fn into_tokens(self) -> TokenStream {
        let mut seen = Vec::new();
        let mut out = TokenStream::new();
        for e in self.errors {
            let key = (e.to_string(), format!("{:?}", e.span().start()));
            if !seen.contains(&key) {
                seen.push(key);
                out.extend(e.into_compile_error());
            }
        }
        out
    }

    /// The messages, for tests.
    #[cfg(test)]
    pub fn messages(&self) -> Vec<String> {
        self.errors.iter().map(ToString::to_string).collect()
    }
}

/// A message in the form of every message: what is wrong, and on its own line what to write instead.
pub fn message(what: &str, help: &str) -> String {
    if help.is_empty() { what.to_string() } else { format!("{what}\n\n       help: {help}") }
}
