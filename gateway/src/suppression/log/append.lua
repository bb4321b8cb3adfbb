-- Appends one change of who is suppressed, if nobody appended since the caller read the log.
--
-- KEYS 1: the log
-- ARGV 1: the id of the last entry that the caller knows, 0-0 if it knows of none
--      2: the id of the entry to append; its second half is random, so asking again is noticed
--      3: fingerprint of the key   4: task   5: day   6: seal   7: marks
-- Answer: a word and the id of the last entry then. 'appended': it is in the log. 'behind': somebody was faster, nothing was done.
-- Or 'foreign' and the fingerprint of the key under which the log was written: nothing was done.

local last, key = '0-0', ARGV[3]
local found = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if found[1] then
  last = found[1][1]
  for at = 1, #found[1][2], 2 do
    if found[1][2][at] == 'key' then key = found[1][2][at + 1] end
  end
end
if last == ARGV[2] then return {'appended', last} end
if key ~= ARGV[3] then return {'foreign', key} end
if last ~= ARGV[1] then return {'behind', last} end
-- A stream that lost all its entries would still refuse ids that are smaller than theirs were.
if last == '0-0' then redis.call('DEL', KEYS[1]) end
redis.call('XADD', KEYS[1], ARGV[2], 'key', ARGV[3], 'task', ARGV[4], 'day', ARGV[5], 'seal', ARGV[6], 'marks', ARGV[7])
return {'appended', ARGV[2]}
