// Writes what IAB Tech Lab's own libraries read in consent strings, as a second opinion on the gateway's reader: the TCF library
// `@iabtcf/core` and the GPP library `@iabgpp/cmpapi`, as they come from the registry. `node consent_vectors.mjs tcf` or `gpp`
// prints the file of that name in filters/tests/fixtures/consent. Run in the folder where `npm ci` was run. The strings are made
// from a fixed seed, so each run prints the same.
//
// What a string says is the library's word. What it means for the gateway is written here a second time, apart from the Rust
// code, from the table in docs/consent.md.

import { createRequire } from 'node:module';

const require = createRequire(`${process.cwd()}/`);
const { GVL, TCModel, TCString } = require('@iabtcf/core');
const { GppModel } = require('@iabgpp/cmpapi');

// === chance, the same in every run

const random = (() => {
  let state = 0x5eed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
})();
const below = (bound) => Math.floor(random() * bound);
const pick = (list) => list[below(list.length)];
const coin = () => random() < 0.5;

// === bits

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const bitsOf = (value, length) => value.toString(2).padStart(length, '0');
const encoded = (bits) => {
  const whole = bits.padEnd(Math.ceil(bits.length / 8) * 8, '0');
  return whole
    .padEnd(Math.ceil(whole.length / 6) * 6, '0')
    .match(/.{6}/g)
    .map((six) => ALPHABET[parseInt(six, 2)])
    .join('');
};
const decoded = (text) => [...text].map((letter) => bitsOf(ALPHABET.indexOf(letter), 6)).join('');

// === what several sayings come to

const both = (one, other) =>
  one === 'denied' || other === 'denied' ? 'denied' : one === 'granted' || other === 'granted' ? 'granted' : 'nothing';

// === TCF

const MARKETING = [1, 2, 3, 4, 7];

const readTcf = (string) => {
  const model = TCString.decode(string);
  if (model.version !== 2) throw new Error('another version');
  const purposes = Array.from({ length: 24 }, (_, at) => at + 1).filter((purpose) => model.purposeConsents.has(purpose));
  return {
    purposes,
    last_updated_secs: Math.floor(model.lastUpdated.getTime() / 1000),
    marketing: MARKETING.every((purpose) => purposes.includes(purpose)) ? 'granted' : 'denied',
  };
};

// From the test data of the two libraries' repositories and of Prebid, and from the TCF specification; all under Apache-2.0.
const PUBLISHED_TCF = [
  'COvFyGBOvFyGBAbAAAENAPCAAOAAAAAAAAAAAEEUACCKAAA.IFoEUQQgAIQwgIwQABAEAAAAOIAACAIAAAAQAIAgEAACEAAAAAgAQBAAAAAAAGBAAgAAAAAAAFAAECAAAgAAQARAEQAAAAAJAAIAAgAAAYQEAAAQmAgBC3ZAYzUw',
  'COrEAV4OrXx94ACABBENAHCIAD-AAAAAAACAAxAAAAgAIAwgAgAAAAEAgQAAAAAEAYQAQAAAACAAAABAAA.IBAgAAAgAIAwgAgAAAAEAAAACA.QAagAQAgAIAwgA',
  'CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA',
  'COxSKBCOxSKCCBcABCENAgCMAPzAAEPAAAqIDaQBQAMgAgABqAR0A2gDaQAwAMgAgANoAAA.IF0EWSQgCYWgho0QUBzBAIYAfJgSCAMgSAAQIoCkFQICERBAGiAQHAEQJAQAAAGBAAkACAAQAoHCBMCQABgAARAiEQAAAAiAABAABQAAIBAAAQA0AAAEAAAQAAAgAAAAAYAAA',
  'CO4VGswO4VGswAfZCBDEAzCsAP_AAH_AAAigGUNf_X9fb2vj-_599_t0eY1f9_63t-wzjheMs-8NyZ-X_J4Wv2MyvB34JqQKGRgkunLBAQdtHGncTQgBwIlViTLMY02MjzNKJrJEilsbe2dYGH9vn8XT_ZKZ70-_v__7v3___33_5Ayhr_6_r7e18f3_Pvv9ujzGr_v_W9v2GccLxln3huTPy_5PC1-xmV4O_BNSBQyMEl05YICDto407iaEAOBEqsSZZjGmxkeZpRNZIkUtjb2zrAw_t8_i6f7JTPen39___d-___--__ICgKAOAAcAA4AFAAjgB6AEYALcGACAW0AtoJAHAAOAAcACgARwA9ACMAFuFABALaAW0GgDgAHAAOABQAI4AegBGAC3DgAgFtALaEQBwADgAHAAoAEcAPQAjABbiQAQC2gFtCoA4ABwADgAUACOAHoARgAtxYAIBbQC2hkAcAA4ABwAKABHAD0AIwAW40AEAtoBbQ6AOAAcAA4AFAAjgB6AEYALceACAW0AtohAHAAOAAcACgARwA9ACMAFuRABALaAW0SgDgAHAAOABQAI4AegBGAC3JgAgFtALaKQBwADgAHAAoAEcAPQAjABblQAQC2gFtA',
];

const list = (length) => Object.fromEntries(Array.from({ length }, (_, at) => [at + 1, { id: at + 1, name: 'made up', description: '', illustrations: [] }]));
const VENDORS = [2, 8, 10, 300, 755, 1200];
const vendorList = new GVL({
  gvlSpecificationVersion: 3,
  vendorListVersion: 7,
  tcfPolicyVersion: 5,
  lastUpdated: '2026-01-01T00:00:00Z',
  purposes: list(11),
  specialPurposes: list(2),
  features: list(3),
  specialFeatures: list(2),
  stacks: {},
  dataCategories: {},
  vendors: Object.fromEntries(
    VENDORS.map((id) => [
      id,
      { id, name: 'made up', purposes: [1, 2, 3, 4, 7], legIntPurposes: [9, 10], flexiblePurposes: [], specialPurposes: [], features: [], specialFeatures: [] },
    ]),
  ),
});

const FIRST = Date.UTC(2020, 7, 15);
const LAST = Date.UTC(2026, 9, 1);

const randomTcf = (consented) => {
  const model = new TCModel(vendorList);
  model.cmpId = 2 + below(500);
  model.cmpVersion = below(64);
  model.consentScreen = below(64);
  model.consentLanguage = pick(['EN', 'DE', 'FR', 'PL']);
  model.isServiceSpecific = coin();
  model.publisherCountryCode = pick(['DE', 'FR', 'IE']);
  model.created = new Date(FIRST);
  // The format counts tenths of a second.
  model.lastUpdated = new Date(FIRST + below((LAST - FIRST) / 100) * 100);
  model.purposeConsents.set(consented);
  model.purposeLegitimateInterests.set([2, 7, 8, 9, 10, 11].filter(coin));
  model.vendorConsents.set(VENDORS.filter(coin));
  model.publisherConsents.set([1, 2, 3, 4, 5, 6, 7].filter(coin));
  if (coin()) model.vendorsDisclosed.set(VENDORS);
  return TCString.encode(model);
};

// The core segment by hand, for what the encoder does not write.
const core = ({ version = 2, updated = 17_900_000_000, consents = MARKETING, vendors }) =>
  bitsOf(version, 6) +
  bitsOf(17_890_000_000, 36) +
  bitsOf(updated, 36) +
  bitsOf(10, 12) + bitsOf(2, 12) + bitsOf(1, 6) + bitsOf(4, 6) + bitsOf(13, 6) + bitsOf(7, 12) + bitsOf(5, 6) + '1' + '0' +
  bitsOf(0, 12) +
  Array.from({ length: 24 }, (_, at) => (consents.includes(at + 1) ? '1' : '0')).join('') +
  bitsOf(0, 24) + '0' + bitsOf(3, 6) + bitsOf(4, 6) +
  (vendors ?? bitsOf(0, 16) + '0') +
  bitsOf(0, 16) + '0' +
  bitsOf(0, 12);

const ranges = (count) => bitsOf(0xffff, 16) + '1' + bitsOf(count, 12) + `1${bitsOf(1, 16)}${bitsOf(0xffff, 16)}`.repeat(count);

const tcf = () => {
  const vectors = [];
  const read = (name, string) => vectors.push({ name, string, expected: readTcf(string) });
  const unreadable = (name, string) => vectors.push({ name, string, expected: 'unreadable' });

  PUBLISHED_TCF.forEach((string, at) => read(`published ${at + 1}`, string));
  read('all that marketing takes, and no more', encoded(core({})));
  for (const missing of MARKETING) {
    read(`purpose ${missing} is missing`, encoded(core({ consents: Array.from({ length: 24 }, (_, at) => at + 1).filter((purpose) => purpose !== missing) })));
  }
  read('every purpose', encoded(core({ consents: Array.from({ length: 24 }, (_, at) => at + 1) })));
  read('no purpose', encoded(core({ consents: [] })));
  read('an allowed range of vendors that is as wide as it can be', encoded(core({ vendors: ranges(1) })));
  for (let number = 1; number <= 60; number += 1) read(`random, marketing ${number}`, randomTcf([...MARKETING, ...[5, 6, 8, 9, 10, 11].filter(coin)]));
  for (let number = 1; number <= 60; number += 1) read(`random ${number}`, randomTcf(Array.from({ length: 11 }, (_, at) => at + 1).filter(coin)));

  const whole = encoded(core({}));
  // Its part of a fixed length has 230 bits.
  for (const letters of [0, 1, 2, 7, 12, 20, 25, 29, 35, 38]) unreadable(`cut after ${letters} letters`, whole.slice(0, letters));
  for (const version of [0, 1, 3, 63]) unreadable(`version ${version}`, encoded(core({ version })));
  unreadable('a string of version 1, published', 'BOhwdphOxFC7tAHABBFRC--AAAAuhr_7__7-_9_-_f__9uj3Or_v_f__32ccL59v_h_7v-_7fi_20nV4u_1vft9yfk1-5ctDztp507iakivXmqdeb9v_nz3_5pxP78k89r7337Ew_v8_v-b7BCON_YxEiA');
  unreadable('a string of version 1 with ranges, published', 'BO2e4qiO2e4qiB9ABADEDS-AAAAxKABgACBiQA');
  for (const letter of ['=', '+', '/', ' ', '%', '\u00e9', '\u0000', '.']) unreadable(`the letter ${JSON.stringify(letter)} in the middle`, `${whole.slice(0, 10)}${letter}${whole.slice(11)}`);
  unreadable('a space before it', ` ${whole}`);
  unreadable('quoted', `"${whole}"`);
  unreadable('as hex', Buffer.from(whole).toString('hex'));
  unreadable('a GPP string', 'DBABMA~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA');
  unreadable('words', 'granted');
  unreadable('800 ranges of all vendors', encoded(core({ vendors: ranges(800) })));
  return vectors;
};

// === GPP

// Where a section tells of health, and whether it tells of consent or of an opt-out. An opt-out that did not happen grants nothing.
const SECTIONS = {
  usnat: { health: [2, 12], asks: 'consent' },
  usca: { health: [7], asks: 'opt_out' },
  usva: { health: [2], asks: 'consent' },
  usco: { health: [2], asks: 'consent' },
  usut: { health: [4], asks: 'opt_out' },
  usct: { health: [2], asks: 'consent' },
  usfl: { health: [2], asks: 'consent' },
  usmt: { health: [2], asks: 'consent' },
  usor: { health: [2], asks: 'consent' },
  ustx: { health: [2], asks: 'consent' },
  usde: { health: [2], asks: 'consent' },
  usia: { health: [2], asks: 'opt_out' },
  usne: { health: [2], asks: 'consent' },
  usnh: { health: [2], asks: 'consent' },
  usnj: { health: [2], asks: 'consent' },
  ustn: { health: [2], asks: 'consent' },
  usmn: { health: [2], asks: 'consent' },
};
const OPT_OUTS = ['SaleOptOut', 'SharingOptOut', 'TargetedAdvertisingOptOut'];

const flat = (value) => (value === undefined ? [] : [value].flat());

const readSection = (name, section) => {
  if (name === 'uspv1') {
    const opted_out = section.OptOutSale === 'Y' ? ['SaleOptOut'] : [];
    return { opted_out, marketing: opted_out.length > 0 ? 'denied' : 'nothing', health: 'nothing', gpc: false };
  }
  const opted_out = OPT_OUTS.filter((field) => section[field] === 1);
  const known_child = flat(section.KnownChildSensitiveDataConsents).includes(1);
  const { health: places, asks } = SECTIONS[name];
  let health = 'nothing';
  for (const place of places) {
    const value = section.SensitiveDataProcessing[place] ?? 0;
    health = both(health, value === 1 ? 'denied' : value === 2 && asks === 'consent' ? 'granted' : 'nothing');
  }
  return {
    opted_out,
    known_child,
    marketing: opted_out.length > 0 || known_child ? 'denied' : 'nothing',
    health: known_child ? 'denied' : health,
    gpc: section.Gpc === true,
  };
};

// The European section by the TCF library, so that it has two opinions. Of Canada's, which knows implied consents too, the express
// ones.
const readFramework = (name, section, string) => {
  if (name === 'tcfeuv2') return readTcf(string.split('~')[1]);
  const purposes = section.PurposesExpressConsent.flatMap((consented, at) => (consented ? [at + 1] : []));
  return { purposes, marketing: MARKETING.every((purpose) => purposes.includes(purpose)) ? 'granted' : 'denied' };
};

const readGpp = (string) => {
  const model = new GppModel(string);
  const sections = {};
  let [marketing, health, gpc] = ['nothing', 'nothing', false];
  for (const [name, section] of Object.entries(model.toObject())) {
    const said = name.startsWith('tcf') ? { ...readFramework(name, section, string), health: 'nothing', gpc: false } : readSection(name, section);
    sections[name] = said;
    marketing = both(marketing, said.marketing);
    health = both(health, said.health);
    gpc ||= said.gpc;
  }
  return { sections, marketing, health, gpc };
};

// From the test data of IAB Tech Lab's GPP libraries, of the crate `iab_gpp` and of Prebid; all under Apache-2.0.
const PUBLISHED_GPP = [
  'DBABBg~BAAAAACA', 'DBABBg~BVVVVVVY', 'DBABBg~BVqqqqpY.YA', 'DBABJg~BAAAAEA', 'DBABJg~BVVVVVg', 'DBABJg~BVVVVVg.YA',
  'DBABVg~BAAAAAEA', 'DBABVg~BVVVVVVg', 'DBABVg~BVVVVVVg.YA', 'DBABLA~BAAAAAAAAQA', 'DBABLA~BVVVVVVVVWA', 'DBABLA~BVVVVVVVVWA.YA',
  'DBABFg~BAAAAAQA', 'DBABFg~BVVVVVmA', 'DBABRg~BAAAABA', 'DBABRg~BVVVVWY', 'DBABMA~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA',
  'DBACNYA~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA~1YNN', 'DBABTA~1YNN', 'DBABDA~BPXuQIAPXuQIAAfKABENB-CgAAAAAAAAAAAAAAAA', 'DBABrw~CAAQAAAAAABA.QA~BAgAAABA.QA',
];

const nameOf = (id) => Object.keys(SECTIONS)[id - 7];

const fill = (model, id, calm) => {
  model.setFieldValueBySectionId(id, 'SaleOptOut', 0);
  for (const [field, value] of Object.entries(model.toObject()[nameOf(id)])) {
    if (['Version', 'GpcSegmentType', 'MspaServiceProviderMode', 'MspaOptOutOptionMode', 'MspaCoveredTransaction'].includes(field)) continue;
    const denies = field === 'KnownChildSensitiveDataConsents' || OPT_OUTS.includes(field);
    const draw = () => (calm && denies ? pick([0, 2]) : below(3));
    const drawn = field === 'Gpc' ? random() < 0.3 : Array.isArray(value) ? value.map(draw) : draw();
    model.setFieldValueBySectionId(id, field, drawn);
  }
};

// Numbered from 7, in this order.
const US = Object.keys(SECTIONS).map((_, at) => at + 7);

const gpp = () => {
  const vectors = [];
  const read = (name, string) => vectors.push({ name, string, expected: readGpp(string) });
  const unreadable = (name, string) => vectors.push({ name, string, expected: 'unreadable' });

  PUBLISHED_GPP.forEach((string, at) => read(`published ${at + 1}`, string));
  // Calm ones opt out of nothing, so that what they say of health and of Global Privacy Control comes to bear.
  for (const calm of [true, false]) {
    for (const id of US) {
      for (let number = 1; number <= 6; number += 1) {
        const model = new GppModel();
        fill(model, id, calm);
        read(`section ${id}, ${calm ? 'calm' : 'random'} ${number}`, model.encode());
      }
    }
    for (let number = 1; number <= 20; number += 1) {
      const model = new GppModel();
      for (const id of US.filter(() => random() < 0.2)) fill(model, id, calm);
      if (model.getSectionIds().length > 1) read(`several sections, ${calm ? 'calm' : 'random'} ${number}`, model.encode());
    }
  }
  for (const string of ['1---', '1YYN', '1YNY', '1NYN', '1N--', '1-Y-']) read(`US Privacy ${string}`, `DBABTA~${string}`);
  const withTcf = (consents) => `DBABMA~${encoded(core({ consents }))}`;
  read('TCF with all that marketing takes', withTcf(MARKETING));
  read('TCF without purpose 7', withTcf([1, 2, 3, 4]));
  read('TCF with all, and US Privacy with an opt-out', `DBACNYA~${encoded(core({}))}~1YYN`);

  for (const missing of [0, ...MARKETING]) {
    const model = new GppModel();
    model.setFieldValueBySectionId(5, 'PurposesExpressConsent', Array.from({ length: 24 }, (_, at) => MARKETING.includes(at + 1) && at + 1 !== missing));
    model.setFieldValueBySectionId(5, 'PurposesImpliedConsent', Array.from({ length: 24 }, () => true));
    // The library writes the time of this moment into both times, whatever it is told.
    const [start, section, ...rest] = model.encode().split(/[~.]/);
    const times = bitsOf(FIRST / 100, 36) + bitsOf(LAST / 100, 36);
    const string = [`${start}~${encoded(`${decoded(section).slice(0, 6)}${times}${decoded(section).slice(78)}`)}`, ...rest].join('.');
    read(missing === 0 ? 'Canada, all that marketing takes' : `Canada, purpose ${missing} is but implied`, string);
  }

  const whole = new GppModel();
  fill(whole, 7, true);
  const calm = whole.encode();
  const [header, section] = calm.split('~');
  unreadable('empty', '');
  unreadable('a header alone', header);
  unreadable('a header and nothing after its tilde', `${header}~`);
  unreadable('a section alone', section);
  for (const letters of [1, 3, 6]) unreadable(`the section cut after ${letters} letters`, `${header}~${section.slice(0, letters)}`);
  unreadable('a section too many', `${calm}~${section}`);
  unreadable('a section too few', `DBABrw~${section}`);
  for (const letter of ['!', ' ', '+', '=', '\u00e9']) unreadable(`the letter ${JSON.stringify(letter)} in a section`, `${header}~${section.slice(0, 2)}${letter}${section.slice(3)}`);
  unreadable('another type of header', `A${calm.slice(1)}`);
  unreadable('another version of the header', `DCABLA~${section}`);
  unreadable('a version of the section that nobody knows', `${header}~${ALPHABET[9]}${section.slice(1)}`);
  for (const id of [24, 25, 26, 27]) {
    const model = new GppModel();
    model.setFieldValueBySectionId(id, 'SaleOptOut', 2);
    unreadable(`section ${id}, of which there is but a draft`, model.encode());
  }
  const bits = decoded(section.split('.')[0]);
  // Of the US National section: sale, sharing, targeted advertising, health, consumer health, children.
  for (const at of [6, 7, 8, 11, 21, 25, 26, 27]) {
    const place = 6 + 2 * at;
    unreadable(`the reserved value in field ${at}`, `${header}~${encoded(`${bits.slice(0, place)}11${bits.slice(place + 2)}`)}`);
  }
  unreadable('a TCF section that is cut', `DBABMA~${encoded(core({})).slice(0, 12)}`);
  unreadable('a TCF section of version 1', `DBABMA~${encoded(core({ version: 1 }))}`);
  for (const string of ['1YN', '2YNN', '1XNN', '1YNNN', '']) unreadable(`US Privacy ${JSON.stringify(string)}`, `DBABTA~${string}`);
  unreadable('a TCF string', encoded(core({})));
  unreadable('words', 'granted');
  unreadable('500 sections', `DBABLA${`~${section}`.repeat(500)}`);
  return vectors;
};

const ABOUT = {
  tcf: 'TCF strings and what @iabtcf/core reads in them. Made by tests/clients/consent_vectors.mjs.',
  gpp: 'GPP strings and what @iabgpp/cmpapi reads in them. Made by tests/clients/consent_vectors.mjs.',
};

const which = process.argv[2];
const vectors = { tcf, gpp }[which]();
const lines = vectors.map((vector) => `    ${JSON.stringify(vector)}`);
process.stdout.write(`{\n  "about": ${JSON.stringify(ABOUT[which])},\n  "vectors": [\n${lines.join(',\n')}\n  ]\n}\n`);
