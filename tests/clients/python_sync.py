"""Sends events with the synchronous `EventRequest` of Meta's Python SDK."""

from facebook_business.adobjects.serverside.event_request import EventRequest
from facebook_business.api import FacebookAdsApi

from python_common import DATASET, failed, scenarios, succeeded

for name, key, events, envelope in scenarios():
    FacebookAdsApi.init(access_token=key, crash_log=False)
    try:
        succeeded(name, EventRequest(pixel_id=DATASET, events=events, **envelope).execute())
    except Exception as error:  # every failure is an answer here
        failed(name, error)
