//! What the pages look like and what they are made of: nothing wider than its window, nothing too small to press, no plot
//! without room for its shapes, nothing that stands in somebody's way (axe-core), valid HTML (html-validate); wide and
//! narrow, light and dark, from the left and from the right.

use super::furnished::Furnished;
use super::hands::{PATIENCE, opens, shows, signs_in, told};
use crate::block_on;
use crate::support::app::TestApp;
use crate::support::browser::Browser;
use crate::support::databases::{Backend, environment};
use crate::support::npm;
use crate::support::window::{Seen, Window};
use fantoccini::Locator;
use libtest_mimic::Trial;
use serde_json::json;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Who looks at all of their pages, in which theme and language, and how: at which widths, and at which of them axe-core
/// looks too. Colours are another with the theme and places with the direction; a wide screen shows another picture of the
/// same page.
struct Way {
    who: &'static str,
    theme: &'static str,
    language: &'static str,
    widths: &'static [(u32, bool)],
}

const WAYS: [Way; 6] = [
    Way { who: "boss", theme: "light", language: "en", widths: &[(360, true), (1280, true), (1920, false)] },
    Way { who: "boss", theme: "dark", language: "en", widths: &[(1280, true)] },
    Way { who: "boss", theme: "light", language: "ar", widths: &[(360, true), (1280, false)] },
    Way { who: "boss", theme: "dark", language: "ar", widths: &[(1280, true)] },
    Way { who: "client1", theme: "light", language: "en", widths: &[(360, true), (1280, false)] },
    Way { who: "dev1", theme: "light", language: "en", widths: &[(360, true), (1280, false)] },
];

/// The widths of pictures, when somebody wants to look at them.
const PICTURED: [(u32, bool); 3] = [(360, true), (1280, true), (1920, true)];

/// What a browser is for.
pub(crate) fn trials() -> Vec<Trial> {
    let trial = |way: &'static Way| {
        let Way { who, theme, language, .. } = way;
        let name = format!("pages::looked::pages_fit_and_stand_in_nobodys_way::{who}_{theme}_{language}");
        Trial::test(name, move || block_on(pages_fit_and_stand_in_nobodys_way(way)).map_err(Into::into))
    };
    WAYS.iter().map(trial).collect()
}

/// What npm's judges are for.
pub(crate) fn judged() -> Vec<Trial> {
    vec![
        Trial::test("pages::looked::the_html_of_every_page_is_valid", || {
            block_on(the_html_of_every_page_is_valid()).map_err(Into::into)
        }),
        Trial::test("pages::looked::the_judge_of_html_is_awake", || the_judge_of_html_is_awake().map_err(Into::into)),
    ]
}

/// How much wider the page is than the window.
const TOO_WIDE: &str = "return document.documentElement.scrollWidth - document.documentElement.clientWidth;";
/// Places to press that are smaller than a finger needs. **Source**: WCAG 2.2, 2.5.8: 24 by 24, links in a line of text
/// excepted; a box to tick counts with its label.
const TOO_SMALL: &str = "
    const places = [...document.querySelectorAll('button, summary, select, input:not([type=hidden]), .button, .top a')];
    const seen = places.filter((one) => one.getClientRects().length && !one.closest('dialog'));
    const small = seen.filter((one) => { const box = (one.closest('label') || one).getBoundingClientRect();
        return box.width < 24 || box.height < 24; });
    return small.map((one) => one.outerHTML.slice(0, 90)).join(' | ');";
/// Plots that are not to be seen as they are meant, as where another page's class is called like one of theirs: without
/// room, with bars and lines outside of it, or in no colour of theirs.
const PLOTS_AWRY: &str = "
    const awry = [];
    for (const plot of document.querySelectorAll('figure svg')) {
        const room = plot.getBoundingClientRect(), name = plot.getAttribute('aria-labelledby');
        const says = (what) => awry.push(name + ' ' + what);
        if (room.width < 100 || room.height < 100) says('has ' + room.width + ' by ' + room.height + ' px');
        if (room.height > 400) says('is ' + room.height + ' px high');
        for (const shape of plot.querySelectorAll('rect, polyline, path')) {
            const box = shape.getBoundingClientRect(), look = getComputedStyle(shape);
            const isOut = box.left < room.left - 2 || box.right > room.right + 2 || box.top < room.top - 2
                || box.bottom > room.bottom + 2;
            const is = shape.tagName + '.' + shape.getAttribute('class');
            if (isOut) says('has a ' + is + ' beside it');
            if (look.display === 'none' || look.visibility !== 'visible') says('hides a ' + is);
            if (shape.matches('.bar') && Number(shape.getAttribute('height')) > 0) {
                if (box.width < 0.5 || box.height < 0.1) says('has a ' + is + ' that nobody sees');
                if (look.fill === 'none' || look.fill === 'rgb(0, 0, 0)') says('has a ' + is + ' without a colour');
            }
            if (shape.matches('.line') && look.stroke === 'none') says('has a ' + is + ' without a colour');
        }
    }
    return [...new Set(awry)].join(' | ');";
/// What axe-core finds: the rule, how grave it is, and where.
pub(crate) const IN_THE_WAY: &str = "
    const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'] }).then((found) => done(found.violations.map((one) =>
        one.id + ' (' + one.impact + '): ' + one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | '))),
        (error) => done([String(error)]));";

async fn pages_fit_and_stand_in_nobodys_way(way: &Way) -> Result<(), String> {
    let Way { who, theme, language, .. } = way;
    let app = TestApp::running(Backend::Sqlite, &[("ANDON_COMPANY", "Demo Plant")]).await;
    let furnished = Furnished::on(&app).await;
    let browser = Browser::start().await?;
    let pictures = environment("ANDON_LOOK").map(PathBuf::from);
    let widths = if pictures.is_some() { &PICTURED } else { way.widths };
    let eye = Eye { browser: &browser, axe: npm::axe().ok(), pictures };
    let mut found = String::new();
    let page = browser.client();
    opens(page, &app, "/sign-in").await?;
    eye.look("sign-in", (360, true), &mut found).await?;
    signs_in(page, &app, who).await?;
    shows(page, "Sign out").await?;
    choose(&browser, &app, theme, language).await?;
    let pages = if *who == "boss" { furnished.pages() } else { furnished.theirs() };
    for (name, path) in pages {
        opens(page, &app, &path).await?;
        for width in widths {
            eye.look(&format!("{name}-{who}-{theme}-{language}"), *width, &mut found).await?;
        }
    }
    browser.stop().await;
    app.end().await;
    if found.is_empty() { Ok(()) } else { Err(found) }
}

/// Has the pages in this theme and language from now on.
async fn choose(browser: &Browser, app: &TestApp, theme: &str, language: &str) -> Result<(), String> {
    let page = browser.client();
    opens(page, app, "/profile").await?;
    let choose = "const choice = document.querySelector('[name=language]');
        choice.value = arguments[0]; choice.form.submit();";
    page.execute(choose, vec![json!(language)]).await.map_err(told)?;
    let shown = format!("html[lang={language}]");
    page.wait().at_most(PATIENCE).for_element(Locator::Css(&shown)).await.map_err(told)?;
    page.delete_cookie("andon_theme").await.map_err(told)?;
    let cookie = "document.cookie = 'andon_theme=' + arguments[0] + '; path=/'";
    page.execute(cookie, vec![json!(theme)]).await.map(drop).map_err(told)
}

/// Who looks at a page.
struct Eye<'a> {
    browser: &'a Browser,
    /// axe-core, where it is there.
    axe: Option<String>,
    /// Where pictures are left, where they are wanted.
    pictures: Option<PathBuf>,
}

impl Eye<'_> {
    /// Looks at the page that is open, in a window so wide, and has axe-core look where that is asked.
    async fn look(&self, name: &str, (width, is_judged): (u32, bool), found: &mut String) -> Result<(), String> {
        let page = self.browser.client();
        page.set_window_size(width, if width < 500 { 740 } else { 900 }).await.map_err(told)?;
        if let Some(folder) = &self.pictures {
            self.browser.screenshot(&folder.join(format!("desk-{name}-{width}.png"))).await?;
        }
        let wide = page.execute(TOO_WIDE, Vec::new()).await.map_err(told)?;
        if wide.as_i64().unwrap_or_default() > 0 {
            writeln!(found, "{name} at {width} px is {wide} px wider than its window").expect("text grows");
        }
        let small = page.execute(TOO_SMALL, Vec::new()).await.map_err(told)?;
        if let Some(small) = small.as_str().filter(|small| !small.is_empty()) {
            writeln!(found, "{name} at {width} px has places too small to press: {small}").expect("text grows");
        }
        let awry = page.execute(PLOTS_AWRY, Vec::new()).await.map_err(told)?;
        if let Some(awry) = awry.as_str().filter(|awry| !awry.is_empty()) {
            writeln!(found, "{name} at {width} px has plots that are awry: {awry}").expect("text grows");
        }
        if let Some(axe) = self.axe.as_ref().filter(|_| is_judged) {
            page.execute(axe, Vec::new()).await.map_err(told)?;
            let in_the_way = page.execute_async(IN_THE_WAY, Vec::new()).await.map_err(told)?;
            for one in in_the_way.as_array().ok_or("axe-core says nothing")? {
                writeln!(found, "{name} at {width} px: {}", one.as_str().unwrap_or_default()).expect("text grows");
            }
        }
        Ok(())
    }
}

/// Forms that are refused, in the window of an admin: where, and what is sent.
const REFUSED: [(&str, &[(&str, &str)]); 4] = [
    ("/tickets/new", &[("title", "<b>Payments fail</b>")]),
    ("/people/new", &[("username", "no/name"), ("role", "OPERATOR")]),
    ("/profile/tokens", &[("scope", "everything")]),
    ("/profile/password", &[("password", "short")]),
];

async fn the_html_of_every_page_is_valid() -> Result<(), String> {
    let app = TestApp::start(Backend::Sqlite).await;
    let furnished = Furnished::on(&app).await;
    app.settle().await;
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let folder = folder.path();
    keep(folder, "sign-in", &Window::new(&app).get("/sign-in").await)?;
    let boss = Window::of(&app, "boss").await;
    for language in ["en", "ar"] {
        boss.post("/profile", &[("language", language)]).await;
        for (name, path) in furnished.pages() {
            keep(folder, &format!("{name}-{language}"), &boss.get(&path).await)?;
        }
    }
    let story = app.rows("SELECT id FROM deliveries WHERE event_id IS NOT NULL ORDER BY id").await;
    let story: i64 = story[0].try_get("", "id").map_err(|error| error.to_string())?;
    keep(folder, "story", &boss.get(&format!("/notifications/{story}")).await)?;
    keep(folder, "factor", &boss.post("/profile/second-factor", &[]).await)?;
    keep(folder, "code", &boss.post("/profile/number/code", &[]).await)?;
    for (nth, (path, fields)) in REFUSED.into_iter().enumerate() {
        keep(folder, &format!("refused-{nth}"), &boss.post(path, fields).await)?;
    }
    let refused = boss.post(&format!("/tickets/{}/cancel", furnished.first), &[]).await;
    keep(folder, "refused-ticket", &refused)?;
    for who in ["client1", "dev1"] {
        let window = Window::of(&app, who).await;
        for (name, path) in furnished.theirs() {
            keep(folder, &format!("{name}-of-{who}"), &window.get(&path).await)?;
        }
    }
    let faults = npm::faults_of_html(folder)?;
    app.end().await;
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn keep(folder: &Path, name: &str, seen: &Seen) -> Result<(), String> {
    assert!(!seen.html.is_empty(), "{name} is empty: {:?}", seen.status);
    std::fs::write(folder.join(format!("{name}.html")), &seen.html).map_err(|error| error.to_string())
}

/// Or the test above could not fail.
fn the_judge_of_html_is_awake() -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let wrong = "<!doctype html><html lang=\"en\"><head><title>A</title></head><body><p><div></div></p></body></html>";
    std::fs::write(folder.path().join("wrong.html"), wrong).map_err(|error| error.to_string())?;
    let says = npm::faults_of_html(folder.path())?;
    if says.contains("wrong.html") { Ok(()) } else { Err(format!("nothing was found: {says}")) }
}
