"""The desk as `make demo` starts it, with the example business behind it."""

from collections.abc import Iterator

import pytest

from tests.support.business import Business, running_business, running_business_desk
from tests.support.customers import Customer, PageCustomer, SdkCustomer, Staff
from tests.support.servers import Running

CUSTOMERS = {"page": PageCustomer, "sdk": SdkCustomer}


@pytest.fixture(scope="session")
def kept_business() -> Iterator[Business]:
    with running_business() as started:
        yield started


@pytest.fixture(scope="session")
def business_desk(kept_business: Business) -> Iterator[Running]:
    with running_business_desk(kept_business.url) as desk:
        yield desk


@pytest.fixture
def business(kept_business: Business) -> Business:
    """With the sample data as they are at first."""
    kept_business.reset()
    return kept_business


@pytest.fixture(params=CUSTOMERS)
def customer(request: pytest.FixtureRequest, business_desk: Running) -> Iterator[Customer]:
    """The same story at the page and through the OpenAI SDK."""
    with CUSTOMERS[request.param](business_desk.url) as made:
        yield made


@pytest.fixture
def staff(business_desk: Running) -> Iterator[Staff]:
    with Staff(business_desk.url) as made:
        yield made
