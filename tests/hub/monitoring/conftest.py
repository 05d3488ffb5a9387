from tests.hub.payment.conftest import till

__all__ = ["till"]
