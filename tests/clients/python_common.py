"""What both Python scripts share: the events of a shop that does everything right with Meta's SDK, and one line a scenario.

Every personal value holds the canary that the harness hands over, so that the suite can search for it where it must not be.
The SDK is used as it comes; only the base address is another, as README tells a site to do it.
"""

import json
import sys
import time

from facebook_business.adobjects.serverside.action_source import ActionSource
from facebook_business.adobjects.serverside.content import Content
from facebook_business.adobjects.serverside.custom_data import CustomData
from facebook_business.adobjects.serverside.delivery_category import DeliveryCategory
from facebook_business.adobjects.serverside.event import Event
from facebook_business.adobjects.serverside.gender import Gender
from facebook_business.adobjects.serverside.user_data import UserData
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

BASE_URL, DATASET, KEY, CANARY, PREFIX = sys.argv[1:6]
# A certificate authority to trust in place of the SDK's own list.
AUTHORITY = sys.argv[6] if len(sys.argv) > 6 else None
FacebookSession.GRAPH = BASE_URL

USER_AGENT = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.4 Mobile/15E148 Safari/604.1"
)


def user_data():
    return UserData(
        emails=[f"{CANARY}.jane@example.com", f" {CANARY}.Doe@Example.com "],
        phones=["+1 (415) 555-0107"],
        genders=[Gender.FEMALE],
        dates_of_birth=["19970216"],
        first_names=[f"{CANARY}Jane"],
        last_names=[f"{CANARY}Doe"],
        cities=[f"{CANARY} City"],
        states=["ca"],
        zip_codes=["94107-1234"],
        country_codes=["us"],
        external_ids=[f"{CANARY}-member-42"],
        client_ip_address="203.0.113.7",
        client_user_agent=USER_AGENT,
        fbc="fb.1.1554763741205.IwAR0abcdefGHIJKLmnopQRSTuvwxYZ0123456789",
        fbp="fb.1.1558571054389.1098115397",
    )


def purchase(event_id, **changes):
    fields = {
        "event_name": "Purchase",
        "event_time": int(time.time()),
        "event_id": event_id,
        "event_source_url": f"https://www.shop.example/thank-you?email={CANARY}@example.com",
        "action_source": ActionSource.WEBSITE,
        "user_data": user_data(),
        "custom_data": CustomData(
            value=123.45,
            currency="usd",
            content_name=f"{CANARY} red shoes",
            content_category=f"{CANARY} shoes",
            content_ids=["SKU-1", "SKU-2"],
            content_type="product",
            order_id=f"{CANARY}-ORD-1",
            num_items=3,
            search_string=f"{CANARY} shoes",
            contents=[
                Content(
                    product_id="SKU-1",
                    quantity=2,
                    item_price=49.5,
                    title=f"{CANARY} shoe",
                    brand=f"{CANARY} brand",
                    delivery_category=DeliveryCategory.HOME_DELIVERY,
                ),
                Content(product_id="SKU-2", quantity=1, item_price=24.45),
            ],
            custom_properties={"coupon": f"{CANARY}-SPRING"},
        ),
    }
    fields.update(changes)
    return Event(**fields)


def limited_data_use(event_id):
    return purchase(
        event_id,
        opt_out=True,
        data_processing_options=["LDU"],
        data_processing_options_country=1,
        data_processing_options_state=1000,
    )


def scenarios():
    """Name, key, events, and what the request says for all of them."""
    return [
        ("purchase", KEY, [purchase(f"{PREFIX}-purchase-0")], {}),
        ("batch", KEY, [purchase(f"{PREFIX}-batch-{n}") for n in range(50)], {}),
        ("test_event_code", KEY, [purchase(f"{PREFIX}-test-0")], {"test_event_code": "TEST12345"}),
        ("limited_data_use", KEY, [limited_data_use(f"{PREFIX}-ldu-0")], {}),
        ("wrong_key", "not-a-key-of-this-site-000000000000", [purchase(f"{PREFIX}-wrong-key-0")], {}),
        ("milliseconds", KEY, [purchase(f"{PREFIX}-ms-0", event_time=int(time.time() * 1000))], {}),
        ("no_user_data", KEY, [purchase(f"{PREFIX}-nobody-0", user_data=None)], {}),
    ]


def succeeded(scenario, response):
    say(
        scenario,
        "success",
        events_received=response.events_received,
        messages=list(response.messages or []),
        fbtrace_id=response.fbtrace_id,
    )


def failed(scenario, error):
    details = {}
    if isinstance(error, FacebookRequestError):
        details = {
            "status": error.http_status(),
            "code": error.api_error_code(),
            "subcode": error.api_error_subcode(),
            "type": error.api_error_type(),
            "message": error.api_error_message(),
            "is_transient": error.api_transient_error(),
        }
    say(scenario, type(error).__name__, **details)


def say(scenario, result, **details):
    print(json.dumps({"scenario": scenario, "result": result, **details}), flush=True)
