"""pywa, against the simulator's Meta."""

import base64
import json
import logging
import sys

from phone import Phone, wait_for
from pywa import WhatsApp, errors, handlers, types

told = json.load(sys.stdin)
PHOTO = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SIGNATURE = "x-hub-signature-256"


class Complaints(logging.Handler):
    """What pywa logs of updates that it cannot read."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.all = []

    def emit(self, record):
        why = f": {record.exc_info[1]!r}" if record.exc_info else ""
        self.all.append(record.getMessage() + why)


def client(token):
    meta = WhatsApp(
        phone_id=told["WHATSAPP_PHONE_NUMBER_ID"],
        token=token,
        app_secret=told["WHATSAPP_APP_SECRET"],
        verify_token=told["WHATSAPP_VERIFY_TOKEN"],
        server=None,
    )
    meta.api._session.base_url = f"{told['origin']}/simulator/meta/v23.0"
    return meta


def refused(error, ask):
    try:
        ask()
    except error:
        return
    raise AssertionError(f"{error.__name__} was not raised")


complaints = Complaints()
logging.getLogger("pywa").addHandler(complaints)
meta = client(told["WHATSAPP_ACCESS_TOKEN"])
phone = Phone(told["origin"], "+12025550172", "meta")
phone.writes(text="hi")
menu = wait_for("answer", phone.got)[0]
phone.writes(text="like *this*: / &=+\n\u2014 \U0001F44B", quoted=menu["sid"])
phone.writes(text="A photo", media=[{"content_type": "image/png", "data": PHOTO}])
phone.writes(media=[{"content_type": "audio/ogg", "data": "T2dnUw=="}])
phone.writes(media=[{"content_type": "application/pdf", "data": "JVBERi0xLjQK"}])
phone.writes(place={"latitude": -33.92, "longitude": 18.42, "label": "Hall 2"})
phone.writes(button={"text": "Return", "payload": "2"}, quoted=menu["sid"])
phone.writes(text="From somebody who hides their number", hides_number=True)

# What comes from the simulator is signed as Meta signs, and becomes the library's own kinds of news.
read = []
note = lambda _, update: read.append(update)
for kind in [
    handlers.MessageHandler, handlers.CallbackButtonHandler, handlers.CallbackSelectionHandler, handlers.MessageStatusHandler
]:
    meta.add_handlers(kind(note))
statuses = lambda: {
    status["status"]
    for one in phone.requests(SIGNATURE)
    for status in json.loads(one["body"])["entry"][0]["changes"][0]["value"].get("statuses", [])
}
wait_for("receipt", lambda: {"sent", "delivered"} <= statuses())
phone.reads()
wait_for("receipt", lambda: "read" in statuses())
requests = phone.requests(SIGNATURE)
for request in requests:
    body, signature = request["body"].encode(), request["headers"][SIGNATURE]
    assert meta.webhook_update_validator(body, signature) is None, request
    assert meta.webhook_update_handler(body) == ("ok", 200), request
assert not complaints.all, complaints.all
assert meta.webhook_update_validator(requests[0]["body"].encode() + b" ", requests[0]["headers"][SIGNATURE])
assert len(read) == len(requests), f"{len(read)} of {len(requests)} updates were read"
messages = [update for update in read if isinstance(update, types.Message)]
assert {"text", "image", "audio", "document", "location"} <= {str(message.type.value) for message in messages}
assert any(isinstance(update, types.CallbackButton) and update.data == "2" for update in read)
assert next(message for message in messages if message.location).location.latitude == -33.92
photo = next(message for message in messages if message.image)
assert (photo.caption, photo.image.mime_type) == ("A photo", "image/png"), photo
told_of = {update.status.value for update in read if isinstance(update, types.MessageStatus)}
assert {"sent", "delivered", "read"} <= told_of, told_of

# What it answers is what the library reads.
sent = meta.send_message(phone.number, "From the library")
wait_for("delivery", lambda: any(bubble["sid"] == sent.id for bubble in phone.got()))
choices = [types.Button(title="Low", callback_data="LOW"), types.Button(title="High", callback_data="HIGH")]
assert meta.send_message(phone.number, "How bad?", buttons=choices).id
rows = [types.SectionRow(title=f"Row {n}", callback_data=str(n)) for n in range(6)]
choices = types.SectionList(button_title="Choose", sections=[types.Section(title="Rows", rows=rows)])
assert meta.send_message(phone.number, "Which?", buttons=choices).id
url = meta.get_media_url(photo.image.id)
assert url.mime_type == "image/png" and meta.get_media_bytes(url=url.url) == base64.b64decode(PHOTO)
assert meta.mark_message_as_read(photo.id) and meta.indicate_typing(photo.id)
refused(errors.RecipientCannotBeSender, lambda: meta.send_message(told["TWILIO_WHATSAPP_NUMBER"], "x"))
refused(errors.ExpiredAccessToken, lambda: client("another token").send_message(phone.number, "x"))
print(f"pywa: {len(requests)} requests were rightly signed and read, and so were all answers")
