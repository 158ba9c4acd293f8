//! What holds of every signal, whichever provider brought it.

use andon::channels::{Inbound, Receipt, Status};
use andon::kit::E164;

pub(crate) fn assert_message_is_sound(message: &Inbound, body: &[u8]) {
    if let Some(number) = message.from.number() {
        assert_eq!(E164::parse(message.from.as_str()).as_ref(), Ok(number));
    }
    let optional = [&message.tapped, &message.reply_to, &message.profile_name, &message.user_id];
    let texts = optional.into_iter().flatten().chain([&message.text, &message.kind]);
    for text in texts.chain(message.media.iter().flat_map(|media| [&media.url, &media.content_type])) {
        assert!(!text.contains('\0'), "PostgreSQL keeps no NUL: {text:?}");
        assert!(text.len() <= 3 * body.len() + 64, "a text grew");
    }
    assert!(message.media.len() <= 10 && message.media.iter().all(|media| !media.url.is_empty()));
    if let Some(place) = &message.place {
        assert!(place.latitude.is_finite() && place.longitude.is_finite(), "{place:?}");
    }
}

pub(crate) fn assert_receipt_is_sound(receipt: &Receipt) {
    let has_reason = receipt.error_code.is_some() || receipt.error_text.is_some();
    assert!(!has_reason || receipt.status == Status::Failed, "{receipt:?}");
    assert_ne!(receipt.error_code, Some(0));
}
