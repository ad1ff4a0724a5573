"""What a browser complains about: nothing is what a test may leave behind.

Scripts that fail, what the policy on content refuses, resources that do not load,
answers that say the fault is ours. A test names beforehand what it provokes.
"""

import re
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Response, WebError

CLOSED_LINK = r"status of 422 .*/scan\?uri=openid4vp"
"""The phone's own answer when what is behind a link is gone."""
NEW_COOKIE = r"status of 404 .*/watch"
"""A tab that asks while another one gets a new cookie is refused for that moment."""
SEVERE = frozenset({"error", "warning"})


@dataclass
class Complaints:
    found: list[str] = field(default_factory=list)
    expected: list[re.Pattern[str]] = field(default_factory=list)

    def expect(self, pattern: str) -> None:
        self.expected.append(re.compile(pattern))

    def listen(self, context: BrowserContext) -> None:
        context.on("console", self._said)
        context.on("weberror", self._failed)
        context.on("response", self._answered)

    @property
    def unexpected(self) -> list[str]:
        return [
            complaint
            for complaint in self.found
            if not any(pattern.search(complaint) for pattern in self.expected)
        ]

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in SEVERE:
            where = message.location.get("url", "")
            self.found.append(f"{message.type}: {message.text} ({where})")

    def _failed(self, error: WebError) -> None:
        self.found.append(f"script: {error.error}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self.found.append(f"{response.status}: {response.url}")
