//! The names of a model's tensors in a file.

/// How one tensor is stored in a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stored {
    /// The name.
    pub name: String,
    /// Whether the matrix is stored transposed.
    pub transposed: bool,
}

/// The names of a model's tensors in a file.
///
/// ```
/// use thunder::weights::{Gpt2, Naming};
/// let stored = Gpt2::HUGGING_FACE.stored("blocks.3.attention.qkv.weight");
/// assert_eq!(stored.name, "transformer.h.3.attn.c_attn.weight");
/// assert!(stored.transposed);
/// ```
pub trait Naming {
    /// How the tensor at this path of fields is stored.
    fn stored(&self, path: &str) -> Stored;

    /// Whether a tensor of the file is ignored, because it is not a parameter.
    fn passes_over(&self, name: &str) -> bool {
        let _ = name;
        false
    }
}

/// The path of fields, after a prefix.
#[derive(Clone, Debug, Default)]
pub struct FieldPaths {
    /// The prefix of all names, without the dot.
    pub prefix: String,
}

impl Naming for FieldPaths {
    fn stored(&self, path: &str) -> Stored {
        Stored { name: super::join(&self.prefix, path), transposed: false }
    }
}

/// GPT-2's names, for [`Gpt`](crate::nn::Gpt).
///
/// | here | in the file |
/// |---|---|
/// | `tokens.weight` | `transformer.wte.weight` |
/// | `positions.weight` | `transformer.wpe.weight` |
/// | `blocks.0.norm1.weight` | `transformer.h.0.ln_1.weight` |
/// | `blocks.0.attention.qkv.weight` | `transformer.h.0.attn.c_attn.weight` |
/// | `blocks.0.attention.proj.weight` | `transformer.h.0.attn.c_proj.weight` |
/// | `blocks.0.norm2.weight` | `transformer.h.0.ln_2.weight` |
/// | `blocks.0.mlp.up.weight` | `transformer.h.0.mlp.c_fc.weight` |
/// | `blocks.0.mlp.down.weight` | `transformer.h.0.mlp.c_proj.weight` |
/// | `norm.weight` | `transformer.ln_f.weight` |
///
/// and `bias` likewise. Hugging Face's GPT-2 has `Conv1D` layers, whose matrices are `(in, out)`: they are transposed
/// when read. Causal masks (`attn.bias`, `attn.masked_bias`) and the tied `lm_head.weight` are ignored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gpt2 {
    /// The prefix of all names, with the dot.
    pub prefix: &'static str,
    /// Whether the matrices of linear layers are `(in, out)`.
    pub conv1d: bool,
}

impl Gpt2 {
    /// The names of a `GPT2LMHeadModel` saved by `transformers`.
    pub const HUGGING_FACE: Gpt2 = Gpt2 { prefix: "transformer.", conv1d: true };
    /// The names in the files of the `openai-community/gpt2` models on the hub: the same without the prefix.
    pub const HUB: Gpt2 = Gpt2 { prefix: "", conv1d: true };
    /// The names in nanoGPT's files: the same names, with matrices `(out, in)`.
    pub const NANO_GPT: Gpt2 = Gpt2 { prefix: "transformer.", conv1d: false };
}

/// The renamed fields. Other fields have the same name in the file.
const FIELDS: &[(&str, &str)] = &[
    ("tokens", "wte"),
    ("positions", "wpe"),
    ("blocks", "h"),
    ("norm1", "ln_1"),
    ("norm2", "ln_2"),
    ("norm", "ln_f"),
    ("attention", "attn"),
    ("qkv", "c_attn"),
    ("proj", "c_proj"),
    ("up", "c_fc"),
    ("down", "c_proj"),
];

impl Naming for Gpt2 {
    fn stored(&self, path: &str) -> Stored {
        let rename = |field: &str| {
            FIELDS
                .iter()
                .find(|(here, _)| *here == field)
                .map_or_else(|| field.to_string(), |(_, there)| there.to_string())
        };
        let fields: Vec<String> = path.split('.').map(rename).collect();
        let layer = fields.iter().any(|f| f.starts_with("c_"));
        let matrix = fields.last().is_some_and(|f| f == "weight");
        Stored {
            name: format!("{}{}", self.prefix, fields.join(".")),
            transposed: self.conv1d && layer && matrix,
        }
    }

    fn passes_over(&self, name: &str) -> bool {
        name.ends_with(".attn.bias") || name.ends_with(".attn.masked_bias") || name == "lm_head.weight"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gpt2_names() {
        let name = |path: &str| Gpt2::HUGGING_FACE.stored(path);
        assert_eq!(
            name("tokens.weight"),
            Stored { name: "transformer.wte.weight".into(), transposed: false }
        );
        assert_eq!(name("blocks.11.mlp.up.bias").name, "transformer.h.11.mlp.c_fc.bias");
        assert!(!name("blocks.11.mlp.up.bias").transposed);
        assert_eq!(name("blocks.0.mlp.down.weight").name, "transformer.h.0.mlp.c_proj.weight");
        assert_eq!(name("norm.weight"), Stored { name: "transformer.ln_f.weight".into(), transposed: false });
        assert_eq!(Gpt2::HUB.stored("positions.weight").name, "wpe.weight");
        assert!(!Gpt2::NANO_GPT.stored("blocks.0.mlp.down.weight").transposed);
        assert!(Gpt2::HUB.passes_over("h.0.attn.bias") && !Gpt2::HUB.passes_over("h.0.attn.c_attn.bias"));
    }
}
