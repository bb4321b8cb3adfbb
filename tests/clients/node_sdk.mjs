// Sends events with `EventRequest` of Meta's Node SDK, as it comes; only the base address is another, as README tells a
// site to do it. Run in the folder where `npm ci` was run. One JSON line a scenario, in the words of python_common.py.

import { createRequire } from 'node:module';

const require = createRequire(`${process.cwd()}/`);
const sdk = require('facebook-nodejs-business-sdk');
const { Content, CustomData, DeliveryCategory, EventRequest, FacebookAdsApi, ServerEvent, UserData } = sdk;

const [base, dataset, key, canary, prefix] = process.argv.slice(2);
Object.defineProperty(FacebookAdsApi, 'GRAPH', { get: () => base });

const USER_AGENT =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ' +
  'Version/17.4 Mobile/15E148 Safari/604.1';

const now = () => Math.floor(Date.now() / 1000);

const userData = () =>
  new UserData()
    .setEmails([`${canary}.jane@example.com`, `${canary}.doe@example.com`])
    .setPhones(['14155550107'])
    .setGenders(['f'])
    .setDatesOfBirth(['19970216'])
    .setFirstNames([`${canary}Jane`])
    .setLastNames([`${canary}Doe`])
    .setCities([`${canary} City`])
    .setStates(['ca'])
    .setZips(['94107-1234'])
    .setCountries(['us'])
    .setExternalIds([`${canary}-member-42`])
    .setClientIpAddress('203.0.113.7')
    .setClientUserAgent(USER_AGENT)
    .setFbc('fb.1.1554763741205.IwAR0abcdefGHIJKLmnopQRSTuvwxYZ0123456789')
    .setFbp('fb.1.1558571054389.1098115397');

const purchase = (id) =>
  new ServerEvent()
    .setEventName('Purchase')
    .setEventTime(now())
    .setEventId(id)
    .setEventSourceUrl(`https://www.shop.example/thank-you?email=${canary}@example.com`)
    .setActionSource('website')
    .setUserData(userData())
    .setCustomData(
      new CustomData()
        .setValue(123.45)
        .setCurrency('usd')
        .setContentName(`${canary} red shoes`)
        .setContentCategory(`${canary} shoes`)
        .setContentIds(['SKU-1', 'SKU-2'])
        .setContentType('product')
        .setOrderId(`${canary}-ORD-1`)
        .setNumItems(3)
        .setSearchString(`${canary} shoes`)
        .setContents([
          new Content()
            .setId('SKU-1')
            .setQuantity(2)
            .setItemPrice(49.5)
            .setTitle(`${canary} shoe`)
            .setBrand(`${canary} brand`)
            .setDeliveryCategory(DeliveryCategory.HOME_DELIVERY),
          new Content().setId('SKU-2').setQuantity(1).setItemPrice(24.45),
        ])
        .setCustomProperties({ coupon: `${canary}-SPRING` }),
    );

const limitedDataUse = (id) =>
  purchase(id).setOptOut(true).setDataProcessingOptions(['LDU']).setDataProcessingOptionsCountry(1).setDataProcessingOptionsState(1000);

const request = (token, events) => new EventRequest(token, dataset).setEvents(events);

const scenarios = {
  purchase: () => request(key, [purchase(`${prefix}-purchase-0`)]),
  batch: () => request(key, Array.from({ length: 50 }, (_, n) => purchase(`${prefix}-batch-${n}`))),
  test_event_code: () => request(key, [purchase(`${prefix}-test-0`)]).setTestEventCode('TEST12345'),
  limited_data_use: () => request(key, [limitedDataUse(`${prefix}-ldu-0`)]),
  wrong_key: () => request('not-a-key-of-this-site-000000000000', [purchase(`${prefix}-wrong-key-0`)]),
  milliseconds: () => request(key, [purchase(`${prefix}-ms-0`).setEventTime(Date.now())]),
  no_event_name: () => request(key, [purchase(`${prefix}-unnamed-0`).setEventName(undefined)]),
  no_user_data: () => request(key, [purchase(`${prefix}-nobody-0`).setUserData(undefined)]),
};

const say = (line) => console.log(JSON.stringify(line));

for (const [scenario, make] of Object.entries(scenarios)) {
  try {
    const response = await make().execute();
    say({
      scenario,
      result: 'success',
      events_received: response.events_received,
      messages: response.messages,
      fbtrace_id: response.fbtrace_id,
    });
  } catch (error) {
    const answer = error.response ?? {};
    say({
      scenario,
      result: error.name,
      status: error.status,
      code: answer.code,
      subcode: answer.error_subcode,
      type: answer.type,
      message: answer.message,
      is_transient: answer.is_transient,
    });
  }
}
