//! HTTP/1.1 as far as our servers and the SDK speak it: a head, and a body of known length.

use std::io;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

/// Far more than either side sends.
const MAX_HEAD: usize = 64 << 10;
const MAX_BODY: usize = 8 << 20;

/// A request or an answer, as it came.
#[derive(Debug, Clone)]
pub(super) struct Message {
    /// All bytes.
    pub(super) bytes: Vec<u8>,
    /// Where the body begins.
    pub(super) body: usize,
}

/// Reads the next message; none if the other side has closed before it.
pub(super) async fn read(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Message>> {
    let mut bytes = Vec::new();
    let mut length = 0;
    loop {
        let start = bytes.len();
        let room = u64::try_from(MAX_HEAD - start).unwrap_or_default();
        if (&mut *from).take(room).read_until(b'\n', &mut bytes).await? == 0 {
            return if bytes.is_empty() { Ok(None) } else { Err(broken("it ends within a head, or has a long one")) };
        }
        let line = String::from_utf8_lossy(bytes.get(start..).unwrap_or_default()).trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        match line.split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse().map_err(io::Error::other)?,
            Some(("transfer-encoding", _)) => return Err(broken("a body of unknown length")),
            _ => {}
        }
    }
    if length > MAX_BODY {
        return Err(broken("a body too long"));
    }
    let body = bytes.len();
    bytes.resize(body + length, 0);
    from.read_exact(bytes.get_mut(body..).unwrap_or_default()).await?;
    Ok(Some(Message { bytes, body }))
}

fn broken(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::BufReader;

    #[tokio::test]
    async fn messages_one_after_the_other() {
        let bytes = b"POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}GET /b HTTP/1.1\r\n\r\n";
        let mut reader = BufReader::new(&bytes[..]);
        let first = read(&mut reader).await.unwrap().unwrap();
        assert_eq!(&first.bytes[first.body..], b"{}");
        let second = read(&mut reader).await.unwrap().unwrap();
        assert_eq!((second.body, second.bytes.len()), (19, 19));
        assert!(read(&mut reader).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn half_a_message_is_none() {
        for bytes in [&b"GET / HT"[..], b"GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\n{}", b"A: b\r\n"] {
            assert!(read(&mut BufReader::new(bytes)).await.is_err());
        }
    }
}
