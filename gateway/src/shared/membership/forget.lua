-- Takes a gateway off the list, unless it lives after all.
--
-- KEYS   the gateways; the burials
-- ARGV   its name; after how many milliseconds a silent gateway is dead; '1' if it is dead whatever it said
-- Answer 1 if it is off the list, 0 if it lives

local gateways, burials = KEYS[1], KEYS[2]
local name, silent_ms, surely = ARGV[1], tonumber(ARGV[2]), ARGV[3] == '1'

local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HDEL', burials, name)
local entry = redis.call('HGET', gateways, name) or ''
local alive_ms = tonumber(string.match(entry, '"alive_ms":(%d+)')) or 0
if alive_ms + silent_ms > now_ms and not surely then
  return 0
end
redis.call('HDEL', gateways, name)
return 1
