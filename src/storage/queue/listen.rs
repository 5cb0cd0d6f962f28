//! Passes on what other processes say through the database.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::wake::Wake;
use crate::storage::StorageError;
use crate::storage::db::Database;

/// Waits after failures to connect again.
const WAITS: [Duration; 4] = [
    Duration::from_millis(50),
    Duration::from_millis(250),
    Duration::from_secs(1),
    Duration::from_secs(5),
];

/// Begins to listen, and goes on until `end`. Does nothing for engines without notices. With
/// `wakes` it also wakes workers, which someone else may do better.
///
/// # Errors
/// [`StorageError::Unavailable`] if the first connection cannot be made.
pub(super) async fn start(
    database: &Database,
    wake: &Arc<Wake>,
    wakes: bool,
    end: CancellationToken,
) -> Result<(), StorageError> {
    let Some(mut notices) = database.notices().await? else { return Ok(()) };
    let wake = Arc::clone(wake);
    let listening = async move {
        let mut failures = 0;
        loop {
            match notices.next().await {
                Ok(notice) => {
                    failures = 0;
                    wake.notice(notice, wakes);
                }
                Err(error) => {
                    if failures == 0 {
                        tracing::warn!(%error, "lost touch with other processes");
                    }
                    // Until it is back, polling finds what is missed.
                    tokio::time::sleep(WAITS[failures.min(WAITS.len() - 1)]).await;
                    failures += 1;
                }
            }
        }
    };
    tokio::spawn(end.run_until_cancelled_owned(Box::pin(listening)));
    Ok(())
}
