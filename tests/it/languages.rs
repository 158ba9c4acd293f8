//! In which language people are answered and told, and how they change it.

use crate::facts;
use crate::support::app::{OPERATOR, STRANGER, TestApp};
use crate::support::databases::Backend;
use andon::people::Role;
use serde_json::json;

facts!["languages":
    a_stranger_is_answered_in_the_language_of_their_greeting,
    a_number_tells_the_language_of_its_country,
    what_was_chosen_is_stronger_than_a_greeting,
    an_admin_changes_somebodys_language,
    a_notice_is_told_in_the_language_of_each_who_is_told,
];

/// A number that France keeps for fiction.
const FRENCH: &str = "+33639980001";

async fn speaks(app: &TestApp, number: &str) -> (String, bool) {
    let query = format!(
        "SELECT p.language, p.has_chosen_language FROM people p JOIN addresses a ON a.person_id = p.id \
         WHERE a.value = '{number}'"
    );
    let rows = app.rows(&query).await;
    let row = rows.first().expect("somebody with this number");
    (row.try_get_by_index(0).expect("a language"), row.try_get_by_index(1).expect("a flag"))
}

async fn a_stranger_is_answered_in_the_language_of_their_greeting(backend: Backend) {
    let app = TestApp::with(backend, &[("ANDON_CHAT_ACCESS", "open")]).await;
    for (greeting, answer, language) in [
        ("hi", "👋 Welcome to Test Plant!", "en"),
        ("Hola!", "👋 ¡Bienvenido a ", "es"),
        ("Buenas tardes", "👋 ¡Bienvenido a ", "es"),
        ("hi", "👋 ¡Bienvenido a ", "es"),
        ("bonjour", "👋 Bienvenue chez ", "fr"),
        ("Olá", "👋 Bem-vindo à ", "pt"),
        ("مرحبا", "👋 أهلًا بك في ", "ar"),
        ("hello", "👋 Welcome to Test Plant!", "en"),
    ] {
        let reply = app.says(STRANGER, greeting).await.join("\n");
        assert!(reply.starts_with(answer), "{greeting}: {reply}");
        assert_eq!(speaks(&app, STRANGER).await, (language.to_owned(), false), "{greeting}");
    }
    app.end().await;
}

async fn a_number_tells_the_language_of_its_country(backend: Backend) {
    let app = TestApp::start(backend).await;
    let reply = app.says(FRENCH, "hi").await.join("\n");
    assert!(reply.starts_with("👋 Bonjour ! Ici Andon"), "{reply}");
    assert_eq!(speaks(&app, FRENCH).await, ("fr".to_owned(), false));
    app.end().await;
}

async fn what_was_chosen_is_stronger_than_a_greeting(backend: Backend) {
    let app = TestApp::start(backend).await;
    let reply = app.says(OPERATOR, "language français").await.join("\n");
    assert!(reply.starts_with("🌐 Nous continuons en français.\n\n👋 Bienvenue chez Test Plant"), "{reply}");
    assert_eq!(speaks(&app, OPERATOR).await, ("fr".to_owned(), true));
    for greeting in ["hola", "hello", "hi"] {
        let reply = app.says(OPERATOR, greeting).await.join("\n");
        assert!(reply.starts_with("👋 Bienvenue chez "), "{greeting}: {reply}");
    }
    app.says(OPERATOR, "1").await;
    let reply = app.says(OPERATOR, "١٢٣٤٥").await.join("\n");
    assert!(reply.starts_with("✅ Commande trouvée : ORD-12345"), "{reply}");
    for word in ["Devolución", "عالية", "Rayada"] {
        app.says(OPERATOR, word).await;
    }
    let defects = app.rows("SELECT priority, description FROM tickets WHERE kind = 'DEFECT' ORDER BY id DESC").await;
    let stored: (String, String) =
        (defects[0].try_get_by_index(0).expect("a priority"), defects[0].try_get_by_index(1).expect("a description"));
    assert_eq!(stored, ("HIGH".to_owned(), "Rayada".to_owned()), "answers of all languages are understood");
    app.end().await;
}

async fn an_admin_changes_somebodys_language(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.says(OPERATOR, "1").await;
    let admin = app.user("boss", Role::Admin).await;
    let rows = app.rows(&format!("SELECT person_id FROM addresses WHERE value = '{OPERATOR}'")).await;
    let id: i64 = rows[0].try_get_by_index(0).expect("an id");
    let (status, changed) = admin.patch(&format!("/api/users/{id}/"), json!({"language": "pt"})).await;
    assert_eq!((status.as_u16(), &changed["language"]), (200, &json!("pt")), "{changed}");
    let reply = app.says(OPERATOR, "ORD-12345").await.join("\n");
    assert!(reply.starts_with("✅ Pedido encontrado: ORD-12345"), "the open form goes on in it: {reply}");
    let reply = app.says(OPERATOR, "hola").await.join("\n");
    assert!(reply.starts_with("👋 Bem-vindo à "), "{reply}");
    assert_eq!(speaks(&app, OPERATOR).await, ("pt".to_owned(), true));
    app.end().await;
}

async fn a_notice_is_told_in_the_language_of_each_who_is_told(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.says("+12025550103", "language العربية").await;
    app.says("+12025550105", "language español").await;
    for text in ["1", "La caja falla", "Desde hoy", "Tienda", "servicio caído", "alta"] {
        app.says("+12025550105", text).await;
    }
    app.settle().await;
    let told = app.bubbles("+12025550103").pop().expect("the admin is told").text;
    assert!(told.starts_with("🎫 *أُنشئت تذكرة جديدة*"), "{told}");
    assert!(told.contains("*الأولوية:* عالية\n*الفئة:* انقطاع الخدمة"), "{told}");
    app.end().await;
}
