//! What STOP and START do: whether an address gets notices, and what becomes of those that wait.

use crate::db::Tx;
use crate::delivery;
use crate::kit::Result;
use crate::people;
use std::collections::HashMap;

/// Keeps what the owners of these addresses want; who wants no notices gets none that still waits.
pub(super) async fn keep(tx: &Tx, wanted: &HashMap<i64, bool>) -> Result<()> {
    let those = |want: bool| wanted.iter().filter(move |(_, to)| **to == want).map(|(id, _)| *id).collect::<Vec<i64>>();
    people::store::consent(tx, &those(true), true).await?;
    people::store::consent(tx, &those(false), false).await?;
    delivery::store::withdraw(tx, &those(false)).await
}
