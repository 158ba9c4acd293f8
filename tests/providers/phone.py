"""The simulator's phone, and what it told Andon because of it."""

import json
import time
import urllib.parse
import urllib.request

# How long Andon and the simulator may take for one message there and back, in seconds.
PATIENCE = 20


class Phone:
    """A phone of one provider's."""

    def __init__(self, origin, number, provider):
        self.origin, self.number, self.provider = origin, number, provider
        self.ask("/phones", {"number": number})

    def ask(self, path, body=None):
        request = urllib.request.Request(f"{self.origin}/simulator/api{path}")
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or "null")

    def path(self):
        return "/phones/" + urllib.parse.quote(self.number)

    def writes(self, **message):
        return self.ask(f"{self.path()}/messages", {"provider": self.provider} | message)

    def reads(self):
        self.ask(f"{self.path()}/read", {})

    def got(self):
        """The messages from the plant, oldest first."""
        return [bubble for bubble in self.ask(f"{self.path()}/messages")["messages"] if bubble["side"] == "in"]

    def requests(self, header):
        """What Andon was told so far with this header, oldest first."""
        return [told for told in self.ask("/requests")["requests"] if header in told["headers"]]


def wait_for(what, look):
    """What `look` finds once it finds something."""
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError(f"no {what} within {PATIENCE} s")
