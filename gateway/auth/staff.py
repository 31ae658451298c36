"""Who is staff (contract, section 3): nginx's users in STAFF_USERS, keys with the role, and in
`make demo` an anonymous caller on this machine."""

import ipaddress
from dataclasses import dataclass

from gateway.auth.networks import within

EVERYONE = "*"
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
DEMO_NAME = "demo"
STAFF_ROLE = "staff"


@dataclass(frozen=True, slots=True)
class Staff:
    users: tuple[str, ...] = ()
    is_anonymous: bool = False

    def user(self, name: str) -> str:
        """The name under which nginx's user acts as staff; "" for one who is not."""
        return name if EVERYONE in self.users or name in self.users else ""

    def anonymous(self, address: str) -> str:
        """The same for an anonymous caller."""
        return DEMO_NAME if self.is_anonymous and within(address, LOOPBACK) else ""
