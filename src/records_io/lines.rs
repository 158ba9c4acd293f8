//! A file's bytes with one kind of line end: CRLF and CR become LF, and the last line gets one.
//!
//! So a line is counted alike wherever the file comes from, and a text in several lines comes back as it went out.

use std::io::{self, BufRead, Read};

/// Reads `inner` with its line ends made alike.
pub(super) struct Lines<R> {
    inner: R,
    taken: u64,
    given: u64,
    last: u8,
    tail: [u8; 3],
    is_done: bool,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, taken: 0, given: 0, last: b'\n', tail: [b'\n'; 3], is_done: false }
    }

    /// How many bytes were given on, and the last three of them.
    pub(super) fn given(&self) -> (u64, [u8; 3]) {
        (self.given, self.tail)
    }

    /// How many bytes of the file were read.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }
}

impl<R: BufRead> Read for Lines<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut given = 0;
        while given == 0 && !into.is_empty() && !self.is_done {
            let bytes = self.inner.fill_buf()?;
            if bytes.is_empty() {
                self.is_done = true;
                if !matches!(self.last, b'\n' | b'\r') {
                    into[0] = b'\n';
                    given = 1;
                }
                break;
            }
            let most = bytes.len().min(into.len());
            for &byte in &bytes[..most] {
                let ends_crlf = byte == b'\n' && self.last == b'\r';
                if !ends_crlf {
                    into[given] = if byte == b'\r' { b'\n' } else { byte };
                    given += 1;
                }
                self.last = byte;
            }
            self.inner.consume(most);
            self.taken += most as u64;
        }
        self.given += given as u64;
        for byte in &into[..given] {
            self.tail = [self.tail[1], self.tail[2], *byte];
        }
        Ok(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    #[test]
    fn every_line_ends_alike_wherever_the_buffer_ends() {
        for (file, expected) in [
            ("a\r\nb\r\n", "a\nb\n"),
            ("a\rb", "a\nb\n"),
            ("a\n\r\n\rb\n", "a\n\n\nb\n"),
            ("a", "a\n"),
            ("\r", "\n"),
            ("", ""),
        ] {
            for capacity in 1..5 {
                let mut lines = Lines::new(BufReader::with_capacity(capacity, file.as_bytes()));
                let mut read = String::new();
                lines.read_to_string(&mut read).expect("memory can be read");
                assert_eq!((read.as_str(), lines.taken()), (expected, file.len() as u64), "{file:?}");
            }
        }
    }
}
