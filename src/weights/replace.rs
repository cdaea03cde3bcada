//! Replacing a file whole or not at all.

use super::{file_error, io_error};
use crate::Error;
use std::fs::{self, File, FileType, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// What the temporary files' names begin with.
const PREFIX: &str = ".thunder-save-";
/// What they end with.
const SUFFIX: &str = ".tmp";
/// The length of a chain of symbolic links that the kernel follows.
const MAX_LINKS: usize = 40;

/// A file that is being written, to stand at a path when it is complete.
///
/// It lies in the same directory under a name of its own, which is short and random: a process that was killed blocks
/// nobody, and a lock tells its leftovers from a file that is being written, so that the next save removes them.
pub(super) struct Replacement {
    /// The path that the caller named.
    path: PathBuf,
    /// The regular file that it stands for, at the end of its symbolic links.
    target: PathBuf,
    old: Option<Metadata>,
    file: NamedTempFile,
}

impl Replacement {
    /// Begins a file that will stand at `path`.
    ///
    /// # Errors
    /// What stands there is no regular file, or the directory takes no file.
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

    /// Puts the file in its place: with the mode of the old one, flushed to the disk, then renamed.
    ///
    /// # Errors
    /// What the disk or the directory refuses; the old file is then untouched.
    pub fn commit(self) -> Result<(), Error> {
        let io = |e: std::io::Error| io_error(&self.path, &e);
        if let Some(old) = &self.old {
            keep_mode(self.file.as_file(), old).map_err(io)?;
        }
        self.file.as_file().sync_all().map_err(io)?;
        self.file.persist(&self.target).map_err(|e| io_error(&self.path, &e.error))?;
        // The rename itself lasts through a loss of power where directories can be flushed; not all can.
        if let Ok(directory) = File::open(directory(&self.target)) {
            let _ = directory.sync_all();
        }
        Ok(())
    }
}

/// Refuses what is there and is no regular file.
///
/// # Errors
/// [`Error::File`] that says what it is.
pub(super) fn check_regular(path: &Path, found: &Metadata) -> Result<(), Error> {
    match kind(found.file_type()) {
        None => Ok(()),
        Some(kind) => Err(file_error(path, format!("{kind}, not a regular file"))),
    }
}

/// What a file is that is not regular.
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

/// The file at the end of `path`'s symbolic links, which need not exist, and what is known of it if it does.
fn resolve(path: &Path) -> Result<(PathBuf, Option<Metadata>), Error> {
    // Links that name no path, as those of /proc, are followed by the kernel alone: ask it first.
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

/// A new temporary file, locked. One that replaces another is private until it gets that one's mode.
fn temporary(directory: &Path, private: bool) -> std::io::Result<NamedTempFile> {
    loop {
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX).suffix(SUFFIX);
        #[cfg(unix)]
        {
            use std::fs::Permissions;
            use std::os::unix::fs::PermissionsExt;
            // The umask takes away what it does from any new file.
            builder.permissions(Permissions::from_mode(if private { 0o600 } else { 0o666 }));
        }
        #[cfg(not(unix))]
        let _ = private;
        let file = builder.tempfile_in(directory)?;
        // Where a file system has no locks, no leftovers are removed either.
        if file.as_file().lock().is_err() || !swept(file.as_file()) {
            return Ok(file);
        }
    }
}

/// Whether another process took the file for a leftover, in the moment between its creation and its lock.
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

/// Removes the temporary files of processes that were killed: those that nobody has locked.
fn sweep(directory: &Path) {
    // A leftover that can't be removed does no harm: nothing here is an error.
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
            // Another group's members don't get what the old group's could do.
            mode &= !0o070;
        }
        file.set_permissions(Permissions::from_mode(mode))
    }
    #[cfg(not(unix))]
    {
        file.set_permissions(old.permissions())
    }
}
