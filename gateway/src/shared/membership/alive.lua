-- Says that a gateway lives, and gives it dead ones to bury. Each is given to one gateway at a time: whether a group was the only
-- one in the hand of the dead can only be told by whoever sees all of them.
--
-- KEYS   the outbox' own record; the gateways; the burials: name of a dead gateway -> until when another one is at it
-- ARGV   name of this gateway; what else is to be known of it: the rest of a JSON object;
--        after how many milliseconds a silent gateway is dead; how many milliseconds a burial may take;
--        then the names that this gateway had before, which are dead whatever they say
-- Answer id of the outbox, or nothing; the time; all gateways by turns with what is known of them; those to bury

local outbox, gateways, burials = KEYS[1], KEYS[2], KEYS[3]
local name, about, silent_ms, burial_ms = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])

local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', gateways, name, string.format('{"alive_ms":%.0f,%s', now_ms, about))
-- Whoever was taken for dead, and lives, is not buried again for what was.
redis.call('HDEL', burials, name)

local dead = {}
for index = 5, #ARGV do table.insert(dead, ARGV[index]) end
local entries = redis.call('HGETALL', gateways)
local before = {}
for _, former in ipairs(dead) do before[former] = true end
for index = 1, #entries, 2 do
  local alive_ms = tonumber(string.match(entries[index + 1], '"alive_ms":(%d+)')) or 0
  if not before[entries[index]] and alive_ms + silent_ms <= now_ms then
    table.insert(dead, entries[index])
  end
end

local ours = {}
for _, other in ipairs(dead) do
  local until_ms = tonumber(redis.call('HGET', burials, other) or 0)
  if until_ms <= now_ms then
    redis.call('HSET', burials, other, string.format('%.0f', now_ms + burial_ms))
    table.insert(ours, other)
  end
end
return { redis.call('HGET', outbox, 'id'), string.format('%.0f', now_ms), entries, ours }
