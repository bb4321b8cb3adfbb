-- What a gateway has in hand, whether its leases have ended or not.
-- ARGV: gateway, after which entry ('' for the first), how many at most.
-- Answer: of each its row, its serial, 1 if it is condemned, and its head or ''.
local gateway, after, most = argument(), argument(), argument()
local found = redis.pcall('XPENDING', queue, GROUP, after == '' and '-' or '(' .. after .. '-0', '+', most, gateway)
local reply = {}
if found.err then return reply end
for _, entry in ipairs(found) do
  local n, row = #reply, row_of(entry[1])
  reply[n + 1], reply[n + 2] = row, whole(entry[4])
  reply[n + 3], reply[n + 4] = redis.call('HEXISTS', condemned, row), redis.call('HGET', heads, row) or ''
end
return reply
