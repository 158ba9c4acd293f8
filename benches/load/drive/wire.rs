//! Just enough of HTTP/1.1 for a driver: messages with a `Content-Length` over a connection that is kept open.

use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// One open connection, of either side.
pub(crate) struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// How much of the buffer the last message took.
    consumed: usize,
}

/// A request or an answer.
pub(crate) struct Message<'a> {
    /// `POST /path HTTP/1.1` or `HTTP/1.1 200 OK`.
    pub(crate) first_line: &'a str,
    /// What follows the head.
    pub(crate) body: &'a [u8],
}

impl Message<'_> {
    /// An answer's status; 0 where there is none.
    pub(crate) fn status(&self) -> u16 {
        self.first_line.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
    }
}

impl Wire {
    /// A connection that somebody opened to us.
    pub(crate) fn accepted(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096), consumed: 0 })
    }

    pub(crate) async fn connect(address: SocketAddr) -> io::Result<Self> {
        Self::accepted(TcpStream::connect(address).await?)
    }

    pub(crate) async fn send(&mut self, message: &[u8]) -> io::Result<()> {
        self.stream.write_all(message).await
    }

    /// The next message; `None` where the other side closed the connection after a whole one.
    pub(crate) async fn receive(&mut self) -> io::Result<Option<Message<'_>>> {
        self.buffer.drain(..self.consumed);
        self.consumed = 0;
        let mut whole = length(&self.buffer);
        while whole.is_none_or(|(_, end)| self.buffer.len() < end) {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return if self.buffer.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
            whole = whole.or_else(|| length(&self.buffer));
        }
        let Some((head, end)) = whole else { return Ok(None) };
        self.consumed = end;
        let line = self.buffer.split(|&b| b == b'\r').next().unwrap_or_default();
        let first_line = std::str::from_utf8(line).map_err(io::Error::other)?;
        Ok(Some(Message { first_line, body: &self.buffer[head..end] }))
    }

    /// Sends a request and answers with the status that came back.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> io::Result<u16> {
        self.send(request).await?;
        let answer = self.receive().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(answer.status())
    }
}

/// Where the head and where the whole message ends; `None` while the head is not all there.
fn length(buffer: &[u8]) -> Option<(usize, usize)> {
    let head = buffer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let body = buffer[..head]
        .split(|&b| b == b'\n')
        .filter_map(|line| {
            let at = line.iter().position(|&b| b == b':')?;
            line[..at].eq_ignore_ascii_case(b"content-length").then(|| &line[at + 1..])
        })
        .find_map(|value| std::str::from_utf8(value).ok()?.trim().parse::<usize>().ok());
    Some((head, head + body.unwrap_or(0)))
}
