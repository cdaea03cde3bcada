//! Replaces a file completely or not at all.

use super::{file_error, io_error};
use crate::Error;
use std::fs::{self, File, FileType, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// The prefix of temporary file names.
const PREFIX: &str = ".thunder-save-";
/// The suffix of temporary file names.
const SUFFIX: &str = ".tmp";
/// The largest number of symbolic links in a chain, as in the kernel.
const MAX_LINKS: usize = 40;

/// A temporary file that replaces the file at a path when it is complete.
///
/// It is in the same directory and has a short random name, so the file of a killed process does not block others. It is
/// locked while it is written. The next save removes temporary files that are not locked.
pub(super) struct Replacement {
    /// The path that the caller named.
    path: PathBuf,
    /// The regular file to replace, at the end of the symbolic links.
    target: PathBuf,
    old: Option<Metadata>,
    file: NamedTempFile,
}

impl Replacement {
    /// Creates the temporary file for `path`.
    ///
    /// # Errors
    /// `path` is not a regular file, or no file can be created in the directory.
    pub fn begin(path: &Path) -> Result<Replacement, Error> {
        let (target, old) = resolve(path)?;
        if target.file_name().is_none() {
            return Err(file_error(path, "no name of a file"));
        }
        sweep(directory(&target));
        let file = temporary(directory(&target), old.is_some()).map_err(|e| io_error(path, &e))?;
        Ok(Replacement { path: path.into(), target, old, file })
    }

    /// The file to write to.
    pub fn file(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// Replaces the file: sets the mode of the old one, flushes to the disk, and renames.
    ///
    /// # Errors
    /// The error of the disk or the directory. The old file is then unchanged.
    pub fn commit(self) -> Result<(), Error> {
        let io = |e: std::io::Error| io_error(&self.path, &e);
        if let Some(old) = &self.old {
            keep_mode(self.file.as_file(), old).map_err(io)?;
        }
        self.file.as_file().sync_all().map_err(io)?;
        self.file.persist(&self.target).map_err(|e| io_error(&self.path, &e.error))?;
        // Flushing the directory makes the rename survive a loss of power. Not all file systems support it.
        if let Ok(directory) = File::open(directory(&self.target)) {
            let _ = directory.sync_all();
        }
        Ok(())
    }
}

/// Refuses a path that exists and is not a regular file.
///
/// # Errors
/// [`Error::File`] that says what it is.
pub(super) fn check_regular(path: &Path, found: &Metadata) -> Result<(), Error> {
    match kind(found.file_type()) {
        None => Ok(()),
        Some(kind) => Err(file_error(path, format!("{kind}, not a regular file"))),
    }
}

/// The kind of a file that is not regular.
fn kind(t: FileType) -> Option<&'static str> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if t.is_fifo() {
            return Some("a FIFO (named pipe)");
        }
        if t.is_socket() {
            return Some("a socket");
        }
        if t.is_char_device() || t.is_block_device() {
            return Some("a device");
        }
    }
    match t {
        t if t.is_dir() => Some("a directory"),
        t if t.is_file() => None,
        _ => Some("something else"),
    }
}

/// The file at the end of `path`'s symbolic links, which need not exist, with its metadata if it does.
fn resolve(path: &Path) -> Result<(PathBuf, Option<Metadata>), Error> {
    // Only the kernel can follow some links of /proc, which have no path. So try the kernel first.
    match fs::metadata(path) {
        Ok(found) => check_regular(path, &found)?,
        Err(e) if e.kind() == ErrorKind::NotFound => {}
        Err(e) => return Err(io_error(path, &e)),
    }
    let mut at = path.to_path_buf();
    for _ in 0..=MAX_LINKS {
        match fs::symlink_metadata(&at) {
            Ok(found) if found.is_symlink() => {
                let to = fs::read_link(&at).map_err(|e| io_error(path, &e))?;
                at = directory(&at).join(to);
            }
            Ok(found) => return check_regular(path, &found).map(|()| (at, Some(found))),
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok((at, None)),
            Err(e) => return Err(io_error(path, &e)),
        }
    }
    Err(file_error(path, "a chain of too many symbolic links"))
}

fn directory(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A new temporary file, locked. If it replaces a file, only the owner can read it until it gets that file's mode.
fn temporary(directory: &Path, private: bool) -> std::io::Result<NamedTempFile> {
    loop {
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX).suffix(SUFFIX);
        #[cfg(unix)]
        {
            use std::fs::Permissions;
            use std::os::unix::fs::PermissionsExt;
            // The umask applies, as for any new file.
            builder.permissions(Permissions::from_mode(if private { 0o600 } else { 0o666 }));
        }
        #[cfg(not(unix))]
        let _ = private;
        let file = builder.tempfile_in(directory)?;
        // On a file system without locks, leftover files are not removed.
        if file.as_file().lock().is_err() || !swept(file.as_file()) {
            return Ok(file);
        }
    }
}

/// Whether another process removed the file as a leftover, between its creation and its lock.
fn swept(file: &File) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        file.metadata().is_ok_and(|m| m.nlink() == 0)
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        false
    }
}

/// Removes the temporary files of killed processes: those that are not locked.
fn sweep(directory: &Path) {
    // A leftover that can't be removed does no harm, so errors are ignored.
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let ours = name.to_str().is_some_and(|n| n.starts_with(PREFIX) && n.ends_with(SUFFIX));
        if !ours || !entry.file_type().is_ok_and(|t| t.is_file()) {
            continue;
        }
        if let Ok(file) = File::open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Gives the new file the old one's owner and mode.
fn keep_mode(file: &File, old: &Metadata) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::fs::Permissions;
        use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
        let new = file.metadata()?;
        let mut mode = old.permissions().mode() & 0o7777;
        if (new.uid(), new.gid()) != (old.uid(), old.gid())
            && fchown(file, Some(old.uid()), Some(old.gid())).is_err()
            && new.gid() != old.gid()
            && fchown(file, None, Some(old.gid())).is_err()
        {
            // The members of another group don't get the permissions of the old group.
            mode &= !0o070;
        }
        file.set_permissions(Permissions::from_mode(mode))
    }
    #[cfg(not(unix))]
    {
        file.set_permissions(old.permissions())
    }
}
