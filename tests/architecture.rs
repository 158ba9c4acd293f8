//! The rules of the house, kept by reading the source: what may import what, where the database and the network
//! are touched, and what no file may hold.
//!
//! Every rule is tested twice: on the repository, and on a few lines that break it, so that it is known to bite.

#[path = "architecture/reading.rs"]
mod reading;

use reading::{Source, closing, words};
use std::path::Path;

/// The longest file; past this two things live together.
const MAX_LINES: usize = 400;
/// Files that may be longer, each with its reason.
const LONG_FILES: &[(&str, &str)] = &[];
/// Folders whose files may query the database, besides every `store.rs`, and why.
const QUERY_FOLDERS: &[(&str, &str)] = &[("src/db/", "the pools, the writers and the migrations themselves")];
/// Files that may query the database, besides every `store.rs`, and why.
const QUERY_FILES: &[(&str, &str)] = &[("src/vault.rs", "it asks the object store, which keeps no rows")];
/// Where outgoing connections may be opened, and why.
const OUTGOING_HOMES: &[(&str, &str)] = &[
    ("src/kit/http.rs", "the one outgoing client"),
    ("src/bus/link.rs", "the link to Redis"),
    ("src/channels/smtp/link.rs", "the line to the mail server"),
    ("src/simulator/", "a provider in its own right"),
];
/// Words that open an outgoing connection.
const OUTGOING: &[&str] = &[
    "AsyncSmtpConnection::connect_tokio1(",
    "Client::builder(",
    "Client::new(",
    "Client::open(",
    "ClientBuilder::new(",
    "reqwest::get(",
    "TcpStream::connect(",
    "TcpStream::connect_timeout(",
    "UnixStream::connect(",
];
/// Words that ask the database something.
const QUERIES: &[&str] = &[
    ".one(",
    ".require_one(",
    ".exec(",
    ".exec_with_returning(",
    ".exec_with_returning_many(",
    ".exec_with_returning_keys(",
    ".exec_without_returning(",
    ".execute(",
    ".execute_raw(",
    ".execute_unprepared(",
    ".query_one(",
    ".query_one_raw(",
    ".query_all(",
    ".query_all_raw(",
];
/// Words that ask the database something only when awaited with one argument: `iter.all(…)`, `map.insert(…)` and
/// their like never are.
const QUERIES_WHEN_AWAITED: &[&str] = &[".all(", ".insert(", ".update(", ".save(", ".delete(", ".count("];

/// One line that breaks a rule.
#[derive(Debug, PartialEq)]
struct Breach {
    path: String,
    line: usize,
    says: String,
}

impl Breach {
    fn at(file: &Source, offset: usize, says: impl Into<String>) -> Self {
        Self { path: file.path.clone(), line: file.line(offset), says: says.into() }
    }
}

/// The modules of `src/lib.rs`, from the ground up.
fn modules_in_order(lib: &Source) -> Vec<String> {
    let declared = lib.code.lines().filter_map(|line| {
        let line = line.trim().trim_start_matches("pub(crate) ").trim_start_matches("pub ");
        line.strip_prefix("mod ")?.strip_suffix(';')
    });
    declared.map(str::to_owned).collect()
}

/// `src/lib.rs` lists every module, and a module imports only modules listed above it.
fn upward_arrows(file: &Source, order: &[String]) -> Vec<Breach> {
    if file.path == "src/main.rs" {
        let own = words(&file.code, "mod").into_iter().chain(words(&file.code, "crate"));
        return own
            .map(|at| Breach::at(file, at, "main.rs is thin: it has no modules of its own, only `andon::…`."))
            .collect();
    }
    let Some(path) = file.path.strip_prefix("src/").filter(|path| *path != "lib.rs") else { return Vec::new() };
    let here = path.split('/').next().unwrap_or(path).trim_end_matches(".rs");
    let Some(height) = order.iter().position(|name| name == here) else {
        return vec![Breach::at(file, 0, format!("src/lib.rs does not list the module `{here}`."))];
    };
    let mut breaches = Vec::new();
    for (at, name) in file.modules_named() {
        match order.iter().position(|listed| *listed == name) {
            Some(other) if other <= height => {}
            Some(_) => breaches.push(Breach::at(
                file,
                at,
                format!(
                    "`{here}` may not use `{name}`: src/lib.rs lists it further down, and arrows point upwards only."
                ),
            )),
            None => breaches.push(Breach::at(file, at, format!("`crate::{name}` is no module that src/lib.rs lists."))),
        }
    }
    breaches
}

/// Rules are pure: they know no HTTP.
fn http_in_rules(file: &Source) -> Vec<Breach> {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let pure = matches!(name, "model.rs" | "engine.rs") || file.path.starts_with("src/sla/");
    let found = file.code.match_indices("axum").filter(|_| pure);
    found.map(|(at, _)| Breach::at(file, at, "Rules are pure: no axum in model.rs, engine.rs and src/sla/.")).collect()
}

/// A channel translates; it does not know that there is a database.
fn database_in_channels(file: &Source) -> Vec<Breach> {
    if !file.path.starts_with("src/channels/") {
        return Vec::new();
    }
    let drivers = ["sea_orm", "sea_orm_migration", "sqlx"].iter().flat_map(|driver| words(&file.code, driver));
    let ours = file.modules_named().into_iter().filter(|(_, name)| name == "db").map(|(at, _)| at);
    drivers.chain(ours).map(|at| Breach::at(file, at, "A channel does not name the database.")).collect()
}

/// One client goes out, so that time-outs, redirects and addresses are decided once.
fn outgoing_connections(file: &Source) -> Vec<Breach> {
    if !file.path.starts_with("src/") || OUTGOING_HOMES.iter().any(|(home, _)| file.path.starts_with(home)) {
        return Vec::new();
    }
    let code = file.code_without_tests();
    let found = OUTGOING.iter().flat_map(|opening| {
        let name = opening.trim_end_matches('(');
        words(&code, name).into_iter().filter(|at| code[at + name.len()..].starts_with('(')).collect::<Vec<_>>()
    });
    found
        .map(|at| {
            Breach::at(
                file,
                at,
                "Outgoing connections are opened in src/kit/http.rs, the one to Redis in src/bus/link.rs, the one to the \
                 mail server in src/channels/smtp/link.rs.",
            )
        })
        .collect()
}

/// Queries live in `store.rs`, where somebody looks for them.
fn stray_queries(file: &Source) -> Vec<Breach> {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let home = matches!(name, "store.rs" | "tests.rs")
        || file.path.contains("/store/")
        || QUERY_FOLDERS.iter().any(|(home, _)| file.path.starts_with(home))
        || QUERY_FILES.iter().any(|(home, _)| file.path == *home);
    if home || !file.path.starts_with("src/") {
        return Vec::new();
    }
    let code = file.code_without_tests();
    let plain = QUERIES.iter().flat_map(|query| code.match_indices(query)).map(|(at, _)| at);
    let awaited = QUERIES_WHEN_AWAITED.iter().flat_map(|query| code.match_indices(query)).filter(|(at, query)| {
        let open = at + query.len() - 1;
        let close = closing(&code, open);
        let one_argument = !code[open..close].trim_end_matches([',', ' ', '\n']).contains(',');
        one_argument && close < code.len() && code[close + 1..].trim_start().starts_with(".await")
    });
    // `store::find_by_id(…)` is a call to a store, `Entity::find_by_id(…)` is the query itself.
    let by_id = code.match_indices("::find_by_id(").filter(|(at, _)| !code[..*at].ends_with("store"));
    let found = plain.chain(awaited.chain(by_id).map(|(at, _)| at));
    found.map(|at| Breach::at(file, at, "Database queries live in store.rs and src/db/.")).collect()
}

/// What no file may hold, wherever it is.
fn forbidden_words(file: &Source) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (at, _) in file.code.match_indices("allow(") {
        let line_start = file.code[..at].rfind('\n').map_or(0, |end| end + 1);
        if ["#[", "#!["].iter().any(|attribute| file.code[line_start..at].contains(attribute)) {
            breaches.push(Breach::at(
                file,
                at,
                "Write `#[expect(lint, reason = \"…\")]`: it tells when it is no longer needed.",
            ));
        }
    }
    for word in [concat!("TO", "DO"), concat!("FIX", "ME")] {
        let says = format!("{word}: do it, or write it up as an ADR or under \"Known limits\" in the CHANGELOG.");
        breaches.extend(words(&file.text, word).into_iter().map(|at| Breach::at(file, at, says.clone())));
    }
    breaches
}

/// A file answers one question.
fn long_files(file: &Source) -> Vec<Breach> {
    let lines = file.text.lines().count();
    let excepted = LONG_FILES.iter().any(|(path, _)| *path == file.path);
    let too_long = (lines > MAX_LINES && !excepted).then(|| Breach {
        path: file.path.clone(),
        line: lines,
        says: format!("{lines} lines are more than {MAX_LINES}: split it."),
    });
    too_long.into_iter().collect()
}

/// Every `.rs` file of `src`, `tests` and `benches`, sorted by path.
fn house() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src"), root.join("tests"), root.join("benches")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder can be listed").flatten().map(|entry| entry.path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                let inside = entry.strip_prefix(root).expect("it was found below the root");
                let path = inside.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
                files.push(Source::new(&path, &std::fs::read_to_string(&entry).expect("source is text")));
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(files.iter().any(|file| file.path == "src/lib.rs"), "the house was not found");
    files
}

/// Fails with every breach, one a line: `src/orders/api.rs:7: …`.
fn assert_kept(files: &[Source], rule: impl Fn(&Source) -> Vec<Breach>) {
    let lines: Vec<String> =
        files.iter().flat_map(rule).map(|breach| format!("{}:{}: {}", breach.path, breach.line, breach.says)).collect();
    assert!(lines.is_empty(), "\n{}\n", lines.join("\n"));
}

/// Fails unless the rule finds exactly these lines in each bad file.
fn assert_bites(rule: impl Fn(&Source) -> Vec<Breach>, cases: &[(&str, &str, &[usize])]) {
    for (path, text, expected) in cases {
        let mut lines: Vec<usize> = rule(&Source::new(path, text)).into_iter().map(|breach| breach.line).collect();
        lines.sort_unstable();
        assert_eq!(&lines, expected, "{path}: {text}");
    }
}

#[test]
fn modules_import_only_what_is_listed_above_them() {
    let files = house();
    let lib = files.iter().find(|file| file.path == "src/lib.rs").unwrap();
    let order = modules_in_order(lib);
    assert!(order.len() > 2, "src/lib.rs lists {order:?}");
    assert_kept(&files, |file| upward_arrows(file, &order));
}

#[test]
fn every_listed_module_has_a_sentence_of_its_own() {
    let files = house();
    let lib = files.iter().find(|file| file.path == "src/lib.rs").unwrap();
    let lines: Vec<&str> = lib.text.lines().map(str::trim).collect();
    let bare = lines.windows(2).filter(|pair| pair[1].starts_with("pub mod ") && !pair[0].starts_with("///"));
    assert_eq!(bare.map(|pair| pair[1]).collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn rules_know_no_http() {
    assert_kept(&house(), http_in_rules);
}

#[test]
fn channels_do_not_name_the_database() {
    assert_kept(&house(), database_in_channels);
}

#[test]
fn outgoing_connections_have_one_home() {
    assert_kept(&house(), outgoing_connections);
}

#[test]
fn queries_live_in_stores() {
    assert_kept(&house(), stray_queries);
}

#[test]
fn no_file_allows_a_lint_or_puts_work_off() {
    assert_kept(&house(), forbidden_words);
}

#[test]
fn no_file_is_longer_than_a_person_reads() {
    assert_kept(&house(), long_files);
}

#[test]
fn exceptions_name_files_that_are_there() {
    let files = house();
    for (path, reason) in LONG_FILES.iter().chain(QUERY_FILES) {
        assert!(files.iter().any(|file| file.path == *path), "{path} ({reason}) is gone: take it off its list");
    }
}

#[test]
fn an_upward_arrow_is_found() {
    let order: Vec<String> =
        modules_in_order(&Source::new("src/lib.rs", "/// A.\npub mod a;\n// pub mod x;\npub(crate) mod b;\nmod c;\n"));
    assert_eq!(order, ["a", "b", "c"]);
    assert_bites(
        |file| upward_arrows(file, &order),
        &[
            ("src/b/mod.rs", "use crate::a::X;\nuse crate::b::Y;\nuse std::fmt;\n", &[]),
            ("src/b/mod.rs", "use crate::a::X;\nuse crate::c::Y;\n", &[2]),
            ("src/b/api.rs", "use crate::{\n    a::X,\n    c::{Y, Z},\n};\n", &[1]),
            ("src/b.rs", "fn f() {\n    crate::c::g();\n}\n", &[2]),
            ("src/b/api.rs", "use super::super::c;\n", &[1]),
            ("src/b/api.rs", "#[cfg(test)]\nmod tests {\n    use crate::c::Y;\n}\n", &[3]),
            ("src/b.rs", "//! Unlike crate::c::Y, this is prose.\n", &[]),
            ("src/b.rs", "use crate::gone::X;\n", &[1]),
            ("src/d/mod.rs", "\n", &[1]),
            ("src/main.rs", "use andon::c;\nfn main() {}\n", &[]),
            ("src/main.rs", "mod more;\nuse crate::more::X;\n", &[1, 2]),
            ("tests/it/main.rs", "use crate::support;\n", &[]),
        ],
    );
}

#[test]
fn axum_in_a_rule_is_found() {
    let text = "//! Not axum.\nuse axum::http;\nuse utoipa_axum::x;\n";
    assert_bites(
        http_in_rules,
        &[
            ("src/orders/model.rs", text, &[2, 3]),
            ("src/chat/engine.rs", text, &[2, 3]),
            ("src/sla/clocks.rs", text, &[2, 3]),
            ("src/orders/api.rs", text, &[]),
        ],
    );
}

#[test]
fn a_channel_that_names_the_database_is_found() {
    let text = "use crate::{kit, db::Tx};\nuse sea_orm::Value;\nuse sqlx::Row;\nfn rusqlx() {}\n";
    assert_bites(
        database_in_channels,
        &[("src/channels/twilio/mod.rs", text, &[1, 2, 3]), ("src/outbox/store.rs", text, &[])],
    );
}

#[test]
fn an_outgoing_connection_elsewhere_is_found() {
    let text = "let a = reqwest::Client::builder();\nlet b = Client::new();\nlet c = TcpStream::connect(x);\n\
                let d = MyClient::new();\nlet e = redis::Client::open(url);\n\
                let f = AsyncSmtpConnection::connect_tokio1(x);\n#[cfg(test)]\nmod tests {\n    fn f() { Client::new(); }\n}\n";
    assert_bites(
        outgoing_connections,
        &[
            ("src/channels/twilio/outbound.rs", text, &[1, 2, 3, 5, 6]),
            ("src/kit/http.rs", text, &[]),
            ("src/kit/http_more.rs", text, &[1, 2, 3, 5, 6]),
            ("src/channels/smtp/link.rs", text, &[]),
            ("src/bus/link.rs", text, &[]),
            ("src/simulator/mod.rs", text, &[]),
            ("tests/it/main.rs", text, &[]),
        ],
    );
}

#[test]
fn a_query_outside_a_store_is_found() {
    let bad = "Entity::find()\n    .one(tx)\n    .await?;\nfind.all(tx).await?;\nrow.insert(\n    tx,\n)\n.await?;\n\
               db.execute_unprepared(sql).await?;\nOrders::find_by_id(7);\ninsert.exec_without_returning(tx);\n";
    let good = "names.iter().all(|name| name.is_empty());\nmap.insert(key, value);\nseen.lock().await.insert(key);\n\
                cache.insert(key, value).await;\nstore::find_by_id(tx, 7).await?;\nclient.delete(url).send().await?;\n\
                #[cfg(test)]\nmod tests {\n    fn f() { x.one(tx); }\n}\n";
    assert_bites(
        stray_queries,
        &[
            ("src/orders/api.rs", bad, &[2, 4, 5, 9, 10, 11]),
            ("src/orders/api.rs", good, &[]),
            ("src/orders/store.rs", bad, &[]),
            ("src/db/batch.rs", bad, &[]),
        ],
    );
}

#[test]
fn a_forbidden_word_is_found_also_in_prose() {
    let text = concat!(
        "#[allow(unused)]\n#![allow(x)]\n#[cfg_attr(test, allow(x))]\nfn allow() { allow() }\n// TO",
        "DO later\n/// FIX",
        "ME\nlet s = \"#[allow(x)]\";\n"
    );
    assert_bites(forbidden_words, &[("src/orders/api.rs", text, &[1, 2, 3, 5, 6])]);
}

#[test]
fn a_long_file_is_found() {
    let (fits, long) = ("\n".repeat(MAX_LINES), "\n".repeat(MAX_LINES + 1));
    assert_bites(long_files, &[("src/a.rs", &fits, &[]), ("src/b.rs", &long, &[MAX_LINES + 1])]);
}
