"""Sends events with the synchronous `EventRequest` of Meta's Python SDK."""

from facebook_business.adobjects.serverside.event_request import EventRequest
from facebook_business.api import FacebookAdsApi

from python_common import AUTHORITY, DATASET, failed, scenarios, succeeded

for name, key, events, envelope in scenarios():
    api = FacebookAdsApi.init(access_token=key, crash_log=False)
    if AUTHORITY:
        api._session.requests.verify = AUTHORITY
    try:
        succeeded(name, EventRequest(pixel_id=DATASET, events=events, **envelope).execute())
    except Exception as error:  # every failure is an answer here
        failed(name, error)
