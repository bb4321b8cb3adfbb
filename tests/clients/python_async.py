"""Sends events with `EventRequestAsync` of Meta's Python SDK: all scenarios of one key at once, for the SDK keeps one key a process.

Against an error answer, Meta's own included, it raises KeyError: it looks for `fbtrace_id` without a look at `error`.
"""

import asyncio
from itertools import groupby

from facebook_business.adobjects.serverside.event_request_async import EventRequestAsync
from facebook_business.api import FacebookAdsApi

from python_common import DATASET, failed, scenarios, succeeded


async def run(name, events, envelope):
    try:
        succeeded(name, await EventRequestAsync(pixel_id=DATASET, events=events, **envelope).execute())
    except Exception as error:  # every failure is an answer here
        failed(name, error)


async def main():
    for key, group in groupby(scenarios(), key=lambda scenario: scenario[1]):
        FacebookAdsApi.init(access_token=key, crash_log=False)
        await asyncio.gather(*(run(name, events, envelope) for name, _, events, envelope in group))


asyncio.run(main())
