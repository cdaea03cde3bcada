//! Compiled kernels on disk, found by a hash of their source and options.

use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// The start of every file, with the version of the format.
const MAGIC: &[u8; 8] = b"thndrcu1";

/// The hash of the parts, with the length of each.
pub(super) fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut h = Sha256::new();
    for p in parts {
        h.update((p.len() as u64).to_le_bytes());
        h.update(p);
    }
    h.finalize().into()
}

/// The folder: `THUNDER_CACHE_DIR`, or `thunder` in the user's cache folder. `None` if the user has none.
fn folder() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let base = set("THUNDER_CACHE_DIR")
        .or_else(|| set("XDG_CACHE_HOME").map(|p| p.join("thunder")))
        .or_else(|| set("HOME").map(|p| p.join(".cache/thunder")))?;
    Some(base.join("cuda"))
}

fn path(key: &[u8; 32]) -> Option<PathBuf> {
    let name: String = key.iter().map(|b| format!("{b:02x}")).collect();
    Some(folder()?.join(&name[..2]).join(format!("{name}.cubin")))
}

/// The cubin stored under `key`, if there is one, it is complete, and it belongs to this key.
pub(super) fn read(key: &[u8; 32]) -> Option<Vec<u8>> {
    let bytes = std::fs::read(path(key)?).ok()?;
    let (head, cubin) = bytes.split_at_checked(72)?;
    let fine = head[..8] == *MAGIC && head[8..40] == *key && head[40..] == hash(&[cubin]);
    fine.then(|| cubin.to_vec())
}

/// Stores a cubin. A folder that can't be written to is no error, because the cache only saves time.
pub(super) fn write(key: &[u8; 32], cubin: &[u8]) {
    let Some(path) = path(key) else { return };
    let Some(parent) = path.parent() else { return };
    let unique = format!("{}-{:?}", std::process::id(), std::thread::current().id());
    let temporary =
        parent.join(format!(".{unique}.{}", path.file_name().unwrap_or_default().to_string_lossy()));
    let whole = [&MAGIC[..], key, &hash(&[cubin]), cubin].concat();
    let stored = std::fs::create_dir_all(parent)
        .and_then(|()| std::fs::write(&temporary, whole))
        .and_then(|()| std::fs::rename(&temporary, &path));
    if let Err(error) = stored {
        let _ = std::fs::remove_file(&temporary);
        said(&error);
    }
}

/// Reports once that the folder which the user set can't be used.
fn said(error: &std::io::Error) {
    static ONCE: std::sync::Once = std::sync::Once::new();
    if let Some(found) = std::env::var_os("THUNDER_CACHE_DIR").filter(|v| !v.is_empty()) {
        ONCE.call_once(|| {
            eprintln!(
                "thunder: the environment variable THUNDER_CACHE_DIR is {found:?}: expected a folder that can be \
                 written, found: {error}; each process compiles its kernels anew"
            );
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_and_foreign_entries_are_not_trusted() {
        let folder = std::env::temp_dir().join(format!("thunder-cache-test-{}", std::process::id()));
        // SAFETY: the only test of this binary that reads or writes the environment.
        unsafe { std::env::set_var("THUNDER_CACHE_DIR", &folder) };
        let (key, other) = (hash(&[b"a"]), hash(&[b"b"]));
        write(&key, b"cubin");
        assert_eq!(read(&key).as_deref(), Some(&b"cubin"[..]));
        let at = path(&key).expect("a path");
        let mut bytes = std::fs::read(&at).expect("stored");
        *bytes.last_mut().expect("bytes") ^= 1;
        std::fs::write(&at, &bytes).expect("written");
        assert_eq!(read(&key), None, "damaged");
        write(&other, b"other");
        std::fs::copy(path(&other).expect("a path"), &at).expect("copied");
        assert_eq!(read(&key), None, "another key's");
        std::fs::write(&at, b"thndr").expect("written");
        assert_eq!(read(&key), None, "cut short");
        std::fs::remove_dir_all(folder).expect("removed");
    }
}
