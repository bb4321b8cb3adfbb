-- Forgets a gateway, if it has nothing in hand: its list would be lost with it (failure case C3).
-- ARGV: gateway. Answer: 1 if it is forgotten.
local gateway = argument()
local found = redis.pcall('XPENDING', queue, GROUP, '-', '+', 1, gateway)
if found.err then return 1 end
if found[1] then return 0 end
redis.call('XGROUP', 'DELCONSUMER', queue, GROUP, gateway)
return 1
