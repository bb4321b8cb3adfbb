-- Joins the gateways that share an outbox; the first one begins it.
--
-- KEYS   the outbox' own record; the gateways
-- ARGV   name of this gateway; id of the outbox if it is to be begun; its format;
--        fingerprint of the key of pseudonyms; of the key of suppressed persons;
--        of the keys under which events that come twice are known, the one of today first, with commas between, or nothing;
--        what else is to be known of this gateway: the rest of a JSON object;
--        after how many milliseconds a silent gateway is dead; then the names that this gateway had before
-- Answer a verdict: 'joined', or what keeps it from joining; id of the outbox, or its format; how many other gateways live

local outbox, gateways = KEYS[1], KEYS[2]
local name, id, format, about, silent_ms = ARGV[1], ARGV[2], ARGV[3], ARGV[7], tonumber(ARGV[8])

local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)

local known = redis.call('HGET', outbox, 'id')
if known then
  id = known
  local found = redis.call('HGET', outbox, 'format')
  if found ~= format then
    return { 'format', found or '', 0 }
  end
end

for index, field in ipairs({ 'pseudonym_key', 'suppression_key' }) do
  local found = redis.call('HGET', outbox, field)
  if found and found ~= ARGV[3 + index] then
    return { field, id, 0 }
  end
end

local shared = redis.call('HGET', outbox, 'deduplication_keys') or ''
if shared == '' then
  shared = ARGV[6]
elseif ARGV[6] ~= '' then
  local ours, theirs, agree = {}, {}, false
  for print in string.gmatch(shared, '[^,]+') do theirs[print] = true end
  for print in string.gmatch(ARGV[6], '[^,]+') do
    table.insert(ours, print)
    agree = agree or theirs[print]
  end
  if not agree then
    return { 'deduplication_keys', id, 0 }
  end
  -- A new key goes before those that it follows: whoever has one of them still agrees. Twelve are enough.
  if not theirs[ours[1]] then
    shared = string.sub(ours[1] .. ',' .. shared, 1, 12 * 33 - 1)
  end
end

redis.call('HSET', outbox, 'id', id, 'format', format, 'pseudonym_key', ARGV[4], 'suppression_key', ARGV[5],
  'deduplication_keys', shared)

local before = { [name] = true }
for index = 9, #ARGV do before[ARGV[index]] = true end
local others = 0
local entries = redis.call('HGETALL', gateways)
for index = 1, #entries, 2 do
  local alive_ms = tonumber(string.match(entries[index + 1], '"alive_ms":(%d+)')) or 0
  if not before[entries[index]] and alive_ms + silent_ms > now_ms then
    others = others + 1
  end
end
redis.call('HSET', gateways, name, string.format('{"alive_ms":%.0f,%s', now_ms, about))
return { 'joined', id, others }
