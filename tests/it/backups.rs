//! Backups of a running server: one instant of it, whole.

use crate::block_on;
use crate::support::app::{TestApp, number};
use crate::support::databases::Backend;
use andon::backup;
use andon::kit::Clock;
use andon::simulator::Incoming;
use libtest_mimic::Trial;
use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, DbBackend, Statement};
use std::path::Path;

/// One trial: only SQLite is backed up by Andon itself.
pub(crate) fn trials() -> Vec<Trial> {
    let name = "backups::a_backup_under_load_is_one_instant_of_it::sqlite";
    vec![Trial::test(name, || {
        block_on(a_backup_under_load_is_one_instant_of_it());
        Ok(())
    })]
}

const REPORT: [&str; 6] = ["hi", "1", "ORD-12345", "Return", "High", "Scratches on the left side"];

async fn a_backup_under_load_is_one_instant_of_it() {
    let app = TestApp::running(Backend::Sqlite, &[("ANDON_CHAT_ACCESS", "open")]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let url = app.server.app.settings.database_url();
    let talks = futures_util::future::join_all((0..24).map(|nth| {
        let app = &app;
        async move {
            let phone = number(&format!("+1202555{:04}", 110 + nth));
            for text in REPORT.iter().cycle().take(18) {
                let sent = app.simulator().send(Incoming::text(&phone, *text)).await;
                assert_eq!(sent.webhook, Some(200));
            }
        }
    }));
    let backups = async {
        let mut taken = Vec::new();
        for nth in 0..4 {
            let file = folder.path().join(format!("{nth}.db"));
            taken.push(backup::take(&url, &file, Clock::System).await.expect("a backup").file);
        }
        taken
    };
    let (_, taken) = tokio::join!(talks, backups);
    let whole = open(&andon::db::sqlite_file(&url).expect("a file")).await;
    let mut sizes = Vec::new();
    for file in taken {
        let backup = open(&file).await;
        let messages = count(&backup, "SELECT COUNT(*) FROM messages").await;
        let last = count(&backup, "SELECT COALESCE(MAX(id), 0) FROM messages").await;
        let until_then = count(&whole, &format!("SELECT COUNT(*) FROM messages WHERE id <= {last}")).await;
        assert_eq!(messages, until_then, "everything until one instant, nothing after it");
        for (fact, left_out) in [
            (
                "a message without its reply",
                "SELECT COUNT(*) FROM messages m WHERE NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.message_id = m.id)",
            ),
            (
                "a reply without its message",
                "SELECT COUNT(*) FROM deliveries d WHERE NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = d.message_id)",
            ),
            (
                "a ticket without its event",
                "SELECT COUNT(*) FROM tickets t WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.ticket_id = t.id)",
            ),
            (
                "a defect that holds nothing",
                "SELECT COUNT(*) FROM defects d WHERE NOT EXISTS (SELECT 1 FROM order_holds h WHERE h.ticket_id = d.ticket_id)",
            ),
            (
                "a defect ticket without its defect",
                "SELECT COUNT(*) FROM tickets t WHERE t.kind = 'DEFECT' AND NOT EXISTS (SELECT 1 FROM defects d WHERE d.ticket_id = t.id)",
            ),
        ] {
            assert_eq!(count(&backup, left_out).await, 0, "{fact}");
        }
        sizes.push(messages);
        backup.close().await.expect("it closes");
    }
    assert!(sizes.is_sorted() && sizes[0] < 24 * 18, "{sizes:?}: they were taken while people wrote");
    whole.close().await.expect("it closes");
    app.end().await;
}

async fn open(file: &Path) -> DatabaseConnection {
    Database::connect(format!("sqlite://{}?mode=ro", file.display())).await.expect("a database")
}

async fn count(connection: &DatabaseConnection, sql: &str) -> i64 {
    let row = connection.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await.expect(sql);
    row.expect("one row").try_get_by_index(0).expect("a number")
}
