//! What thunder takes of the machine: stack, time to compile, memory, extents; and what it says where there is none left.

mod depth;
mod extents;
#[cfg(unix)]
mod process;
