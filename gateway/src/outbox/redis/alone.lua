#!lua flags=allow-oom
-- One command at a time goes over everything that is kept.
-- KEYS: 1 long_work. ARGV: 1 the token of whoever asks, 2 for how many milliseconds, 0 to let others.
-- Answer: 1 if it is theirs.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return 1
