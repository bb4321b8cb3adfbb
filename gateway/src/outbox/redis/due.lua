-- From when on there is something to lease.
-- ARGV: now, the latest time that can be meant, and the keys that the gateway has.
-- Answer: { 1 if a group is due, 1 if one is due that is a suspect, the time of the next, or '' if there is none }.
local now, latest = tonumber(argument()), argument()
local has_key = {}
while place < #ARGV do has_key[argument()] = true end
local NOW = { 1, 0, '' }

local at = cursor()
if redis.call('HLEN', heads) > redis.call('XLEN', queue) then return NOW end
if at then
  local from, looked = '(' .. at, 0
  while looked < LOOK_AT_MOST do
    local entries = redis.call('XRANGE', queue, from, '+', 'COUNT', looked == 0 and 1 or LOOK)
    if #entries == 0 then break end
    looked, from = looked + #entries, '(' .. entries[#entries][1]
    for _, entry in ipairs(entries) do
      if not redis.call('ZSCORE', due, member(row_of_entry(entry[1]))) then return NOW end
    end
  end
end

local has_suspect, from = 0, 0
while from < LOOK_AT_MOST do
  local members = redis.call('ZRANGE', due, '-inf', now, 'BYSCORE', 'LIMIT', from, from == 0 and 4 or LOOK)
  if #members == 0 then break end
  from = from + #members
  local rows = {}
  for i, text in ipairs(members) do
    rows[i] = row_in_due(text)
    -- The lease takes out what no gateway put in.
    if not rows[i] then return NOW end
  end
  for i, text in ipairs(redis.call('HMGET', heads, unpack(rows))) do
    local head = read_head(text)
    if not head then return NOW end
    if has_key[head.key] then
      if head.crashes < SUSPECT_CRASHES then return NOW end
      has_suspect = 1
    end
  end
end

if #redis.call('ZRANGE', due, '(' .. latest, '+inf', 'BYSCORE', 'LIMIT', 0, 1) > 0 then return NOW end
local soonest = redis.call('ZRANGE', due, '(' .. whole(now), '+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
return { 0, has_suspect, soonest[2] or '' }
