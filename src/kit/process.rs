//! What the operating system says of this process and of a folder's disk. Linux tells the most; what a system does
//! not tell is `None`.

use std::error::Error;
use std::io;
use std::path::Path;

/// Memory in use, in bytes.
pub fn resident_bytes() -> Option<u64> {
    let pages: u64 = std::fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// Processor time used so far, in seconds.
pub fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in brackets and may hold anything; user and system time follow it as the
    // 12th and 13th.
    let (_, rest) = stat.rsplit_once(") ")?;
    let ticks: u64 = rest.split(' ').skip(11).take(2).map_while(|field| field.parse::<u64>().ok()).sum();
    Some(super::metrics::float(ticks) / super::metrics::float(rustix::param::clock_ticks_per_second()))
}

/// Bytes that this process may still write to the disk of a folder.
pub fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail * disk.f_frsize)
}

/// What to do where a folder cannot be written; a sentence.
pub fn mend_of_unwritable(error: &(dyn Error + 'static)) -> &'static str {
    let mut kind = None;
    let mut next = Some(error);
    while let Some(error) = next {
        kind = error.downcast_ref::<io::Error>().map(io::Error::kind).or(kind);
        next = error.source();
    }
    match kind {
        Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => "Make room on its disk.",
        Some(io::ErrorKind::ReadOnlyFilesystem) => {
            "Its disk is read-only: mount it for writing, or name another folder."
        }
        _ => "Give the folder to the user that runs Andon, and see that it is one.",
    }
}

/// The name of a kind of disk on which SQLite's log does not work or does not last; `None` for others.
#[cfg(target_os = "linux")]
pub fn unfit_disk(folder: &Path) -> Option<&'static str> {
    // Source: statfs(2).
    match u64::try_from(rustix::fs::statfs(folder).ok()?.f_type).ok()? {
        0x6969 => Some("a network share (NFS)"),
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => Some("a network share (SMB)"),
        0x0102_1997 => Some("a share of the host (9p)"),
        0x0102_1994 => Some("memory (tmpfs), which a restart of the machine empties"),
        _ => None,
    }
}

/// The name of a kind of disk on which SQLite's log does not work or does not last; not known on this system.
#[cfg(not(target_os = "linux"))]
pub fn unfit_disk(_folder: &Path) -> Option<&'static str> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn linux_tells_of_memory_time_and_room() {
        assert!(resident_bytes().is_some_and(|bytes| bytes > 1_000_000));
        assert!(cpu_seconds().is_some_and(|seconds| seconds < 1e6));
        assert!(free_bytes(Path::new("/")).is_some());
        assert_eq!(free_bytes(Path::new("/nowhere/at/all")), None);
        assert!(unfit_disk(Path::new("/dev/shm")).is_some_and(|name| name.contains("memory")));
    }

    #[test]
    fn what_is_in_the_way_of_writing_is_to_be_mended() {
        let mend = |kind: io::ErrorKind| mend_of_unwritable(&io::Error::from(kind));
        assert_eq!(mend(io::ErrorKind::StorageFull), "Make room on its disk.");
        assert!(mend(io::ErrorKind::PermissionDenied).starts_with("Give the folder to the user"));
        assert!(mend_of_unwritable(&std::fmt::Error).starts_with("Give the folder to the user"));
    }
}
