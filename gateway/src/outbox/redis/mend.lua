-- Puts groups into the queue again that a stranger took out of it (failure case C2).
-- ARGV: now, and rows that have a head.
-- Answer: how many were put in again.
local now, mended = tonumber(argument()), 0
while place < #ARGV do
  local row = argument()
  local id = row .. '-0'
  if redis.call('HEXISTS', heads, row) == 1 and #redis.call('XRANGE', queue, id, id) == 0 then
    put_in_again(row, now)
    mended = mended + 1
  end
end
cursor()
return mended
