"""Twilio's own library, against the simulator's Twilio."""

import json
import sys
from urllib.parse import parse_qsl

from phone import Phone, wait_for
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

told = json.load(sys.stdin)
PLANT = f"whatsapp:{told['TWILIO_WHATSAPP_NUMBER']}"
PHOTO = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


class ToTheSimulator(TwilioHttpClient):
    """Asks the simulator in Twilio's place."""

    def request(self, method, url, *rest, **more):
        for host in ["https://api.twilio.com", "https://content.twilio.com"]:
            url = url.replace(host, f"{told['origin']}/simulator/twilio")
        return super().request(method, url, *rest, **more)


def client(token):
    return Client(told["TWILIO_ACCOUNT_SID"], token, http_client=ToTheSimulator())


def refused(code, ask):
    try:
        ask()
    except TwilioRestException as refusal:
        assert refusal.code == code, refusal
    else:
        raise AssertionError(f"{code} was not refused")


phone = Phone(told["origin"], "+12025550171", "twilio")
phone.writes(text="hi")
menu = wait_for("answer", phone.got)[0]
phone.writes(text="1", quoted=menu["sid"])
phone.writes(text="like *this*: &=+\n\u2014 \U0001F44B", media=[{"content_type": "image/png", "data": PHOTO}])
phone.writes(place={"latitude": -33.92, "longitude": 18.42, "label": "Hall 2"})
phone.writes(button={"text": "Return", "payload": "2"}, quoted=menu["sid"])
phone.writes(text="hi", medium="sms")

# What comes from the simulator is signed as Twilio signs, and only so.
validator = RequestValidator(told["TWILIO_AUTH_TOKEN"])
statuses = lambda: {dict(parse_qsl(one["body"])).get("MessageStatus") for one in phone.requests("x-twilio-signature")}
wait_for("receipt", lambda: {"sent", "delivered"} <= statuses())
phone.reads()
wait_for("receipt", lambda: "read" in statuses())
requests = phone.requests("x-twilio-signature")
for request in requests:
    form = dict(parse_qsl(request["body"], keep_blank_values=True))
    assert form["AccountSid"] == told["TWILIO_ACCOUNT_SID"], form
    assert validator.validate(request["url"], form, request["headers"]["x-twilio-signature"]), request
    assert not validator.validate(request["url"], form | {"To": "x"}, request["headers"]["x-twilio-signature"])
kinds = {dict(parse_qsl(request["body"])).get("MessageType") for request in requests}
assert {"text", "image", "location"} <= kinds, kinds

# What it answers is what the library reads.
twilio = client(told["TWILIO_AUTH_TOKEN"])
sent = twilio.messages.create(from_=PLANT, to=f"whatsapp:{phone.number}", body="From the library")
assert sent.sid.startswith("SM") and sent.status in {"queued", "accepted"} and sent.error_code is None, sent.status
wait_for("delivery", lambda: twilio.messages(sent.sid).fetch().status == "delivered")
to_the_phone = twilio.messages.list(to=f"whatsapp:{phone.number}", limit=200)
assert sent.sid in {message.sid for message in to_the_phone}
by_the_phone = twilio.messages.list(from_=f"whatsapp:{phone.number}", page_size=2, limit=4)
assert len(by_the_phone) == 4 and all(message.direction == "inbound" for message in by_the_phone)
with_photo = next(message for message in twilio.messages.list(limit=200) if message.num_media == "1")
assert [file.content_type for file in twilio.messages(with_photo.sid).media.list()] == ["image/png"]
refused(21211, lambda: twilio.messages.create(from_=PLANT, to="whatsapp:+1", body="x"))
refused(20404, lambda: twilio.messages("SM" + 32 * "0").fetch())
refused(20003, lambda: client("another token").messages.create(from_=PLANT, to=f"whatsapp:{phone.number}", body="x"))
print(f"Twilio's library: {len(requests)} requests were rightly signed, and all answers were read")
