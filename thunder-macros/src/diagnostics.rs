//! The errors of an item: all of them at once, each on the smallest span, each with what to write instead.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

/// The errors found so far.
#[derive(Default)]
pub struct Diagnostics {
    errors: Vec<Reported>,
}

/// An error, by who reports it.
enum Reported {
    /// The macro does.
    Here(syn::Error),
    /// rustc does, at this place or near it: a second message would say the same.
    ByRustc(Span),
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
        self.errors.push(Reported::Here(error));
    }

    /// Refuses what rustc refuses in its own words. If rustc should accept it after all, the item is still refused.
    pub fn left_to_rustc(&mut self, span: Span) {
        self.errors.push(Reported::ByRustc(span));
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
        let mut guarded = false;
        for e in self.errors {
            match e {
                Reported::Here(e) => {
                    let key = (e.to_string(), format!("{:?}", e.span().start()));
                    if !seen.contains(&key) {
                        seen.push(key);
                        out.extend(e.into_compile_error());
                    }
                }
                Reported::ByRustc(span) => {
                    if !std::mem::replace(&mut guarded, true) {
                        out.extend(guard(span));
                    }
                }
            }
        }
        out
    }

    /// The messages, for tests.
    #[cfg(test)]
    pub fn messages(&self) -> Vec<String> {
        let text = |e: &Reported| match e {
            Reported::Here(e) => e.to_string(),
            Reported::ByRustc(_) => "left to rustc".to_string(),
        };
        self.errors.iter().map(text).collect()
    }
}

/// An error that rustc reports only where it has found no other: the type that is used here is private.
///
/// rustc reads an item before the macro does, and reports what it can't read; its checks of privacy come last, and are
/// not run after an error. So this one is seen only if rustc can read what the macro can't.
fn guard(span: Span) -> TokenStream {
    let used = quote_spanned!(span=> unread::of_the_item);
    quote! {
        const _: () = {
            mod unread {
                #[allow(non_camel_case_types)]
                struct syntax_that_thunder_can_not_read;
                #[allow(dead_code, private_interfaces)]
                pub fn of_the_item() -> syntax_that_thunder_can_not_read {
                    loop {}
                }
            }
            let _ = #used;
        };
    }
}

/// A message in the form of every message: what is wrong, and on its own line what to write instead.
pub fn message(what: &str, help: &str) -> String {
    if help.is_empty() { what.to_string() } else { format!("{what}\n\n       help: {help}") }
}
