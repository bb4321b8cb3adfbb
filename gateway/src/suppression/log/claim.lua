-- Says who writes the log again after Redis lost it: gateways that stood at one place hold the same, so one of them is enough.
--
-- KEYS 1: the log   2: hash of such places, each with what is known of it
-- ARGV 1: the id of the last entry that the caller knew of the log that is gone
--      2: the caller   3: for how many milliseconds it claims the work; or 'whole' once it is done   4: the id of its last entry then
-- Answer: 'whole': somebody did it. 'claimed': somebody does it. 'yours': the caller is to do it, or said that it did.

local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

if ARGV[3] == 'whole' then
  redis.call('HSET', KEYS[2], ARGV[1], 'whole ' .. ARGV[4])
  return 'yours'
end
local known = redis.call('HGET', KEYS[2], ARGV[1])
if known then
  local word, rest = string.match(known, '^(%S+) (%S+)$')
  -- The log may have been lost again since.
  if word == 'whole' and #redis.call('XRANGE', KEYS[1], rest, rest) > 0 then return 'whole' end
  if word ~= 'whole' and word ~= ARGV[2] and (tonumber(rest) or 0) > now() then return 'claimed' end
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2] .. ' ' .. string.format('%.0f', now() + tonumber(ARGV[3])))
return 'yours'
