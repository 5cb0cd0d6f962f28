//! A TCP proxy that can be told to misbehave.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use url::Url;

/// What happens to connections from now on, those that are open included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// They are passed on.
    Open,
    /// They are closed at once.
    Closed,
    /// Nothing is passed on, and nothing is closed. Those that this happens to stay so.
    Silent,
    /// They are answered 503 in HTTP.
    Unavailable,
    /// They are passed on until a transaction is committed, and closed before that is answered.
    WithoutReceipt,
}

/// A proxy before one server; gone when it goes.
pub(crate) struct Proxy {
    url: Url,
    mode: watch::Sender<Mode>,
}

impl Proxy {
    /// Stands before the server of an address.
    pub(crate) async fn before(server: &str) -> Self {
        let mut url = Url::parse(server).unwrap();
        let port = url.port_or_known_default().unwrap_or(5432);
        let upstream = format!("{}:{port}", url.host_str().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        let (mode, modes) = watch::channel(Mode::Open);
        tokio::spawn(async move {
            let mut told = modes.clone();
            // Ends with the proxy, which then tells nobody any more.
            while let Some(stream) = tokio::select! {
                accepted = listener.accept() => accepted.ok().map(|(stream, _)| stream),
                () = gone(&mut told) => None,
            } {
                let (upstream, modes) = (upstream.clone(), modes.clone());
                let mut told = modes.clone();
                tokio::spawn(async move {
                    tokio::select! {
                        () = pass_on(stream, &upstream, modes) => {}
                        () = gone(&mut told) => {}
                    }
                });
            }
        });
        Self { url, mode }
    }

    /// The address of the server by way of the proxy.
    pub(crate) fn url(&self) -> &str {
        self.url.as_str()
    }

    pub(crate) fn turn(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

async fn gone(modes: &mut watch::Receiver<Mode>) {
    while modes.changed().await.is_ok() {}
}

async fn pass_on(mut client: TcpStream, upstream: &str, mut modes: watch::Receiver<Mode>) {
    let mut mode = *modes.borrow_and_update();
    if mode == Mode::Open {
        let Ok(mut server) = TcpStream::connect(upstream).await else { return };
        tokio::select! {
            // An end of either side ends the connection, however it came.
            _ = copy_bidirectional(&mut client, &mut server) => return,
            _ = modes.changed() => mode = *modes.borrow(),
        }
        if mode == Mode::Silent {
            return std::future::pending().await;
        }
        // In the middle of an answer, another one would be none.
        return;
    }
    match mode {
        Mode::Silent => std::future::pending().await,
        Mode::Unavailable => {
            let mut request = [0; 16 << 10];
            let _ = client.read(&mut request).await;
            let answer =
                b"HTTP/1.1 503 Slow Down\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            let _ = client.write_all(answer).await;
            // What is left unread would reset the connection before the answer is heard.
            while client.read(&mut request).await.is_ok_and(|read| read > 0) {}
        }
        Mode::WithoutReceipt => until_a_commit(client, upstream).await.unwrap_or_default(),
        Mode::Open | Mode::Closed => {}
    }
}

async fn until_a_commit(mut client: TcpStream, upstream: &str) -> std::io::Result<()> {
    let mut server = TcpStream::connect(upstream).await?;
    let (mut asked, mut told) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let asked = &asked[..read?];
                server.write_all(asked).await?;
                let commits = asked.windows(6).any(|word| word == b"COMMIT");
                if asked.is_empty() || commits {
                    // Once the server answers, it is done.
                    return server.read(&mut told).await.map(drop);
                }
            }
            read = server.read(&mut told) => {
                let told = &told[..read?];
                client.write_all(told).await?;
                if told.is_empty() {
                    return Ok(());
                }
            }
        }
    }
}
