"""An authenticator."""

from __future__ import annotations

from dataclasses import dataclass

from kamhub.kit.clock import ManualClock
from kamhub.platform.second_factor import rules


@dataclass
class Authenticator:
    """Shows the codes of one secret by the clock of the test."""

    secret: str
    clock: ManualClock

    def code(self, steps: int = 0) -> str:
        """What it shows so many steps of half a minute from now."""
        return rules.code_at(self.secret, rules.step_at(self.clock.now()) + steps)

    def wrong(self) -> str:
        """Six digits that it shows at no step that would be taken."""
        near = {self.code(steps) for steps in range(-2, 3)}
        return next(code for code in (f"{number:06}" for number in range(10)) if code not in near)
