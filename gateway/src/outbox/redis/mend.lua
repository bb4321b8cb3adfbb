-- Puts groups into the queue again that a stranger took out of it (failure case C2).
-- ARGV: now, and rows that have a head.
-- Answer: { how many were put in again, how many no gateway can have made: these are taken out }.
local now, mended, strangers = tonumber(argument()), 0, 0
while place < #ARGV do
  local row = argument()
  local id = row .. '-0'
  if not is_row(row) then
    redis.call('HDEL', heads, row)
    redis.call('HDEL', bodies, row)
    strangers = strangers + 1
  elseif redis.call('HEXISTS', heads, row) == 1 and #redis.call('XRANGE', queue, id, id) == 0 then
    put_in_again(row, now)
    mended = mended + 1
  end
end
cursor()
return { mended, strangers }
