#!lua flags=allow-oom
-- Who has the one suspect that may be in hand over the whole outbox: 'UNTIL GATEWAY SERIAL'.
-- KEYS 1 suspect. ARGV: 'take', 'move' or 'free', gateway, serial; to take, now and until when; to move, the serial anew and until when.
-- Answer: 1 if it was done.
local what, gateway, serial = ARGV[1], ARGV[2], ARGV[3]
local until_ms, by, under = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+) (%S+) (%S+)$')
if what == 'take' then
  if until_ms and tonumber(until_ms) > tonumber(ARGV[4]) then return 0 end
  redis.call('SET', KEYS[1], ARGV[5] .. ' ' .. gateway .. ' ' .. serial)
  return 1
end
if by ~= gateway or (serial ~= '' and under ~= serial) then return 0 end
if what == 'move' then
  redis.call('SET', KEYS[1], ARGV[5] .. ' ' .. gateway .. ' ' .. ARGV[4])
else
  redis.call('DEL', KEYS[1])
end
return 1
