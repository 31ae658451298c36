"""Why a person could not be signed in by the provider.

SignInError
├── ProviderDown     503: the provider does not answer, or answers nonsense
├── ProviderRefused  403: the provider did not sign the person in
├── WrongToken       502: what the provider sent does not hold
└── NotBegun         400: no sign-in of this browser belongs to the answer, or it took too long
"""

from typing import ClassVar, Literal

Kind = Literal["down", "refused", "wrong", "not_begun"]


class SignInError(Exception):
    """`reason` is for the log; the person sees the page of the error's `kind`."""

    status: ClassVar[int]
    kind: ClassVar[Kind]

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ProviderDown(SignInError):
    status = 503
    kind = "down"


class ProviderRefused(SignInError):
    status = 403
    kind = "refused"


class WrongToken(SignInError):
    status = 502
    kind = "wrong"


class NotBegun(SignInError):
    status = 400
    kind = "not_begun"
