-- How much waits.
-- Answer: { the head of the oldest group or '', and the fields and values of `tally` }.
local oldest = redis.call('XRANGE', queue, '-', '+', 'COUNT', 1)[1]
local reply = { '' }
if oldest then reply[1] = redis.call('HGET', heads, (string.match(oldest[1], '^%d+'))) or '' end
for _, text in ipairs(redis.call('HGETALL', tally)) do reply[#reply + 1] = text end
return reply
