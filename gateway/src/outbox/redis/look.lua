-- Looks at groups; changes nothing.
-- ARGV: 1 now, then rows.
-- Answer: for each row that is there a list: the row, its head, 1 if it is in hand and else 0, how long its bodies are as they
--   rest (-1 if there are none), and what is condemned of it, if anything is.
local now = tonumber(ARGV[1])
local found = {}
for i = 2, #ARGV do
  local row = ARGV[i]
  local head = redis.call('HGET', heads, row)
  if head then
    local length = redis.call('HEXISTS', bodies, row) == 1 and redis.call('HSTRLEN', bodies, row) or -1
    found[#found + 1] = { row, head, in_hand(row, now) and 1 or 0, length, redis.call('HGET', condemned, row) }
  end
end
return found
