//! The phone page in a real browser, from `hi` to a reference number.

use crate::block_on;
use crate::support::app::{OPERATOR, TestApp};
use crate::support::browser::Browser;
use crate::support::databases::Backend;
use crate::support::meta::{META, NO_TWILIO};
use fantoccini::error::CmdError;
use fantoccini::{Client, Locator};
use libtest_mimic::Trial;
use std::path::Path;
use std::time::Duration;

/// How long the page may take to show something.
const PATIENCE: Duration = Duration::from_secs(15);

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("browsing::the_phone_page_leads_from_hi_to_a_reference", || {
            block_on(the_phone_page_leads_from_hi_to_a_reference()).map_err(Into::into)
        }),
        Trial::test("browsing::taps_lead_from_hi_to_a_reference_by_both_providers", || {
            block_on(taps_lead_from_hi_to_a_reference_by_both_providers()).map_err(Into::into)
        }),
        Trial::test("browsing::photos_and_places_go_from_the_phone_and_pictures_come_back", || {
            block_on(photos_and_places_go_from_the_phone_and_pictures_come_back()).map_err(Into::into)
        }),
        Trial::test("browsing::arabic_runs_from_the_right_and_its_references_from_the_left", || {
            block_on(arabic_runs_from_the_right_and_its_references_from_the_left()).map_err(Into::into)
        }),
    ]
}

/// The phone page, with this phone in hand.
async fn open<'a>(browser: &'a Browser, app: &TestApp, phone: &str) -> Result<&'a Client, String> {
    let page = browser.client();
    page.set_window_size(1280, 860).await.map_err(told)?;
    page.goto(&app.url("/simulator")).await.map_err(told)?;
    let phone = format!("[data-number=\"{phone}\"]");
    page.wait().for_element(Locator::Css(&phone)).await.map_err(told)?.click().await.map_err(told)?;
    Ok(page)
}

async fn write(page: &Client, text: &str) -> Result<(), String> {
    page.find(Locator::Css("#message")).await.map_err(told)?.send_keys(text).await.map_err(told)?;
    page.find(Locator::Css("#send")).await.map_err(told)?.click().await.map_err(told)
}

/// Waits until the plant has said this.
async fn await_answer(page: &Client, said: &str, answer: &str) -> Result<(), String> {
    let bubble = format!("//*[contains(@class,'bubble') and contains(@class,'in') and contains(., '{answer}')]");
    let wait = page.wait().at_most(PATIENCE).for_element(Locator::XPath(&bubble)).await;
    wait.map(drop).map_err(|e| format!("no answer with {answer:?} to {said:?}: {e}"))
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` gives it")]
fn told(error: CmdError) -> String {
    error.to_string()
}

async fn the_phone_page_leads_from_hi_to_a_reference() -> Result<(), String> {
    let app = TestApp::running(Backend::Sqlite, &[("ANDON_COMPANY", "Demo Plant"), ("ANDON_TAPS", "true")]).await;
    let browser = Browser::start().await?;
    let page = open(&browser, &app, OPERATOR).await?;
    let conversation = [
        ("hi", "Welcome to Demo Plant"),
        ("1", "Order Number"),
        ("ORD-12345", "Defect Type"),
        ("Internal reject", "Severity"),
        ("High", "Description"),
        ("Scratched on the left side", "Reference: DEF-"),
    ];
    for (typed, answer) in conversation {
        write(page, typed).await?;
        await_answer(page, typed, answer).await?;
    }
    // The last reply is read: its status went the way back, from the page to the delivery and to the page again.
    let read = "(//*[contains(@class,'bubble') and contains(@class,'in')])[last()]//*[contains(@class,'read')]";
    let wait = page.wait().at_most(PATIENCE).for_element(Locator::XPath(read)).await;
    wait.map_err(|e| format!("the last reply was not shown as read: {e}"))?;
    // The README's picture, docs/images/phone.png, is a copy of this one.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    browser.screenshot(&folder.join("phone.png")).await?;
    browser.stop().await;
    app.end().await;
    Ok(())
}

async fn taps_lead_from_hi_to_a_reference_by_both_providers() -> Result<(), String> {
    let browser = Browser::start().await?;
    for is_meta in [false, true] {
        taps_lead_from_hi_to_a_reference(&browser, is_meta).await?;
    }
    browser.stop().await;
    Ok(())
}

async fn taps_lead_from_hi_to_a_reference(browser: &Browser, is_meta: bool) -> Result<(), String> {
    let mut settings = vec![("ANDON_COMPANY", "Demo Plant"), ("ANDON_TAPS", "true")];
    if is_meta {
        settings.extend(META.iter().chain(&NO_TWILIO));
    }
    let app = TestApp::running(Backend::Sqlite, &settings).await;
    let page = open(browser, &app, OPERATOR).await?;
    let last = |what: &str| format!("((//*[contains(@class,'bubble') and contains(@class,'in')])[last()]{what})[1]");
    let conversation = [
        ("hi", "Welcome to Demo Plant"),
        ("☰ Report Maintenance Issue", "Machine ID"),
        ("MACH-001", "Issue Type"),
        ("☰ Bearing", "Urgency"),
        ("▢ High", "Ticket: MAINT-"),
    ];
    for (does, answer) in conversation {
        if let Some((sign, title)) = does.split_once(' ').filter(|(sign, _)| ["☰", "▢"].contains(sign)) {
            if sign == "☰" {
                let opens = last("//button[contains(@class,'opens')]");
                let opens = page.wait().for_element(Locator::XPath(&opens)).await.map_err(told)?;
                opens.click().await.map_err(told)?;
                let name = format!("taps-list{}.png", if is_meta { "-meta" } else { "" });
                browser.screenshot(&Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)).await?;
            }
            let option = last(&format!("//button[.='{title}']"));
            let option = page.wait().for_element(Locator::XPath(&option)).await.map_err(told)?;
            option.click().await.map_err(told)?;
        } else {
            write(page, does).await?;
        }
        await_answer(page, does, answer).await?;
    }
    // The first list is still there to be tapped, and answers no other question.
    let menu = "(//*[contains(@class,'bubble') and contains(@class,'in')])[1]//button[contains(@class,'opens')]";
    page.find(Locator::XPath(menu)).await.map_err(told)?.click().await.map_err(told)?;
    let option = "(//*[contains(@class,'bubble') and contains(@class,'in')])[1]//button[.='Check SLA Status']";
    page.find(Locator::XPath(option)).await.map_err(told)?.click().await.map_err(told)?;
    let asked = "//*[contains(@class,'bubble') and contains(@class,'in') and contains(., 'Ticket ID')]";
    let wait = page.wait().at_most(PATIENCE).for_element(Locator::XPath(asked)).await;
    wait.map_err(|e| format!("an old list is not answered: {e}"))?;
    let name = format!("taps{}.png", if is_meta { "-meta" } else { "" });
    browser.screenshot(&Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)).await?;
    app.end().await;
    Ok(())
}

/// How wide the plant's picture is, once the browser has it.
const WIDTH: &str = r"
    const done = arguments[arguments.length - 1];
    const picture = document.querySelector('.bubble.in img.photo');
    picture.decode().then(() => done(picture.naturalWidth), () => done(0));
";

async fn photos_and_places_go_from_the_phone_and_pictures_come_back() -> Result<(), String> {
    let by_meta = [META.as_slice(), &NO_TWILIO].concat();
    for (name, settings) in [("twilio", Vec::new()), ("meta", by_meta)] {
        let app = TestApp::running(Backend::Sqlite, &settings).await;
        let browser = Browser::start().await?;
        let page = open(&browser, &app, OPERATOR).await?;
        // A tapped sample has its sign; the rest is typed.
        for (sent, answer) in [
            ("📍 I am in hall 3", "MACH-004"),
            ("1", "Issue Type"),
            ("📷 A photo", "Kept for your report"),
            ("🎤 A voice note", ""),
            ("📄 A PDF", ""),
            ("Bearing", "Urgency"),
            ("High", "Ticket: MAINT-"),
            ("ORD-12345", "Order Status"),
            ("picture", "📊 ORD-12345"),
        ] {
            if sent.is_ascii() {
                write(page, sent).await?;
            } else {
                page.find(Locator::Css("#more-open")).await.map_err(told)?.click().await.map_err(told)?;
                let choice = format!("//*[@id='samples']/button[.='{sent}']");
                page.find(Locator::XPath(&choice)).await.map_err(told)?.click().await.map_err(told)?;
            }
            await_answer(page, sent, answer).await?;
        }
        let picture = Locator::Css(".bubble.in img.photo");
        page.wait().at_most(PATIENCE).for_element(picture).await.map_err(told)?;
        let width = page.execute_async(WIDTH, vec![]).await.map_err(told)?;
        assert_eq!(width, 960, "the picture is fetched and shown, by {name}");
        browser.screenshot(&Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("phone-files-{name}.png"))).await?;
        browser.stop().await;
        app.end().await;
    }
    Ok(())
}

/// The operator of the demo who reads Arabic.
const ARABIC: &str = "+12025550114";
/// Where the first and the last sign of a text stand in the last message, and in which direction it runs.
const PLACES: &str = r"
    const texts = document.querySelectorAll('.bubble.in .text');
    const text = texts[texts.length - 1];
    const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
    const place = (sought) => {
        walker.currentNode = text;
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            const at = node.data.indexOf(sought);
            if (at < 0) continue;
            const left = (offset) => {
                const range = document.createRange();
                range.setStart(node, offset);
                range.setEnd(node, offset + 1);
                return range.getBoundingClientRect().left;
            };
            return [left(at), left(at + sought.length - 1)];
        }
        return null;
    };
    return [getComputedStyle(text).direction, ...arguments[0].map(place)];
";

async fn arabic_runs_from_the_right_and_its_references_from_the_left() -> Result<(), String> {
    let app = TestApp::running(Backend::Sqlite, &[("ANDON_COMPANY", "Demo Plant")]).await;
    let browser = Browser::start().await?;
    let page = open(&browser, &app, ARABIC).await?;
    let conversation = [
        ("مرحبا", "أهلًا بك", &["Demo Plant"][..]),
        ("6", "رقم قائمة المواد", &["BOM-888"]),
        ("888", "المكوّن", &["BOM-888", "84.00", "BRG-6204"]),
        ("menu", "أهلًا بك", &[]),
        ("ORD-12345", "حالة الطلب", &["ORD-12345"]),
        ("MAINT-555", "الوقت المتبقي", &["MAINT-555", "UTC"]),
    ];
    for (typed, answer, ltr) in conversation {
        write(page, typed).await?;
        let bubble =
            format!("(//*[contains(@class,'bubble')])[last()][contains(@class,'in') and contains(., '{answer}')]");
        let wait = page.wait().at_most(PATIENCE).for_element(Locator::XPath(&bubble)).await;
        wait.map_err(|e| format!("no answer with {answer:?} to {typed:?}: {e}"))?;
        let found = page.execute(PLACES, vec![serde_json::json!(ltr)]).await.map_err(told)?;
        assert_eq!(found[0], "rtl", "{answer}");
        for (text, place) in ltr.iter().zip(found.as_array().into_iter().flatten().skip(1)) {
            let (Some(first), Some(last)) = (place[0].as_f64(), place[1].as_f64()) else {
                return Err(format!("{text} is not in {answer}: {found}"));
            };
            assert!(first < last, "{text} is turned in {answer}");
        }
    }
    browser.screenshot(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("phone-arabic.png")).await?;
    browser.stop().await;
    app.end().await;
    Ok(())
}
