"""The till of the tests of money."""

from tests.hub.payment.conftest import till

__all__ = ["till"]
