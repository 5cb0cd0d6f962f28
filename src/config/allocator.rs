//! Has the system's allocator give back what large pictures and models took.

/// What glibc reads at the start of a process: bytes from which a block is mapped by itself.
const THRESHOLD: &str = "MALLOC_MMAP_THRESHOLD_";
/// Below every tensor of a photograph and every weight of a network that counts.
const BYTES: &str = "1048576";

/// Starts this program anew, in the same process, with a fixed threshold from which blocks go back
/// to the system as they are freed; returns if that was done before, or is of no use here.
///
/// glibc raises the threshold to every large block that is freed, up to 32 MiB, and keeps what is
/// smaller. A service whose pictures and models come and go would keep several times what it uses.
/// Whoever sets the variable decides.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn give_back_large_blocks() {
    use std::os::unix::process::CommandExt as _;

    let is_decided =
        [THRESHOLD, "GLIBC_TUNABLES"].iter().any(|variable| std::env::var_os(variable).is_some());
    let Ok(program) = std::env::current_exe() else { return };
    if is_decided {
        return;
    }
    let mut arguments = std::env::args_os();
    let mut command = std::process::Command::new(program);
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    // Returns only if it fails, and then nothing is lost but memory.
    let _ = command.args(arguments).env(THRESHOLD, BYTES).exec();
}

/// Other allocators give back by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn give_back_large_blocks() {}
