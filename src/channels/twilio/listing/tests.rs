//! What Twilio's list says, against a tiny server with canned answers.

use super::*;
use crate::channels::Channel as _;
use crate::channels::twilio::canned::*;
use crate::config::SmsSender;
use chrono::TimeZone as _;
use url::Url;

fn listed_message(sid: &str, second: u32, rest: &str) -> String {
    format!(
        r#"{{"sid":"{sid}","from":"whatsapp:+447700900123","to":"whatsapp:+14155238886","body":"{sid}",
           "date_created":"Sun, 18 Jan 2026 14:30:{second:02} +0000","date_sent":null,{rest}}}"#
    )
}

fn page(messages: &[String], next: Option<&str>) -> Answer {
    let next = next.map_or("null".to_owned(), |uri| format!("\"{uri}\""));
    (200, None, format!(r#"{{"messages":[{}],"next_page_uri":{next}}}"#, messages.join(",")))
}

#[tokio::test]
async fn what_came_in_is_listed_over_all_pages_oldest_first() {
    let inbound = r#""direction":"inbound","num_media":"0""#;
    let next = format!("{MESSAGES}?PageToken=PA1&Page=1");
    let media = r#"{"media_list":[{"sid":"ME1","content_type":"image/png","uri":"/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1.json"}]}"#;
    let (server, base) = Canned::serving([
        page(
            &[
                listed_message("SM5", 40, inbound),
                listed_message("SM4", 31, inbound),
                listed_message("SM3", 31, inbound),
                r#"{"odd":true}"#.to_owned(),
                listed_message("SMout", 31, r#""direction":"outbound-api","num_media":"0""#),
            ],
            Some(&next),
        ),
        page(
            &[
                listed_message("MM1", 30, r#""direction":"inbound","num_media":"1""#),
                listed_message("SM0", 29, inbound),
                listed_message("SMcode", 31, inbound).replace("whatsapp:+447700900123", "12345"),
            ],
            None,
        ),
        (200, None, media.to_owned()),
    ])
    .await;
    let since = Utc.with_ymd_and_hms(2026, 1, 18, 14, 30, 30).single().expect("an instant");
    let since = since + chrono::TimeDelta::milliseconds(700);
    let received = channel(base.clone(), None).received_since(since).await.expect("listed");

    let ids: Vec<&str> = received.iter().map(|listed| listed.message.provider_id.as_str()).collect();
    assert_eq!(ids, ["MM1", "SM3", "SM4", "SM5"]);
    assert_eq!(received.iter().map(|listed| listed.has_media).collect::<Vec<_>>(), [true, false, false, false]);
    assert_eq!((received[1].message.medium, received[1].message.text.as_str()), (Medium::Whatsapp, "SM3"));
    assert!(received.iter().all(|listed| listed.message.sent_at.is_some_and(|at| at >= since.trunc_subsecs(0))));
    let media = channel(base.clone(), None).media_of("MM1").await.expect("listed");
    let url = format!("{base}2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1");
    assert_eq!(media, [Media { url, content_type: "image/png".to_owned() }]);

    let lines: Vec<String> = server.asked().into_iter().map(|asked| asked.line).collect();
    let first = format!("GET {MESSAGES}?To=whatsapp%3A%2B14155238886&DateSent%3E=2026-01-18&PageSize=1000");
    let media = MESSAGES.replace(".json", "/MM1/Media.json");
    assert_eq!(lines, [first, format!("GET {next}"), format!("GET {media}")]);
}

#[tokio::test]
async fn a_list_that_never_ends_or_leads_elsewhere_is_left() {
    let endless = page(&[], Some(&format!("{MESSAGES}?Page=1")));
    let (server, base) = Canned::serving(vec![endless; 30]).await;
    let since = Utc.with_ymd_and_hms(2026, 1, 18, 0, 0, 0).single().expect("an instant");
    assert_eq!(channel(base, None).received_since(since).await, Ok(vec![]));
    assert_eq!(server.asked().len(), MAX_PAGES);

    let (server, base) = Canned::serving([page(&[], Some("https://elsewhere.example/Messages.json"))]).await;
    assert_eq!(channel(base, None).received_since(since).await, Ok(vec![]));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn deleted_media_are_none_and_a_passing_trouble_is_told() {
    let gone = (404, None, r#"{"code":20404,"message":"not found","status":404}"#.to_owned());
    let (_, base) = Canned::serving([gone, (503, None, String::new())]).await;
    let twilio = channel(base, None);
    assert_eq!(twilio.media_of("MM1").await, Ok(vec![]), "gone for good");
    let error = twilio.media_of("MM1").await.expect_err("Twilio is down");
    assert_eq!((error.name, error.in_doubt), ("provider_down", false));
}

#[tokio::test]
async fn an_account_that_cannot_be_asked_has_received_nothing() {
    let http = crate::kit::http::client().expect("a client");
    let base = Url::parse("http://127.0.0.1:9").expect("a URL");
    let twilio = Twilio::new(http, base, None, Some(number("+14155238886")), None);
    let since = Utc.with_ymd_and_hms(2026, 1, 18, 0, 0, 0).single().expect("an instant");
    assert_eq!(twilio.received_since(since).await, Ok(vec![]));
}

#[tokio::test]
async fn what_we_sent_to_somebody_is_listed_newest_first_until_it_is_too_old() {
    let sent = |sid: &str, second: u32, rest: &str| {
        let status = format!(r#""direction":"outbound-api","status":"{rest}","error_code":null"#);
        listed_message(sid, second, &status)
    };
    let failed = sent("SM3", 33, "undelivered").replace("null}", "63018}");
    let next = format!("{MESSAGES}?Page=1");
    let (server, base) = Canned::serving([
        page(&[failed, listed_message("SMin", 32, r#""direction":"inbound""#), sent("SM2", 32, "sent")], Some(&next)),
        page(&[sent("SM1", 31, "queued"), sent("SM0", 29, "read")], Some(&next)),
    ])
    .await;
    let since = Utc.with_ymd_and_hms(2026, 1, 18, 14, 30, 30).single().expect("an instant");
    let listed =
        channel(base, None).sent_to(&outbound("SM1"), since).await.expect("listed").expect("Twilio can be asked");
    let listed: Vec<_> = listed.iter().map(|sent| (sent.provider_id.as_str(), sent.status, sent.error_code)).collect();
    let expected = [("SM3", Status::Failed, Some(63018)), ("SM2", Status::Sent, None), ("SM1", Status::Queued, None)];
    assert_eq!(listed, expected);
    let asked: Vec<String> = server.asked().into_iter().map(|asked| asked.line).collect();
    assert_eq!(asked.len(), 2, "no further than the first that is too old");
    assert!(asked[0].contains("?To=whatsapp%3A%2B447700900123&From=whatsapp%3A%2B"), "{}", asked[0]);
    assert!(asked[0].ends_with("&PageSize=50"), "{}", asked[0]);
}

#[tokio::test]
async fn text_messages_are_asked_about_by_number_and_where_a_service_sends_them_by_recipient_alone() {
    let since = Utc.with_ymd_and_hms(2026, 1, 18, 0, 0, 0).single().expect("an instant");
    let (server, base) = Canned::serving([page(&[], None), page(&[], None), page(&[], None), page(&[], None)]).await;
    let service = SmsSender::Service("MG00000000000000000000000000000001".to_owned());
    for sender in [SmsSender::Number(number("+12025550100")), service] {
        let twilio = channel(base.clone(), None).with_sms(Some(sender));
        assert_eq!(twilio.sent_to(&by_sms("hi"), since).await, Ok(Some(vec![])));
    }
    let twilio = channel(base, None).with_sms(Some(SmsSender::Number(number("+12025550100"))));
    assert_eq!(twilio.received_since(since).await, Ok(vec![]));
    let asked: Vec<String> = server.asked().into_iter().map(|asked| asked.line).collect();
    let expected = [
        "?To=%2B447700900123&From=%2B12025550100&PageSize=50",
        "?To=%2B447700900123&PageSize=50",
        "?To=whatsapp%3A%2B14155238886&DateSent%3E=2026-01-18&PageSize=1000",
        "?To=%2B12025550100&DateSent%3E=2026-01-18&PageSize=1000",
    ];
    assert_eq!(asked, expected.map(|query| format!("GET {MESSAGES}{query}")));
}
